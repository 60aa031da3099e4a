"""The gate: a bet by hand, what it refuses, that its bets are fair, that it can be put away."""

from __future__ import annotations

import json
import math
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.contracts.experiments import GateState
from ml_lambda.experiments import gate as module
from ml_lambda.experiments.gate import Gate

RHO = 0.2
INCUMBENT = (0.91, 0.01, 0.04, 0.04)
CHALLENGER = (0.01, 0.91, 0.04, 0.04)
LOGGED = tuple((1 - RHO) * i + RHO * c for i, c in zip(INCUMBENT, CHALLENGER, strict=True))


def decision(arm: int, reward: float) -> tuple[float, float, float, float]:
    return reward, INCUMBENT[arm], CHALLENGER[arm], LOGGED[arm]


def test_the_first_bet_by_hand() -> None:
    gate = Gate(RHO)
    assert gate.observe(*decision(1, 1.0)) == "continue"
    # c starts at .3, E[φ²] at .25 (1/ρ + 1/(1 - ρ)); 6 rewards are presumed over 5 + 5 telling decisions.
    phi = (1.0 - 0.3) * 0.90 / (0.8 * 0.01 + 0.2 * 0.91)
    bets = [min(lift * 0.6 / 1.5625, 0.95 / 6.25) for lift in (0.05, 0.10, 0.20)]
    wealth = sum(share * (1 + bet * phi) for share, bet in zip((0.3, 0.5, 0.2), bets, strict=True))
    against = sum(share * (1 - bet * phi) for share, bet in zip((0.3, 0.5, 0.2), bets, strict=True))
    state = gate.snapshot()
    assert state.log_promote == pytest.approx(math.log(wealth))
    assert state.log_rollback == pytest.approx(math.log(against))
    assert (state.decisions, state.rho, state.verdict) == (1, RHO, "continue")


def test_what_both_would_have_done_tells_nothing() -> None:
    gate = Gate(RHO)
    for reward in (1.0, 0.0, 1.0):
        gate.observe(*decision(2, reward))
    assert gate.snapshot().log_promote == 0.0
    assert gate.decisions == 3


@pytest.mark.parametrize(("better", "verdict"), [(1, "promote"), (0, "rollback")])
def test_a_verdict_comes_and_stands(better: int, verdict: str) -> None:
    gate, draws = Gate(RHO, experiment="x-1"), np.random.default_rng(2)
    arms = draws.choice(4, size=4000, p=LOGGED)
    said = [gate.observe(*decision(arm, float(arm == better))) for arm in arms]
    assert said[-1] == gate.verdict == verdict
    until = said.index(verdict) + 1
    assert set(said[: until - 1]) == {"continue"}
    assert gate.decisions == until
    assert gate.observe(*decision(1 - better, 1.0)) == verdict
    assert str(until) in gate.snapshot().reason


