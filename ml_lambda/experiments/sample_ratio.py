"""Whether people are in the arms as planned. When they are not, something decides who is seen: no comparison
of the arms means anything until it is found (sample-ratio mismatch, Fabijan et al. 2019).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import erfc, exp, pi, sqrt
from typing import Final

ALARM: Final = 0.001
"""Suspect below this p-value: looked at every night, a stricter level than for one look."""
_LEAST: Final = 5.0
"""An arm that expects fewer people than this says nothing by the chi-square approximation."""


def sample_ratio(people: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """The p-value of Pearson's chi-square test of people per arm against the planned shares.

    `people`: distinct people by arm (decisions would count one person often). 1.0 while the smallest arm
    expects fewer than five. 0.0 when somebody is in an arm that is not planned. Raises ValueError for
    shares that do not sum to 1.
    """
    if not shares or min(shares.values()) <= 0 or abs(sum(shares.values()) - 1.0) > 1e-9:
        raise ValueError("planned shares are above 0 and sum to 1")
    if any(count for arm, count in people.items() if arm not in shares):
        return 0.0
    total = sum(people.values())
    if total * min(shares.values()) < _LEAST or len(shares) < 2:
        return 1.0
    statistic = sum(
        (people.get(arm, 0) - total * share) ** 2 / (total * share) for arm, share in shares.items()
    )
    return chi_square_tail(statistic, len(shares) - 1)


def suspicion(people: Mapping[str, int], shares: Mapping[str, float]) -> str:
    """Why the arms cannot be compared, in words; empty: they can."""
    p = sample_ratio(people, shares)
    if p >= ALARM:
        return ""
    total = max(sum(people.values()), 1)
    seen = ", ".join(
        f"{people.get(arm, 0) / total:.1%} in {arm} where {shares.get(arm, 0.0):.1%} are planned"
        for arm in sorted({*people, *shares})
    )
    return f"of {total} people {seen} (p = {p:.2g})"


def chi_square_tail(statistic: float, degrees: int) -> float:
    """P(χ² ≥ statistic), exactly, by the recurrence over degrees of freedom (Abramowitz and Stegun 26.4)."""
    half = statistic / 2.0
    if degrees % 2:
        tail, term, at = erfc(sqrt(half)), sqrt(half / pi) * 2.0 * exp(-half), 3
    else:
        tail, term, at = exp(-half), half * exp(-half), 4
    while at <= degrees:
        tail += term
        term *= statistic / at
        at += 2
    return min(tail, 1.0)
