"""The snapshot: everything about a person that ranking needs, from stored items and signals alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from chalicelib.contracts.consents import CONSENT_OF_TYPE, CONSENTS, Consent
from chalicelib.contracts.ml import Group, Snapshot
from chalicelib.contracts.records import ItemRecord, SignalRecord
from chalicelib.domain.features import FEATURE_VERSION
from chalicelib.domain.situation import READS_BACK
from ml_lambda.features import calendar, habit, mood, place, rhythm, task

WINDOW: Final = READS_BACK
"""How far back signals are read: two half-lives of the decayed counts."""


def build(
    items: Sequence[ItemRecord],
    signals: Sequence[SignalRecord],
    timezone: str,
    now: datetime,
    *,
    person_id: str,
    granted: Collection[Consent] = CONSENTS,
    goals: Sequence[str] = (),
) -> Snapshot:
    """The snapshot as of `now`. The same input in any order gives the same snapshot.

    What the person does not consent to (any more) is left out, even while it is still stored.
    """
    items = [i for i in items if CONSENT_OF_TYPE[i.type] in granted]
    since = now - WINDOW
    signals = [s for s in signals if CONSENT_OF_TYPE[s.type] in granted and since <= s.occurred_at <= now]
    done = rhythm.summarise(signals, timezone, now)
    return Snapshot(
        person_id=person_id,
        feature_version=FEATURE_VERSION,
        computed_at=now,
        timezone=timezone,
        as_of=_as_of(items, signals),
        tasks=task.open_tasks(items, timezone, now),
        events=calendar.upcoming(items, now),
        habits=habit.states(items, signals, timezone, now),
        mood=mood.latest(signals, now),
        place=place.latest(signals, now),
        done_hours=done.hours,
        done_by_category=done.categories,
        done_today=done.today,
        goals=list(goals),
    )


def _as_of(items: Sequence[ItemRecord], signals: Sequence[SignalRecord]) -> dict[Group, datetime]:
    newest: dict[Group, datetime] = {}
    told = [(i.type, i.as_of) for i in items] + [(s.type, s.occurred_at) for s in signals]
    for kind, at in sorted(told, key=lambda t: t[1]):
        newest[CONSENT_OF_TYPE[kind]] = at  # type: ignore[index]
    return dict(sorted(newest.items()))
