"""Why this candidate: what each feature added to its expected reward beside the others."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ml_lambda.policies.base import Matrix, Vector

_DECIMALS = 6


def contributions(weights: Vector, candidates: Matrix, chosen: int) -> list[float]:
    """weight × (the chosen one's value - the mean of the others'), per feature: (D,).

    Their sum is how much more reward the weights expect of the chosen one than of the others on average:
    an exact account for any score that is linear in the features, since what all candidates share cancels.
    `weights` (D,), `candidates` (K, D). Zeros when there was no other candidate.
    """
    others = np.delete(candidates, chosen, axis=0)
    if not len(others):
        return [0.0] * candidates.shape[1]
    apart = np.asarray(weights * (candidates[chosen] - others.mean(axis=0)))
    return [round(value, _DECIMALS) for value in apart.tolist()]


def served_weights(parts: Iterable[tuple[float, Vector, Vector]], chosen: int) -> Vector:
    """The weights of a mixture of policies, each by how likely it was the one that drew `chosen`.

    `parts`: (share of the mixture, its probabilities (K,), its weights (D,)). By Bayes' rule a policy of
    share s drew it with probability s π(chosen) / Σ s π(chosen).
    """
    drawn = [(share * float(probabilities[chosen]), weights) for share, probabilities, weights in parts]
    total = sum(likely for likely, _ in drawn)
    mixed: Vector = np.sum([likely / total * weights for likely, weights in drawn], axis=0)
    return mixed
