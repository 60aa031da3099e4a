"""The shadow's veto: what must not stand against a challenger before anybody is served by it.

A veto only. The log of an incumbent that explores little cannot show that a challenger is better: it can
show that it is worse, or that the log says nothing about it yet.
"""

from __future__ import annotations

from typing import Final

from numpy.typing import ArrayLike

from ml_lambda.experiments.estimators import Estimate, dr, snips

LEAST_DIFFERENCE: Final = -0.02
"""Both estimates must lie above this share of the incumbent's mean reward."""
LEAST_SIZE: Final = 200.0
"""Effective sample size: as many decisions of the challenger's own would tell as much."""
LARGEST_WEIGHT: Final = 0.05
"""No one decision may carry more than this share of all weight."""


def vetoes(
    reward: ArrayLike,
    pi_challenger: ArrayLike,
    pi_logged: ArrayLike,
    predicted: ArrayLike,
    predicted_value: ArrayLike,
    *,
    incumbent: float,
    people: ArrayLike | None = None,
) -> list[str]:
    """Why the challenger may not be served yet, each in words; none: it may.

    Arrays (n,) as for `estimators.dr`. `incumbent`: the mean reward of what served, on the same decisions.
    Raises ValueError as the estimators do, but for a challenger that would have shown nothing of the log.
    """
    doubly = dr(reward, pi_challenger, pi_logged, predicted, predicted_value, people=people)
    if not doubly.largest_weight_share:
        return ["it would have chosen nothing that was shown"]
    found = _too_few(doubly)
    least = incumbent * (1.0 + LEAST_DIFFERENCE)
    for name, value in (
        ("SNIPS", float(snips(reward, pi_challenger, pi_logged, people=people))),
        ("DR", float(doubly)),
    ):
        if not value > least:
            found.append(f"{name} says {value:.3f}, more than 2% below the {incumbent:.3f} of what served")
    return found


def _too_few(estimate: Estimate) -> list[str]:
    found = []
    if estimate.effective_sample_size < LEAST_SIZE:
        found.append(
            f"the log is worth {estimate.effective_sample_size:.0f} decisions of its own, "
            f"{LEAST_SIZE:.0f} are needed"
        )
    if estimate.largest_weight_share > LARGEST_WEIGHT:
        found.append(
            f"one decision carries {estimate.largest_weight_share:.0%} of all weight, 5% at most is allowed"
        )
    return found
