"""Bandit policies: one file each, one registry line each.

learner = make("epsilon_greedy_v2", dimension=12, context_dimension=6, seed=7)
index, probabilities = learner.act(context, candidates, user)
learner.update(context, candidates, index, reward, probabilities, user)
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from ml_lambda.policies.base import Learner, StateMismatch

__all__ = ["NAMES", "Learner", "StateMismatch", "make"]

# Imported by the name asked for: a request path loads only what it serves.
_POLICIES: Final = {
    "epsilon_greedy_v1": "EpsilonGreedyV1",
    "epsilon_greedy_v2": "EpsilonGreedyV2",
    "mixed_ts": "MixedTS",
    "lin_ucb": "LinUCB",
    "lin_ts": "LinTS",
    "square_cb": "SquareCB",
}
NAMES: Final = tuple(_POLICIES)


def make(name: str, dimension: int = 12, context_dimension: int = 6, seed: int = 0, **hyper: Any) -> Learner:
    """A fresh learner. `hyper`: the policy's own parameters. Raises ValueError for an unknown name."""
    if name not in _POLICIES:
        raise ValueError(f"no policy {name!r}; there are {', '.join(NAMES)}")
    policy = getattr(import_module(f"ml_lambda.policies.{name}"), _POLICIES[name])
    learner: Learner = policy(dimension, context_dimension, seed, **hyper)
    return learner
