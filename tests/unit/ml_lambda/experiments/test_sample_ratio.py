"""The sample-ratio test: the tables' quantiles, its level, what it catches."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lambda.experiments.sample_ratio import ALARM, chi_square_tail, sample_ratio, suspicion


@pytest.mark.parametrize(
    ("degrees", "statistic", "tail"),
    [
        (1, 3.841459, 0.05),
        (1, 10.827566, 0.001),
        (2, 5.991465, 0.05),
        (3, 16.266236, 0.001),
        (4, 9.487729, 0.05),
        (5, 11.070498, 0.05),
        (6, 22.457744, 0.001),
    ],
)
def test_the_tail_is_that_of_the_tables(degrees: int, statistic: float, tail: float) -> None:
    assert chi_square_tail(statistic, degrees) == pytest.approx(tail, rel=1e-5)
    assert chi_square_tail(0.0, degrees) == pytest.approx(1.0)


def test_arms_as_planned_are_no_alarm_and_half_lost_ones_are() -> None:
    planned = {"holdback": 0.05, "canary": 0.95}
    assert sample_ratio({"holdback": 50, "canary": 950}, planned) == pytest.approx(1.0)
    assert suspicion({"holdback": 60, "canary": 940}, planned) == ""
    words = suspicion({"holdback": 20, "canary": 980}, planned)
    assert "2.0% in holdback where 5.0% are planned" in words
    assert sample_ratio({"holdback": 20, "canary": 980}, planned) < ALARM


def test_an_arm_that_nobody_planned_is_an_alarm() -> None:
    assert (
        sample_ratio({"champion": 1, "canary": 95, "holdback": 5}, {"holdback": 0.05, "canary": 0.95}) == 0.0
    )


def test_few_people_are_no_ground_for_alarm() -> None:
    assert sample_ratio({"canary": 40}, {"holdback": 0.05, "canary": 0.95}) == 1.0
    assert sample_ratio({}, {"champion": 1.0}) == 1.0


def test_one_look_at_honest_arms_alarms_about_once_in_a_thousand() -> None:
    draws = np.random.default_rng(4)
    planned = {"champion": 0.475, "challenger": 0.475, "holdback": 0.05}
    counts = draws.multinomial(2000, list(planned.values()), size=4000)
    alarms = sum(
        sample_ratio(dict(zip(planned, map(int, row), strict=True)), planned) < ALARM for row in counts
    )
    assert alarms <= 15  # 4 expected; 15 has probability 1e-5


@pytest.mark.parametrize("planned", [{}, {"a": 0.5}, {"a": 1.0, "b": 0.0}, {"a": 0.7, "b": 0.7}])
def test_shares_that_are_no_plan_are_refused(planned: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        sample_ratio({"a": 3}, planned)
