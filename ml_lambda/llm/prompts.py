"""What a model is asked, and what its answer means: one protocol for models that write and that reword.

Messages and a JSON schema go out, a JSON object with a `text` comes back. Neither kind of model is ever shown
a title or an event: where one stands in the draft, a placeholder or a stand-in does, and code puts the
person's own words back. So nothing that stands in them can speak to the model or leave with a call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from zlib import crc32

from chalicelib.domain.style import MAX_CHARACTERS, MAX_WHY_WORDS, MAX_WORDS
from chalicelib.domain.wordings import language_of
from ml_lambda.llm import reword
from ml_lambda.llm.contract import Message
from ml_lambda.llm.draft import Draft

Mode = Literal["write", "reword"]
TASK: Final = "[task]"
EVENT: Final = "[event]"
AVOIDED: Final = 12  # wordings that a prompt names, the latest
FACTS: Final = 8
_NAMES: Final = {"en": "English", "de": "German", "es": "Spanish", "ru": "Russian"}
_DOUBLED: Final = re.compile(r"([?…])[.,:](?=\s|$)")

TOLD: Final = (
    f"You put one finished tip into fresh words. Keep what the draft says and add no fact, number, name, day "
    f"or place of your own. At most {MAX_WORDS - 2} words for the tip and {MAX_WHY_WORDS} for its why. Plain "
    "small words; one action; verb first. No praise, no pressure, no feelings, no exclamation mark. "
    f"{TASK} stands for the person's own words, {EVENT} for an entry of their calendar: write each as often "
    "as the draft does. Keep every number, time and length as it stands, with its about or at most, and what "
    "is before or after what. Say it differently from the draft and from what they saw lately."
)
_REWORD: Final = "Say the reminder in other words."
_SHOTS: Final = (
    ("Call Anna. 10 minutes.", "Take 10 minutes to call Anna."),
    ("Call Anna. 15 minutes.", "Call Anna now, just 15 minutes."),
    ("Call Anna: only 2 minutes.", "Start with 2 minutes: call Anna."),
)


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a model."""

    messages: tuple[Message, ...]
    schema: Mapping[str, Any]
    max_tokens: int
    temperature: float
    seed: int


@dataclass(frozen=True, slots=True)
class Said:
    """A tip as the model puts it; nothing of it is believed yet. `why` empty: it says none."""

    text: str
    why: str


def request(draft: Draft, mode: Mode, *, turn: int = 0, avoid: Collection[str] = ()) -> Request | None:
    """What to ask about a draft at the `turn`-th try; None when this kind of model cannot word it."""
    seed = crc32(f"{draft.text}|{turn}|{len(avoid)}".encode())
    if mode == "write":
        return _write(draft, turn, avoid, seed)
    asked = reword.ask(draft, turn=turn, avoid=avoid) if draft.lang == reword.LANGUAGE else None
    if asked is None:
        return None
    shots = [
        message
        for said, meant in _SHOTS
        for message in (
            Message("user", said),
            Message("assistant", json.dumps({"text": meant})),
        )
    ]
    messages = (Message("system", _REWORD), *shots, Message("user", asked.sentence))
    schema = _schema({"text": {"type": "string", "pattern": asked.pattern}}, ["text"])
    return Request(messages, schema, max_tokens=60, temperature=0.8, seed=seed)


def said(content: Mapping[str, Any], draft: Draft, mode: Mode) -> Said | None:
    """The tip in an answer, with the person's words in their places; None when there is none."""
    text, why = content.get("text"), content.get("why", "")
    if not isinstance(text, str) or not isinstance(why, str):
        return None
    if mode == "reword":
        return Said(_DOUBLED.sub(r"\1", reword.fill(text, draft)), "")
    return Said(_filled(text, draft), _filled(why, draft))


def _write(draft: Draft, turn: int, avoid: Collection[str], seed: int) -> Request:
    action = language_of(draft.lang).is_action(draft.title)
    asked: dict[str, Any] = {
        "language": _NAMES.get(draft.lang, draft.lang),
        "draft": _emptied(draft.text, draft),
        "why": _emptied(draft.why, draft),
        "facts": [fact for fact in draft.context if _emptied(fact, draft) == fact][:FACTS],
        "seen lately": list(avoid)[-AVOIDED:],
    }
    if draft.title:
        asked[TASK] = "begins with a verb" if action else "a name: let it follow a colon"
    schema = _schema(
        {
            "text": {"type": "string", "maxLength": MAX_CHARACTERS},
            "why": {"type": "string", "maxLength": MAX_CHARACTERS},
        },
        ["text", "why"],
    )
    messages = (Message("system", TOLD), Message("user", json.dumps(asked, ensure_ascii=False)))
    return Request(messages, schema, max_tokens=120, temperature=0.4 + 0.2 * turn, seed=seed)


def _emptied(text: str, draft: Draft) -> str:
    for own in sorted((w for w in draft.own_words if w), key=lambda w: (-len(w), w)):
        place = TASK if own.casefold() == draft.title.casefold() else EVENT
        text = re.sub(rf"(?<!\w){re.escape(own)}(?!\w)", place, text)
    return text


def _filled(text: str, draft: Draft) -> str:
    # Where only the why names the event, it stands among the own words alone.
    events = [w for w in draft.own_words if w.casefold() != draft.title.casefold()]
    event = draft.anchor or next((w for w in events if w in draft.why), "")
    text = text.replace(EVENT, event) if event else text
    if not draft.title:
        return text
    forms = [w for w in draft.own_words if w.casefold() == draft.title.casefold()] or [draft.title]
    action = language_of(draft.lang).is_action(draft.title)

    def own(match: re.Match[str]) -> str:
        begins = (
            not match.string[: match.start()].rstrip(" ")
            or match.string[: match.start()].rstrip()[-1] in ".?"
        )
        wanted = next((w for w in forms if w[:1].isupper() == begins), draft.title)
        return wanted if action or begins else draft.title

    return _DOUBLED.sub(r"\1", re.sub(re.escape(TASK), own, text))


def _schema(properties: Mapping[str, Any], required: list[str]) -> Mapping[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": required,
        "additionalProperties": False,
    }
