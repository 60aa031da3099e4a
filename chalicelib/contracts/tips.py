"""The words in which a tip is spoken of, by the routes, by `rank` and by what is stored."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.contracts.fields import Whole

Angle = Literal[
    "do_now", "smallest_step", "plan_slot", "anchor", "keep_streak", "restart",
    "rest", "prepare", "batch", "keep_or_let_go", "close_day", "silence",
]  # fmt: skip
TipSource = Literal["template", "model"]
ReactionKind = Literal["done", "snooze", "dismiss", "helpful", "not_helpful", "undo"]
DismissReason = Literal["too_big", "wrong_time", "not_mine"]


class RecommendContext(BaseModel):
    """What the client knows right now; all optional."""

    model_config = ConfigDict(extra="forbid")

    minutes_free: Annotated[Whole, Field(ge=1, le=720)] | None = None
    place: Literal["home", "work", "out", "travel"] | None = None
    energy: Annotated[Whole, Field(ge=1, le=5)] | None = None
