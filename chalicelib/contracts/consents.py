"""What a person can agree to: one consent per source of signals and per use; what may be used for what.

The consents of a source (tasks, calendar, habits, mood, context) say what may be looked at. The consents of
a use (notifications, learning, research) say what for. `usable` is the one rule that joins them, and
`trainable` the one for a past decision; whoever uses signals asks one of the two.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

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

SOURCES: Final[frozenset[Consent]] = frozenset(CONSENT_OF_TYPE.values())

Use = Literal["features", "prompt", "training", "research", "notifications"]
"""What signals may be used for. `features`: candidates and their numbers, and so tips; `prompt`: what a
language model is told; `training`: a person's statistics and, through the decision log, the prior that all
share; `research`: anything beyond giving tips, e.g. studies; `notifications`: nudges."""
_NEEDS: Final[dict[Use, frozenset[Consent]]] = {
    "features": frozenset(),
    "prompt": frozenset(),
    "training": frozenset({"learning"}),
    "research": frozenset({"learning", "research"}),
    "notifications": frozenset({"notifications"}),
}

# The text a person agreed to; a new version asks again.
TEXT_VERSION: Final = "2026-11"


class ConsentState(BaseModel):
    """One consent as it stands."""

    model_config = ConfigDict(extra="forbid")

    granted: bool
    at: datetime
    text_version: str
    since: datetime | None = Field(
        default=None, description="Granted without a break since then; null when it is not granted."
    )


def usable(use: Use, granted: Collection[Consent]) -> frozenset[Consent]:
    """The sources that may be used for it; none when the use itself is not agreed to."""
    return SOURCES & frozenset(granted) if _NEEDS[use] <= frozenset(granted) else frozenset()


def answers_usable(granted: Collection[Consent]) -> bool:
    """Whether past answers to tips may be made into features or told to a model: that is learning."""
    return "learning" in granted


def trainable(
    decided_at: datetime, rests_on: Collection[Consent], consents: Mapping[str, ConsentState]
) -> bool:
    """Whether anything may be learned from a decision now.

    `rests_on`: the sources that it could draw on. Each must be in force, and learning must have been in
    force from then until now: what was decided before a withdrawal stays out of training for good.
    """
    granted = {name for name, state in consents.items() if state.granted}
    learning = consents.get("learning")
    if learning is None or not learning.granted or not granted.issuperset(rests_on):
        return False
    return decided_at >= (learning.since or learning.at)
