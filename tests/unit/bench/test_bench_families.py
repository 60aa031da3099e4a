"""The worlds that policies race in: the same for all, and the share of the gap is what it says."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from bench.policies.families import FAMILIES, WAIT, Crowd, Family, world
from bench.policies.race import drive


class Knows:
    """Picks by what it was told of the world: the steps in order."""

    def __init__(self, family: Family, seed: int, worst: bool = False) -> None:
        self._steps, self._worst = world(family, seed), worst
        self.told: list[float] = []

    def act(self, context: np.ndarray, candidates: np.ndarray, user: str) -> tuple[int, np.ndarray]:
        step = next(self._steps)
        assert np.array_equal(step.candidates, candidates)
        index = int(step.expected.argmin() if self._worst else step.expected.argmax())
        return index, np.eye(len(candidates))[index]

    def update(
        self, context: np.ndarray, candidates: np.ndarray, index: int, reward: float, *rest: object
    ) -> None:
        self.told.append(reward)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda f: f.name)
def test_a_seed_makes_one_world(family: Family) -> None:
    for ours, again, other in islice(
        zip(world(family, 1), world(family, 1), world(family, 2), strict=False), 50
    ):
        assert np.array_equal(ours.candidates, again.candidates)
        assert np.array_equal(ours.rewards, again.rewards)
        assert not np.array_equal(ours.context, other.context)
        assert ours.candidates.shape == (len(ours.expected), family.dimension)
        assert ours.context.shape == (family.context_dimension,)
        assert np.isfinite(ours.candidates).all()
        assert 0 < ours.expected.min() <= ours.expected.max() < 1
        assert ours.delay is None or ours.delay <= WAIT


def test_the_oracle_closes_the_gap_and_the_worst_choice_opens_it() -> None:
    family = FAMILIES["tips12"]
    for worst in (False, True):
        sums, _, _ = drive(family, 3, Knows(family, 3, worst))
        got, chance, oracle = sums[-1]
        assert got == pytest.approx(oracle) if not worst else got < chance


def test_rewards_follow_what_is_expected_but_for_the_silent() -> None:
    for name, told in (("tips12", 1.0), ("users12", 0.8), ("silent", 0.7)):
        steps = list(world(FAMILIES[name], 0))
        seen = np.mean([step.rewards.mean() for step in steps])
        expected = np.mean([step.expected.mean() for step in steps])
        assert seen / expected == pytest.approx(told, abs=0.05)


def test_answers_are_told_when_they_are_due() -> None:
    family = FAMILIES["users12"]
    knows = Knows(family, 0)
    drive(family, 0, knows)
    delays = [step.delay for step in world(family, 0) if step.delay is not None]
    assert len(delays) == family.decisions
    late = sum(t + delay >= family.decisions for t, delay in enumerate(delays))
    assert len(knows.told) == family.decisions - late
    assert late > 0


def test_counts_change() -> None:
    assert {len(step.expected) for step in world(FAMILIES["changing-count"], 0)} >= {2, 40}


def test_tastes_turn_in_the_middle_of_a_life() -> None:
    """The same luck with and without turning: alike at first, not later."""
    steady = list(Crowd(20, 0.3)(np.random.default_rng(0), 900))
    turning = list(Crowd(20, 0.3, turns=True)(np.random.default_rng(0), 900))
    alike = [np.array_equal(a.expected, b.expected) for a, b in zip(steady, turning, strict=True)]
    first = alike.index(False)
    assert 0.3 * 900 <= first < 0.8 * 900
