"""Mixed-effects Thompson sampling: what people share, what sets this one apart, and how fast it changes.

The model is a linear regression of the reward on nuisance columns (the context, a constant) and the D
candidate features, θ_person = θ + w (`pooling.py`), with forgetting by decision time at a pace that is
learned (`mixed_posterior.py`) from sums that do not know it (`history.py`). The choice is the best of a
draw from a narrowed, slightly optimistic posterior; its exact distribution is over POINTS fixed draws.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from math import log1p, sqrt
from typing import Final

import numpy as np

from chalicelib.domain.features import CANDIDATE_FEATURES, CONTEXT_FEATURES, FEATURE_VERSION
from ml_lambda.policies.base import FLOOR, Learner, Matrix, StateMismatch, Vector
from ml_lambda.policies.history import History
from ml_lambda.policies.mixed_people import Person, Population
from ml_lambda.policies.mixed_posterior import evidence
from ml_lambda.policies.mixed_prior import published, usual
from ml_lambda.policies.priors import Prior

POINTS: Final = 64
"""Draws of the posterior whose best candidates make the vector."""

_ONE: Final = np.ones(1)
_TIE: Final = 1e-9
"""Scores this close to the best share the draw: equal candidates are equally likely."""

_EVIDENCE: Final = struct.Struct("<4sIH")
_MAGIC: Final = b"OOE1"


@lru_cache(maxsize=8)
def _points(dimension: int, scale: float) -> Matrix:
    """(D + 1, POINTS) scaled normal points, the same for every decision: pairs z, -z, so their mean is 0.

    The last row is 1: what the mean counts at each point.
    """
    half = np.random.Generator(np.random.PCG64(0)).normal(size=(dimension, POINTS // 2))
    return np.vstack([scale * np.concatenate([half, -half], axis=1), np.ones(POINTS)])


class MixedTS(Learner):
    """One set of hyper-parameters for everybody; what differs between people and times is learned.

    In serving it holds one person (`learn`, `to_bytes`, `load`) and believes the published prior. In a
    harness it holds everybody it meets (`act`, `update`), counts decisions for want of a clock, and refits.
    """

    name = "mixed_ts"
    version = "5"

    def __init__(
        self,
        dimension: int = 12,
        context_dimension: int = 6,
        seed: int = 0,
        *,
        scale: float = 0.1,
        optimism: float = 0.3,
        half_life_days: float = 0.0,
        prior: Prior | None = None,
    ) -> None:
        """`scale`: of the posterior's standard deviation in a draw. `optimism`: standard deviations added to
        every candidate's score, times √(1 + 3 ln(1 + n / 50)) after n decisions of the person: who stays
        learns whether what is never shown would have been better. `half_life_days`: this pace instead of a
        learned one. `prior`: what is believed of a person, over the product's columns. Raises ValueError
        for a prior and other columns.
        """
        super().__init__(dimension, context_dimension, seed)
        self._scale, self._optimism = scale, optimism
        self._first = context_dimension + 1
        if prior is None:
            beginning = usual(dimension, context_dimension, half_life_days)
        elif (dimension, context_dimension) == (len(CANDIDATE_FEATURES), len(CONTEXT_FEATURES)):
            beginning = published(prior, half_life_days)
        else:
            raise ValueError("a prior is about the product's columns")
        self._population = Population(beginning)
        self._one: Person | None = None

    def act(self, context: Vector, candidates: Matrix, user: str = "") -> tuple[int, Vector]:
        """Draw one candidate; a decision is also what time is counted by."""
        self._population.tick()
        return super().act(context, candidates, user)

    def probabilities(self, context: Vector, candidates: Matrix, user: str = "") -> Vector:
        """Exact given POINTS: the share of points at which each is best, under the floor.

        A point z scores a candidate φ with φ·m + o s + scale (Rᵀφ)·z, where the effects are N(m, R Rᵀ),
        o is the optimism after that many decisions and s the standard deviation of the whole expected
        reward, level included: features have no natural zero, and that of φ·m alone would depend on it.
        The points are fixed: the vector follows from state, prior, context and candidates alone.
        """
        person = self._person(user)
        known = self._population.posterior(person)
        # Of matrices this small `dot` takes half of what `@` does.
        asked = candidates.dot(known.effects)
        if self._optimism:
            grown = self._optimism * sqrt(1.0 + 3.0 * log1p(person.history.count / 50.0))
            level = context.dot(known.beside[:-1]) + known.beside[-1]
            whole = asked[:, :-1] + level[self._first :]
            alike = level[: self._first]
            asked[:, -1] += grown * np.sqrt(np.vecdot(whole, whole) + alike.dot(alike))
        drawn = asked.dot(_points(self.dimension, self._scale))
        best = (drawn >= drawn.max(axis=0) - _TIE).astype(np.float64)
        vector: Vector = best.dot(1.0 / best.sum(axis=0))
        return FLOOR / len(vector) + (1.0 - FLOOR) / POINTS * vector

    def weights(self, user: str = "") -> Vector:
        """The posterior mean of the person's effects."""
        return self._population.posterior(self._person(user)).mean.copy()

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
        """Into the person's sums; refits nothing."""
        person = self._person(user)
        self._add(person, context, candidate, reward, replaces, day)
        person.evidence = person.likely = None

    def update(
        self,
        context: Vector,
        candidates: Matrix,
        index: int,
        reward: float,
        probabilities: Vector,
        user: str = "",
    ) -> None:
        """Into the person's sums, and refit what is due: paces, the pooled part, variances."""
        person = self._person(user)
        self._add(person, context, candidates[index], reward, None, self._population.day)
        self._population.learned(person)

    def _add(
        self,
        person: Person,
        context: Vector,
        candidate: Vector,
        reward: float,
        replaces: float | None,
        day: float,
    ) -> None:
        row = np.concatenate([context, _ONE, candidate])
        person.history.add(row, reward, replaces=replaces, day=day)
        person.posterior, person.stale = None, True

    def _person(self, user: str) -> Person:
        """Whoever was loaded, under whatever name serving asks."""
        return self._one or self._population.person(user)

    def to_bytes(self) -> bytes:
        """The one person's history, then the evidence for each pace under the prior it was made with.

        The evidence is a cache: under another prior it is computed anew. Raises ValueError for a learner
        that holds several people.
        """
        people = [self._one] if self._one else list(self._population.people.values())
        if len(people) > 1:
            raise ValueError("a state is one person's")
        person = people[0] if people else self._population.person("")
        belief = self._population.beginning.given
        found = evidence(person.history, belief)
        cache = _EVIDENCE.pack(_MAGIC, belief.mark, len(found)) + found.astype("<f8").tobytes()
        return person.history.to_bytes(FEATURE_VERSION) + cache

    def load(self, state: bytes) -> None:
        """Take over one person. Raises StateMismatch for another policy's, layout's or version's state."""
        history = History(self._first + self.dimension, self._first - 1)
        end = history.load(state, FEATURE_VERSION)
        if len(state) < end + _EVIDENCE.size:
            raise StateMismatch("length")
        magic, mark, paces = _EVIDENCE.unpack_from(state, end)
        if magic != _MAGIC or len(state) != end + _EVIDENCE.size + 8 * paces:
            raise StateMismatch("evidence")
        belief, found = self._population.beginning.given, None
        if mark == belief.mark and paces == belief.paces.hypotheses(history.blocks):
            found = np.frombuffer(state, dtype="<f8", offset=end + _EVIDENCE.size)
        self._one = Person(history, evidence=found, weighed=history.count)
