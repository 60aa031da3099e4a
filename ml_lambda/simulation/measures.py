"""What a run came to, as numbers: per person, then over people with bands.

A person is the unit: decisions of one person hang together, people do not. Bands are 95% percentile
intervals of 2,000 resamples of people; differences are paired, as the same people meet every policy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml_lambda.policies.base import Vector
from ml_lambda.simulation.driver import Run

RESAMPLES: Final = 2000
WEEK: Final = 7
ENOUGH: Final = 8
"""People without whom intervals by resampling are too narrow to believe."""


@dataclass(frozen=True)
class Trace:
    """n decisions of one policy in one world, in the order in which they were made. Arrays are (n,)."""

    policy: str
    seed: int
    person: NDArray[np.intp]
    life_day: NDArray[np.intp]
    """Days since the person came."""
    worth: Vector
    """Expected reward of what was chosen, had it been seen; known to the world alone."""
    best: Vector
    """That of the best candidate of the same decision."""
    any: Vector
    """The mean over its candidates: of a choice at random."""
    reward: Vector
    """As settled by the service; nan for a tip that was never seen."""
    done: NDArray[np.bool_]
    looks: int
    silences: int
    tips: tuple[tuple[str, str, str], ...] = ()
    """Some tips, as (when, text, why), for a judge."""


@dataclass(frozen=True)
class Band:
    """A value and its 95% interval over people."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class Row:
    """One policy's line of the table."""

    policy: str
    people: int
    decisions: int
    seen: int
    reward: Band
    """Per tip that was seen, as settled."""
    done: Band
    """Share of the tips seen that were done on the tip."""
    regret: Band
    """Expected reward per decision less than the oracle's choice among the same candidates."""
    gap_closed: Band
    """Of the way from a random choice to the oracle's, per decision: 0 none, 1 all."""
    ahead: Band | None
    """Expected reward per decision above the baseline's, same people; None: it is the baseline."""


def trace(run: Run, most_tips: int = 0) -> Trace:
    """The numbers of a run that is over. `most_tips`: how many tips to keep for a judge."""
    found = run.outcomes()
    kept = found[:: max(1, len(found) // most_tips)][:most_tips] if most_tips else []
    return Trace(
        policy=run.policy,
        seed=run.seed,
        person=np.array([o.person for o in found], dtype=np.intp),
        life_day=np.array([o.life_day for o in found], dtype=np.intp),
        worth=np.array([o.worth for o in found]),
        best=np.array([max(o.worths) for o in found]),
        any=np.array([float(np.mean(o.worths)) for o in found]),
        reward=np.array([np.nan if o.decision.reward is None else o.decision.reward for o in found]),
        done=np.array([o.done for o in found], dtype=bool),
        looks=run.looks,
        silences=run.silences,
        tips=tuple(
            (f"{o.decision.decided_at:%A %H:%M} UTC", *run.texts[o.decision.decision_id]) for o in kept
        ),
    )


def rows(traces: Sequence[Trace], baseline: str) -> list[Row]:
    """The table, in the order in which the policies first come."""
    policies = list(dict.fromkeys(t.policy for t in traces))
    by = {policy: [t for t in traces if t.policy == policy] for policy in policies}
    base = _people(by[baseline], lambda t: t.worth) if baseline in by else {}
    return [_row(policy, by[policy], base if policy != baseline else {}) for policy in policies]


def _row(policy: str, traces: Sequence[Trace], base: Mapping[tuple[int, int], float]) -> Row:
    mine = _people(traces, lambda t: t.worth)
    both = sorted(mine.keys() & base.keys())
    missed = _people(traces, lambda t: t.best - t.worth)
    whole = _people(traces, lambda t: t.best - t.any)
    people = sorted(missed)
    return Row(
        policy=policy,
        people=len(people),
        decisions=sum(len(t.worth) for t in traces),
        seen=int(sum(np.isfinite(t.reward).sum() for t in traces)),
        reward=band(list(_people(traces, lambda t: t.reward).values())),
        done=band(list(_people(traces, _done).values())),
        regret=band([missed[p] for p in people]),
        gap_closed=ratio([whole[p] - missed[p] for p in people], [whole[p] for p in people]),
        ahead=band([mine[p] - base[p] for p in both]) if both else None,
    )


def _done(trace: Trace) -> Vector:
    return np.where(np.isfinite(trace.reward), trace.done.astype(np.float64), np.nan)


def curve(traces: Sequence[Trace], of: Callable[[Trace], Vector], *, weeks: int) -> list[tuple[int, Band]]:
    """(week, band) of a mean per person, week by week of their time with oO; weeks with few are left out."""
    found = []
    for week in range(weeks):
        means = list(_people(traces, of, week).values())
        if len(means) >= 3:
            found.append((week + 1, band(means)))
    return found


def _people(
    traces: Sequence[Trace], of: Callable[[Trace], Vector], week: int | None = None
) -> dict[tuple[int, int], float]:
    """The mean per (seed, person), what is nan left out."""
    means = {}
    for t in traces:
        values = of(t)
        use = np.isfinite(values) & ((t.life_day // WEEK == week) if week is not None else True)
        for person in np.unique(t.person[use]):
            means[t.seed, int(person)] = float(values[use & (t.person == person)].mean())
    return means


def band(values: Sequence[float]) -> Band:
    """The mean of people's values, and where resamples of people put it."""
    return ratio(values, [1.0] * len(values))


def ratio(above: Sequence[float], below: Sequence[float]) -> Band:
    """Σ above / Σ below over people, likewise."""
    a, b = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    if not len(a) or not b.sum():
        return Band(np.nan, np.nan, np.nan)
    draws = np.random.default_rng(0).integers(0, len(a), (RESAMPLES, len(a)))
    low, high = np.quantile(a[draws].sum(axis=1) / b[draws].sum(axis=1), (0.025, 0.975))
    return Band(float(a.sum() / b.sum()), float(low), float(high))
