"""The contract of every policy: choose among candidates, learn from a reward, keep state as bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

FLOOR: Final = 0.01
"""Probability spread over all candidates whatever a policy thinks, so that every choice can be weighed."""

LARGEST: Final = 1024.0
"""Features are of the order of 1. What is larger counts as this, so that one row cannot drown all others."""

_TIE: Final = 9
"""Scores equal to this many decimals tie: rows that are the same may differ in their last bits."""


class StateMismatch(ValueError):
    """The stored state is another policy's, layout's or version's; start from the prior instead."""


class Learner(ABC):
    """One set of statistics and the rule that chooses by them.

    `act` and `update` are the whole of what a harness needs. Serving uses `probabilities`, `learn`,
    `to_bytes` and `load`: it keeps one state per person and knows when each decision was made.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    """Changes whenever the same state and input would give other probabilities."""

    def __init__(self, dimension: int, context_dimension: int, seed: int) -> None:
        self.dimension = dimension
        self.context_dimension = context_dimension
        self._seed = seed
        self._draws: np.random.Generator | None = None

    def act(self, context: Vector, candidates: Matrix, user: str = "") -> tuple[int, Vector]:
        """Draw one candidate. `context` (C,), `candidates` (K, D), K ≥ 1; returns index and the vector (K,).

        The same seed and the same calls give the same draws (PCG64). Both are `bounded`. Raises ValueError
        for other shapes.
        """
        shapes = np.shape(context), np.shape(candidates)
        if shapes[0] != (self.context_dimension,) or shapes[1][1:] != (self.dimension,) or not shapes[1][0]:
            raise ValueError(
                f"context {shapes[0]} and candidates {shapes[1]} are not "
                f"({self.context_dimension},) and (K, {self.dimension}) with K ≥ 1"
            )
        vector = self.probabilities(bounded(context), bounded(candidates), user)
        if self._draws is None:
            self._draws = np.random.Generator(np.random.PCG64(self._seed))
        return draw(vector, self._draws.random()), vector

    @abstractmethod
    def probabilities(self, context: Vector, candidates: Matrix, user: str = "") -> Vector:
        """The exact vector that `act` samples: (K,), sums to 1, none below FLOOR / K."""

    @abstractmethod
    def learn(
        self,
        context: Vector,
        candidate: Vector,
        reward: float,
        *,
        replaces: float | None = None,
        day: float = 0.0,
        user: str = "",
    ) -> None:
        """Take in one settled reward in [0, 1] of the candidate (D,) that was shown.

        `replaces`: the reward that was learned for the same decision before; its contribution is taken
        back exactly. `day`: when it was decided, in days since 1970; forgetting weighs by it.
        """

    def update(
        self,
        context: Vector,
        candidates: Matrix,
        index: int,
        reward: float,
        probabilities: Vector,
        user: str = "",
    ) -> None:
        """Learn from the chosen candidate of a decision; refits happen in here."""
        self.learn(context, candidates[index], reward, user=user)

    @abstractmethod
    def weights(self, user: str = "") -> Vector:
        """The posterior mean effect of each candidate feature on the expected reward: (D,).

        A candidate's features times these weights, summed, is what sets its expected reward apart from
        its rivals'. A feature that the policy does not look at has weight 0.
        """

    @abstractmethod
    def to_bytes(self) -> bytes:
        """The state, versioned, without pickle."""

    @abstractmethod
    def load(self, state: bytes) -> None:
        """Take over a state. Raises StateMismatch when it is not this policy's, in this layout."""


def bounded(values: Matrix) -> Matrix:
    """The same numbers (...,) within ±LARGEST; what is no number is 0."""
    values = np.asarray(values, dtype=np.float64)
    if np.vdot(values, values) <= LARGEST * LARGEST:  # false for NaN, too
        return values
    return np.clip(np.nan_to_num(values, nan=0.0), -LARGEST, LARGEST)


def draw(probabilities: Vector, uniform: float) -> int:
    """The index whose share of [0, 1) holds `uniform`; never one of probability 0."""
    edges = np.cumsum(probabilities)
    index = int(np.searchsorted(edges, uniform * edges[-1], side="right"))
    return min(index, int(np.flatnonzero(probabilities)[-1]))


def epsilon_greedy(scores: Vector, epsilon: float) -> Vector:
    """ε spread over all, the rest over the best; ties share it exactly. At least FLOOR is spread."""
    spread = max(epsilon, FLOOR)
    rounded = np.round(scores, _TIE)
    best = rounded == rounded.max()
    vector: Vector = spread / len(scores) + (1.0 - spread) * best / best.sum()
    return vector
