"""ε-greedy v2: the whole vector, beside the context and an intercept that absorb the baseline."""

from __future__ import annotations

from ml_lambda.policies.greedy import RidgeGreedy


class EpsilonGreedyV2(RidgeGreedy):
    """Sees the D candidate columns, the C context columns and an intercept of its own."""

    name = "epsilon_greedy_v2"
    version = "1"
