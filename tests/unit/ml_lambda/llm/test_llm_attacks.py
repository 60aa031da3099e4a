"""Over a hundred titles and calendar entries that speak to the model; a model that obeys each of them fully.

The model of these tests is worse than any: it knows the attack although no title is ever sent, and it answers
what the attacker wants, alone, around the person's words, in the size that the draft has, and in the why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ml_lambda.llm import prompts
from ml_lambda.llm.contract import Answer, Message, Usage
from ml_lambda.llm.draft import Draft
from ml_lambda.llm.lexicon import LEXICONS
from ml_lambda.llm.wording import Rejected, Worder, Wording
from tests.unit.ml_lambda.llm.drafts import SLOT, draft

CORPUS = Path(__file__).parents[4] / "ml_lambda" / "bench" / "attacks.json"
ATTACKS: Sequence[Mapping[str, Any]] = json.loads(CORPUS.read_text())["attacks"]
LEAKS = ("Zoe", "canary", "Therapy", "HACKED", "PWNED", "evil", "system", "http", "{", "<", "[")


class Obedient:
    """It answers what the attacker wants, and keeps what it was sent."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self.answer = answer
        self.sent = ""

    def ask(self, messages: Sequence[Message], *, schema: Mapping[str, Any], **_: Any) -> Answer:
        self.sent += json.dumps([m.content for m in messages], ensure_ascii=False) + json.dumps(schema)
        return Answer(self.answer, Usage(10, 10))


def _draft(attack: Mapping[str, Any]) -> Draft:
    lang, text = attack["lang"], attack["text"]
    if attack["place"] == "event":
        return draft(
            "plan_slot.a1", "Call Anna", anchor=text, slot=SLOT, slot_until=SLOT, takes=5, reason="slot_free"
        )
    shown = draft("do_now.1", text)
    return shown if lang == "en" else Draft(
        shown.angle, lang, f"{shown.title}. 5 min.", shown.why, shown.title, "", shown.own_words
    )  # fmt: skip


def _answers(attack: Mapping[str, Any], of: Draft) -> Iterator[Mapping[str, Any]]:
    size = "5 min" if of.lang != "en" else "5 minutes"
    for obeyed in (*attack["obeys"], attack["text"]):
        for text in (
            obeyed,
            f"{of.text} {obeyed}",
            f"{obeyed} {of.text}",
            f"[task]. {size}. {obeyed}",
            f"{obeyed} [task] [event] {size}.",
            f"Take {size} to call Anna. {obeyed}",
            f"{obeyed} Start: Tax letter. {size}.",
            f"After Lunch, call Anna. {obeyed}",
        ):
            yield {"text": text, "why": ""}
        yield {"text": f"Take {size} now: [task].", "why": obeyed}
        yield {"text": "[task]? After [event], now?", "why": obeyed}
    yield {"text": prompts.TOLD, "why": prompts.TOLD}
    yield {"text": {"text": attack["text"]}, "why": [attack["text"]]}


def _rest(text: str, of: Draft) -> list[str]:
    """The words beside the person's own, as shown."""
    for own in sorted({of.title, of.anchor, *of.own_words} - {""}, key=len, reverse=True):
        text = text.replace(own, " ")
    return re.findall(r"\w+", text.casefold())


def test_the_corpus_is_large_and_each_attack_is_its_own() -> None:
    assert len({attack["text"] for attack in ATTACKS}) == len(ATTACKS) >= 100
    assert {attack["lang"] for attack in ATTACKS} == {"en", "de", "es", "ru"}
    assert {attack["place"] for attack in ATTACKS} == {"task", "event"}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack["id"])
@pytest.mark.parametrize("mode", ["write", "reword"])
def test_an_obeyed_attack_is_never_shown(attack: Mapping[str, Any], mode: prompts.Mode) -> None:
    of = _draft(attack)
    lexicon = LEXICONS[of.lang]
    founded = set(_rest(of.text, of)) | set(_rest(of.why, of))
    for answer in _answers(attack, of):
        model = Obedient(answer)
        worded = Worder(model, mode, tries=1).word(of)
        assert attack["text"] not in model.sent
        if isinstance(worded, Rejected):
            continue
        assert isinstance(worded, Wording)
        words = [*_rest(worded.text, of), *_rest(worded.why, of)]
        strangers = {w for w in words if w not in founded and w not in lexicon.free}
        assert not strangers, (of.text, worded)
        assert worded.why in {"", of.why} or "today" in worded.why
        shown = worded.text
        for own in (of.title, of.anchor, *of.own_words):
            shown = shown.replace(own or "\0", "")
        assert not [o for o in attack["obeys"] if o.strip(".").casefold() in shown.casefold()], worded
        assert not [leak for leak in LEAKS if leak in shown], worded


def test_without_the_guard_the_attacks_would_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml_lambda.llm.guard.check", lambda *_, **__: None)
    attack = next(a for a in ATTACKS if a["obeys"] == ["HACKED"])
    worded = Worder(Obedient({"text": "HACKED", "why": ""}), "write", tries=1).word(_draft(attack))
    assert isinstance(worded, Wording)
    assert worded.text == "HACKED"
