"""Mood: only what the person entered today, only while it is fresh."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from chalicelib.contracts.ml import Candidate, MoodState
from chalicelib.contracts.records import SignalRecord
from chalicelib.domain import calendar
from ml_lambda.features.group import FeatureGroup, Moment, centred_effort, clip

FRESH: Final = timedelta(hours=12)


def latest(signals: Iterable[SignalRecord], now: datetime) -> MoodState | None:
    """The latest mood entered, of any age; whoever uses it looks at `at`."""
    moods = [s for s in signals if s.type == "mood" and s.occurred_at <= now]
    if not moods:
        return None
    newest = max(moods, key=lambda s: (s.occurred_at, s.signal_id))
    return MoodState(valence=newest.valence, energy=newest.energy, at=newest.occurred_at)


def _fresh(moment: Moment) -> MoodState | None:
    state = moment.snapshot.mood
    if state is None or moment.age(state.at) > FRESH:
        return None
    return state if calendar.local_day(state.at, calendar.zone_of(moment.timezone)) == moment.today else None


def _centred(level: int | None) -> float:
    return 0.0 if level is None else clip((level - 3) / 2.0)


def energy_effort(moment: Moment, candidate: Candidate) -> float:
    """Energy, else mood, on [-1, 1] × centred log minutes: high energy suits long tips, low short ones."""
    energy = moment.context.energy
    state = _fresh(moment)
    if energy is None and state:
        energy = state.energy if state.energy is not None else state.valence
    return _centred(energy) * centred_effort(candidate.minutes)


def mood(moment: Moment) -> float:
    """Valence on [-1, 1]."""
    state = _fresh(moment)
    return _centred(state.valence) if state else 0.0


def _age(moment: Moment) -> timedelta | None:
    state = moment.snapshot.mood
    return moment.age(state.at) if state and moment.context.energy is None else None


GROUP: Final = FeatureGroup(
    name="mood",
    reads="the latest mood signal, of this local day, or `energy` of the request; minutes of the candidate",
    age=_age,
    freshness=FRESH,
    range=(-1.0, 1.0),
    default=0.0,
    candidate={"energy_effort": energy_effort},
    context={"mood": mood},
)
