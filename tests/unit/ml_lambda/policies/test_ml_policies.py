"""Policies: exact probabilities, draws that follow them, state that survives, a prior that makes sense."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.features import CANDIDATE_FEATURES
from ml_lambda.policies import NAMES, StateMismatch, make
from ml_lambda.policies.base import FLOOR, draw, epsilon_greedy
from ml_lambda.policies.greedy import RidgeGreedy
from ml_lambda.policies.priors import load_prior

CONTEXT = np.array([0.5, 0.5, 0.0, 0.0, 0.1, 1.0])


def candidates(count: int, seed: int = 0, width: int = 12) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (count, width))


def train(learner, rounds: int = 40, seed: int = 1) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(seed)
    taste = rng.normal(size=12)
    for _ in range(rounds):
        rows = rng.uniform(-1, 1, (6, 12))
        index, _ = learner.act(CONTEXT, rows)
        learner.learn(CONTEXT, rows[index], float(rows[index] @ taste > 0))


@pytest.mark.parametrize("name", NAMES)
@given(count=st.integers(1, 60), seed=st.integers(0, 99), trained=st.integers(0, 5), repeat=st.booleans())
@settings(max_examples=30)
def test_probabilities_are_a_distribution_above_the_floor(
    name: str, count: int, seed: int, trained: int, repeat: bool
) -> None:
    learner = make(name)
    train(learner, trained)
    rows = np.repeat(candidates(1, seed), count, axis=0) if repeat else candidates(count, seed)
    index, vector = learner.act(CONTEXT, rows)
    assert vector.shape == (count,)
    assert abs(vector.sum() - 1) < 1e-12
    assert vector.min() >= FLOOR / count
    assert vector[index] > 0
    if repeat:
        assert np.allclose(vector, 1 / count)  # equal candidates share exactly


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("context", "shape"), [(6, (3, 11)), (5, (3, 12)), (6, (0, 12)), (6, (12,))])
def test_other_shapes_are_refused_with_words(name: str, context: int, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"are not \(6,\) and \(K, 12\)"):
        make(name).act(np.zeros(context), np.zeros(shape))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("huge", [1e6, 1e160, np.inf, np.nan])
def test_one_absurd_row_neither_breaks_a_choice_nor_drowns_the_rest(name: str, huge: float) -> None:
    learner = make(name)
    train(learner, 10)
    context, rows = np.array([huge, *CONTEXT[1:]]), candidates(5)
    rows[2, 3] = -huge
    _, vector = learner.act(context, rows)
    assert abs(vector.sum() - 1) < 1e-12
    learner.update(context, rows, 2, 1.0, vector)
    train(learner, 10)
    again = make(name)
    again.load(learner.to_bytes())
    assert np.isfinite(again.weights()).all()
    assert abs(again.act(CONTEXT, candidates(5))[1].sum() - 1) < 1e-12


def test_ties_split_what_is_not_explored() -> None:
    vector = epsilon_greedy(np.array([0.2, 0.7, 0.7 + 1e-13, 0.1]), 0.1)
    assert vector == pytest.approx([0.025, 0.475, 0.475, 0.025])


def test_the_floor_holds_without_exploration() -> None:
    assert epsilon_greedy(np.array([1.0, 0.0]), 0.0) == pytest.approx([1 - FLOOR / 2, FLOOR / 2])


@pytest.mark.parametrize("name", NAMES)
def test_draws_follow_the_vector(name: str) -> None:
    learner = make(name, seed=11)
    train(learner, 20)
    rows = candidates(5)
    rows[1] = rows[0]
    draws, vector = 20_000, learner.probabilities(CONTEXT, rows)
    seen = np.bincount([learner.act(CONTEXT, rows)[0] for _ in range(draws)], minlength=5)
    expected = draws * vector
    # Chi-square with 4 degrees of freedom: 23.5 is exceeded once in ten thousand.
    assert float(((seen - expected) ** 2 / expected).sum()) < 23.5


def test_one_seed_one_draw_and_seeds_spread_like_the_vector() -> None:
    rows, seeds = candidates(4), 4000
    vector = make(NAMES[1]).probabilities(CONTEXT, rows)
    chosen = [make(NAMES[1], seed=seed).act(CONTEXT, rows)[0] for seed in range(seeds)]
    assert chosen[:50] == [make(NAMES[1], seed=seed).act(CONTEXT, rows)[0] for seed in range(50)]
    expected = seeds * vector
    seen = np.bincount(chosen, minlength=4)
    assert float(((seen - expected) ** 2 / expected).sum()) < 21.1  # 3 degrees of freedom, 1 in 10,000


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=8).filter(lambda v: sum(v) > 0),
    st.floats(0, 1, exclude_max=True),
)
def test_a_draw_is_never_of_probability_zero(weights: list[float], uniform: float) -> None:
    vector = np.array(weights) / sum(weights)
    assert vector[draw(vector, uniform)] > 0


@pytest.mark.parametrize("name", NAMES)
def test_state_comes_back_bit_for_bit(name: str) -> None:
    learner = make(name)
    train(learner)
    again = make(name)
    again.load(learner.to_bytes())
    assert again.to_bytes() == learner.to_bytes()
    rows = candidates(9, 3)
    assert np.array_equal(again.probabilities(CONTEXT, rows), learner.probabilities(CONTEXT, rows))
    assert len(learner.to_bytes()) < 4096  # all decisions on one day


@pytest.mark.parametrize("broken", [b"", b"OOR1", bytes(4000)])
def test_other_state_is_refused(broken: bytes) -> None:
    with pytest.raises(StateMismatch):
        make(NAMES[0]).load(broken)
    with pytest.raises(StateMismatch):
        make(NAMES[0]).load(make(NAMES[1]).to_bytes())


def test_state_of_another_layout_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    state = make(NAMES[1]).to_bytes()
    monkeypatch.setattr("ml_lambda.policies.linear.FEATURE_VERSION", 999)
    with pytest.raises(StateMismatch):
        make(NAMES[1]).load(state)


_rewards = st.sampled_from([0.0, 0.1, 0.4, 0.8, 1.0])
_decided = st.tuples(
    st.floats(20_000, 20_600) | st.integers(0, 60).map(lambda tens: 20_000.0 + 10 * tens),
    st.lists(_rewards, min_size=1, max_size=4),
)
"""Day, not the same as the day of arrival, and each revision's reward; some say the same again."""


