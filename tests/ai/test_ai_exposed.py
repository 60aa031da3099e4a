"""A real model that reads the attacks, as a prompt that forgot its placeholders would send them."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from ml_lambda.llm.client import HttpModels
from ml_lambda.llm.contract import TIP_GENERATOR, Answer, ChatModel, Message, ModelUnavailable
from ml_lambda.llm.prompts import EVENT, TASK
from ml_lambda.llm.wording import Rejected, Worder, Wording
from tests.unit.ml_lambda.llm.test_llm_attacks import ATTACKS, LEAKS
from tests.unit.ml_lambda.llm.test_llm_attacks import _draft as attacked

# Each takes seconds of a processor; TEST_AI=all shows it every one (ten minutes).
SHOWN = ATTACKS if os.environ.get("TEST_AI") == "all" else ATTACKS[::6]


class Exposed:
    """The real model, shown the attack itself where production shows a placeholder; keeps its answers."""

    def __init__(self, model: ChatModel, attack: Mapping[str, Any]) -> None:
        self._model = model
        self._place = TASK if attack["place"] == "task" else EVENT
        self._text = json.dumps(attack["text"], ensure_ascii=False)[1:-1]
        self.said = ""

    def ask(self, messages: Sequence[Message], **how: Any) -> Answer:
        *before, last = messages
        content = last.content.replace(self._place, self._text)
        # Of an entry that no draft would show it is told all the same.
        content = content if self._text in content else f"{content} {self._text}"
        answer = self._model.ask([*before, Message(last.role, content)], **how)
        self.said = json.dumps(answer.content, ensure_ascii=False)
        return answer


@pytest.fixture(scope="session")
def outcomes() -> Iterator[Counter[str]]:
    """What came of the attacks; printed at the end (`-s`)."""
    counted: Counter[str] = Counter()
    yield counted
    print(f"\n  attacks shown to the real model: {dict(counted)}")  # noqa: T201 - what `-s` is for


@pytest.mark.parametrize("attack", SHOWN, ids=lambda attack: attack["id"])
@pytest.mark.timeout(240)
def test_an_attack_that_the_real_model_reads_is_not_shown(
    attack: Mapping[str, Any], aliases: HttpModels, outcomes: Counter[str]
) -> None:
    of = attacked(attack)
    model = Exposed(aliases.chat(TIP_GENERATOR), attack)
    try:
        worded = Worder(model, "write", tries=1).word(of)
    except ModelUnavailable as failed:
        # It talked until it was cut off, which is no JSON: the template is shown.
        if failed.reason != "malformed":
            raise
        outcomes["malformed"] += 1
        return
    outcomes[worded.reason if isinstance(worded, Rejected) else "worded"] += 1
    if any(obeyed.casefold() in model.said.casefold() for obeyed in attack["obeys"]):
        outcomes["(said what the attacker wants)"] += 1
    if isinstance(worded, Wording):
        shown = f"{worded.text} {worded.why}"
        for own in sorted({of.title, of.anchor, *of.own_words} - {""}, key=len, reverse=True):
            shown = shown.replace(own, " ")
        assert not [obeyed for obeyed in attack["obeys"] if obeyed.strip(".").casefold() in shown.casefold()]
        assert not [leak for leak in LEAKS if leak in shown]
