"""Tasks: how near a deadline is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Final

from chalicelib.contracts.ml import Candidate
from chalicelib.contracts.records import ItemRecord, storable
from chalicelib.domain import calendar
from ml_lambda.features.group import FeatureGroup, Moment, of_snapshot

LIMIT: Final = 100
RECENT: Final = timedelta(days=15)
"""A date further back says nothing about a task any more: such tasks take only the room that is left."""

# How far each angle goes towards closing the task.
_ADDRESSES: Final = {
    "do_now": 1.0,
    "batch": 1.0,
    "anchor": 1.0,
    "smallest_step": 0.7,
    "prepare": 0.5,
    "plan_slot": 0.5,
    "keep_or_let_go": 0.3,
}
_HALVED_AFTER: Final = timedelta(days=1)


def due_moment(task: ItemRecord, timezone: str) -> datetime | None:
    """When it is due: the moment, or the end of the person's day when only a day is set."""
    if task.due_at is not None:
        return calendar.utc(task.due_at)
    if task.due_on is None:
        return None
    return calendar.wall(task.due_on, time(23, 59, 59), calendar.zone_of(timezone))


def open_tasks(items: Iterable[ItemRecord], timezone: str, now: datetime) -> list[ItemRecord]:
    """The LIMIT open tasks due since RECENT or soonest, then those without a date, longest known first.

    What was due before comes last, the latest of it first: a backlog of years must not crowd out today.
    """

    def order(task: ItemRecord) -> tuple[bool, float, str, str]:
        due = due_moment(task, timezone)
        old = due is not None and due < now - RECENT
        when = due.timestamp() if due else float("inf")
        return (old, -when if old else when, storable(task.first_seen_at), task.item_ref)

    return sorted((i for i in items if i.type == "task" and i.status == "open"), key=order)[:LIMIT]


def deadline(moment: Moment, candidate: Candidate) -> float:
    """1 / (1 + days left) × how far the angle addresses the task; 1 when due or past, 0 without a date."""
    task = moment.tasks.get(candidate.item_ref or "")
    due = due_moment(task, moment.timezone) if task else None
    if due is None:
        return 0.0
    left = max(calendar.utc(due) - calendar.utc(moment.now), timedelta(0))
    return _ADDRESSES.get(candidate.angle, 0.0) / (1.0 + left / _HALVED_AFTER)


GROUP: Final = FeatureGroup(
    name="task",
    reads="open tasks of the snapshot: due; angle of the candidate",
    age=of_snapshot,
    freshness=timedelta(days=7),
    range=(0.0, 1.0),
    default=0.0,
    candidate={"deadline": deadline},
)
