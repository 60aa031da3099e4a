"""Contributions: by hand, and exact for any linear score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lambda.serving.explaining import contributions, served_weights


def test_by_hand() -> None:
    weights = np.array([0.5, -0.2, 0.0])
    candidates = np.array([[1.0, 0.5, 1.0], [0.0, 0.1, 0.0], [0.4, 0.3, 0.0]])
    # Means of the others: 0.2, 0.2, 0.
    assert contributions(weights, candidates, 0) == [0.4, -0.06, 0.0]
    assert contributions(weights, candidates[:1], 0) == [0.0, 0.0, 0.0]


@given(st.integers(2, 9), st.integers(0, 8), st.integers(0, 2**32 - 1))
def test_they_sum_to_the_lead_in_expected_reward(count: int, chosen: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights, candidates = rng.normal(size=12), rng.uniform(-1, 1, (count, 12))
    chosen %= count
    scores = candidates @ weights
    lead = scores[chosen] - np.delete(scores, chosen).mean()
    assert sum(contributions(weights, candidates, chosen)) == pytest.approx(lead, abs=1e-5)


def test_a_mixture_is_told_by_who_is_likely_to_have_drawn() -> None:
    incumbent, challenger = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    parts = [
        (0.8, np.array([0.95, 0.05]), incumbent),
        (0.2, np.array([0.2, 0.8]), challenger),
    ]
    # The second candidate: .8 × .05 = .04 against .2 × .8 = .16.
    assert served_weights(parts, 1).tolist() == pytest.approx([0.2, 0.8])
    assert served_weights(parts, 0).tolist() == pytest.approx([0.95, 0.05])
    assert served_weights([(1.0, np.array([1.0]), incumbent)], 0).tolist() == [1.0, 0.0]
