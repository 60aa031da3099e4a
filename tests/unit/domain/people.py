"""Builders of snapshots for the tests of the rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.contracts.ml import Candidate, HabitState, ItemBlock, RecentTip, Snapshot
from chalicelib.contracts.records import ItemRecord
from chalicelib.contracts.tips import RecommendContext
from chalicelib.domain.candidates import Proposal, propose

ZONE = "Europe/Berlin"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)  # a Monday, 10:30 in Berlin
KEPT = NOW + timedelta(days=20)
ALL = ("tasks", "calendar", "habits", "mood", "context")


def task(ref: str = "t", **values: Any) -> ItemRecord:
    base: dict[str, Any] = {
        "status": "open",
        "as_of": NOW - timedelta(days=1),
        "first_seen_at": NOW - timedelta(days=1),  # says nothing: neither new nor long listed
        "words_expire_at": KEPT,
    }
    return ItemRecord(item_ref=ref, type="task", **(base | values))


def event(ref: str, start: datetime, end: datetime, **values: Any) -> ItemRecord:
    base: dict[str, Any] = {
        "status": "confirmed",
        "as_of": NOW - timedelta(days=1),
        "first_seen_at": NOW - timedelta(days=1),
        "words_expire_at": KEPT,
    }
    return ItemRecord(item_ref=ref, type="event", starts_at=start, ends_at=end, **(base | values))


def habit(ref: str = "h", **values: Any) -> HabitState:
    return HabitState(item_ref=ref, **({"words_expire_at": KEPT} | values))


def snapshot(**values: Any) -> Snapshot:
    base: dict[str, Any] = {
        "person_id": "person",
        "feature_version": 1,
        "computed_at": NOW,
        "timezone": ZONE,
    }
    return Snapshot(**(base | values))


def tip(angle: str, item_ref: str | None, at: datetime, wording: str = "x", **values: Any) -> RecentTip:
    return RecentTip(
        decision_id="d", decided_at=at, angle=angle, wording=wording, item_ref=item_ref, **values
    )


def block(kind: str, item_ref: str = "t", **values: Any) -> ItemBlock:
    return ItemBlock(item_ref=item_ref, kind=kind, **({"since": NOW - timedelta(hours=1)} | values))


def ask(shot: Snapshot, now: datetime = NOW, **values: Any) -> Proposal:
    base: dict[str, Any] = {
        "now": now,
        "timezone": ZONE,
        "locale": "en",
        "granted": ALL,
        "context": RecommendContext(),
        "recent": [],
        "blocks": [],
    }
    return propose(shot, **(base | values))


def only(proposal: Proposal, angle: str) -> Candidate:
    """The single candidate of an angle."""
    (found,) = [c for c in proposal.candidates if c.angle == angle]
    return found


def angles(proposal: Proposal, item_ref: str | None = "t") -> set[str]:
    """The angles offered on an item."""
    return {c.angle for c in proposal.candidates if c.item_ref == item_ref}
