"""A person's data keys, wrapped: one version after the other, in the one attribute `wrapped` of their row.

One attribute, because then a change is one conditional write, a reader hands the ring on as bytes without
looking inside, and destroying the row destroys every version.

    magic (4) | per version: number (2) | made at, epoch seconds (5) | length (2) | wrapped key

What does not begin with the magic is a key from before there were versions: version 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chalicelib.contracts.ports import Unsealable

MAGIC: Final = b"oOk2"
HEAD: Final = 9
FIRST: Final = 1
LAST: Final = 0xFFFF


@dataclass(frozen=True)
class WrappedKey:
    """One version of a person's key. `made_at` is epoch seconds; 0: from before that was kept."""

    version: int
    made_at: int
    wrapped: bytes


@dataclass(frozen=True)
class KeyRing:
    """Every version that can still be opened, oldest first; never empty. The last one seals."""

    keys: tuple[WrappedKey, ...]

    @property
    def current(self) -> WrappedKey:
        """The version that seals."""
        return self.keys[-1]

    @property
    def first(self) -> WrappedKey:
        """The version that keyed hashes come from, for as long as the person is here."""
        return self.keys[0]

    def get(self, version: int) -> WrappedKey | None:
        """That version, if it is still there."""
        return next((key for key in self.keys if key.version == version), None)

    def with_new(self, wrapped: bytes, now: int) -> KeyRing:
        """The ring with one more version, which seals from now on."""
        if self.current.version >= LAST:
            raise OverflowError("no version is left")
        return KeyRing((*self.keys, WrappedKey(self.current.version + 1, now, wrapped)))

    def to_bytes(self) -> bytes:
        """What rests."""
        parts = [MAGIC]
        for key in self.keys:
            parts.append(key.version.to_bytes(2, "big") + key.made_at.to_bytes(5, "big"))
            parts.append(len(key.wrapped).to_bytes(2, "big") + key.wrapped)
        return b"".join(parts)


def new_ring(wrapped: bytes, now: int) -> KeyRing:
    """A person's first key."""
    return KeyRing((WrappedKey(FIRST, now, wrapped),))


def read_ring(data: bytes) -> KeyRing:
    """The ring as it rests. Raises Unsealable when it is none."""
    if not data.startswith(MAGIC):
        return new_ring(data, 0)
    keys, at = list[WrappedKey](), len(MAGIC)
    while at < len(data):
        version, made_at, length = (
            int.from_bytes(data[at + a : at + b], "big") for a, b in ((0, 2), (2, 7), (7, HEAD))
        )
        wrapped = data[at + HEAD : at + HEAD + length]
        ordered = version > (keys[-1].version if keys else 0)
        if not ordered or not wrapped or len(wrapped) < length:
            raise Unsealable("the person's keys cannot be read")
        keys.append(WrappedKey(version, made_at, wrapped))
        at += HEAD + length
    if not keys:
        raise Unsealable("the person's keys cannot be read")
    return KeyRing(tuple(keys))
