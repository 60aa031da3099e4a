"""What a feature group declares, and the moment that its features are computed for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Protocol

from chalicelib.contracts.ml import Candidate, HabitState, RecentTip, Snapshot
from chalicelib.contracts.records import ItemRecord
from chalicelib.contracts.tips import RecommendContext
from chalicelib.domain import calendar
from chalicelib.domain.features import FEATURE_VERSION


class Embedder(Protocol):
    """Where tips lie in a space of meanings."""

    def embed(self, tip: Candidate | RecentTip) -> Sequence[float] | None:
        """The tip's vector, of one length for all tips; None for one that it does not know."""


@dataclass(frozen=True)
class Moment:
    """One decision's inputs: the snapshot, the time, what the client said, what was shown lately."""

    snapshot: Snapshot
    now: datetime
    timezone: str
    context: RecommendContext = field(default_factory=RecommendContext)
    recent: Sequence[RecentTip] = ()
    embedder: Embedder | None = None

    @cached_property
    def local(self) -> datetime:
        """Now on the person's clock."""
        return calendar.local(self.now, calendar.zone_of(self.timezone))

    @property
    def today(self) -> date:
        """The day on the person's calendar."""
        return self.local.date()

    @cached_property
    def tasks(self) -> Mapping[str, ItemRecord]:
        """Open tasks by ref."""
        return {task.item_ref: task for task in self.snapshot.tasks}

    @cached_property
    def habits(self) -> Mapping[str, HabitState]:
        """Habits by ref."""
        return {habit.item_ref: habit for habit in self.snapshot.habits}

    def age(self, at: datetime) -> timedelta:
        """How long ago that was; never negative."""
        return max(calendar.utc(self.now) - calendar.utc(at), timedelta(0))

    @property
    def snapshot_age(self) -> timedelta:
        """How long ago the snapshot read what was stored."""
        return self.age(self.snapshot.computed_at)


CandidateFeature = Callable[[Moment, Candidate], float]
ContextFeature = Callable[[Moment], float]


def of_snapshot(moment: Moment) -> timedelta:
    """The age of a group that reads the snapshot: all that was stored then is in it."""
    return moment.snapshot_age


def of_request(_moment: Moment) -> None:
    """The age of a group that reads the moment and the request alone: it has none."""
    return


@dataclass(frozen=True)
class FeatureGroup:
    """A group of features: what it reads and promises, and the functions that compute it.

    Every value is finite and within `range`; `default` is what each is worth when nothing is known.
    """

    name: str
    reads: str
    age: Callable[[Moment], timedelta | None]
    """How old what it reads is at a moment; None: it is of that moment, or there is nothing to read."""
    freshness: timedelta
    """Its target: when what it reads is older, its features are served at their default."""
    range: tuple[float, float]
    default: float
    candidate: Mapping[str, CandidateFeature] = field(default_factory=dict)
    context: Mapping[str, ContextFeature] = field(default_factory=dict)
    summed: bool = False
    """Whether it reads sums of the snapshot: those of another feature version are not read."""

    def stale(self, moment: Moment) -> bool:
        """Whether its features are served at their default, because of the age or the version."""
        if self.summed and moment.snapshot.feature_version != FEATURE_VERSION:
            return True
        age = self.age(moment)
        return age is not None and age > self.freshness


def clip(value: float, low: float = -1.0, high: float = 1.0) -> float:
    """Within the range; 0 for what is not a number."""
    return 0.0 if math.isnan(value) else min(max(value, low), high)


def centred_effort(minutes: int) -> float:
    """Log minutes on [-1, 1]: no time -1, 10 minutes 0, 2 hours and more 1."""
    return 2.0 * log_effort(minutes) - 1.0


def log_effort(minutes: int) -> float:
    """Log minutes on [0, 1]: log(1 + m) / log(121)."""
    return clip(math.log1p(max(minutes, 0)) / math.log(121.0), 0.0)
