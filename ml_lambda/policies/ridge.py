"""Ridge regression as sufficient statistics: what a linear policy knows, in d² + d numbers an epoch.

Order does not matter: rows and rewards are rounded to a grid of 2^-12, so every product is a multiple of
2^-24 and sums of up to 2^29 are exact in double precision. Adding the same decisions in any order, with
any of them replaced on the way, gives the same bits.

With forgetting, too: days are cut into epochs, and a decision's weight is a product. Its day alone says how
far it is from the end of its epoch; the root of that goes into row and reward before they are rounded, so
that sums stay on the grid. How old its epoch is by now weighs when sums are read, and never gets into them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml_lambda.policies.base import Matrix, StateMismatch, Vector, bounded

_GRID: Final = 4096.0
_COARSE: Final = 1.5 * 2.0**40
"""Doubles of this size are 2^-12 apart: adding it rounds to the grid, half to even as `rint` does."""

_EPOCH: Final = 4.0
"""Half-lives. Roots of weights within an epoch fall to 1/4, so that a row keeps ten bits of its twelve."""

_EPOCHS: Final = 3
"""How many are kept. What is left out is 8 half-lives old at least and would count less than .4%."""

_AGES: Final = _EPOCH * np.arange(_EPOCHS)
"""How many half-lives before the newest each epoch is."""

_MAGIC: Final = {False: b"OOR1", True: b"OOR2"}
"""By whether it forgets."""

_KIND: Final = struct.Struct("<4sHH")
_HALF_LIFE: Final = struct.Struct("<d")
_SEEN: Final = struct.Struct("<Id")

Indices = NDArray[np.intp]


def on_grid(values: Vector) -> Vector:
    """The nearest multiples of 2^-12, `bounded`."""
    return (bounded(values) + _COARSE) - _COARSE


@dataclass(frozen=True)
class Posterior:
    """N(mean, covariance) over weights; the covariance is rootᵀ root, in units of the noise variance."""

    mean: Vector
    root: Matrix

    def widths(self, rows: Matrix) -> Vector:
        """The standard deviation of each row's expectation: rows (K, d) to (K,)."""
        spread = rows @ self.root.T
        widths: Vector = np.sqrt(np.einsum("kd,kd->k", spread, spread))
        return widths

    def draws(self, rows: Matrix, noise: Matrix) -> Matrix:
        """Each row's expectation under posterior draws: rows (K, d), standard normals (M, d) to (M, K)."""
        drawn: Matrix = self.mean @ rows.T + noise @ (self.root @ rows.T)
        return drawn


class Ridge:
    """Σ w x xᵀ and Σ w r x over decisions, w = 2^(-(newest day - its day) / half-life)."""

    def __init__(self, dimension: int, half_life_days: float = 0.0) -> None:
        """`half_life_days`: 0 forgets nothing; all decisions are of one epoch then."""
        self.dimension = dimension
        self.half_life_days = half_life_days
        self.count = 0
        self.newest = 0.0
        self._rows, self._columns, self._square = _triangle(dimension)
        # The newest first, each laid out as `sums`.
        size = dimension + len(self._rows)
        self._epochs: Matrix = np.zeros((_EPOCHS if half_life_days else 1, size))

    def add(self, row: Vector, reward: float, *, replaces: float | None = None, day: float = 0.0) -> None:
        """One more decision (d,), or another reward for one that was added before with the same day."""
        self._begin(max(day, self.newest))
        age, left = self._place(day)
        root = 2.0 ** (-left / 2.0)
        self.count += replaces is None
        if age >= len(self._epochs):
            return
        epoch = self._epochs[age]
        x = on_grid(root * row)
        gained = round(root * reward * _GRID) / _GRID
        if replaces is None:
            epoch[self.dimension :] += x.take(self._rows) * x.take(self._columns)
        else:
            gained -= round(root * replaces * _GRID) / _GRID
        epoch[: self.dimension] += gained * x

    def _begin(self, newest: float) -> None:
        """Move on to the epoch of the newest day."""
        if begun := -self._place(newest)[0]:
            self._epochs[begun:] = self._epochs[:-begun].copy()
            self._epochs[:begun] = 0.0
        self.newest = newest

    def _place(self, day: float) -> tuple[int, float]:
        """How many epochs before the newest a day's is, and how many half-lives are left of it."""
        if not self.half_life_days:
            return 0, 0.0
        length = _EPOCH * self.half_life_days
        number, since = divmod(day, length)
        return int(self.newest // length - number), _EPOCH - since / self.half_life_days

    def sums(self) -> Vector:
        """Σ w r x (d,), then the upper triangle of Σ w x xᵀ, row by row."""
        sums: Vector = self._epochs[0]
        if self.half_life_days:
            sums = 2.0 ** (self._place(self.newest)[1] - _AGES) @ self._epochs
        return sums

    def posterior(self, prior_mean: Vector, prior_precision: Matrix) -> Posterior:
        """Under N(prior_mean, prior_precision⁻¹), in units of the noise variance: (d,) and (d, d)."""
        sums = self.sums()
        moment = sums[: self.dimension]
        lower = np.linalg.cholesky(sums.take(self._square) + prior_precision)
        root = np.linalg.inv(lower)
        return Posterior(root.T @ (root @ (moment + prior_precision @ prior_mean)), root)

    def _kind(self, layout: int) -> bytes:
        """What a state begins with: magic, dimension, layout, and the half-life if there is one."""
        half_life = self.half_life_days
        kind = _KIND.pack(_MAGIC[bool(half_life)], self.dimension, layout)
        return kind + _HALF_LIFE.pack(half_life) if half_life else kind

    def to_bytes(self, layout: int) -> bytes:
        """Kind, count, newest day, and the epochs up to the last that holds anything; little endian."""
        held = np.flatnonzero(self._epochs.any(axis=1))
        epochs = self._epochs[: held[-1] + 1 if len(held) else 1]
        return self._kind(layout) + _SEEN.pack(self.count, self.newest) + epochs.astype("<f8").tobytes()

    def load(self, state: bytes, layout: int) -> None:
        """Take over what `to_bytes` wrote. Raises StateMismatch for any other."""
        kind = self._kind(layout)
        start = len(kind) + _SEEN.size
        if not state.startswith(kind):
            raise StateMismatch("header")
        held, rest = divmod(len(state) - start, 8 * self._epochs.shape[1])
        if rest or not 0 < held <= len(self._epochs):
            raise StateMismatch("length")
        self.count, self.newest = _SEEN.unpack_from(state, len(kind))
        self._epochs[:held] = np.frombuffer(state, dtype="<f8", offset=start).reshape(held, -1)
        self._epochs[held:] = 0.0


@cache
def _triangle(d: int) -> tuple[Indices, Indices, Indices]:
    """Rows and columns of an upper triangle, and where in `sums` each cell of the square is."""
    rows, columns = np.triu_indices(d)
    square = np.zeros((d, d), dtype=np.intp)
    square[rows, columns] = square[columns, rows] = d + np.arange(len(rows))
    return rows, columns, square