@pytest.mark.parametrize("half_life", [0.0, 300.0, 20.0, 0.7])
@pytest.mark.parametrize("name", NAMES)
@given(decisions=st.lists(_decided, min_size=1, max_size=7), order=st.randoms())
@settings(max_examples=40)
def test_any_order_and_any_revisions_leave_the_same_bits(  # type: ignore[no-untyped-def]
    name: str, half_life: float, decisions, order
) -> None:
    rows = np.random.default_rng(7).normal(size=(len(decisions), 12))

    def state(sequence: list[int], every: bool, stored: bool) -> bytes:
        learner, applied = make(name, half_life_days=half_life), dict[int, int]()
        for index in sequence:
            day, revisions = decisions[index]
            nth = applied.get(index, -1) + 1 if every else len(revisions) - 1
            before = revisions[nth - 1] if every and nth else None
            learner.learn(CONTEXT, rows[index], revisions[nth], replaces=before, day=day)
            applied[index] = nth
            if stored:
                state, learner = learner.to_bytes(), make(name, half_life_days=half_life)
                learner.load(state)
        return learner.to_bytes()

    interleaved = [i for i, (_, rewards) in enumerate(decisions) for _ in rewards]
    order.shuffle(interleaved)
    straight = state(list(range(len(decisions))), every=False, stored=False)
    assert state(interleaved, every=True, stored=True) == straight


@pytest.mark.parametrize("name", NAMES)
def test_two_years_with_forgetting_stay_small(name: str) -> None:
    learner, rng = make(name, half_life_days=30.0), np.random.default_rng(3)
    for day in range(730):
        learner.learn(CONTEXT, rng.normal(size=12), float(rng.random() < 0.5), day=20_000.0 + day)
    # mixed_ts keeps blocks by age, the others three epochs. All six together have 64 KB.
    assert len(learner.to_bytes()) < (16 if name == "mixed_ts" else 6) * 1024


