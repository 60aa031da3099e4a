"""LinUCB, LinTS and SquareCB: each does what its formula says, on whatever prior, and reproducibly."""

from __future__ import annotations

from math import erf, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.features import CANDIDATE_FEATURES, CONTEXT_FEATURES
from ml_lambda.policies import StateMismatch, make
from ml_lambda.policies.base import FLOOR
from ml_lambda.policies.lin_ts import LinTS
from ml_lambda.policies.linear import LinearLearner, best
from ml_lambda.policies.priors import Pooled, Prior, load_prior
from ml_lambda.policies.square_cb import inverse_gap

LINEAR = ("epsilon_greedy_v2", "lin_ucb", "lin_ts", "square_cb")
COLUMNS = (*CANDIDATE_FEATURES, *CONTEXT_FEATURES, "baseline")


def taught(name: str, rounds: int = 30, seed: int = 3, **hyper: object) -> LinearLearner:
    """A learner that has seen `rounds` decisions, all on the statistics' grid."""
    learner = make(name, half_life_days=0.0, **hyper)
    assert isinstance(learner, LinearLearner)
    for row, context, reward in zip(*decisions(rounds, seed), strict=True):
        learner.learn(context, row, reward)
    return learner


def decisions(rounds: int = 30, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rows = np.rint(rng.uniform(-1, 1, (rounds, 12)) * 4096) / 4096
    contexts = np.rint(rng.uniform(-1, 1, (rounds, 6)) * 4096) / 4096
    return rows, contexts, rng.integers(0, 2, rounds).astype(float)


def textbook(precision: np.ndarray, mean: np.ndarray, rounds: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Posterior mean and covariance by the book: (XᵀX + P)⁻¹(Xᵀy + Pμ)."""
    rows, contexts, rewards = decisions(rounds)
    design = np.hstack([rows, contexts, np.ones((rounds, 1))])
    covariance = np.linalg.inv(design.T @ design + precision)
    return covariance @ (design.T @ rewards + precision @ mean), covariance


def asked(count: int = 5, seed: int = 8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A context, candidates, and the rows that they make."""
    rng = np.random.default_rng(seed)
    context, candidates = rng.uniform(-1, 1, 6), rng.uniform(-1, 1, (count, 12))
    return context, candidates, np.hstack([candidates, np.tile(context, (count, 1)), np.ones((count, 1))])


def test_the_bound_is_mean_and_deviations() -> None:
    learner = taught("lin_ucb", alpha=0.7, precision=2.0)
    mean, covariance = textbook(2.0 * np.eye(19), np.zeros(19))
    context, candidates, rows = asked()
    expected = [row @ mean + 0.7 * sqrt(row @ covariance @ row) for row in rows]
    assert learner.bounds(context, candidates, 0.7) == pytest.approx(expected, abs=1e-9)
    vector = learner.probabilities(context, candidates)
    assert vector[int(np.argmax(expected))] == pytest.approx(1 - FLOOR + FLOOR / 5)
    assert np.delete(vector, int(np.argmax(expected))) == pytest.approx(np.full(4, FLOOR / 5))


def test_optimism_prefers_what_is_less_known() -> None:
    rows = np.eye(12)[:2]
    for alpha, chosen in ((0.0, 0), (2.0, 1)):
        learner = make("lin_ucb", alpha=alpha)
        for _ in range(20):
            learner.learn(np.zeros(6), rows[0], 0.6)
            learner.learn(np.zeros(6), np.zeros(12), 0.5)
        assert learner.probabilities(np.zeros(6), rows).argmax() == chosen


@pytest.mark.parametrize("seed", range(3))
def test_thompson_sampling_wins_as_often_as_its_posterior_says(seed: int) -> None:
    """Two candidates: Φ(difference of means / v · deviation of the difference)."""
    learner = taught("lin_ts", seed=3, scale=0.4, draws=40_000)
    mean, covariance = textbook(np.eye(19), np.zeros(19))
    context, candidates, rows = asked(2, seed)
    apart = rows[0] - rows[1]
    wins = 0.5 * (1 + erf(apart @ mean / (0.4 * sqrt(apart @ covariance @ apart)) / sqrt(2)))
    vector = learner.probabilities(context, candidates)
    # The standard error of a share of 40,000 draws is at most .0025.
    assert vector[0] == pytest.approx(FLOOR / 2 + (1 - FLOOR) * wins, abs=0.0125)


def test_a_seed_gives_its_draws_back() -> None:
    context, candidates, _ = asked(8)
    state = taught("lin_ts").to_bytes()

    def vector(seed: int) -> np.ndarray:
        learner = make("lin_ts", seed=seed, scale=1.0, half_life_days=0.0)
        learner.load(state)
        return learner.probabilities(context, candidates)

    assert np.array_equal(vector(1), vector(1))
    assert not np.array_equal(vector(0), vector(1))
    assert vector(2**63 - 1).sum() == pytest.approx(1)


def test_posterior_draws_and_the_choice_come_from_different_streams() -> None:
    """Otherwise the uniform that chooses would be known from the draws that weigh."""
    normals = LinTS(seed=5, scale=1.0).normals().ravel()
    choices = np.random.Generator(np.random.PCG64(5)).standard_normal(normals.size)
    assert abs(np.corrcoef(normals, choices)[0, 1]) < 0.15


@given(
    scores=st.lists(st.floats(-3, 3).map(lambda v: round(v, 3)), min_size=1, max_size=20),
    gamma=st.floats(0, 1e6),
)
def test_inverse_gaps_by_the_definition(scores: list[float], gamma: float) -> None:
    vector = inverse_gap(np.array(scores), gamma)
    top, count = max(scores), len(scores)
    behind = [1 / (count + gamma * (top - score)) for score in scores if score < top]
    leaders = count - len(behind)
    assert sorted(vector[np.array(scores) < top]) == pytest.approx(sorted(behind), abs=1e-12)
    assert vector[np.array(scores) == top] == pytest.approx(
        np.full(leaders, (1 - sum(behind)) / leaders), abs=1e-9
    )
    assert vector.sum() == pytest.approx(1)
    assert vector[int(np.argmax(scores))] >= 1 / count - 1e-12


def test_inverse_gaps_close_in_with_what_is_known() -> None:
    context, candidates, _ = asked()
    firm = [
        taught("square_cb", rounds, gamma=30.0).probabilities(context, candidates).max()
        for rounds in (3, 300)
    ]
    assert firm[1] > firm[0]


def test_what_is_forgotten_is_not_remembered() -> None:
    learner = make("square_cb", half_life_days=10.0)
    assert isinstance(learner, LinearLearner)
    for day in (0.0, 10.0, 20.0):
        learner.learn(np.zeros(6), np.zeros(12), 1.0, day=day)
    assert learner.remembered == pytest.approx(1.75, abs=1e-3)  # weights are rounded with the rows


def test_a_weight_halves_with_each_half_life_until_it_counts_nothing() -> None:
    def remembered(*days: float) -> float:
        learner = make("lin_ucb", half_life_days=10.0)
        assert isinstance(learner, LinearLearner)
        for day in days:
            learner.learn(np.zeros(6), np.zeros(12), 1.0, day=20_000.0 + day)
        return learner.remembered

    weights = [remembered(3.0, passed) - remembered(passed) for passed in 3.0 + 10.0 * np.arange(1, 20)]
    assert weights[:8] == pytest.approx(0.5 ** np.arange(1, 9), rel=2e-3)
    assert weights == pytest.approx(0.5 ** np.arange(1, 20), abs=0.004)
    assert weights[-1] == 0.0


@pytest.mark.parametrize("name", LINEAR)
def test_with_forgetting_the_posterior_is_that_of_weighted_rows(name: str) -> None:
    learner = make(name, half_life_days=30.0)
    assert isinstance(learner, LinearLearner)
    rows, contexts, rewards = decisions()
    days = np.random.default_rng(6).uniform(20_000, 20_200, len(rows))
    for row, context, reward, day in zip(rows, contexts, rewards, days, strict=True):
        learner.learn(context, row, reward, day=day)
    design = np.hstack([rows, contexts, np.ones((len(rows), 1))])
    weighted = design.T * 0.5 ** ((days.max() - days) / 30.0)
    covariance = np.linalg.inv(weighted @ design + np.eye(19))
    root = learner.posterior.root
    assert learner.posterior.mean == pytest.approx(covariance @ (weighted @ rewards), abs=2e-3)
    assert root.T @ root == pytest.approx(covariance, abs=2e-3)


def test_what_was_learned_at_another_pace_is_refused() -> None:
    learner = make("lin_ucb", half_life_days=30.0)
    learner.learn(np.zeros(6), np.zeros(12), 1.0, day=20_000.0)
    for half_life in (0.0, 60.0):
        with pytest.raises(StateMismatch, match="header"):
            make("lin_ucb", half_life_days=half_life).load(learner.to_bytes())
    for broken in (learner.to_bytes()[:-8], learner.to_bytes() * 4):
        with pytest.raises(StateMismatch, match="length"):
            make("lin_ucb", half_life_days=30.0).load(broken)


@pytest.mark.parametrize("name", LINEAR)
def test_a_pooled_prior_counts_with_all_its_variances(name: str) -> None:
    rng = np.random.default_rng(1)
    shared = rng.normal(size=(19, 19)) / 10
    pooled = Pooled(COLUMNS, rng.normal(size=19), shared @ shared.T, rng.uniform(0.01, 0.1, 19), noise=0.2)
    learner = taught(name, prior=Prior.from_pooled("refit-1", pooled))
    precision = 0.2 * np.linalg.inv(pooled.covariance + np.diag(pooled.between))
    mean, _ = textbook(precision, pooled.mean)
    context, candidates, rows = asked()
    assert learner.scores(context, candidates) == pytest.approx(rows @ mean, abs=1e-9)
    assert learner.weights() == pytest.approx(mean[:12], abs=1e-9)


@pytest.mark.parametrize("name", LINEAR)
def test_the_shipped_prior_speaks_before_anything_is_known(name: str) -> None:
    learner = make(name, prior=load_prior())
    rows = np.zeros((2, 12))
    rows[1, CANDIDATE_FEATURES.index("deadline")] = 0.9
    assert learner.probabilities(np.zeros(6), rows).argmax() == 1


@pytest.mark.parametrize("name", LINEAR)
def test_without_the_baseline_only_the_candidate_counts(name: str) -> None:
    learner = make(name, dimension=12, context_dimension=6, baseline=False, half_life_days=0.0)
    assert isinstance(learner, LinearLearner)
    context, candidates, _ = asked()
    learner.learn(context, candidates[0], 1.0)
    row = np.rint(candidates[0] * 4096) / 4096
    expected = np.linalg.solve(np.outer(row, row) + np.eye(12), row)
    assert learner.scores(context, candidates) == pytest.approx(candidates @ expected, abs=1e-9)
    assert np.array_equal(learner.scores(-context, candidates), learner.scores(context, candidates))


@pytest.mark.parametrize("name", LINEAR)
def test_a_change_of_taste_is_followed_only_when_the_old_one_is_forgotten(name: str) -> None:
    def second_choice(half_life: float) -> int:
        learner, rows = make(name, half_life_days=half_life), np.eye(12)[:2]
        for day, (first, second) in enumerate([(1.0, 0.0)] * 60 + [(0.0, 1.0)] * 30):
            learner.learn(np.zeros(6), rows[0], first, day=float(day))
            learner.learn(np.zeros(6), rows[1], second, day=float(day))
        return int(learner.probabilities(np.zeros(6), rows).argmax())

    assert second_choice(0.0) == 0
    assert second_choice(10.0) == 1


def test_where_there_is_no_clock_a_decision_counts_as_a_day() -> None:
    by_update, by_day = make("lin_ucb", half_life_days=20.0), make("lin_ucb", half_life_days=20.0)
    rows, contexts, rewards = decisions()
    for day, (row, context, reward) in enumerate(zip(rows, contexts, rewards, strict=True)):
        by_update.update(context, row[None, :], 0, reward, np.ones(1), "anyone")
        by_day.learn(context, row, reward, day=day + 1.0)
    assert by_update.to_bytes() == by_day.to_bytes()


def test_the_best_of_each_row_shares_with_its_equals() -> None:
    shares = best(np.array([[1.0, 1.0 + 1e-12, 0.0], [0.0, 0.5, 0.2]]))
    assert shares.tolist() == [[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]]


def test_many_dimensions_stay_exact() -> None:
    """Fixed arms as one-hot ⊗ context: 10 arms, 17 numbers of context."""
    rng = np.random.default_rng(2)
    learner = make("lin_ucb", dimension=170, context_dimension=17, baseline=False, half_life_days=0.0)
    assert isinstance(learner, LinearLearner)
    seen: dict[int, list[tuple[np.ndarray, float]]] = {arm: [] for arm in range(10)}
    for _ in range(120):
        context = np.rint(rng.normal(size=17) * 4096) / 4096
        rows = np.kron(np.eye(10), context)
        arm, reward = int(rng.integers(10)), float(rng.random() < 0.5)
        learner.update(context, rows, arm, reward, np.full(10, 0.1))
        seen[arm].append((context, reward))
    expected = []
    for arm in range(10):
        design = np.array([c for c, _ in seen[arm]]).reshape(-1, 17)
        rewards = np.array([r for _, r in seen[arm]])
        expected.append(context @ np.linalg.solve(design.T @ design + np.eye(17), design.T @ rewards))
    assert learner.scores(context, np.kron(np.eye(10), context)) == pytest.approx(expected, abs=1e-9)
