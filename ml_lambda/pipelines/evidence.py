"""The decision log as arrays: what estimators, the gate and the report take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

import numpy as np
from numpy.typing import NDArray

from chalicelib.contracts.ml import Choice
from chalicelib.domain.features import (
    CONTEXT_DIMENSION,
    CONTEXT_FEATURES,
    DIMENSION,
    FEATURE_VERSION,
)
from ml_lambda.pipelines.log import Logged
from ml_lambda.policies.base import Matrix, Vector

_FOLDS: Final = 5
_RIDGE: Final = 4.0
"""Precision of the reward model's weights, in decisions, as in the first prior."""
USUAL: Final = 0.3
"""A tip's expected reward where nothing is known."""
_INTERCEPT: Final = DIMENSION + CONTEXT_FEATURES.index("intercept")


@dataclass(frozen=True)
class Evidence:
    """n decisions with a settled reward, in the order in which they were first settled."""

    logged: tuple[Logged, ...]
    chosen: NDArray[np.intp]
    """(n,) index of what was shown."""
    propensity: Vector
    """(n,) its probability in the vector that was sampled."""
    first: Vector
    """(n,) the reward as it was first settled."""
    last: Vector
    """(n,) the reward as it stands."""

    def __len__(self) -> int:
        return len(self.logged)

    def vectors(self, policy_id: str) -> list[Vector | None]:
        """Each decision's full vector of a policy; None where it said nothing."""
        return [vector_of(x.decision.choice, policy_id) for x in self.logged]

    def where(self, keep: Sequence[bool]) -> Evidence:
        """Those to keep, in the same order."""
        mask = np.asarray(keep, dtype=bool)
        return Evidence(
            tuple(x for x, kept in zip(self.logged, mask, strict=True) if kept),
            self.chosen[mask],
            self.propensity[mask],
            self.first[mask],
            self.last[mask],
        )


def usable(choice: Choice) -> bool:
    """Whether a policy chose, with features of this version: rules choose without, and teach nothing."""
    return (
        choice.chosen is not None
        and choice.feature_version == FEATURE_VERSION
        and bool(choice.champion)
        and len(choice.context) == CONTEXT_DIMENSION
        and all(len(c.features) == DIMENSION for c in choice.candidates)
    )


def evidence(logged: Iterable[Logged]) -> Evidence:
    """Those that were settled and that a policy chose."""
    settled = [x for x in logged if x.first is not None and usable(x.decision.choice)]
    settled.sort(key=lambda x: (_first(x), x.decision.decision_id))
    choices = [x.decision.choice for x in settled]
    return Evidence(
        logged=tuple(settled),
        chosen=np.array([c.chosen for c in choices], dtype=np.intp),
        propensity=np.array([c.probabilities[c.chosen or 0] for c in choices], dtype=np.float64),
        first=np.array([x.first.reward for x in settled if x.first], dtype=np.float64),
        last=np.array([x.last.reward for x in settled if x.last], dtype=np.float64),
    )


def _first(logged: Logged) -> datetime:
    assert logged.first is not None
    return logged.first.settled_at


def vector_of(choice: Choice, policy_id: str) -> Vector | None:
    """What a policy would have done, by its id, whatever its role was then."""
    if (choice.champion_id or choice.policy.name) == policy_id and choice.champion:
        return np.asarray(choice.champion, dtype=np.float64)
    if choice.challenger_id == policy_id and choice.challenger:
        return np.asarray(choice.challenger, dtype=np.float64)
    if policy_id in choice.shadow:
        return np.asarray(choice.shadow[policy_id], dtype=np.float64)
    return None


def rows(choice: Choice) -> Matrix:
    """(K, D + C): each candidate's features and the context, as the reward model sees them."""
    candidates = np.asarray([c.features for c in choice.candidates], dtype=np.float64)
    context = np.broadcast_to(np.asarray(choice.context), (len(candidates), len(choice.context)))
    return np.hstack([candidates, context])


class RewardModel:
    """A ridge regression of the reward, pooled over people: what doubly-robust estimates lean on.

    It need not be right: the estimates are unbiased whatever it says, and tighter the better it is.
    Before any data it expects USUAL of every candidate.
    """

    def __init__(self) -> None:
        self.gram = np.eye(DIMENSION + CONTEXT_DIMENSION) * _RIDGE
        self.moment = np.zeros(DIMENSION + CONTEXT_DIMENSION)
        self.moment[_INTERCEPT] = _RIDGE * USUAL
        self._weights: Vector | None = None

    def fit(self, known: Evidence, rewards: Vector | None = None) -> RewardModel:
        """Take in decisions and their rewards, (n,); as they stand unless given."""
        if len(known):
            x = np.vstack(
                [rows(g.decision.choice)[i] for g, i in zip(known.logged, known.chosen, strict=True)]
            )
            self.gram = self.gram + x.T @ x
            self.moment = self.moment + x.T @ (known.last if rewards is None else rewards)
            self._weights = None
        return self

    def predict(self, choice: Choice) -> Vector:
        """(K,) the expected reward of each candidate, in [0, 1]."""
        weights = self._weights
        if weights is None:
            weights = self._weights = np.asarray(np.linalg.solve(self.gram, self.moment))
        return np.asarray(np.clip(rows(choice) @ weights, 0.0, 1.0))


def predictions(known: Evidence) -> list[Vector]:
    """(K,) per decision, by a model that has not seen the decision's person (five folds by person)."""
    if not len(known):
        return []
    fold = np.array([sha256(x.decision.person_id.encode()).digest()[0] % _FOLDS for x in known.logged])
    models = [RewardModel().fit(known.where(list(fold != f))) for f in range(_FOLDS)]
    return [models[f].predict(x.decision.choice) for f, x in zip(fold, known.logged, strict=True)]
