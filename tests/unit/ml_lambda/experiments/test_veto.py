"""The shadow's veto: each of its grounds alone, and none."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lambda.experiments.veto import vetoes


def log(n: int, worth: float, *, explore: float = 0.5, seed: int = 0) -> dict[str, np.ndarray]:
    """Two arms: the incumbent's pays .3, the challenger's `worth`; the incumbent explores."""
    draws = np.random.default_rng(seed)
    other = draws.random(n) < explore / 2
    paid = (draws.random(n) < np.where(other, worth, 0.3)).astype(float)
    logged = np.where(other, explore / 2, 1 - explore / 2)
    said = np.where(other, 0.95, 0.05)
    predicted = np.where(other, worth, 0.3)
    return {
        "reward": paid,
        "pi_challenger": said,
        "pi_logged": logged,
        "predicted": predicted,
        "predicted_value": np.full(n, 0.95 * worth + 0.05 * 0.3),
    }


def test_a_better_challenger_with_enough_of_a_log_is_not_vetoed() -> None:
    known = log(4000, 0.4)
    assert vetoes(**known, incumbent=float(known["reward"].mean())) == []


def test_a_worse_one_is_by_both_estimates() -> None:
    known = log(4000, 0.2)
    found = vetoes(**known, incumbent=float(known["reward"].mean()))
    assert [word.split()[0] for word in found] == ["SNIPS", "DR"]


def test_the_bound_is_two_percent_below() -> None:
    known = log(4000, 0.3)
    known["reward"] = np.full(4000, 0.3)
    known["predicted"], known["predicted_value"] = np.full(4000, 0.3), np.full(4000, 0.3)
    assert vetoes(**known, incumbent=0.3 / 0.981) == []
    assert len(vetoes(**known, incumbent=0.3 / 0.979)) == 2


def test_a_log_that_says_little_is_a_veto() -> None:
    known = log(300, 0.4, explore=0.1)
    found = vetoes(**known, incumbent=0.1)
    assert any("decisions of its own" in word for word in found)
    known = log(4000, 0.4)
    known["pi_logged"] = known["pi_logged"].copy()
    first = int(np.flatnonzero(known["pi_challenger"] > 0.5)[0])
    known["pi_logged"][first] = 0.0005
    assert any("one decision carries" in word for word in vetoes(**known, incumbent=0.0001))


def test_a_challenger_that_would_have_shown_nothing_of_it_is_vetoed() -> None:
    zeros = np.zeros(5)
    found = vetoes(zeros, zeros, zeros + 0.5, zeros, zeros, incumbent=0.1)
    assert found == ["it would have chosen nothing that was shown"]


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="logged"):
        vetoes([1.0], [0.5], [0.0], [0.5], [0.5], incumbent=0.1)
