"""A person's history: exact sums by block of days, and the bytes they are kept in."""

from __future__ import annotations

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ml_lambda.policies.history import History
from ml_lambda.policies.ridge import on_grid

WIDTH = 4


def rows_of(count: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, WIDTH - 1))
    rows[:, 1] = 1.0
    return rows


def filled(days: list[float]) -> History:
    history = History(WIDTH - 1, 1)
    for i, day in enumerate(days):
        history.add(rows_of(len(days))[i], float(i % 2), day=day)
    return history


@given(arrays(np.float64, 8, elements=st.floats(-300, 300)))
def test_the_grid_is_the_nearest_multiple_halves_to_even(values: np.ndarray) -> None:
    assert np.array_equal(on_grid(values), np.rint(values * 4096) / 4096)
    halves = (np.floor(values) + 0.5) / 4096
    assert np.array_equal(on_grid(halves), np.rint(halves * 4096) / 4096)


def test_what_is_no_number_or_too_large_does_not_drown_the_rest() -> None:
    assert on_grid(np.array([np.nan, np.inf, -1e300, 0.25])).tolist() == [0.0, 1024.0, -1024.0, 0.25]


def test_a_state_is_header_keys_and_triangles() -> None:
    """Stored states are read by these offsets: another layout would need another magic."""
    history = filled([0.0, 1.5, 21.0])
    seen = on_grid(np.column_stack([rows_of(3), [0.0, 1.0, 0.0]]))
    upper = np.triu_indices(WIDTH)
    sums = [(seen[:2].T @ seen[:2])[upper], (seen[2:].T @ seen[2:])[upper]]
    expected = struct.pack("<4sHHHd", b"OOH1", WIDTH - 1, 3, 2, 21.0)
    expected += struct.pack("<Hqd", 2, 0, 1.5) + struct.pack("<Hqd", 0, 5, 21.0)
    assert history.to_bytes(3) == expected + (0.0 + np.concatenate(sums)).astype("<f8").tobytes()


def test_whoever_continues_a_stored_history_gets_the_same_bytes() -> None:
    days = [0.0, 3.9, 4.0, 17.0, 16.0, 90.0, 2.0, 91.0]
    rows, again, left_off = rows_of(len(days)), History(WIDTH - 1, 1), History(WIDTH - 1, 1)
    for i, day in enumerate(days):
        if i == 5:
            state = left_off.to_bytes(3)
            assert again.load(state + b"what follows", 3) == len(state)
        for history in (left_off, again) if i >= 5 else (left_off,):
            history.add(rows[i], float(i % 2), day=day)
    assert again.to_bytes(3) == left_off.to_bytes(3) == filled(days).to_bytes(3)
    assert again.count == len(days)


def test_an_empty_history_is_kept_and_read() -> None:
    again = History(WIDTH - 1, 1)
    again.load(History(WIDTH - 1, 1).to_bytes(3), 3)
    assert (again.count, again.blocks) == (0, 0)
    again.add(rows_of(1)[0], 0.0, day=8.0)
    assert again.to_bytes(3) == filled([8.0]).to_bytes(3)


def test_blocks_are_weighed_apart() -> None:
    history = filled([0.0, 1.0, 21.0])
    seen = on_grid(np.column_stack([rows_of(3), [0.0, 1.0, 0.0]]))
    weights = np.array([[1.0, 0.0], [0.25, 1.0]])
    for each, found in zip(weights, history.weighted(weights), strict=True):
        of_rows = each[[0, 0, 1]]
        assert np.allclose(found, (of_rows[:, None] * seen).T @ seen, atol=1e-12)
    assert history.ages().tolist() == [20.5, 0.0]
