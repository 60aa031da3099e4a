"""Ridge regression as sufficient statistics: what a linear policy knows, in d² + d numbers.

Order does not matter: rows and rewards are rounded to a grid of 2^-12, so every product is a multiple of
2^-24 and sums of up to 2^29 are exact in double precision. Adding the same decisions in any order, with
any of them replaced on the way, gives the same bits. With forgetting this holds up to rounding.
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
_MAGIC: Final = b"OOR1"
_HEADER: Final = struct.Struct("<4sHHId")


def on_grid(values: Vector) -> Vector:
    """The nearest multiples of 2^-12, `bounded`."""
    return np.rint(bounded(values) * _GRID) / _GRID


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
        """`half_life_days`: 0 forgets nothing."""
        self.dimension = dimension
        self.half_life_days = half_life_days
        self.gram: Matrix = np.zeros((dimension, dimension))
        self.moment: Vector = np.zeros(dimension)
        self.count = 0
        self.newest = 0.0

    def add(self, row: Vector, reward: float, *, replaces: float | None = None, day: float = 0.0) -> None:
        """One more decision (d,), or another reward for one that was added before."""
        x = on_grid(row)
        weight = self._weight(day)
        gained = round(reward * _GRID) / _GRID
        if replaces is None:
            self.gram += weight * np.outer(x, x)
            self.count += 1
        else:
            gained -= round(replaces * _GRID) / _GRID
        self.moment += (weight * gained) * x

    def _weight(self, day: float) -> float:
        if not self.half_life_days:
            self.newest = max(self.newest, day)
            return 1.0
        if self.count and day > self.newest:
            aged = 2.0 ** ((self.newest - day) / self.half_life_days)
            self.gram *= aged
            self.moment *= aged
        self.newest = max(self.newest, day) if self.count else day
        return float(2.0 ** ((day - self.newest) / self.half_life_days))

    def posterior(self, prior_mean: Vector, prior_precision: Matrix) -> Posterior:
        """Under N(prior_mean, prior_precision⁻¹), in units of the noise variance: (d,) and (d, d)."""
        lower = np.linalg.cholesky(self.gram + prior_precision)
        root = np.linalg.inv(lower)
        return Posterior(root.T @ (root @ (self.moment + prior_precision @ prior_mean)), root)

    def to_bytes(self, layout: int) -> bytes:
        """Header (magic, dimension, layout, count, newest day), moment, upper triangle; little endian."""
        header = _HEADER.pack(_MAGIC, self.dimension, layout, self.count, self.newest)
        triangle = self.gram[_upper(self.dimension)]
        return header + self.moment.astype("<f8").tobytes() + triangle.astype("<f8").tobytes()

    def load(self, state: bytes, layout: int) -> None:
        """Take over what `to_bytes` wrote. Raises StateMismatch for any other."""
        d = self.dimension
        if len(state) != _HEADER.size + 8 * (d + d * (d + 1) // 2):
            raise StateMismatch("length")
        magic, dimension, stored_layout, count, newest = _HEADER.unpack_from(state)
        if (magic, dimension, stored_layout) != (_MAGIC, d, layout):
            raise StateMismatch("header")
        numbers = np.frombuffer(state, dtype="<f8", offset=_HEADER.size)
        self.moment = numbers[:d].astype(np.float64)
        rows, columns = _upper(d)
        self.gram = np.empty((d, d))
        self.gram[rows, columns] = numbers[d:]
        self.gram[columns, rows] = numbers[d:]
        self.count, self.newest = count, newest


@cache
def _upper(d: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows and columns of an upper triangle; finding them takes longer than filling it."""
    return np.triu_indices(d)
