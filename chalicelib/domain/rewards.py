"""The reward table: what a decision was worth, in [0, 1].

| what happened | reward |
|---|---|
| done | 1 |
| snooze | .4, then .8 when the item was done within 24 h of the tip ("later done") |
| dismiss, whatever the reason | 0 |
| "not mine" to the question whether to keep it or let it go | 1: it was answered |
| helpful, when none of the above came | .8 |
| not helpful, when none of the above came | 0 |
| seen, no reaction, the item done within 24 h of the tip | .8: the same "later done", without a tap |
| seen, no reaction by the deadline | the configured default |
| never seen | none at all: the policy must not learn from it |

The reward follows from the decision alone, never from the order in which its parts arrived.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from chalicelib.contracts.ml import Decision, ReactionRecord

DONE: Final = 1.0
SNOOZED: Final = 0.4
LATER_DONE: Final = 0.8
DISMISSED: Final = 0.0
LET_GO: Final = 1.0
HELPFUL: Final = 0.8
NOT_HELPFUL: Final = 0.0

VERDICTS: Final = frozenset({"done", "snooze", "dismiss"})
RATINGS: Final = frozenset({"helpful", "not_helpful"})
LATER_DONE_WITHIN: Final = timedelta(hours=24)

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Standing:
    """What a person's reactions come to, undone ones taken away."""

    verdict: ReactionRecord | None
    """The latest of done, snooze and dismiss."""
    rating: ReactionRecord | None
    """The latest of helpful and not_helpful; it counts only without a verdict."""
    latest: ReactionRecord | None
    """What an undo would take back."""

    @property
    def says(self) -> ReactionRecord | None:
        """The one that counts; None when nothing stands."""
        return self.verdict or self.rating


def standing(reactions: Iterable[ReactionRecord]) -> Standing:
    """What stands of reactions given in any order: each undo takes back the latest before it."""
    left: list[ReactionRecord] = []
    for reaction in sorted(reactions, key=_order):
        if reaction.kind != "undo":
            left.append(reaction)
        elif left:
            left.pop()
    return Standing(
        verdict=next((r for r in reversed(left) if r.kind in VERDICTS), None),
        rating=next((r for r in reversed(left) if r.kind in RATINGS), None),
        latest=left[-1] if left else None,
    )


def reward_of(decision: Decision, *, now: datetime, no_reaction_reward: float) -> float | None:
    """The decision's reward at `now`; None while it is not settled, and for ever when it was never seen."""
    if decision.exposed_at is None and not decision.reactions:
        return None
    says = standing(decision.reactions).says
    if says is None:
        if later_done(decision):
            return LATER_DONE
        return no_reaction_reward if now >= decision.settle_at else None
    if says.kind == "snooze":
        return LATER_DONE if later_done(decision) else SNOOZED
    if says.reason == "not_mine" and decision.candidate.angle == "keep_or_let_go":
        return LET_GO
    return {"done": DONE, "dismiss": DISMISSED, "helpful": HELPFUL, "not_helpful": NOT_HELPFUL}[says.kind]


def later_done(decision: Decision) -> bool:
    """Whether the tip's item was done within 24 h of the tip, elsewhere than on the tip."""
    at = decision.later_done_at
    return at is not None and is_later_done(decision.decided_at, at)


def is_later_done(decided_at: datetime, done_at: datetime) -> bool:
    """Whether an item done at `done_at` makes a tip decided at `decided_at` later done."""
    return timedelta(0) <= done_at - decided_at <= LATER_DONE_WITHIN


def _order(reaction: ReactionRecord) -> tuple[datetime, bool, str, str, datetime]:
    # Total, so that even reactions of the same microsecond come out the same; an undo after what it undoes.
    return (
        reaction.at,
        reaction.kind == "undo",
        reaction.kind,
        reaction.reason or "",
        reaction.until or _NEVER,
    )
