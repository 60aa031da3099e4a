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
Key = tuple[int, int]
"""A block: its level and its index among the blocks of that level."""


@lru_cache(maxsize=16)
def _triangle(width: int) -> tuple[Indices, Indices]:
    """Where each cell of the upper triangle is in the flat square, and each of the square in the triangle."""
    rows, columns = np.triu_indices(width)
    square = np.zeros((width, width), dtype=np.intp)
    square[rows, columns] = square[columns, rows] = np.arange(len(rows))
    return rows * width + columns, square.ravel()


class History:
    """The blocks of one person. `columns`: d, the width of x; its column `constant` is always 1."""

    def __init__(self, columns: int, constant: int) -> None:
        self.columns = columns
        self.constant = constant
        self._keys: list[Key] = []
        self._sums: Matrix = np.zeros((0, columns + 1, columns + 1))
        self._days: Vector = np.zeros(0)
        self.newest = 0.0
        self.count = 0

    def add(self, row: Vector, reward: float, *, replaces: float | None = None, day: float = 0.0) -> None:
        """One more decision (d,), or another reward for one that was added before with the same day."""
        day = round(day * 4096.0) / 4096.0
        slot = int(day // SLOT_DAYS)
        if day > self.newest or not self.count:
            self.newest = day
        block = self._block(slot)
        sums, products = self._sums[block], self._products(row, reward)
        # A state that started anew may meet a revision of what it never saw: that is a new decision to it.
        if replaces is None or not sums[self.constant, self.constant]:
            self._days[block] += day
            self.count += 1
        else:
            products -= self._products(row, replaces)
        sums += products

    def _products(self, row: Vector, reward: float) -> Matrix:
        z = np.empty(self.columns + 1)
        z[:-1], z[-1] = row, reward
        z = on_grid(z)
        products: Matrix = np.dot(z[:, None], z[None])  # half of what broadcasting takes; as exact
        return products

    def _block(self, slot: int) -> int:
        """Where the block of a slot is; it is made, and what has become old merged, when there is none."""
        newest = int(self.newest // SLOT_DAYS)
        key = _key(slot, newest)
        if self._keys and self._keys[-1] == key:  # nearly always
            return len(self._keys) - 1
        if key not in self._keys:
            self._arrange(key, newest)
        return self._keys.index(key)

    def _arrange(self, new: Key, newest: int) -> None:
        """One more block, and coarser ones of what has become old; they stay in the order of time."""
        moved = [_key(_start(key), newest, key[0]) for key in self._keys]
        self._keys = sorted({*moved, new}, key=_start)
        sums, days = self._sums, self._days
        count = len(self._keys)
        self._sums, self._days = np.zeros((count, *sums.shape[1:])), np.zeros(count)
        for key, added, day in zip(moved, sums, days, strict=True):
            at = self._keys.index(key)
            self._sums[at] += added
            self._days[at] += day

    @property
    def blocks(self) -> int:
        """B, how many there are."""
        return len(self._keys)

    def ages(self) -> Vector:
        """(B,) how much older than the newest decision a block's decisions are on average, in days."""
        ages: Vector = self.newest - self._days / self._sums[:, self.constant, self.constant]
        return ages

    def weighted(self, weights: Matrix) -> Matrix:
        """(..., d + 1, d + 1): Σ w z zᵀ for each row of block weights (..., B)."""
        width = self.columns + 1
        sums: Matrix = weights.dot(self._sums.reshape(-1, width * width))
        return sums.reshape(*weights.shape[:-1], width, width)

    def to_bytes(self, layout: int) -> bytes:
        """Header (magic, width, layout, blocks, newest day), keys and days, triangles; little endian."""
        head = _HEADER.pack(_MAGIC, self.columns, layout, len(self._keys), self.newest)
        blocks = (
            _BLOCK.pack(level, index, day) for (level, index), day in zip(self._keys, self._days, strict=True)
        )
        upper, square = _triangle(self.columns + 1)
        packed = self._sums.reshape(-1, len(square)).take(upper, axis=1)
        return head + b"".join(blocks) + packed.astype("<f8").tobytes()

    def load(self, state: bytes, layout: int) -> int:
        """Take over what `to_bytes` wrote; how many bytes it took. Raises StateMismatch for any other."""
        if len(state) < _HEADER.size:
            raise StateMismatch("length")
        magic, columns, stored_layout, count, newest = _HEADER.unpack_from(state)
        if (magic, columns, stored_layout) != (_MAGIC, self.columns, layout):
            raise StateMismatch("header")
        start = _HEADER.size + count * _BLOCK.size
        upper, square = _triangle(columns + 1)
        end: int = start + 8 * count * len(upper)
        if len(state) < end:
            raise StateMismatch("length")
        blocks = list(_BLOCK.iter_unpack(state[_HEADER.size : start]))
        self._keys = [block[:2] for block in blocks]
        self._days = np.array([block[2] for block in blocks])
        packed = np.frombuffer(state, dtype="<f8", offset=start, count=count * len(upper))
        # A copy in the shape that is added to.
        sums = packed.reshape(count, len(upper)).take(square, axis=1)
        self._sums = sums.reshape(count, columns + 1, columns + 1)
        self.newest = newest
        self.count = round(sum(self._sums[:, self.constant, self.constant].tolist()))
        return end


def _key(slot: int, newest: int, level: int = 0) -> Key:
    """The block of a slot, no finer than `level`."""
    while level < _TOP and (newest >> level) - (slot >> level) > 1:
        level += 1
    return level, slot >> level


def _start(key: Key) -> int:
    """A block's first slot."""
    return key[1] << key[0]
