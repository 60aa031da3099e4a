"""What a person can agree to: one consent per source of signals and per use."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, get_args

from pydantic import BaseModel, ConfigDict

Consent = Literal["tasks", "calendar", "habits", "mood", "context", "notifications", "learning", "research"]
CONSENTS: Final[tuple[Consent, ...]] = get_args(Consent)

# The consent that a signal's type needs.
CONSENT_OF_TYPE: Final[dict[str, Consent]] = {
    "task": "tasks",
    "event": "calendar",
    "habit": "habits",
    "mood": "mood",
    "context": "context",
}

# The text a person agreed to; a new version asks again.
TEXT_VERSION: Final = "2026-11"


class ConsentState(BaseModel):
    """One consent as it stands."""

    model_config = ConfigDict(extra="forbid")

    granted: bool
    at: datetime
    text_version: str
