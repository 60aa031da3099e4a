"""Seeded worlds with known expected rewards: what a policy closes of the gap from random to oracle.

A family makes one world per seed, as a stream of steps. All policies meet the same candidates, and the
reward of a candidate is settled by the same luck whoever picks it (common random numbers), so that a
difference between two policies is theirs. D = 12 candidate features and C = 6 of context unless said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rng = np.random.Generator

ABOUT: Final = 6
"""What an item is like, before it meets the context: D is this and its products with the context."""
WAIT: Final = 48
"""After so many decisions without an answer, silence counts as 0."""


@dataclass(frozen=True)
class Step:
    """One decision: `candidates` (K, D), `expected` and `rewards` (K,), the latter as luck would have it."""

    context: Array
    candidates: Array
    expected: Array
    rewards: Array
    person: str = "0"
    delay: int | None = 0
    """After how many decisions the reward is known; None: nobody ever tells."""


@dataclass(frozen=True)
class Family:
    """One kind of world. `steps` makes it from a seed; peers are told whether it `drifts`, has `people`."""

    name: str
    decisions: int
    steps: Callable[[Rng, int], Iterator[Step]]
    people: bool = False
    dimension: int = 2 * ABOUT
    context_dimension: int = ABOUT


def sigmoid(values: Array) -> Array:
    """1 / (1 + e^-x)."""
    return np.asarray(1.0 / (1.0 + np.exp(-values)))


def _direction(rng: Rng, length: float) -> Array:
    taste = rng.normal(size=2 * ABOUT)
    return np.asarray(taste * length / np.linalg.norm(taste))


def _features(rng: Rng, context: Array, count: int) -> Array:
    about = rng.normal(size=(count, ABOUT))
    return np.concatenate([about, about * context], axis=1)


def _coin(rng: Rng, context: Array, candidates: Array, taste: Array) -> Step:
    """Done or not: a non-linear baseline of the context, and the taste."""
    baseline = -1.0 + 0.8 * np.sin(2 * context[0]) + 0.5 * context[1] * context[2]
    expected = sigmoid(baseline + candidates @ taste)
    return Step(context, candidates, expected, (rng.random() < expected).astype(float))


def fixed(rng: Rng, decisions: int) -> Iterator[Step]:
    """One person whose taste stays."""
    taste = _direction(rng, 1.2)
    for _ in range(decisions):
        context = rng.normal(size=ABOUT)
        yield _coin(rng, context, _features(rng, context, 10), taste)


def drifting(rng: Rng, decisions: int) -> Iterator[Step]:
    """One person whose taste wanders, and turns in eight of twelve at a third and at two thirds."""
    taste = _direction(rng, 1.2)
    for t in range(decisions):
        taste = 0.9995 * taste + 0.010 * rng.normal(size=12)
        if t in {decisions // 3, 2 * decisions // 3}:
            turned = rng.permutation(12)[:8]
            taste[turned] = -taste[turned]
        taste *= 1.2 / np.linalg.norm(taste)
        context = rng.normal(size=ABOUT)
        yield _coin(rng, context, _features(rng, context, 10), taste)


def mixed_shapes(rng: Rng, decisions: int) -> Iterator[Step]:
    """One person; features as they come: switches, rare events, long tails, shares, steps, copies."""
    taste = _direction(rng, 1.6)
    for _ in range(decisions):
        context = rng.normal(size=ABOUT)
        features = np.empty((10, 12))
        features[:, 0:2] = rng.random((10, 2)) < 0.5
        features[:, 2:4] = rng.random((10, 2)) < 0.08
        features[:, 4:6] = np.log1p(rng.exponential(1.0, (10, 2)) ** 2)
        features[:, 6:8] = rng.beta(0.7, 0.7, (10, 2)) * sigmoid(context[:2])
        features[:, 8:10] = rng.integers(0, 5, (10, 2)) / 4
        features[:, 10] = features[:, 4] + 0.3 * rng.normal(size=10)
        features[:, 11] = np.tanh(features[:, 6] * context[2])
        yield _coin(rng, context, features, 2.0 * taste)


def changing_count(rng: Rng, decisions: int) -> Iterator[Step]:
    """One person; from two candidates to forty."""
    taste = _direction(rng, 1.2)
    for _ in range(decisions):
        context = rng.normal(size=ABOUT)
        count = int(np.exp(rng.uniform(np.log(2), np.log(41))))
        yield _coin(rng, context, _features(rng, context, count), taste)


@dataclass(frozen=True)
class Arms:
    """One person, the same arms every time: a candidate is one-hot(arm) ⊗ (1, context)."""

    arms: int
    width: int
    """1 + the context's; D is arms times this."""

    def __call__(self, rng: Rng, decisions: int) -> Iterator[Step]:
        """The steps of one world."""
        tastes = rng.normal(size=(self.arms, self.width)) / np.sqrt(self.width)
        places = np.eye(self.arms)
        for _ in range(decisions):
            context = rng.normal(size=self.width - 1)
            row = np.append(1.0, context)
            expected = sigmoid(-0.5 + 1.2 * tastes @ row)
            rewards = (rng.random() < expected).astype(float)
            yield Step(context, np.kron(places, row), expected, rewards)


