"""Place: whether the tip can be done where the person is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from chalicelib.contracts.ml import Candidate
from chalicelib.contracts.records import SignalRecord
from chalicelib.domain.situation import ONLY_AT, PLACE_TRUSTED
from ml_lambda.features.group import FeatureGroup, Moment

FRESH: Final = PLACE_TRUSTED


def latest(signals: Iterable[SignalRecord], now: datetime) -> str | None:
    """Where the person said they are, unless that is older than FRESH."""
    said = [s for s in signals if s.type == "context" and now - FRESH <= s.occurred_at <= now]
    return max(said, key=lambda s: (s.occurred_at, s.signal_id)).place if said else None


def place_match(moment: Moment, candidate: Candidate) -> float:
    """1 possible here, -1 not here, 0 when place or category says nothing."""
    place = moment.context.place or moment.snapshot.place
    needed = ONLY_AT.get(candidate.category or "")
    if place is None or needed is None:
        return 0.0
    return 1.0 if place == needed else -1.0


def _age(moment: Moment) -> timedelta | None:
    said_at = moment.snapshot.as_of.get("context")
    return moment.age(said_at) if said_at is not None and moment.context.place is None else None


GROUP: Final = FeatureGroup(
    name="place",
    reads="the latest context signal, or `place` of the request; category of the candidate",
    age=_age,
    freshness=FRESH,
    range=(-1.0, 1.0),
    default=0.0,
    candidate={"place_match": place_match},
)
