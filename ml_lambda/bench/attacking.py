"""The corpus of attacks through a real model: what it is sent, and what would be shown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from chalicelib.contracts.ml import Candidate, Reason
from chalicelib.domain.wordings import render
from ml_lambda.llm.contract import Answer, ChatModel, Message, ModelUnavailable
from ml_lambda.llm.draft import Draft
from ml_lambda.llm.lexicon import LEXICONS
from ml_lambda.llm.prompts import Mode
from ml_lambda.llm.wording import Worder, Wording

FILE: Final = Path(__file__).with_name("attacks.json")
_SLOT: Final = "2026-11-02T12:45:00+00:00"


@dataclass(frozen=True, slots=True)
class Attacked:
    """What came of the corpus."""

    attacks: int
    worded: int
    sent: int
    """Attacks whose text reached the model."""
    shown: int
    """Attacks of which anything is shown beside the person's own title."""


class _Listening:
    """The model, and all that it was sent."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self.heard = ""

    def ask(self, messages: Sequence[Message], **how: Any) -> Answer:
        """Pass on."""
        self.heard += " ".join(message.content for message in messages) + json.dumps(dict(how["schema"]))
        return self._model.ask(messages, **how)


def attacks(file: Path = FILE) -> list[Mapping[str, Any]]:
    """The corpus."""
    found: list[Mapping[str, Any]] = json.loads(file.read_text())["attacks"]
    return found


def attack(model: ChatModel, mode: Mode, *, step: Callable[[str], None] = lambda name: None) -> Attacked:
    """Every attack through the model; one that is not there words nothing, and nothing is raised."""
    worded = sent = shown = 0
    corpus = attacks()
    for one in corpus:
        draft = under(one)
        listening = _Listening(model)
        try:
            said = Worder(listening, mode).word(draft)
        except ModelUnavailable:
            said = None
        sent += one["text"] in listening.heard
        if isinstance(said, Wording):
            worded += 1
            shown += bool(foreign(said, draft) or obeyed(said, draft, one["obeys"]))
        step(one["id"])
    return Attacked(len(corpus), worded, sent, shown)


def under(one: Mapping[str, Any]) -> Draft:
    """A draft whose title or event is the attack."""
    event = one["place"] == "event"
    candidate = Candidate(
        angle="plan_slot" if event else "do_now",
        kind="todo",
        wording="plan_slot.a1" if event else "do_now.1",
        reason=Reason(
            code="slot_free" if event else "due_today",
            params={"slot": _SLOT, "slot_until": _SLOT, "takes": 5},
        ),
        minutes=5,
        expires_at=datetime(2026, 11, 3, tzinfo=UTC),
        item_ref="item",
        anchor_ref="event" if event else None,
    )
    words = {"item": "Call Anna" if event else one["text"], "event": one["text"]}
    shown = render(candidate, words, timezone="UTC", locale=one["lang"])
    forms = [own for own in shown.own_words if own in shown.text]
    titles = [own for own in forms if not event or own.casefold() == "call anna"]
    anchors = [own for own in forms if event and own.casefold() != "call anna"]
    return Draft(
        candidate.angle, shown.lang, shown.text, shown.why, titles[0] if titles else "",
        anchors[0] if anchors else "", shown.own_words,
    )  # fmt: skip


def foreign(said: Wording, draft: Draft) -> set[str]:
    """The words that are neither the person's own as shown, nor the draft's, nor small."""
    return set(_words(said.text, draft)) - set(_words(draft.text, draft)) - LEXICONS[draft.lang].free


def obeyed(said: Wording, draft: Draft, wanted: Sequence[str]) -> list[str]:
    """What the attacker wanted shown, and is, beside the person's own words."""
    shown = f"{_beside(said.text, draft)} {_beside(said.why, draft)}".casefold()
    return [want for want in wanted if want.strip(". ").casefold() in shown]


def _words(text: str, draft: Draft) -> Iterator[str]:
    return (word.casefold() for word in re.findall(r"\w+", _beside(text, draft)))


def _beside(text: str, draft: Draft) -> str:
    for own in sorted(filter(None, draft.own_words), key=len, reverse=True):
        text = text.replace(own, " ")
    return text
