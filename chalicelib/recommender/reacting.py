"""What exposures and reactions do to a decision and to the person's tip state: pure functions."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.contracts.errors import Conflict, Gone, Invalid
from chalicelib.contracts.http import ReactionRequest
from chalicelib.contracts.ml import Decision, ItemBlock, ReactionRecord, RecentTip
from chalicelib.domain.rewards import VERDICTS, standing
from chalicelib.recommender.contract import OpenTip, StoredDecision, TipState
from chalicelib.recommender.words import open_tip

ACCEPTED_FOR: Final = timedelta(days=7)
SNOOZE: Final = timedelta(hours=3)
LONGEST_SNOOZE: Final = timedelta(days=30)
WRONG_TIME: Final = timedelta(hours=4)
CLOCK_SKEW: Final = timedelta(minutes=5)
MOST_REACTIONS: Final = 50


def check_age(decision: Decision, now: datetime) -> None:
    """Raises Gone when the tip no longer takes exposures and reactions."""
    if now > decision.decided_at + ACCEPTED_FOR:
        raise Gone("A tip takes reactions for 7 days; this one is older.")


def expose(
    stored: StoredDecision, state: TipState, at: datetime | None, now: datetime
) -> tuple[StoredDecision, TipState | None] | None:
    """The decision and state once the tip was seen; None when that was known. The first time counts.

    `at` may differ from our clock by 5 minutes; what is kept lies between the decision and now.
    """
    decision = stored.decision
    seen = at or now
    if not decision.decided_at - CLOCK_SKEW <= seen <= now + CLOCK_SKEW:
        raise Invalid(
            "exposed_at must lie between the tip's decision and now.",
            errors=[{"pointer": "/exposed_at", "detail": "between the tip's decision and now, or left out"}],
        )
    if decision.exposed_at is not None:
        return None
    seen = min(max(seen, decision.decided_at), now)
    changed = decision.model_copy(update={"exposed_at": seen, "revision": decision.revision + 1})
    return replace(stored, decision=changed), _remembered(state, changed, now)


def validate(request: ReactionRequest) -> None:
    """Raises Invalid when the parts of a reaction do not fit together."""
    errors = []
    if request.reason is not None and request.kind != "dismiss":
        errors.append({"pointer": "/reason", "detail": "goes only with kind `dismiss`"})
    if request.until is not None and request.kind != "snooze":
        errors.append({"pointer": "/until", "detail": "goes only with kind `snooze`"})
    if errors:
        raise Invalid("See `errors` for each field.", errors=errors)


def react(
    stored: StoredDecision, state: TipState, request: ReactionRequest, now: datetime
) -> tuple[StoredDecision, TipState | None] | None:
    """The decision and state after a reaction; None when the same reaction stands already.

    A reaction implies exposure. Any standing reaction closes the tip; taking back the last one opens
    it again while it has not expired, its words are kept and no other tip is open.
    """
    decision = stored.decision
    if _same(decision, request):
        return None
    if request.until is not None and not now < request.until <= now + LONGEST_SNOOZE:
        raise Invalid(
            "See `errors` for each field.",
            errors=[{"pointer": "/until", "detail": "must be in the future, at most 30 days ahead"}],
        )
    before = standing(decision.reactions)
    if request.kind == "undo" and before.latest is None:
        raise Conflict("There is no reaction to take back.")
    if len(decision.reactions) >= MOST_REACTIONS:
        raise Conflict("This tip has taken all the reactions that it can.")
    # Two reactions never share a moment, so that the latest is always known.
    at = max([now, *(r.at + timedelta(microseconds=1) for r in decision.reactions)])
    until = (request.until or at + SNOOZE) if request.kind == "snooze" else None
    record = ReactionRecord(kind=request.kind, at=at, reason=request.reason, until=until)
    changed = decision.model_copy(
        update={
            "exposed_at": decision.exposed_at or now,
            "reactions": [*decision.reactions, record],
            "revision": decision.revision + 1,
        }
    )
    after = replace(stored, decision=changed)
    blocks = _blocks(state, changed, before.verdict)
    return after, _remembered(state, changed, now, open_now=_open_after(after, state, now), blocks=blocks)


def _same(decision: Decision, request: ReactionRequest) -> bool:
    """Whether the reaction says nothing new: sent twice, or by two clients."""
    now_standing = standing(decision.reactions)
    if request.kind == "undo":
        return bool(decision.reactions) and decision.reactions[-1].kind == "undo"
    last = now_standing.verdict if request.kind in VERDICTS else now_standing.rating
    if last is None or (last.kind, last.reason) != (request.kind, request.reason):
        return False
    asked = request.until or (last.at + SNOOZE if request.kind == "snooze" else None)
    return last.until == asked


def _open_after(after: StoredDecision, state: TipState, now: datetime) -> OpenTip | None:
    decision = after.decision
    mine = state.open is not None and state.open.decision_id == decision.decision_id
    if standing(decision.reactions).says is not None:
        return None if mine else state.open
    if mine or (state.open is not None and state.open.expires_at > now):
        return state.open
    # An item that closed meanwhile took the words along.
    return None if decision.expires_at <= now else open_tip(after, now)


def _blocks(state: TipState, decision: Decision, old: ReactionRecord | None) -> list[ItemBlock]:
    """The state's blocks, without what this tip's old verdict said and with what its new one says."""
    item_ref = decision.candidate.item_ref
    if item_ref is None:
        return list(state.blocks)
    new = block_of(item_ref, standing(decision.reactions).verdict)
    was = block_of(item_ref, old)
    kept = [
        b
        for b in state.blocks
        if b != was and not (new is not None and (b.item_ref, b.kind) == (item_ref, new.kind))
    ]
    return [*kept, *([new] if new is not None else [])]


def block_of(item_ref: str, verdict: ReactionRecord | None) -> ItemBlock | None:
    """What a verdict says about its item from now on.

    Too big: the smallest step next time, until the item changes. Wrong time: a slot is planned instead,
    for some hours. Not mine: gone until it changes. Without a reason nothing is blocked: the candidates
    read that from the recent tips.
    """
    if verdict is None:
        return None
    if verdict.kind == "snooze":
        return ItemBlock(item_ref=item_ref, kind="snoozed", since=verdict.at, until=verdict.until)
    if verdict.reason == "too_big" or verdict.reason == "not_mine":  # noqa: PLR1714 - mypy narrows this
        return ItemBlock(item_ref=item_ref, kind=verdict.reason, since=verdict.at)
    if verdict.reason == "wrong_time":
        until = verdict.at + WRONG_TIME
        return ItemBlock(item_ref=item_ref, kind="wrong_time", since=verdict.at, until=until)
    return None


def remembered(decision: Decision) -> RecentTip:
    """What the next choice should know about this one."""
    candidate = decision.candidate
    says = standing(decision.reactions).says
    return RecentTip(
        decision_id=decision.decision_id,
        decided_at=decision.decided_at,
        angle=candidate.angle,
        wording=candidate.wording,
        minutes=candidate.minutes,
        item_ref=candidate.item_ref,
        category=candidate.category,
        exposed_at=decision.exposed_at,
        reaction=says.kind if says else None,
        reason=says.reason if says else None,
    )


_KEEP: Final = object()


def _remembered(
    state: TipState,
    decision: Decision,
    now: datetime,
    *,
    open_now: OpenTip | object | None = _KEEP,
    blocks: list[ItemBlock] | None = None,
) -> TipState | None:
    changes: dict[str, object] = {
        "recent": [
            remembered(decision) if tip.decision_id == decision.decision_id else tip for tip in state.recent
        ]
    }
    if open_now is not _KEEP:
        changes["open"] = open_now
    if blocks is not None:
        changes["blocks"] = blocks
    if all(getattr(state, name) == value for name, value in changes.items()):
        return None
    return state.next(now, **changes)