@pytest.mark.parametrize(
    "bad",
    [
        (1.1, 0.5, 0.5, 0.5),
        (-0.1, 0.5, 0.5, 0.5),
        (math.nan, 0.5, 0.5, 0.5),
        (1.0, 0.5, 0.5, 0.0),
        (1.0, math.nan, 0.5, 0.5),
        (1.0, 0.0, 1.0, 0.1),
        (1.0, 1.0, 0.0, 0.1),
        (1.0, 0.1, 0.9, 0.3, 0.5),
        (1.0, 0.1, 0.9, 0.3, None, 0.1),
        (1.0, 0.1, 0.9, 0.3, math.nan, 0.1),
        (1.0, 0.1, 0.9, 0.3, 0.5, math.inf),
        (0.0, 0.1, 0.9, 0.27, 40.0, 0.0),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_no_trace(bad: tuple[Any, ...]) -> None:
    gate = Gate(RHO)
    for begun in (False, True):
        if begun:
            gate.observe(*decision(1, 1.0))
        before = gate.snapshot()
        with pytest.raises(ValueError, match=r"."):
            gate.observe(*bad)
        assert gate.snapshot() == before


@pytest.mark.parametrize(("rho", "alpha"), [(0.0, 0.05), (1.0, 0.05), (0.2, 0.0), (math.nan, 0.05)])
def test_a_gate_needs_a_share_and_a_level(rho: float, alpha: float) -> None:
    with pytest.raises(ValueError, match="between"):
        Gate(rho, alpha)


_ARM = st.integers(0, 3)
_REWARD = st.one_of(st.sampled_from([0.0, 0.4, 0.8, 1.0]), st.floats(0, 1))
_PREDICTION = st.one_of(st.none(), st.tuples(st.floats(0, 1), st.floats(-0.9, 0.9)))


@settings(max_examples=60)
@given(
    st.sampled_from([0.1, 0.2, 0.5, 0.7]),
    st.lists(st.tuples(_ARM, _REWARD, _PREDICTION), max_size=60),
    st.lists(st.integers(0, 60), max_size=4),
)
def test_put_away_and_taken_up_again_is_as_if_it_never_stopped(
    rho: float, log: list[tuple[int, float, tuple[float, float] | None]], stops: list[int]
) -> None:
    """Bit for bit, through JSON, wherever and however often it stops."""
    whole, resumed = Gate(rho, experiment="x-1"), Gate(rho, experiment="x-1")
    for at, (arm, reward, prediction) in enumerate(log):
        logged = (1 - rho) * INCUMBENT[arm] + rho * CHALLENGER[arm]
        row = reward, INCUMBENT[arm], CHALLENGER[arm], logged, *(prediction or ())
        if at in stops:
            resumed = Gate.from_state(GateState.model_validate_json(resumed.snapshot().model_dump_json()))
        assert whole.observe(*row) == resumed.observe(*row)
    assert whole.snapshot().model_dump_json() == resumed.snapshot().model_dump_json()


def test_a_verdict_is_put_away_too() -> None:
    gate = Gate(RHO, alpha=0.5)
    while gate.observe(*decision(1, 1.0)) == "continue":
        pass
    again = Gate.from_state(gate.snapshot())
    assert again.observe(*decision(0, 1.0)) == "promote"
    assert again.snapshot() == gate.snapshot()


def test_a_state_that_lacks_something_is_refused() -> None:
    gate = Gate(RHO)
    gate.observe(*decision(1, 1.0))
    document = json.loads(gate.snapshot().model_dump_json())
    for name in document["sums"]:
        rest = {key: value for key, value in document["sums"].items() if key != name}
        with pytest.raises(ValueError, match=r"."):
            Gate.from_state(GateState.model_validate({**document, "sums": rest}))


@settings(max_examples=40)
@given(
    st.lists(st.tuples(_ARM, _REWARD), max_size=30),
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
    st.one_of(st.none(), st.lists(st.floats(0, 1), min_size=4, max_size=4)),
)
def test_no_history_makes_a_bet_that_expects_to_win_where_nobody_is_better(
    log: list[tuple[int, float]], chances: list[float], guess: list[float] | None
) -> None:
    """From any state the wealth expected after one more decision is the wealth now: a martingale.

    Exactly: over every arm and both rewards, weighed by how likely they are. The mean rewards are made such
    that both policies earn the same; whatever is predicted.
    """
    chances[1] = chances[0]  # the two differ in these two arms alone, by as much
    gate = Gate(RHO, alpha=1e-9)
    said: tuple[float, ...] = ()
    difference = 0.0
    if guess:
        difference = sum(q * (c - i) for q, c, i in zip(guess, CHALLENGER, INCUMBENT, strict=True))
    for arm, reward in log:
        if guess:
            said = guess[arm], difference
        gate.observe(*decision(arm, reward), *said)
    state = gate.snapshot()
    expected_up = expected_down = 0.0
    for arm, reward in product(range(4), (0.0, 1.0)):
        chance = LOGGED[arm] * (chances[arm] if reward else 1 - chances[arm])
        after = Gate.from_state(state)
        after.observe(*decision(arm, reward), *((guess[arm], difference) if guess else ()))
        known = after.snapshot()
        assert min([w for n, w in known.sums.items() if n.startswith(("up.", "down."))], default=1.0) >= 0.0
        expected_up += chance * math.exp(known.log_promote)
        expected_down += chance * math.exp(known.log_rollback)
    assert expected_up == pytest.approx(math.exp(state.log_promote), rel=1e-9)
    assert expected_down == pytest.approx(math.exp(state.log_rollback), rel=1e-9)


def test_the_wealth_is_one_at_the_start_and_all_of_it_is_bet() -> None:
    assert sum(module._SHARES) == pytest.approx(1.0)
    assert sum(module._SHARES_PREDICTED) <= 1.0
