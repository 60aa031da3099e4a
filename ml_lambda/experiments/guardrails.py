"""What must not get worse while a challenger is tried; a breach rolls back at once, whatever rewards say.

Two kinds. Of **decisions** in the canary: tips turned down, tips that nobody answers. Both policies serve the
same people there, so their rates are compared on the same decisions by weights, as the gate compares rewards:
the mean of (e - ē) (π_C - π_I) / π is how much more often e happens under the challenger. Of **people**: who
withdrew the consent to nudges since it began, in the canary beside the holdback. In an A/B test both are of
the people of one side beside those of the other.

A rail is breached when the excess is above what is tolerated by more than chance explains: three standard
errors, one false alarm in 740 looks; over many nights see README.md. Guardrails err towards rolling back: a
challenger can be named again. Who deletes everything leaves nothing that could be counted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

ERRORS: Final = 3.0
"""Standard errors that are put down to chance."""
TOLERATED: Final = {"turned down": 0.01, "no answer": 0.02, "nudges muted": 0.0}
"""How much more often each may happen, in the share of decisions or people."""
LEAST_DECISIONS: Final = 100
LEAST_PEOPLE: Final = 20
"""With fewer a rail says nothing."""


@dataclass(frozen=True)
class Guardrail:
    """Something that must not happen more often than so. `value`: the excess over what served before."""

    name: str
    value: float
    limit: float
    breached: bool
    note: str = ""

    @property
    def tells(self) -> bool:
        """Whether there was enough to look at: no share exceeds a limit of 1."""
        return self.limit < 1.0


@dataclass(frozen=True)
class Arm:
    """People of one arm, and those of them to whom it happened."""

    people: int
    happened: int


def of_decisions(
    name: str,
    happened: ArrayLike,
    pi_incumbent: ArrayLike,
    pi_challenger: ArrayLike,
    pi_logged: ArrayLike,
    people: Sequence[str],
) -> Guardrail:
    """A rail over the canary's decisions. Arrays (n,) of the chosen arms' probabilities; whose they are.

    Whole people are the independent units. Raises ValueError for lengths that differ.
    """
    event = np.asarray(happened, dtype=np.float64)
    weight = (np.asarray(pi_challenger) - np.asarray(pi_incumbent)) / np.asarray(pi_logged, dtype=np.float64)
    if event.shape != weight.shape or len(people) != len(event):
        raise ValueError("a rail takes one event, three probabilities and one person per decision")
    if len(event) < LEAST_DECISIONS or len(set(people)) < LEAST_PEOPLE:
        return Guardrail(name, 0.0, 1.0, breached=False, note=f"{len(event)} decisions: too few to tell")
    # The common rate is taken out: the weights' mean is 0, so this changes only the noise.
    terms = (event - event.mean()) * weight
    excess = float(terms.mean())
    who: NDArray[Any] = np.unique(np.asarray(people), return_inverse=True)[1]
    sums = np.bincount(who, weights=terms - excess)
    error = sqrt(float(sums @ sums) * len(sums) / (len(sums) - 1)) / len(event)
    return _judged(name, excess, error, f"{event.mean():.1%} of {len(event)} decisions")


def of_people(name: str, tried: Arm, held: Arm) -> Guardrail:
    """A rail over people: the canary beside the holdback, or the sides of an A/B test.

    Agresti and Caffo's (2000) standard error.
    """
    if min(tried.people, held.people) < LEAST_PEOPLE:
        return Guardrail(
            name, 0.0, 1.0, breached=False, note=f"{held.people} people to compare with: too few to tell"
        )
    a, b = ((arm.happened + 1.0) / (arm.people + 2.0) for arm in (tried, held))
    error = sqrt(a * (1 - a) / (tried.people + 2) + b * (1 - b) / (held.people + 2))
    note = f"{tried.happened} of {tried.people} people, {held.happened} of {held.people} to compare with"
    return _judged(name, a - b, error, note)


def _judged(name: str, excess: float, error: float, note: str) -> Guardrail:
    limit = TOLERATED.get(name, 0.0) + ERRORS * error
    return Guardrail(name, excess, limit, breached=excess > limit, note=note)


def breached(rails: Sequence[Guardrail]) -> list[str]:
    """The breached ones, each in words."""
    return [
        f"{rail.name} {rail.value:+.1%} where {rail.limit:.1%} could be chance ({rail.note})"
        for rail in rails
        if rail.breached
    ]