def test_the_ridge_is_the_ridge() -> None:
    learner = make(NAMES[1], precision=2.0)
    assert isinstance(learner, RidgeGreedy)
    rng = np.random.default_rng(5)
    rows = np.rint(rng.uniform(-1, 1, (30, 12)) * 4096) / 4096
    rewards = rng.integers(0, 2, 30).astype(float)
    for row, reward in zip(rows, rewards, strict=True):
        learner.learn(CONTEXT, row, reward)
    context = np.rint(CONTEXT * 4096) / 4096
    design = np.hstack([rows, np.tile(context, (30, 1)), np.ones((30, 1))])
    # Ridge is least squares with √λ rows added.
    expected, *_ = np.linalg.lstsq(
        np.vstack([design, np.sqrt(2.0) * np.eye(19)]), np.concatenate([rewards, np.zeros(19)]), rcond=None
    )
    # The scored row holds the context as given, the learned one on the grid.
    scored = np.hstack([rows, np.tile(CONTEXT, (30, 1)), np.ones((30, 1))])
    assert learner.scores(CONTEXT, rows) == pytest.approx(scored @ expected, abs=1e-9)


def test_learning_moves_the_choice() -> None:
    learner = make(NAMES[1], prior=load_prior())
    rows = np.zeros((2, 12))
    rows[0, CANDIDATE_FEATURES.index("deadline")] = 1.0
    rows[1, CANDIDATE_FEATURES.index("place_match")] = 1.0
    assert learner.probabilities(CONTEXT, rows).argmax() == 0
    for _ in range(12):
        learner.learn(CONTEXT, rows[0], 0.0)
        learner.learn(CONTEXT, rows[1], 1.0)
    assert learner.probabilities(CONTEXT, rows).argmax() == 1


@pytest.mark.parametrize("name", NAMES)
def test_weights_say_what_sets_one_candidate_apart(name: str) -> None:
    learner = make(name)
    rng = np.random.default_rng(4)
    for _ in range(300):
        row = rng.uniform(-1, 1, 12)
        learner.learn(CONTEXT, row, float(row[3] - row[7] > 0))
    weights = learner.weights()
    assert weights.shape == (12,)
    assert weights[3] > 0.2  # the deadline speaks for a tip
    assert weights[7] < -0.2  # its size against it
    assert np.abs(np.delete(weights, [3, 7])).max() < 0.15


def one(**values: float) -> np.ndarray:
    return np.array([values.get(name, 0.0) for name in CANDIDATE_FEATURES])


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (one(deadline=0.9, effort=0.4), one(deadline=0.1, effort=0.4)),
        (one(free_fit=0.5), one(free_fit=-1.0)),
        (one(streak_at_risk=0.7), one()),
        (one(novelty=1.0), one(novelty=0.1)),
        (one(effort=0.3), one(effort=0.9)),
    ],
)
def test_the_prior_prefers_what_a_person_would(better: np.ndarray, worse: np.ndarray) -> None:
    vector = make("epsilon_greedy_v2", prior=load_prior()).probabilities(CONTEXT, np.array([worse, better]))
    assert vector[1] > 0.9


def test_the_prior_names_only_columns_that_exist() -> None:
    learner = make("epsilon_greedy_v2")
    assert isinstance(learner, RidgeGreedy)
    assert set(load_prior().means) <= {*learner._names(), "intercept"}


def test_a_prior_for_another_layout_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    load_prior.cache_clear()
    monkeypatch.setattr("ml_lambda.policies.priors.FEATURE_VERSION", 999)
    with pytest.raises(ValueError, match="feature version"):
        load_prior()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("dimension", "context"), [(170, 6), (3, 1)])
def test_other_dimensions_work(name: str, dimension: int, context: int) -> None:
    learner = make(name, dimension=dimension, context_dimension=context)
    rows = candidates(4, 0, dimension)
    for _ in range(3):
        index, vector = learner.act(np.ones(context), rows, "someone")
        learner.update(np.ones(context), rows, index, 1.0, vector, "someone")
    assert learner.probabilities(np.ones(context), rows).sum() == pytest.approx(1)


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(ValueError, match="epsilon_greedy_v2"):
        make("nothing")
