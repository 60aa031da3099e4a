"""Guardrails: by hand, how rarely they cry wolf, and that they cry at one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ml_lambda.experiments.guardrails import TOLERATED, Arm, Guardrail, breached, of_decisions, of_people


def canary(harm: float, seed: int, n: int = 3000, people: int = 60) -> Guardrail:
    """Two arms; the incumbent's is turned down 20% of the time, the challenger's `harm` more often."""
    draws = np.random.default_rng(seed)
    incumbent, challenger = np.array([0.95, 0.05]), np.array([0.05, 0.95])
    logged = 0.8 * incumbent + 0.2 * challenger
    arm = (draws.random(n) > logged[0]).astype(int)
    turned_down = draws.random(n) < 0.2 + harm * arm
    who = [f"p{i % people}" for i in range(n)]
    return of_decisions("turned down", turned_down, incumbent[arm], challenger[arm], logged[arm], who)


def test_by_hand() -> None:
    event = np.tile([1.0, 0.0, 0.0, 1.0], 40)
    incumbent, challenger = np.tile([0.9, 0.1], 80), np.tile([0.1, 0.9], 80)
    logged = 0.5 * incumbent + 0.5 * challenger
    people = [f"p{i % 40}" for i in range(160)]
    rail = of_decisions("turned down", event, incumbent, challenger, logged, people)
    terms = (event - 0.5) * np.tile([-1.6, 1.6], 80)
    assert rail.value == pytest.approx(terms.mean()) == pytest.approx(0.0)
    sums = np.array([terms[[i, i + 40, i + 80, i + 120]].sum() for i in range(40)])
    error = math.sqrt(float((sums**2).sum()) * 40 / 39) / 160
    assert rail.limit == pytest.approx(TOLERATED["turned down"] + 3 * error)
    assert not rail.breached


def test_a_harmless_challenger_rarely_breaches_and_a_harmful_one_does() -> None:
    assert sum(canary(0.0, seed).breached for seed in range(300)) <= 3
    assert sum(canary(0.25, seed).breached for seed in range(40)) >= 38
    words = breached([canary(0.25, 1), canary(-0.1, 2)])
    assert len(words) == 1
    assert words[0].startswith("turned down +")


def test_fewer_is_never_a_breach() -> None:
    assert not canary(-0.2, 3).breached


def test_too_few_decisions_or_people_say_nothing() -> None:
    assert "too few" in canary(0.5, 0, n=90).note
    assert "too few" in canary(0.5, 0, people=10).note
    assert not canary(0.5, 0, people=10).breached


def test_people_who_mute_nudges_beside_those_held_back() -> None:
    assert not of_people("nudges muted", Arm(950, 19), Arm(50, 1)).breached
    assert of_people("nudges muted", Arm(950, 190), Arm(50, 0)).breached
    assert not of_people("nudges muted", Arm(950, 0), Arm(50, 10)).breached
    few = of_people("nudges muted", Arm(95, 95), Arm(5, 0))
    assert not few.breached
    assert "too few" in few.note
    rail = of_people("nudges muted", Arm(98, 9), Arm(98, 4))
    assert rail.value == pytest.approx(0.05)
    assert rail.limit == pytest.approx(3 * math.sqrt(0.1 * 0.9 / 100 + 0.05 * 0.95 / 100))


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="one person per decision"):
        of_decisions("turned down", [1.0], [0.5], [0.5], [0.5], [])
