"""What one person's decisions say, by age: sums over blocks of days that get coarser the older they are.

Each decision is a row z = (x, r): what the regression sees, then the reward. A block holds Σ z zᵀ over its
decisions, which is XᵀX, Xᵀr and Σ r² in one, and the sum of their days. Days are cut into slots; a slot is
in the finest block, of 2^level slots, that is current or previous at its level (as in exponential
histograms: Datar, Gionis, Indyk, Motwani 2002). So two years make about ten blocks.

Which block a decision is in depends on its own day and on the newest day alone, and rows, rewards and days
are rounded to 2^-12, so that sums are exact: any order of the same decisions, with rewards replaced on the
way, leaves the same bits. How fast the past fades is not in here: whoever reads weighs the blocks by age.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml_lambda.policies.base import Matrix, StateMismatch, Vector
from ml_lambda.policies.ridge import on_grid

SLOT_DAYS: Final = 4.0
"""The finest block. Rates of forgetting much faster than this cannot be told apart."""

_TOP: Final = 12
"""The level of everything older than 2^12 slots, 44 years."""

_MAGIC: Final = b"OOH1"
_HEADER: Final = struct.Struct("<4sHHHd")
_BLOCK: Final = struct.Struct("<Hqd")

Indices = NDArray[np.intp]


@lru_cache(maxsize=16)
def _triangle(width: int) -> tuple[Indices, Indices, Indices]:
    """Rows and columns of the packed upper triangle, and where each cell of the square is in it."""
    rows, columns = np.triu_indices(width)
    square = np.zeros((width, width), dtype=np.intp)
    square[rows, columns] = square[columns, rows] = np.arange(len(rows))
    return rows, columns, square


def unpack(packed: Matrix, width: int) -> Matrix:
    """(..., width, width) symmetric matrices of their packed upper triangles."""
    return packed.take(_triangle(width)[2], axis=-1)


class History:
    """The blocks of one person. `columns`: d, the width of x; its column `constant` is always 1."""

    def __init__(self, columns: int, constant: int) -> None:
        self.columns = columns
        self.constant = constant
        self._rows, self._columns, square = _triangle(columns + 1)
        self._count_at = int(square[constant, constant])
        self._keys: list[tuple[int, int]] = []
        self.packed: Matrix = np.zeros((0, len(self._rows)))
        self._days: Vector = np.zeros(0)
        self.newest = 0.0
        self.count = 0

    def add(self, row: Vector, reward: float, *, replaces: float | None = None, day: float = 0.0) -> None:
        """One more decision (d,), or another reward for one that was added before with the same day."""
        day = round(day * 4096.0) / 4096.0
        slot = int(day // SLOT_DAYS)
        if not self.count or day > self.newest:
            before, self.newest = int(self.newest // SLOT_DAYS), day
            if self.count and slot > before:
                self._merge(slot)
        block = self._block(slot)
        products = self._products(row, reward)
        # A state that started anew may meet a revision of what it never saw: that is a new decision to it.
        if replaces is None or not self.packed[block, self._count_at]:
            self._days[block] += day
            self.count += 1
        else:
            products -= self._products(row, replaces)
        self.packed[block] += products

    def _products(self, row: Vector, reward: float) -> Vector:
        z = np.empty(self.columns + 1)
        z[:-1], z[-1] = row, reward
        z = on_grid(z)
        products: Vector = z.take(self._rows) * z.take(self._columns)
        return products

    def _block(self, slot: int) -> int:
        key = _key(slot, int(self.newest // SLOT_DAYS))
        if self._keys and self._keys[-1] == key:  # nearly always
            return len(self._keys) - 1
        if key not in self._keys:
            at = sum(_start(k) < _start(key) for k in self._keys)
            self._keys.insert(at, key)
            self.packed = np.insert(self.packed, at, 0.0, axis=0)
            self._days = np.insert(self._days, at, 0.0)
        return self._keys.index(key)

    def _merge(self, newest: int) -> None:
        """Coarser blocks for what has become old; the blocks stay in the order of time."""
        moved = [_key(_start(key), newest, key[0]) for key in self._keys]
        self._keys = sorted(set(moved), key=_start)
        if len(self._keys) == len(moved):
            return
        into = [self._keys.index(key) for key in moved]
        packed, days = self.packed, self._days
        self.packed, self._days = np.zeros((len(self._keys), packed.shape[1])), np.zeros(len(self._keys))
        np.add.at(self.packed, into, packed)
        np.add.at(self._days, into, days)

    @property
    def blocks(self) -> int:
        """B, how many there are."""
        return len(self._keys)

    def ages(self) -> Vector:
        """(B,) how much older than the newest decision a block's decisions are on average, in days."""
        ages: Vector = self.newest - self._days / self.packed[:, self._count_at]
        return ages

    def weighted(self, weights: Matrix) -> Matrix:
        """(..., d + 1, d + 1): Σ w z zᵀ for each row of block weights (..., B)."""
        return unpack(weights @ self.packed, self.columns + 1)

    def to_bytes(self, layout: int) -> bytes:
        """Header (magic, width, layout, blocks, newest day), keys and days, triangles; little endian."""
        head = _HEADER.pack(_MAGIC, self.columns, layout, len(self._keys), self.newest)
        blocks = (
            _BLOCK.pack(level, index, day) for (level, index), day in zip(self._keys, self._days, strict=True)
        )
        return head + b"".join(blocks) + self.packed.astype("<f8").tobytes()

    def load(self, state: bytes, layout: int) -> int:
        """Take over what `to_bytes` wrote; how many bytes it took. Raises StateMismatch for any other."""
        if len(state) < _HEADER.size:
            raise StateMismatch("length")
        magic, columns, stored_layout, count, newest = _HEADER.unpack_from(state)
        if (magic, columns, stored_layout) != (_MAGIC, self.columns, layout):
            raise StateMismatch("header")
        start = _HEADER.size + count * _BLOCK.size
        size = len(self._rows)
        end: int = start + 8 * count * size
        if len(state) < end:
            raise StateMismatch("length")
        blocks = list(_BLOCK.iter_unpack(state[_HEADER.size : start]))
        self._keys = [(level, index) for level, index, _ in blocks]
        self._days = np.array([day for _, _, day in blocks])
        # A copy: what bytes hold cannot be added to.
        numbers = np.frombuffer(state, dtype="<f8", offset=start, count=count * size)
        self.packed = numbers.reshape(count, size).astype(np.float64)
        self.newest = newest
        self.count = round(sum(self.packed[:, self._count_at].tolist()))
        return end


def _key(slot: int, newest: int, level: int = 0) -> tuple[int, int]:
    """The block of a slot, no finer than `level`."""
    while level < _TOP and (newest >> level) - (slot >> level) > 1:
        level += 1
    return level, slot >> level


def _start(key: tuple[int, int]) -> int:
    """A block's first slot."""
    return key[1] << key[0]