@dataclass(frozen=True)
class Crowd:
    """People who arrive one after the other, alike to a degree, and answer late or never.

    Done 1, snoozed .4, dismissed 0 by an ordered logit; silence is known as 0 after WAIT decisions.
    """

    people: int
    apart: float
    silent: float = 0.20
    turns: bool = False
    """Each person's taste turns in half of its columns, at a time of their own."""
    wanders: float = 0.0
    """How far each taste moves at a decision of its owner."""
    lost: bool = False
    """Silence is never told instead of counting as 0."""

    def __call__(self, rng: Rng, decisions: int) -> Iterator[Step]:
        """The steps of one world."""
        shared = _direction(rng, 1.0)
        tastes = shared + self.apart * rng.normal(size=(self.people, 12))
        lengths = np.linalg.norm(tastes, axis=1)
        moods = -0.6 + 0.8 * rng.normal(size=self.people)
        arrivals = np.sort(rng.integers(0, int(0.7 * decisions), self.people))
        arrivals[:3] = 0
        turn_at = rng.uniform(0.3, 0.8, self.people) * (decisions - arrivals) + arrivals
        turned = np.zeros(self.people, dtype=bool)
        for t in range(decisions):
            person = int(rng.choice(np.flatnonzero(arrivals <= t)))
            if self.turns and not turned[person] and t >= turn_at[person]:
                columns = rng.permutation(12)[:6]
                tastes[person, columns] = -tastes[person, columns]
                turned[person] = True
            if self.wanders:
                tastes[person] += self.wanders * rng.normal(size=12)
                tastes[person] *= lengths[person] / np.linalg.norm(tastes[person])
            context = rng.normal(size=ABOUT)
            candidates = _features(rng, context, 10)
            drive = moods[person] + 0.6 * np.sin(2 * context[0]) + candidates @ tastes[person]
            done, at_least_snoozed = sigmoid(drive - 0.5), sigmoid(drive + 0.7)
            luck, silent = rng.random(), rng.random() < self.silent
            answers = np.where(luck < done, 1.0, np.where(luck < at_least_snoozed, 0.4, 0.0))
            late = min(WAIT, 1 + int(rng.geometric(1 / 12)))
            unanswered = None if self.lost else WAIT
            yield Step(
                context,
                candidates,
                done + 0.4 * (at_least_snoozed - done),
                np.zeros(10) if silent else answers,
                str(person),
                unanswered if silent else late,
            )


FAMILIES: Final = {
    family.name: family
    for family in (
        Family("tips12", 2000, fixed),
        Family("drift12", 4000, drifting),
        Family("users12", 3000, Crowd(60, 0.20), people=True),
        Family("users12h", 3000, Crowd(20, 0.30), people=True),
        Family("turning-people", 3000, Crowd(20, 0.30, turns=True), people=True),
        Family("mixed-shapes", 2000, mixed_shapes),
        Family("changing-count", 2000, changing_count),
        Family("silent", 3000, Crowd(60, 0.20, silent=0.30), people=True),
        Family("unheard", 3000, Crowd(30, 0.25, silent=0.30, lost=True), people=True),
        Family("wandering-people", 3000, Crowd(15, 0.30, wanders=0.06), people=True),
        Family("fixed-arms", 2000, Arms(10, 6), dimension=60, context_dimension=5),
        Family("wide-arms", 1000, Arms(10, 17), dimension=170, context_dimension=16),
    )
}


def world(family: Family, seed: int) -> Iterator[Step]:
    """The world of a seed; the same seed makes the same world."""
    return family.steps(np.random.default_rng([seed, *family.name.encode()]), family.decisions)
