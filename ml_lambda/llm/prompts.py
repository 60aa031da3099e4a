"""What a model is asked, and what its answer means: one protocol for models that write and that reword."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ml_lambda.llm.contract import Message
from ml_lambda.llm.draft import Draft

Mode = Literal["write", "reword"]
LANGUAGES: Final = {"en": "English", "de": "German", "es": "Spanish", "ru": "Russian"}


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a model."""

    messages: tuple[Message, ...]
    schema: Mapping[str, Any]
    max_tokens: int
    temperature: float


@dataclass(frozen=True, slots=True)
class Said:
    """A tip as the model puts it; nothing of it is believed yet. `why` empty: it says none."""

    text: str
    why: str


_SYSTEM: Final = "Rewrite the sentence in {language}. Keep its meaning, numbers and names. Answer as JSON."
_SCHEMA: Final = {
    "type": "object",
    "properties": {"text": {"type": "string", "maxLength": 120}},
    "required": ["text"],
    "additionalProperties": False,
}


def request(draft: Draft, mode: Mode, *, seed: int = 0) -> Request:
    """What to ask about a draft."""
    system = _SYSTEM.format(language=LANGUAGES.get(draft.lang, "English"))
    messages = (Message("system", system), Message("user", draft.text))
    return Request(messages, _SCHEMA, max_tokens=80, temperature=0.2 + 0.2 * seed)


def said(content: Mapping[str, Any], draft: Draft, mode: Mode) -> Said | None:
    """The tip in an answer; None when there is none."""
    text = content.get("text")
    return Said(text, "") if isinstance(text, str) else None
