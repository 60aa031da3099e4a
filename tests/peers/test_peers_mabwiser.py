"""LinUCB and LinTS against MABWiser: the same data, the same beliefs, bounds and choices.

MABWiser keeps one ridge per arm; ours is one ridge over candidates. They are the same model in two cases:
fixed arms, where our candidate k is one-hot(k) ⊗ context; and one pseudo-arm of MABWiser, fed the rows that
our ridge sees. Contexts lie on the grid of the statistics, so that both learn from the same numbers.
"""

from __future__ import annotations

import numpy as np
import pytest
from mabwiser.mab import MAB, LearningPolicy

from ml_lambda.policies import make
from ml_lambda.policies.base import FLOOR, Learner
from ml_lambda.policies.lin_ts import LinTS
from ml_lambda.policies.lin_ucb import LinUCB
from ml_lambda.policies.linear import LinearLearner

ARMS, WIDE = 5, 7


def on_grid(values: np.ndarray) -> np.ndarray:
    return np.rint(values * 4096) / 4096


def fixed_arms(policy: LearningPolicy, learner: Learner, seed: int) -> tuple[MAB, np.ndarray]:
    """Both after the same 200 decisions among fixed arms; contexts to ask about."""
    rng = np.random.default_rng(seed)
    contexts = on_grid(rng.normal(size=(200, WIDE)))
    taste = rng.normal(size=(ARMS, WIDE))
    arms = np.concatenate([np.arange(ARMS), rng.integers(ARMS, size=200 - ARMS)])
    rewards = (rng.random(200) < 1 / (1 + np.exp(-(contexts * taste[arms]).sum(1)))).astype(float)
    mab = MAB(list(range(ARMS)), policy, seed=seed)
    mab.fit(arms[:100], rewards[:100], contexts[:100])
    mab.partial_fit(arms[100:], rewards[100:], contexts[100:])
    for context, arm, reward in zip(contexts, arms, rewards, strict=True):
        learner.update(context, np.kron(np.eye(ARMS), context), int(arm), reward, np.full(ARMS, 1 / ARMS))
    return mab, rng.normal(size=(40, WIDE))


def of_fixed_arms(name: str, **hyper: float) -> LinearLearner:
    """The contexts are in the candidates already: no columns beside them."""
    learner = make(name, ARMS * WIDE, WIDE, baseline=False, half_life_days=0.0, **hyper)
    assert isinstance(learner, LinearLearner)
    return learner


@pytest.mark.parametrize(("alpha", "precision"), [(0.3, 1.0), (1.5, 1.0), (0.3, 4.0)])
def test_fixed_arms_have_the_same_bounds_and_the_same_choice(alpha: float, precision: float) -> None:
    learner = of_fixed_arms("lin_ucb", alpha=alpha, precision=precision)
    assert isinstance(learner, LinUCB)
    mab, contexts = fixed_arms(LearningPolicy.LinUCB(alpha=alpha, l2_lambda=precision), learner, 3)
    for theirs, chosen, context in zip(
        mab.predict_expectations(contexts), mab.predict(contexts), contexts, strict=True
    ):
        rows = np.kron(np.eye(ARMS), context)
        ours = learner.bounds(context, rows, alpha)
        assert ours == pytest.approx([theirs[arm] for arm in range(ARMS)], abs=1e-9)
        assert learner.probabilities(context, rows).argmax() == chosen


@pytest.mark.parametrize("seed", range(3))
def test_fixed_arms_have_the_same_posterior(seed: int) -> None:
    learner = of_fixed_arms("lin_ts", scale=0.5)
    mab, _ = fixed_arms(LearningPolicy.LinTS(alpha=0.5), learner, seed)
    covariance = learner.posterior.root.T @ learner.posterior.root
    for arm in range(ARMS):
        model, block = mab._imp.arm_to_model[arm], slice(arm * WIDE, (arm + 1) * WIDE)
        assert learner.posterior.mean[block] == pytest.approx(model.beta, abs=1e-9)
        assert covariance[block, block] == pytest.approx(model.A_inv, abs=1e-9)
    assert learner.weights() == pytest.approx(learner.posterior.mean)


def its_draws(mab: MAB, context: np.ndarray, count: int) -> np.ndarray:
    """(count, ARMS) expectations that MABWiser draws for one context."""
    answers = mab.predict_expectations(np.tile(context, (count, 1)))
    return np.array([[answer[arm] for arm in range(ARMS)] for answer in answers])


def test_fixed_arms_win_as_often() -> None:
    """The shares of our draws against the shares of its draws.

    Fitting copies the generator into each arm's model, so its arms draw the same normals and their
    expectations move together. The posterior says they are independent: each arm's draws are shuffled.
    """
    rng, count = np.random.default_rng(0), 20_000
    learner = of_fixed_arms("lin_ts", scale=1.0, draws=count)
    mab, contexts = fixed_arms(LearningPolicy.LinTS(alpha=1.0), learner, 5)
    for context in contexts[:4]:
        drawn = rng.permuted(its_draws(mab, context, count), axis=0)
        theirs = np.bincount(drawn.argmax(1), minlength=ARMS) / count
        ours = learner.probabilities(context, np.kron(np.eye(ARMS), context))
        # Two shares of 20,000 draws: the standard error of their difference is at most .005.
        assert ours == pytest.approx(FLOOR / ARMS + (1 - FLOOR) * theirs, abs=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_candidates_have_the_same_bounds_when_it_is_fed_our_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    learner = make("lin_ucb", 12, 6, alpha=0.3, half_life_days=0.0)
    assert isinstance(learner, LinUCB)
    mab = MAB([0], LearningPolicy.LinUCB(alpha=0.3), seed=seed)

    def rows_of(context: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        count = len(candidates)
        return np.hstack([candidates, np.tile(context, (count, 1)), np.ones((count, 1))])

    for step in range(60):
        context, candidates = on_grid(rng.normal(size=6)), on_grid(rng.normal(size=(10, 12)))
        rows = rows_of(context, candidates)
        if step:
            theirs = [answer[0] for answer in mab.predict_expectations(rows)]
            assert learner.bounds(context, candidates, 0.3) == pytest.approx(theirs, abs=1e-9)
            assert learner.probabilities(context, candidates).argmax() == int(np.argmax(theirs))
        reward = float(rng.random() < 0.5)
        learner.update(context, candidates, step % 10, reward, np.full(10, 0.1))
        (mab.partial_fit if step else mab.fit)([0], [reward], rows[[step % 10]])


def test_its_draws_have_the_moments_of_ours() -> None:
    count = 50_000
    learner = of_fixed_arms("lin_ts", scale=0.7, draws=count)
    assert isinstance(learner, LinTS)
    mab, contexts = fixed_arms(LearningPolicy.LinTS(alpha=0.7), learner, 9)
    rows = np.kron(np.eye(ARMS), contexts[0])
    ours, theirs = learner.posterior.draws(rows, learner.normals()), its_draws(mab, contexts[0], count)
    assert ours.mean(0) == pytest.approx(theirs.mean(0), abs=float(7 * theirs.std() / np.sqrt(count)))
    assert ours.std(0) == pytest.approx(theirs.std(0), rel=0.03)
