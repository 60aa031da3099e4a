"""Off-policy estimators: hand-computed values, limits, and intervals that cover as often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ml_lambda.experiments.estimators import dr, effective_sample_size, ips, snips, student_quantile

REWARD = [1.0, 0.0, 0.5, 1.0]
TARGET = [0.5, 0.5, 0.1, 0.2]
LOGGED = [0.25, 0.5, 0.5, 0.8]
# weights 2, 1, .2, .25


def test_by_hand() -> None:
    assert ips(REWARD, TARGET, LOGGED).value == pytest.approx((2.0 + 0.1 + 0.25) / 4)
    assert snips(REWARD, TARGET, LOGGED).value == pytest.approx((2.0 + 0.1 + 0.25) / 3.45)
    predicted, value = [0.8, 0.1, 0.5, 0.6], [0.5, 0.4, 0.3, 0.6]
    terms = [0.5 + 2 * 0.2, 0.4 - 0.1, 0.3, 0.6 + 0.25 * 0.4]
    assert dr(REWARD, TARGET, LOGGED, predicted, value).value == pytest.approx(sum(terms) / 4)
    one = ips(REWARD, TARGET, LOGGED)
    assert one.effective_sample_size == pytest.approx(3.45**2 / (4 + 1 + 0.04 + 0.0625))
    assert one.largest_weight_share == pytest.approx(2 / 3.45)
    assert float(one) == one.value


def test_the_policy_that_logged_is_worth_its_mean() -> None:
    rewards = np.random.default_rng(0).random(500)
    same = np.full(500, 0.1)
    for estimate in (ips(rewards, same, same), snips(rewards, same, same)):
        assert estimate.value == pytest.approx(rewards.mean())
        assert estimate.effective_sample_size == pytest.approx(500)
        assert estimate.high - estimate.low == pytest.approx(
            2 * student_quantile(0.975, 499) * rewards.std(ddof=1) / math.sqrt(500)
        )


def test_people_who_are_alike_count_once() -> None:
    rewards = np.repeat(np.random.default_rng(1).random(60), 10)
    same, people = np.full(600, 0.5), np.repeat(np.arange(60), 10)
    alone, together = ips(rewards, same, same), ips(rewards, same, same, people=people)
    assert together.value == alone.value
    ratio = (together.high - together.low) / (alone.high - alone.low)
    assert ratio == pytest.approx(math.sqrt(10), rel=0.05)


def test_one_decision_has_no_interval_and_none_has_no_value() -> None:
    only = ips([1.0], [0.5], [0.5])
    assert (only.value, only.high) == (1.0, math.inf)
    with pytest.raises(ValueError, match="at least 1"):
        ips([], [], [])


@pytest.mark.parametrize(
    ("target", "logged", "words"),
    [
        ([0.5], [0.0], "logged"),
        ([0.5], [1.5], "logged"),
        ([-0.1], [0.5], "target"),
        ([0.5, 0.5], [0.5], "shape"),
        ([math.nan], [0.5], "target"),
    ],
)
def test_what_is_no_log_is_refused(target: list[float], logged: list[float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ips([1.0], target, logged)


def test_a_target_that_is_never_chosen_has_no_normalised_value() -> None:
    assert ips([1.0], [0.0], [0.5]).value == 0.0
    assert effective_sample_size([0.0, 0.0]) == 0.0
    with pytest.raises(ValueError, match="nothing"):
        snips([1.0], [0.0], [0.5])


@pytest.mark.parametrize(("degrees", "quantile"), [(3, 3.1824), (5, 2.5706), (30, 2.0423), (1e6, 1.9600)])
def test_students_quantiles_are_those_of_the_tables(degrees: float, quantile: float) -> None:
    assert student_quantile(0.975, degrees) == pytest.approx(quantile, rel=0.01)


@pytest.mark.parametrize("decisions", [300, 3000])
def test_intervals_cover_as_often_as_they_say(decisions: int) -> None:
    """A canary of ρ = .2 judged for a policy that prefers another arm; 400 logs, 95%."""
    runs, arms = 400, 5
    draws = np.random.default_rng(11)
    logged, target = np.full(arms, 0.2 * 0.1 / 5), np.full(arms, 0.1 / 5)
    logged += 0.8 * np.array([0.9, 0.1, 0, 0, 0]) + 0.2 * np.array([0.9, 0, 0, 0, 0.08])
    logged /= logged.sum()
    target[1] += 0.9
    means = np.array([0.3, 0.4, 0.2, 0.2, 0.1])
    truth = float(target @ means)
    inside = {"ips": 0, "snips": 0, "dr": 0}
    for _ in range(runs):
        arm = draws.choice(arms, size=decisions, p=logged)
        reward = (draws.random(decisions) < means[arm]).astype(float)
        guess = np.array([0.25, 0.35, 0.25, 0.2, 0.2])
        of, at = target[arm], logged[arm]
        for name, estimate in {
            "ips": ips(reward, of, at),
            "snips": snips(reward, of, at),
            "dr": dr(reward, of, at, guess[arm], np.full(decisions, float(target @ guess))),
        }.items():
            inside[name] += estimate.low <= truth <= estimate.high
    # Three standard errors of a share of 95% in 400 runs.
    assert all(0.917 <= count / runs <= 0.99 for count in inside.values()), inside
