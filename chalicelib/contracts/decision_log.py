"""The decision log's layout: what the recommender writes and training and evaluation read.

    decisions/dt=2026-11-05/<event id>.json      a Decision as it was made, without words
    rewards/dt=2026-11-05/<event id>.json        a RewardLine, under the day of the decision

An event's id follows from the decision, the kind and the revision, so a reader who has a decision knows
the names of its rewards. Ids are hashes: the first of a day in the order of their names are a random
sample, the same at every reading and blind to what the lines say.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["decisions", "rewards"]
_EVENTS: Final = UUID("6f0d7a52-7e0b-5c39-9a39-1f6b7a2f0c11")


class RewardLine(BaseModel):
    """One revision of a decision's reward."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    decision_id: str
    person_id: str
    revision: int = Field(ge=1)
    reward: float = Field(ge=0, le=1)
    decided_at: datetime
    settled_at: datetime


def event_id(decision_id: str, kind: str, revision: int | str) -> str:
    """The same for the same fact, however often it is told. `kind`: a payload type of the envelope."""
    return str(uuid5(_EVENTS, f"{decision_id}|{kind}|{revision}"))


def prefix(kind: Kind, day: date | str) -> str:
    """What the keys of a day's lines start with."""
    return f"{kind}/dt={day}/"


def line_key(kind: Kind, day: date | str, event: str) -> str:
    """The key of one line."""
    return f"{prefix(kind, day)}{event}.json"


def reward_key(day: date | str, decision_id: str, revision: int) -> str:
    """The key of one revision of a decision's reward."""
    return line_key("rewards", day, event_id(decision_id, "reward_settled", revision))
