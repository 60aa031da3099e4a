"""SquareCB against Vowpal Wabbit: its probabilities are our inverse-gap weights of its gaps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import vowpalwabbit

from ml_lambda.policies.square_cb import inverse_gap

SCALE, COUNT, WIDE = 30.0, 6, 4


@contextmanager
def workspace(options: str) -> Iterator[vowpalwabbit.Workspace]:
    opened = vowpalwabbit.Workspace(f"{options} --quiet --random_seed 1")
    try:
        yield opened
    finally:
        opened.finish()


def example(
    context: np.ndarray, candidates: np.ndarray, label: tuple[int, float, float] | None = None
) -> list[str]:
    """One decision in its text format; `label`: index, cost and probability of what was chosen."""
    lines = ["shared |u " + " ".join(f"x{i}:{v:.6f}" for i, v in enumerate(context))]
    for index, row in enumerate(candidates):
        told = f"0:{label[1]:.6f}:{label[2]:.6f} " if label and label[0] == index else ""
        lines.append(f"{told}|a " + " ".join(f"f{i}:{v:.6f}" for i, v in enumerate(row)))
    return lines


@pytest.mark.parametrize("exponent", [0.5, 0.0])
def test_its_probabilities_are_inverse_gaps(exponent: float) -> None:
    """A twin with γ = 1 learns the same; its probabilities tell the gaps, and those ours at any other γ."""
    rng = np.random.default_rng(4)
    explorer_options = f"--cb_explore_adf --squarecb --gamma_scale {SCALE} --gamma_exponent {exponent}"
    twin_options = "--cb_explore_adf --squarecb --gamma_scale 1 --gamma_exponent 0"
    spread = 0.0
    with workspace(explorer_options) as explorer, workspace(twin_options) as twin:
        for learned in range(1, 60):
            context, candidates = rng.normal(size=3), rng.normal(size=(COUNT, WIDE))
            index = int(rng.integers(COUNT))
            cost = -float(candidates[index, 0] + candidates[index, 1] > 0)
            for each in (explorer, twin):
                each.learn(example(context, candidates, (index, cost, 1 / COUNT)))
            asked = example(rng.normal(size=3), rng.normal(size=(COUNT, WIDE)))
            mild = np.array(twin.predict(asked))
            gaps = np.where(np.arange(COUNT) == mild.argmax(), 0.0, 1 / mild - COUNT)
            ours = inverse_gap(-gaps, SCALE * learned**exponent)
            assert np.array(explorer.predict(asked)) == pytest.approx(ours, abs=1e-5)  # single precision
            spread = max(spread, float(np.ptp(ours)))
    assert spread > 0.5  # they were not all alike


def test_before_it_has_learned_anything_all_are_equal_in_both() -> None:
    with workspace(f"--cb_explore_adf --squarecb --gamma_scale {SCALE}") as explorer:
        theirs = explorer.predict(example(np.ones(3), np.eye(COUNT)))
    assert theirs == pytest.approx(inverse_gap(np.zeros(COUNT), SCALE), abs=1e-6)
