"""The people of one mixed_ts learner, and what it learns from all of them while it runs in memory.

A harness hands the policy decision after decision of many people and no clock. Then the learner refits by
itself: the pooled part every POOL_EVERY updates from whoever has news, the variances at intervals that
grow with the data. In serving there is one person, whose belief is the published prior, and no refit here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ml_lambda.policies import pooling
from ml_lambda.policies.base import Matrix, Vector
from ml_lambda.policies.history import History
from ml_lambda.policies.mixed_posterior import Belief, Posterior, common_paces, evidence, posterior
from ml_lambda.policies.mixed_prior import Beginning

POOL_EVERY: Final = 32
"""Updates between two looks at what people share; grows by a sixteenth of all there were."""

REFIT_GROWTH: Final = 0.15
"""Share of new updates before the variances are fitted again."""

EVIDENCE_EVERY: Final = 24
"""A person's updates between two looks at their pace of forgetting; grows by a fortieth of their data."""

_PACE_ROUNDS: Final = 10
"""Of fitting how common each pace is, at each refit."""

DECISIONS_A_DAY: Final = 6.0
"""How a count of decisions becomes days: the decision points of a day."""

_SAMPLE: Final = 256
"""People from whom variances are fitted."""

_USUAL_WIDTH: Final = 24
"""With as many times more columns refits are as many times rarer."""


@dataclass
class Person:
    """What is known of one person. The rest is computed from `history` and None when it is to be again."""

    history: History
    belief: Belief | None = None
    evidence: Vector | None = None
    likely: Vector | None = None
    """Each hypothesis' share, by this evidence and the paces that are common."""
    posterior: Posterior | None = None
    weighed: int = 0
    """How much data the evidence rests on."""
    stale: bool = True
    """Data came since the pooled part was computed."""
    known: Matrix | None = None
    """What this person contributed to the pooled part: precision | shift, (d, d + 1)."""
    sums: Matrix | None = None
    """Σ z zᵀ under the average pace, (d + 1, d + 1)."""
    pool: int = 0
    """The refit that `belief` rests on."""


class Population:
    """Everybody a learner has met, and what is believed of whoever is new."""

    def __init__(self, beginning: Beginning) -> None:
        """Nobody yet."""
        self.beginning = beginning
        self.people: dict[str, Person] = {}
        self.day = 0.0
        self.variances = beginning.start
        self._paces, self._first = beginning.given.paces, beginning.first
        self._width = len(beginning.given.mean)
        self._shared: Matrix | None = None
        self._updates = self._pool = 0
        self._next_pool = self._next_fit = POOL_EVERY
        self._rarer = max(1, self._width // _USUAL_WIDTH)

    def person(self, user: str) -> Person:
        """Their statistics; empty ones for someone new."""
        found = self.people.get(user)
        if found is None:
            found = self.people[user] = Person(History(self._width, self._first - 1))
            if self._pool and len(self.people) == 2:
                self._refresh([p for p in self.people.values() if p.history.count])
        return found

    @property
    def _company(self) -> bool:
        """Whoever is alone learns nothing from the pooled part: their own data do not count twice."""
        return len(self.people) > 1

    def tick(self) -> None:
        """A decision was made: everybody makes DECISIONS_A_DAY."""
        self.day += 1.0 / (DECISIONS_A_DAY * max(1, len(self.people)))

    def posterior(self, person: Person) -> Posterior:
        """What is known of this person's taste now."""
        belief = self._belief(person)
        if person.posterior is None:
            person.posterior = posterior(person.history, belief, self._likely(person))
        return person.posterior

    def _likely(self, person: Person) -> Vector:
        if person.evidence is None:
            self._weigh(person, self._belief(person))
        assert person.evidence is not None
        if person.likely is None:
            person.likely = self._paces.likely(person.evidence)
        return person.likely

    def _belief(self, person: Person) -> Belief:
        """What the others say of this person: their own data do not count twice."""
        if not self._pool:
            return self.beginning.given
        if person.belief is None or person.pool != self._pool:
            assert self._shared is not None
            others = self._shared if person.known is None else self._shared - person.known
            inverse = np.linalg.inv(others[:, :-1])
            covariance = 0.5 * (inverse + inverse.T) + np.diag(self.variances.between)
            mean, noise = inverse @ others[:, -1], self.variances.noise
            person.belief = Belief(mean, covariance, noise, self._paces, self._first)
            person.pool, person.posterior = self._pool, None
        return person.belief

    def _weigh(self, person: Person, belief: Belief) -> None:
        person.evidence, person.weighed = evidence(person.history, belief), person.history.count
        person.likely = person.posterior = None

    def learned(self, person: Person) -> None:
        """One more decision is in the history of this person; refit what is due."""
        self._updates += 1
        found, history = person.evidence, person.history
        if found is None or len(found) != self._paces.hypotheses(history.blocks):
            person.evidence = person.likely = None
        elif history.count - person.weighed >= self._rarer * (EVIDENCE_EVERY + history.count // 40):
            self._weigh(person, self._belief(person))
        if self._updates >= self._next_fit:
            self._fit()
            self._next_fit = self._updates + self._rarer * max(POOL_EVERY, int(REFIT_GROWTH * self._updates))
            self._next_pool = self._pool_next()
        elif self._company and self._updates >= self._next_pool:
            self._refresh([p for p in self.people.values() if p.stale and p.history.count])
            self._next_pool = self._pool_next()

    def _pool_next(self) -> int:
        return self._updates + self._rarer * max(POOL_EVERY, self._updates // 16)

    def _fit(self) -> None:
        """Variances by one step of expectation maximisation, and everybody's contribution anew.

        The contributions are those that the step rests on, so by the variances before it.
        """
        known = [p for p in self.people.values() if p.history.count]
        sample = known[-_SAMPLE:]
        self._sum([p for p in sample if p.stale or p.sums is None])
        first, start, centre = self._first, self.beginning.start, self.beginning.given.mean
        groups = (first - 1, 1, self._width - first)
        sums = _stack(sample)
        told = pooling.contributions(sums, self.variances)
        self.variances = pooling.step(sums, self.variances, start, groups, centre, told)
        found = [p.evidence for p in sample if p.evidence is not None]
        self._paces = common_paces(self.beginning.given.paces, found, rounds=_PACE_ROUNDS)
        self._shared = pooling.before_data(self.variances, centre)
        if self._company:
            for person, new in zip(sample, told.marginal, strict=True):
                person.known = new
        for person in known:
            person.likely = None
            if person.known is not None:
                self._shared += person.known
        self._pool += 1

    def _sum(self, people: list[Person]) -> None:
        for person in people:
            likely, history = self._likely(person), person.history
            person.sums = history.weighted(self._paces.counts(history.ages(), likely))
            person.stale = False

    def _refresh(self, people: list[Person]) -> None:
        """Replace what these people contribute to the pooled part."""
        self._sum([p for p in people if p.stale or p.sums is None])
        found = pooling.contributions(_stack(people), self.variances)
        assert self._shared is not None
        for person, new in zip(people, found.marginal, strict=True):
            self._shared += new
            if person.known is not None:
                self._shared -= person.known
            person.known = new
        self._pool += 1


def _stack(people: list[Person]) -> pooling.People:
    """Their sums as arrays. The constant's square counts the decisions."""
    sums = np.array([p.sums for p in people])
    constant = people[0].history.constant
    return pooling.People(sums[:, :-1, :-1], sums[:, :-1, -1], sums[:, -1, -1], sums[:, constant, constant])
