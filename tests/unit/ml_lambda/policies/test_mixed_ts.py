"""mixed_ts: many people in one learner, one person in serving, a pace of forgetting that is learned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.features import CANDIDATE_FEATURES
from ml_lambda.policies import StateMismatch, make
from ml_lambda.policies.history import History
from ml_lambda.policies.mixed_posterior import Belief, Paces, evidence, posterior
from ml_lambda.policies.mixed_prior import COLUMNS, HALF_LIVES, SHARES
from ml_lambda.policies.mixed_ts import POINTS, MixedTS
from ml_lambda.policies.priors import Forgetting, Pooled, Prior, load_prior

CONTEXT = np.array([0.5, -0.5, 0.0, 0.0, 0.1, 1.0])


def rows_of(count: int, seed: int = 0, width: int = 12) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, width))


def live(learner: MixedTS, taste: np.ndarray, user: str, rounds: int, rng: np.random.Generator) -> None:
    for _ in range(rounds):
        rows = rng.normal(size=(8, 12))
        index, vector = learner.act(CONTEXT, rows, user)
        learner.update(CONTEXT, rows, index, float(rng.random() < 0.5 + rows[index] @ taste), vector, user)


def mixed(**hyper: Any) -> MixedTS:
    learner = make("mixed_ts", **hyper)
    assert isinstance(learner, MixedTS)
    return learner


def test_someone_new_is_treated_as_people_are() -> None:
    rng, learner = np.random.default_rng(1), mixed()
    taste = np.zeros(12)
    taste[2] = 0.15
    for person in range(6):
        live(learner, taste, f"p{person}", 40, rng)
    assert learner.weights("someone new")[2] > 0.08
    assert learner.weights("someone new").argmax() == 2


def test_the_second_to_come_is_told_at_once_what_the_first_taught() -> None:
    rng, learner = np.random.default_rng(12), mixed()
    taste = np.zeros(12)
    taste[2] = 0.2
    live(learner, taste, "alone", 150, rng)
    before = learner.weights("alone")
    assert 0.04 < learner.weights("second")[2] < before[2]
    # And tells the first nothing but what the first has said.
    assert learner.weights("alone") == pytest.approx(before, abs=1e-9)


def test_a_person_who_differs_is_treated_as_that_person() -> None:
    rng, learner = np.random.default_rng(2), mixed()
    taste = np.zeros(12)
    taste[2] = 0.15
    for _ in range(30):
        for person in range(5):
            live(learner, taste if person else -taste, f"p{person}", 5, rng)
    assert learner.weights("p0")[2] < -0.05
    assert learner.weights("p1")[2] > 0.05


def test_without_data_the_published_prior_decides() -> None:
    prior = load_prior()
    learner = mixed(prior=prior)
    expected = [prior.means.get(name, 0.0) for name in CANDIDATE_FEATURES]
    assert learner.weights() == pytest.approx(expected)
    rows = np.zeros((2, 12))
    rows[1, CANDIDATE_FEATURES.index("deadline")] = 1.0
    assert learner.probabilities(CONTEXT, rows)[1] > 0.9


def test_a_prior_for_other_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="columns"):
        make("mixed_ts", dimension=5, prior=load_prior())


def test_the_vector_needs_no_seed_and_follows_from_the_state() -> None:
    one, other = mixed(seed=1), mixed(seed=2)
    for learner in (one, other):
        for i, row in enumerate(rows_of(30, 5)):
            learner.learn(CONTEXT, row, float(i % 3 == 0), day=float(i))
    rows = rows_of(9, 6)
    assert np.array_equal(one.probabilities(CONTEXT, rows), other.probabilities(CONTEXT, rows))


def test_the_vector_is_how_often_a_draw_of_the_posterior_is_best() -> None:
    learner = mixed(scale=1.0, optimism=0.0)
    for i, row in enumerate(rows_of(60, 7)):
        learner.learn(CONTEXT, row, float(row[0] > 0), day=float(i))
    rows = rows_of(5, 8) * 0.3
    person = learner._population.people[""]
    known = learner._population.posterior(person)
    rng = np.random.default_rng(9)
    draws = known.mean[:, None] + known.root @ rng.normal(size=(12, 40_000))
    expected = np.bincount((rows @ draws).argmax(axis=0), minlength=5) / 40_000
    # POINTS draws know a share to within .06 (one standard deviation), pairs a little better.
    assert np.abs(learner.probabilities(CONTEXT, rows) - expected).max() < 3 * 0.5 / POINTS**0.5


def test_optimism_is_by_how_little_the_whole_reward_is_known() -> None:
    learner = mixed(scale=0.0, optimism=0.5)
    for i, row in enumerate(rows_of(60, 7) + 3.0):
        learner.learn(CONTEXT, row, float(i % 4 == 0))
    person = learner._population.people[""]
    belief = learner._population.beginning.given
    whole = np.linalg.inv(
        belief.system[:-1, :-1] + person.history.weighted(np.ones(1))[:-1, :-1] / belief.noise
    )
    rows = rows_of(200, 8) + 2.0 * np.arange(200)[:, None] / 200
    seen = np.column_stack([np.tile(np.append(CONTEXT, 1.0), (200, 1)), rows])
    optimism = 0.5 * np.sqrt(1.0 + 3.0 * np.log1p(60 / 50))
    bounds = rows @ learner.weights() + optimism * np.sqrt(np.einsum("kd,de,ke->k", seen, whole, seen))
    for start in range(0, 200, 10):
        one = slice(start, start + 10)
        assert learner.probabilities(CONTEXT, rows[one]).argmax() == bounds[one].argmax()


_days = st.floats(0, 900, allow_nan=False)
_rewards = st.sampled_from([0.0, 0.1, 0.4, 0.8, 1.0])


@given(
    decisions=st.lists(st.tuples(_days, st.lists(_rewards, min_size=1, max_size=3)), min_size=1, max_size=9),
    order=st.randoms(),
)
@settings(max_examples=60)
def test_any_order_over_any_span_of_time_leaves_the_same_bits(decisions, order) -> None:  # type: ignore[no-untyped-def]
    rows = rows_of(len(decisions), 3)

    def state(sequence: list[int], every: bool) -> bytes:
        learner, applied = mixed(), dict[int, int]()
        for i in sequence:
            day, revisions = decisions[i]
            nth = applied.get(i, -1) + 1 if every else len(revisions) - 1
            replaces = revisions[nth - 1] if every and nth else None
            learner.learn(CONTEXT, rows[i], revisions[nth], replaces=replaces, day=day)
            applied[i] = nth
        return learner.to_bytes()

    shuffled = [i for i, (_, revisions) in enumerate(decisions) for _ in revisions]
    order.shuffle(shuffled)
    assert state(shuffled, every=True) == state(list(range(len(decisions))), every=False)


def _two_years() -> MixedTS:
    learner, rng = mixed(), np.random.default_rng(3)
    for decision in range(3650):
        learner.learn(CONTEXT, rng.normal(size=12), float(rng.random() < 0.5), day=20_000 + decision / 5)
    return learner


def test_two_years_fit_beside_the_other_policies() -> None:
    learner = _two_years()
    assert len(learner.to_bytes()) < 20_000  # champion, challenger and shadows share 64 KB
    again = mixed()
    again.load(learner.to_bytes())
    assert again.to_bytes() == learner.to_bytes()
    assert again.weights("whoever serving asks about") == pytest.approx(learner.weights(), abs=1e-12)
    assert again._population.people == {}


def test_a_state_outlives_the_prior_it_was_made_with() -> None:
    first, then = mixed(), mixed(prior=load_prior())
    for i, row in enumerate(rows_of(40, 4)):
        for learner in (first, then):
            learner.learn(CONTEXT, row, float(row[1] > 0), day=10.0 * i)
    moved = mixed(prior=load_prior())
    moved.load(first.to_bytes())
    assert moved.to_bytes() == then.to_bytes()
    rows = rows_of(6, 5)
    assert np.array_equal(moved.probabilities(CONTEXT, rows), then.probabilities(CONTEXT, rows))


def test_foreign_states_are_refused() -> None:
    learner = mixed()
    learner.learn(CONTEXT, rows_of(1)[0], 1.0, day=3.0)
    state = learner.to_bytes()
    foreign = [
        b"",
        state[:10],
        state[:-1],
        state + b"x",
        b"XXXX" + state[4:],
        make("epsilon_greedy_v2").to_bytes(),
    ]
    for broken in foreign:
        with pytest.raises(StateMismatch):
            mixed().load(broken)
    with pytest.raises(StateMismatch):
        make("mixed_ts", dimension=11).load(state)


def test_many_people_are_no_state() -> None:
    learner = mixed()
    for user in ("a", "b"):
        learner.update(CONTEXT, rows_of(3), 0, 1.0, np.full(3, 1 / 3), user)
    with pytest.raises(ValueError, match="one person"):
        learner.to_bytes()


def test_one_hot_arms_of_170_columns_and_changing_numbers_of_candidates() -> None:
    learner, rng = make("mixed_ts", dimension=170, context_dimension=17), np.random.default_rng(6)
    for _ in range(12):
        context = rng.normal(size=17)
        arms = rng.permutation(10)[: rng.integers(2, 11)]
        rows = np.zeros((len(arms), 170))
        for i, arm in enumerate(arms):
            rows[i, 17 * arm : 17 * (arm + 1)] = context
        index, vector = learner.act(context, rows, "p")
        learner.update(context, rows, index, float(arms[index] == 4), vector, "p")
    assert vector.shape == (len(arms),)
    assert vector.sum() == pytest.approx(1)


@pytest.mark.parametrize(("changes", "forgets"), [(False, False), (True, True)])
def test_the_pace_of_forgetting_is_learned(changes: bool, forgets: bool) -> None:
    rng, learner = np.random.default_rng(8), mixed()
    taste = np.zeros(12)
    taste[[0, 5]] = 0.15, -0.15
    live(learner, taste, "p", 500, rng)
    live(learner, -taste if changes else taste, "p", 400, rng)
    person = learner._population.people["p"]
    assert person.evidence is not None
    likely = learner._population.beginning.given.paces.likely(person.evidence)
    assert (likely[0] < 0.2) == forgets
    assert np.sign(learner.weights("p")[0]) == (-1 if changes else 1)


def _belief(d: int, paces: Paces) -> Belief:
    root = np.random.default_rng(1).normal(size=(d, d))
    return Belief(np.linspace(-0.2, 0.2, d), root @ root.T / d + 0.1 * np.eye(d), 0.2, paces, first=2)


def test_the_posterior_is_the_weighted_regression() -> None:
    history, rng = History(5, 1), np.random.default_rng(2)
    belief = _belief(5, Paces.of((0.0, 30.0), (0.5, 0.5)))
    rows = np.rint(rng.normal(size=(40, 5)) * 4096) / 4096
    rows[:, 1] = 1.0
    rewards = rng.integers(0, 2, 40).astype(float)
    for i in range(40):
        history.add(rows[i], rewards[i], day=24.0 * (i // 20))
    for pace, half_life in enumerate((np.inf, 30.0)):
        weights = 2.0 ** (-(24.0 - 24.0 * (np.arange(40) // 20)) / half_life)
        precision = np.linalg.inv(belief.covariance)
        after = precision + (weights[:, None] * rows).T @ rows / belief.noise
        shift = precision @ belief.mean + (weights[:, None] * rows).T @ rewards / belief.noise
        found = posterior(history, belief, np.eye(2)[pace])
        assert found.mean == pytest.approx(np.linalg.solve(after, shift)[2:], abs=1e-9)
        assert found.root @ found.root.T == pytest.approx(np.linalg.inv(after)[2:, 2:], abs=1e-9)
        whole = np.vstack([found.beside, np.hstack([np.zeros((3, 2)), found.root])])
        assert whole @ whole.T == pytest.approx(np.linalg.inv(after), abs=1e-9)
    weights = 0.25 + 0.75 * 2.0 ** (-(24.0 - 24.0 * (np.arange(40) // 20)) / 30.0)
    after = np.linalg.inv(belief.covariance) + (weights[:, None] * rows).T @ rows / belief.noise
    both = posterior(history, belief, np.array([0.25, 0.75]))
    assert both.root @ both.root.T == pytest.approx(np.linalg.inv(after)[2:, 2:], abs=1e-9)


def test_a_revision_of_what_was_never_seen_is_a_decision() -> None:
    revised, plain = mixed(), mixed()
    for learner in (revised, plain):
        learner.learn(CONTEXT, rows_of(1)[0], 1.0, day=20_000.0)
    revised.learn(CONTEXT, rows_of(2)[1], 1.0, replaces=0.0, day=19_000.0)
    plain.learn(CONTEXT, rows_of(2)[1], 1.0, day=19_000.0)
    assert revised.to_bytes() == plain.to_bytes()
    assert np.isfinite(revised.probabilities(CONTEXT, rows_of(5))).all()


def test_the_evidence_is_the_predictive_density_of_each_block() -> None:
    history, rng = History(3, 2), np.random.default_rng(4)
    belief = _belief(3, Paces.of((0.0, 10.0), (0.5, 0.5)))
    days = (0.0, 40.0)
    rows = np.rint(rng.normal(size=(2, 6, 3)) * 4096) / 4096
    rows[..., 2] = 1.0
    rewards = rng.integers(0, 2, (2, 6)).astype(float)
    for block, day in enumerate(days):
        for i in range(6):
            history.add(rows[block, i], rewards[block, i], day=day)
    densities = []
    for weight in (1.0, 2.0 ** (-4.0)):
        precision = np.linalg.inv(belief.covariance)
        seen = precision + weight * rows[0].T @ rows[0] / belief.noise
        shift = precision @ belief.mean + weight * rows[0].T @ rewards[0] / belief.noise
        covariance = belief.noise * np.eye(6) + rows[1] @ np.linalg.solve(seen, rows[1].T)
        error = rewards[1] - rows[1] @ np.linalg.solve(seen, shift)
        densities.append(
            -0.5 * (np.linalg.slogdet(covariance)[1] + error @ np.linalg.solve(covariance, error))
        )
    found = evidence(history, belief)
    # The first block is predicted by the prior alone: no pace is better at it.
    assert found[0] - found[1] == pytest.approx(densities[0] - densities[1])


def _log_density(belief: Belief, rows: np.ndarray, rewards: np.ndarray) -> float:
    """ln N(rewards; rows · mean, noise + rows covariance rowsᵀ), without the constant."""
    covariance = belief.noise * np.eye(len(rows)) + rows @ belief.covariance @ rows.T
    error = rewards - rows @ belief.mean
    return float(-0.5 * (np.linalg.slogdet(covariance)[1] + error @ np.linalg.solve(covariance, error)))


def test_the_evidence_of_a_change_compares_two_tastes_with_one() -> None:
    history, rng = History(3, 2), np.random.default_rng(5)
    belief = _belief(3, Paces.of((0.0, 10.0), (0.5, 0.5), change=0.2))
    rows = np.rint(rng.normal(size=(2, 8, 3)) * 4096) / 4096
    rows[..., 2] = 1.0
    rewards = rng.integers(0, 2, (2, 8)).astype(float)
    for block, day in enumerate((0.0, 4.0)):
        for i in range(8):
            history.add(rows[block, i], rewards[block, i], day=day)
    apart = sum(_log_density(belief, rows[i], rewards[i]) for i in (0, 1))
    as_one = _log_density(belief, rows.reshape(16, 3), rewards.reshape(16))
    found = evidence(history, belief)
    assert found.shape == (3,)
    assert found[2] - found[0] == pytest.approx(apart - as_one)


def test_what_was_before_a_change_does_not_count() -> None:
    paces = Paces.of((0.0, 10.0), (0.75, 0.25), change=0.2)
    ages = np.array([20.0, 10.0, 0.0])
    assert paces.likely(np.zeros(4)) == pytest.approx([0.6, 0.2, 0.1, 0.1])
    assert paces.counts(ages, np.array([0.0, 0.0, 1.0, 0.0])) == pytest.approx([0.0, 1.0, 1.0])
    assert paces.counts(ages, np.array([0.4, 0.2, 0.1, 0.3])) == pytest.approx([0.45, 0.6, 1.0])
    # What comes after a change is not forgotten: without a pace of 0 there is none.
    assert Paces.of((10.0,), (1.0,), change=0.2).hypotheses(9) == 1


def test_people_who_turn_teach_that_people_turn() -> None:
    rng, learner = np.random.default_rng(11), mixed()
    taste = np.zeros(12)
    taste[[1, 4]] = 0.2, -0.2
    for sign in (1.0, -1.0):
        for _ in range(10):
            for person in range(5):
                live(learner, sign * taste, f"p{person}", 12, rng)
    learned, given = learner._population._paces, learner._population.beginning.given.paces
    assert learned.shares[0] * (1 - learned.change) < given.shares[0] * (1 - given.change) - 0.1
    assert learned.shares.sum() == pytest.approx(1)
    assert learner.weights("p0")[1] < 0


def test_the_artifact_says_how_common_each_pace_is() -> None:
    d = len(COLUMNS)
    pooled = Pooled(
        COLUMNS, np.zeros(d), 0.01 * np.eye(d), np.full(d, 0.02), 0.2, Forgetting((0.0, 9.0), (0.5, 0.5))
    )
    learner = mixed(prior=Prior.from_pooled("p", pooled))
    given = learner._population.beginning.given
    assert given.paces.rates == pytest.approx([0.0, np.log(2) / 9])
    assert given.noise == 0.2
    assert sum(SHARES) == pytest.approx(1)
    assert len(SHARES) == len(HALF_LIVES)
    pinned = mixed(half_life_days=30.0)
    assert pinned._population.beginning.given.paces.rates == pytest.approx([np.log(2) / 30])
