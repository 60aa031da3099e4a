"""The pooled refit: variances and means that made simulated people are found again."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lambda.policies.pooling import (
    People,
    Variances,
    combine,
    contributions,
    fit,
    log_likelihood,
    pace_shares,
    step,
)

GROUPS = (1, 5)
ANCHOR = Variances(np.full(6, 0.05), np.full(6, 0.05), 0.2)
CENTRE = np.zeros(6)


def simulate(
    people: int, decisions: int, seed: int
) -> tuple[People, np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    rng = np.random.default_rng(seed)
    theta = np.r_[0.5, rng.normal(scale=0.3, size=5)]
    between = np.r_[0.3, np.full(5, 0.1)]  # standard deviations
    data = []
    for _ in range(people):
        rows = np.column_stack([np.ones(decisions), rng.normal(size=(decisions, 5))])
        own = theta + between * rng.normal(size=6)
        data.append((rows, rows @ own + 0.4 * rng.normal(size=decisions)))
    sums = People(
        np.array([x.T @ x for x, _ in data]),
        np.array([x.T @ r for x, r in data]),
        np.array([r @ r for _, r in data]),
        np.array([float(len(r)) for _, r in data]),
    )
    return sums, theta, data


def test_known_variances_and_means_are_found_again() -> None:
    people, theta, _ = simulate(200, 60, 1)
    variances, shared = fit(people, ANCHOR, GROUPS, CENTRE)
    assert variances.noise == pytest.approx(0.16, rel=0.05)
    assert variances.between[0] == pytest.approx(0.09, rel=0.3)
    assert variances.between[1] == pytest.approx(0.01, rel=0.2)
    assert np.ptp(variances.between[1:]) == 0  # one variance per group
    assert shared.mean == pytest.approx(theta, abs=0.07)
    deviations = np.sqrt(np.diag(shared.covariance))
    assert (np.abs(shared.mean - theta) / deviations).max() < 4


def test_each_step_makes_the_data_likelier() -> None:
    people, _, _ = simulate(30, 25, 2)
    # An anchor at what EM would choose anyway does not hold it back.
    variances = Variances(np.full(6, 0.5), np.full(6, 0.5), 1.0)
    before = log_likelihood(people, variances, CENTRE)
    for _ in range(20):
        variances = step(people, variances, variances, GROUPS, CENTRE)
        after = log_likelihood(people, variances, CENTRE)
        assert after >= before - 1e-9
        before = after


def test_a_step_is_the_mean_square_of_what_the_data_say_of_everything_at_once() -> None:
    people, _, data = simulate(3, 9, 5)
    centre, (noise, pooled, between) = (
        np.linspace(-0.1, 0.1, 6),
        (ANCHOR.noise, ANCHOR.pooled, ANCHOR.between),
    )
    # One regression for θ and every w: a person's rows see θ and their own w.
    rows = np.vstack([np.hstack([x, *(x * (i == j) for j in range(3))]) for i, (x, _) in enumerate(data)])
    rewards = np.concatenate([r for _, r in data])
    covariance = np.linalg.inv(np.diag(1 / np.r_[pooled, np.tile(between, 3)]) + rows.T @ rows / noise)
    start = np.r_[centre, np.zeros(18)]
    mean = start + covariance @ rows.T @ (rewards - rows @ start) / noise
    squares = ((mean - start) ** 2 + np.diag(covariance)).reshape(4, 6)
    residual = ((rewards - rows @ mean) ** 2).sum() + np.trace(rows @ covariance @ rows.T)
    after = step(people, ANCHOR, ANCHOR, GROUPS, centre)
    for group in (slice(0, 1), slice(1, 6)):
        width = group.stop - group.start
        shared, own = squares[0, group].sum(), squares[1:, group].sum()
        assert after.pooled[group] == pytest.approx((shared + 3 * 0.05) / (width + 3))
        assert after.between[group] == pytest.approx((own + 3 * 0.05) / (3 * width + 3))
    assert after.noise == pytest.approx((residual + 20 * 0.2) / (27 + 20))


def test_the_marginal_likelihood_is_that_of_all_rewards_together() -> None:
    people, _, data = simulate(4, 7, 3)
    rows = np.vstack([x for x, _ in data])
    whose = np.repeat(np.arange(4), 7)
    own = (whose[:, None] == whose) * (rows * ANCHOR.between @ rows.T)
    covariance = ANCHOR.noise * np.eye(28) + rows * ANCHOR.pooled @ rows.T + own
    rewards = np.concatenate([r for _, r in data])
    expected = -0.5 * (
        28 * np.log(2 * np.pi)
        + np.linalg.slogdet(covariance)[1]
        + rewards @ np.linalg.solve(covariance, rewards)
    )
    assert log_likelihood(people, ANCHOR, CENTRE) == pytest.approx(expected)


def test_the_shared_part_is_the_generalised_least_squares_posterior() -> None:
    people, _, data = simulate(3, 9, 4)
    centre = np.linspace(-0.1, 0.1, 6)
    precision, shift = np.diag(1 / ANCHOR.pooled), centre / ANCHOR.pooled
    for rows, rewards in data:
        noise = ANCHOR.noise * np.eye(9) + rows * ANCHOR.between @ rows.T
        precision = precision + rows.T @ np.linalg.solve(noise, rows)
        shift = shift + rows.T @ np.linalg.solve(noise, rewards)
    shared = combine(contributions(people, ANCHOR), ANCHOR, centre)
    assert shared.precision == pytest.approx(precision)
    assert shared.mean == pytest.approx(np.linalg.solve(precision, shift))


def test_without_data_the_anchor_stays() -> None:
    nobody = People(np.zeros((1, 6, 6)), np.zeros((1, 6)), np.zeros(1), np.zeros(1))
    variances, shared = fit(nobody, ANCHOR, GROUPS, CENTRE)
    assert variances.noise == pytest.approx(0.2)
    assert variances.between == pytest.approx(ANCHOR.between)
    assert variances.pooled == pytest.approx(ANCHOR.pooled)
    assert shared.covariance == pytest.approx(np.diag(ANCHOR.pooled))


def test_paces_are_as_common_as_people_show() -> None:
    anchor = np.array([0.6, 0.2, 0.2])
    clear = 30.0 * np.eye(3)[[0] * 10 + [1] * 80 + [2] * 10]
    assert pace_shares(clear, anchor) == pytest.approx((np.array([10, 80, 10]) + 5 * anchor) / 105, abs=1e-6)
    assert pace_shares(np.zeros((50, 3)), anchor) == pytest.approx(anchor)  # nothing was learned
