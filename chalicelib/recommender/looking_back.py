"""How a decision looks to its person afterwards. Pure: words come in opened, or not at all."""

from __future__ import annotations

from datetime import datetime

from chalicelib.contracts.http import TipDetail, TipHistoryEntry, TipStage
from chalicelib.contracts.ml import Decision
from chalicelib.domain.because import because
from chalicelib.domain.rewards import standing
from chalicelib.recommender.contract import PersonNow, StoredDecision

Opened = tuple[str, str] | None
"""Text and why; None when they are gone or must not be shown."""


def entry(decision: Decision, opened: Opened) -> TipHistoryEntry:
    """One line of the history."""
    says = standing(decision.reactions).says
    return TipHistoryEntry(
        id=decision.decision_id,
        decided_at=decision.decided_at,
        angle=decision.candidate.angle,
        category=decision.candidate.category,
        text=opened[0] if opened else None,
        why=opened[1] if opened else None,
        exposed_at=decision.exposed_at,
        reaction=says.kind if says else None,
        reason=says.reason if says else None,
    )


def detail(stored: StoredDecision, opened: Opened, person: PersonNow, now: datetime) -> TipDetail:
    """One tip with its state and why it was chosen, unless a source that it may rest on was withdrawn."""
    decision = stored.decision
    state = stage(decision, now)
    told = []
    if person.granted.issuperset(stored.granted):
        told = because(
            decision.choice,
            still_open=state in {"open", "exposed"} and now < decision.expires_at,
            timezone=person.profile.timezone,
            locale=person.profile.locale,
        )
    return TipDetail(
        **entry(decision, opened).model_dump(),
        state=state,
        expires_at=decision.expires_at,
        because=told,
    )


def stage(decision: Decision, now: datetime) -> TipStage:
    """Where a tip stands in its life: open, exposed, reacted, settled; inactive when never seen in time."""
    if standing(decision.reactions).says is not None:
        return "reacted" if decision.reward is None else "settled"
    seen = decision.exposed_at is not None or bool(decision.reactions)
    if now < decision.settle_at:
        return "exposed" if seen else "open"
    if not seen:
        return "inactive"
    return "exposed" if decision.reward is None else "settled"
