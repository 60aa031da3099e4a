"""How often a guardrail that is looked at every night rolls back a challenger that does no harm.

The canary's people decide a few times a day; both policies are ε-greedy as in `gate_world.py`. A bad event
(a tip is turned down) has a rate of each person's own. Every night the rail sees all decisions so far.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml_lambda.experiments.guardrails import TOLERATED, of_decisions

NIGHTS: Final = 28
NAME: Final = "turned down"
_ARMS: Final = 10
_EPSILON: Final = 0.1
_A_DAY: Final = 4


@dataclass(frozen=True)
class Harm:
    """`excess`: how much likelier the event is under what only the challenger favours."""

    name: str
    excess: float
    people: int = 100
    rho: float = 0.1
    rate: float = 0.2


@dataclass(frozen=True)
class Breaches:
    """Shares of runs in which the rail was breached: at the first look, at any, and the median night."""

    harm: Harm
    runs: int
    first: float
    ever: float
    night: float


# The policies' favourites differ on .4 of decisions and have .9 of the probability: a policy's own rate
# is worse by .36 of the excess.
_OWN: Final = 0.4 * (1.0 - _EPSILON)
HARMS: Final = (
    Harm("none", 0.0),
    Harm("none, 25 people", 0.0, people=25),
    Harm("none, ρ = .2", 0.0, rho=0.2),
    Harm("none, a rare event", 0.0, rate=0.03),
    Harm("just what is tolerated", TOLERATED[NAME] / _OWN),
    Harm("5 points more", 0.05 / _OWN),
    Harm("10 points more", 0.10 / _OWN),
)


def measure(harms: Sequence[Harm], runs: int, seed: int = 0) -> Iterator[Breaches]:
    """A row per harm, as it is done."""
    for harm in harms:
        nights = np.array([night(harm, seed + i) for i in range(runs)])
        yield Breaches(
            harm,
            runs,
            float(np.mean(nights == 1)),
            float(np.isfinite(nights).mean()),
            float(np.median(nights)),
        )


def night(harm: Harm, seed: int) -> float:
    """The first night on which the rail is breached; infinite when none is."""
    rng = np.random.Generator(np.random.PCG64([seed, 11]))
    n = NIGHTS * _A_DAY * harm.people
    who = np.tile(np.arange(harm.people), NIGHTS * _A_DAY)
    own_rate = rng.beta(harm.rate * 8, (1.0 - harm.rate) * 8, harm.people)[who]
    differ = rng.random(n) < 0.4
    floor = _EPSILON / _ARMS
    # Three kinds of arms matter: the incumbent's favourite, the challenger's, any other.
    by_challenger = rng.random(n) < harm.rho
    explored = rng.random(n) < _EPSILON
    drawn = np.where(explored, rng.integers(0, _ARMS, n), np.where(by_challenger & differ, 1, 0))
    incumbent = np.where(drawn == 0, 1.0 - _EPSILON, 0.0) + floor
    challenger = np.where(drawn == np.where(differ, 1, 0), 1.0 - _EPSILON, 0.0) + floor
    logged = (1.0 - harm.rho) * incumbent + harm.rho * challenger
    likely = np.minimum(own_rate + harm.excess * (differ & (drawn == 1)), 1.0)
    happened = (rng.random(n) < likely).astype(np.float64)
    people = who.tolist()
    for day in range(1, NIGHTS + 1):
        end = day * _A_DAY * harm.people
        rail = of_decisions(
            NAME, happened[:end], incumbent[:end], challenger[:end], logged[:end], people[:end]
        )
        if rail.breached:
            return float(day)
    return float("inf")
