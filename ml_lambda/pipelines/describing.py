"""What the log looks like, in counts: propensities, ages of rewards, drift, angles, arms. No ids come out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np

from chalicelib.domain.features import CANDIDATE_FEATURES
from ml_lambda.pipelines.evidence import Evidence, usable
from ml_lambda.pipelines.log import Day, Logged
from ml_lambda.pipelines.report.content import Ages, Angle, Bin, Drift
from ml_lambda.policies.base import FLOOR

_EDGES: Final = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 0.9, 1.0)
_HOURS: Final = (0, 1, 3, 6, 12, 24, 48, 96, 24 * 9)


def propensities(known: Evidence) -> list[Bin]:
    """How likely what was shown had been."""
    counts, _ = np.histogram(known.propensity, bins=_EDGES)
    return [Bin(f"≤{edge:g}", int(count)) for edge, count in zip(_EDGES[1:], counts.tolist(), strict=True)]


def at_the_floor(known: Evidence) -> float:
    """The share of decisions whose tip had no more than the floor's probability."""
    if not len(known):
        return 0.0
    floors = np.array([FLOOR / len(x.decision.choice.candidates) for x in known.logged])
    return float(np.mean(known.propensity <= floors * (1 + 1e-9)))


def ages(logged: Sequence[Logged], now: datetime) -> Ages:
    """Where the rewards of these decisions are."""
    settled = [x for x in logged if x.first]
    defaulted = sum(x.first.settled_at >= x.decision.settle_at for x in settled if x.first)
    waiting = sum(x.first is None and x.decision.settle_at > now for x in logged)
    hours = [(x.first.settled_at - x.decision.decided_at).total_seconds() / 3600 for x in settled if x.first]
    counts, _ = np.histogram(hours, bins=_HOURS)
    return Ages(
        settled=len(settled),
        defaulted=defaulted,
        waiting=waiting,
        unseen=len(logged) - len(settled) - waiting,
        hours=[Bin(f"≤{edge} h", int(n)) for edge, n in zip(_HOURS[1:], counts.tolist(), strict=True)],
    )


def by_day(days: Sequence[Day]) -> list[Bin]:
    """Rewards of each day's decisions, and their mean."""
    found = []
    for day in days:
        rewards = [x.last.reward for x in day.logged if x.last]
        found.append(
            Bin(day.day.isoformat(), len(rewards), actual=float(np.mean(rewards)) if rewards else 0.0)
        )
    return found


def drift(logged: Sequence[Logged]) -> list[Drift]:
    """Each feature of what was shown, in the older and the newer half of the decisions."""
    chosen = [
        (x.decision.decided_at, x.decision.choice.candidates[x.decision.choice.chosen or 0].features)
        for x in logged
        if usable(x.decision.choice)
    ]
    if len(chosen) < 2:
        return []
    chosen.sort(key=lambda pair: pair[0])
    rows = np.array([features for _, features in chosen])
    older, newer = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    spread = np.maximum(rows.std(axis=0), 1e-9)
    moved = np.where(rows.std(axis=0) > 0, (newer.mean(axis=0) - older.mean(axis=0)) / spread, 0.0)
    return [
        Drift(name, float(before), float(after), float(by))
        for name, before, after, by in zip(
            CANDIDATE_FEATURES, older.mean(axis=0), newer.mean(axis=0), moved, strict=True
        )
    ]


def angles(logged: Sequence[Logged]) -> list[Angle]:
    """In which share of the decisions an angle was among the candidates, and in which it was shown."""
    if not logged:
        return []
    offered: Counter[str] = Counter()
    chosen: Counter[str] = Counter()
    for x in logged:
        offered.update({c.candidate.angle for c in x.decision.choice.candidates})
        chosen[x.decision.candidate.angle] += 1
    return [Angle(a, n / len(logged), chosen[a] / len(logged)) for a, n in offered.most_common()]
