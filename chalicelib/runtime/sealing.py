"""Sealing: a person's words under the person's own data key, which a KMS key wraps.

A sealed text is `format (1 byte) | key version (2) | nonce (12) | AES-256-GCM ciphertext and tag`; the head,
the person and the purpose are bound as associated data, so that sealed words opened elsewhere, as something
else or under another version do not open. The data keys rest wrapped in `person-keys` (`key_ring.py`) and
in the clear only in this process, for minutes. Destroying the row makes every sealed word noise, in every
table and every backup (docs/adr/0008-sealed-words.md). `key_rotation.py` makes new versions meanwhile.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Protocol

from chalicelib.contracts.ports import KeyDestroyed, Unsealable
from chalicelib.runtime.key_ring import FIRST, KeyRing, new_ring, read_ring

FORMAT: Final = 2
OLD_FORMAT: Final = 1
"""Without a version, which was always the first; still opened, no longer written."""
HEAD_BYTES: Final = 3
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
CACHE_SECONDS: Final = 300.0
CACHE_KEYS: Final = 1000


@dataclass(frozen=True)
class KeyRow:
    """What there is of a person's keys; None: they were destroyed, and there will be none again."""

    wrapped: bytes | None
    """A `KeyRing` as bytes."""

    @property
    def destroyed(self) -> bool:
        """Whether the person's words are gone for good."""
        return self.wrapped is None


class KeyTable(Protocol):
    """Where wrapped keys rest."""

    def read(self, person_id: str) -> KeyRow | None:
        """The person's row, strongly consistent; None when there never was a key."""

    def create(self, person_id: str, wrapped: bytes) -> bool:
        """Keep a new ring unless the person has one or was erased; whether it was kept."""

    def replace(self, person_id: str, seen: bytes, wrapped: bytes) -> bool:
        """Put a changed ring in the place of the one that was seen; False when that is no longer there."""

    def destroy(self, person_id: str) -> None:
        """Delete every version. Only once the person's tombstone stands, which keeps out a new one."""


class KeyWrapper(Protocol):
    """The key that wraps data keys (KMS). The person id is bound to each wrapping."""

    def generate(self, person_id: str) -> tuple[bytes, bytes]:
        """A new data key: (plaintext, wrapped)."""

    def unwrap(self, person_id: str, wrapped: bytes) -> bytes:
        """The plaintext. Raises `Unsealable` when it was not wrapped for this person."""

    def rewrap(self, person_id: str, wrapped: bytes) -> bytes | None:
        """The same data key under the wrapping key of today; None when it is that already."""


@dataclass
class _Held:
    wrapped: bytes | None
    """None: a caller has just seen that there is no key."""
    until: float
    keys: dict[int, bytes] = field(default_factory=dict)
    """By version, those that were unwrapped."""

    @cached_property
    def ring(self) -> KeyRing:
        """The versions. Raises `Unsealable`."""
        if self.wrapped is None:
            raise Unsealable("this person has no key")
        return read_ring(self.wrapped)


class PersonSealer:
    """The Sealer port. Holds at most `CACHE_KEYS` keys, each for `CACHE_SECONDS`."""

    def __init__(
        self,
        table: KeyTable,
        wrapper: KeyWrapper,
        monotonic: Callable[[], float] = time.monotonic,
        seconds: float = CACHE_SECONDS,
        keys: int = CACHE_KEYS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._table = table
        self._wrapper = wrapper
        self._monotonic = monotonic
        self._seconds = seconds
        self._keys = keys
        self._now = now
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def seal(self, person_id: str, purpose: str, plaintext: str) -> bytes:
        """Seal; makes the person's key if there is none. Raises `KeyDestroyed`."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        held = self._ringed(person_id, make=True)
        version = held.ring.current.version
        head = bytes([FORMAT]) + version.to_bytes(2, "big")
        nonce = os.urandom(NONCE_BYTES)
        key = self._key(person_id, held, version)
        return (
            head + nonce + AESGCM(key).encrypt(nonce, plaintext.encode(), head + _bound(person_id, purpose))
        )

    def open(self, person_id: str, purpose: str, sealed: bytes) -> str:
        """The plaintext. Raises `KeyDestroyed` or `Unsealable`."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        version = version_of(sealed)
        head = sealed[:HEAD_BYTES] if sealed[0] == FORMAT else b""
        at = len(head) or 1
        nonce, ciphertext = sealed[at : at + NONCE_BYTES], sealed[at + NONCE_BYTES :]
        held = self._ringed(person_id)
        if held.ring.get(version) is None:
            # Sealed by a process that saw a rotation before this one did.
            self._held.pop(person_id, None)
            held = self._ringed(person_id)
        key = self._key(person_id, held, version)
        try:
            return AESGCM(key).decrypt(nonce, ciphertext, head + _bound(person_id, purpose)).decode()
        except InvalidTag:
            raise Unsealable("sealed for another person or purpose, or changed since") from None

    def digest(self, person_id: str, purpose: str, plaintext: str) -> str:
        """HMAC-SHA256 under a key derived from the person's, hex; makes the key if there is none.

        From the first version, so that a rotation leaves ids and references as they are.
        """
        held = self._ringed(person_id, make=True)
        derived = _derive(self._key(person_id, held, held.ring.first.version), b"oo digest v1")
        return hmac.new(derived, _bound(purpose, plaintext), hashlib.sha256).hexdigest()

    def current_version(self, person_id: str) -> int:
        """The version that seals now, up to date. Raises `KeyDestroyed`, or `Unsealable` without a key."""
        self._held.pop(person_id, None)
        return self._ringed(person_id).ring.current.version

    def prime(self, person_id: str, wrapped: bytes | None) -> None:
        """Take over what a caller has just read. None (no key, or destroyed) also drops a key held here."""
        held = self._fresh(person_id)
        if held is None or held.wrapped != wrapped:
            self._hold(person_id, wrapped)

    def destroy(self, person_id: str) -> None:
        """Destroy the person's key. A process that holds it forgets it within `CACHE_SECONDS`, or at the
        next `prime`."""
        self._table.destroy(person_id)
        self._held.pop(person_id, None)

    def _ringed(self, person_id: str, *, make: bool = False) -> _Held:
        """What is held of the person, with a ring; read, and made with `make`, when it is not."""
        held = self._fresh(person_id)
        if held is not None and held.wrapped is not None:
            return held
        # `prime(None)` does not say whether there was never a key or it was destroyed. To make one is to find
        # out: nothing is made where the tombstone is.
        wrapped = None if held is not None and make else self._read(person_id)
        if wrapped is not None:
            return self._hold(person_id, wrapped)
        if not make:
            raise Unsealable("this person has no key")
        plaintext, blob = self._wrapper.generate(person_id)
        made = new_ring(blob, int(self._now())).to_bytes()
        if self._table.create(person_id, made):
            held = self._hold(person_id, made)
            held.keys[FIRST] = plaintext
            return held
        # Another process was first, or the key was destroyed: theirs is the one key.
        wrapped = self._read(person_id)
        if wrapped is None:
            raise Unsealable("the person's key vanished while it was made")
        return self._hold(person_id, wrapped)

    def _key(self, person_id: str, held: _Held, version: int) -> bytes:
        key = held.keys.get(version)
        if key is None:
            found = held.ring.get(version)
            if found is None:
                raise Unsealable("sealed under a version of the key that is not there")
            key = held.keys[version] = self._wrapper.unwrap(person_id, found.wrapped)
        return key

    def _read(self, person_id: str) -> bytes | None:
        row = self._table.read(person_id)
        if row is not None and row.destroyed:
            self._held.pop(person_id, None)
            raise KeyDestroyed("this person's key was destroyed")
        return row.wrapped if row else None

    def _fresh(self, person_id: str) -> _Held | None:
        held = self._held.get(person_id)
        if held is not None and held.until <= self._monotonic():
            self._held.pop(person_id, None)
            return None
        return held

    def _hold(self, person_id: str, wrapped: bytes | None) -> _Held:
        self._held.pop(person_id, None)
        held = self._held[person_id] = _Held(wrapped, self._monotonic() + self._seconds)
        while len(self._held) > self._keys:
            self._held.popitem(last=False)
        return held


def version_of(sealed: bytes) -> int:
    """Under which version of the key it was sealed. Raises `Unsealable` for what is no sealed text."""
    kind = sealed[:1]
    shortest = NONCE_BYTES + TAG_BYTES
    if kind == bytes([FORMAT]) and len(sealed) >= HEAD_BYTES + shortest:
        return int.from_bytes(sealed[1:HEAD_BYTES], "big")
    if kind == bytes([OLD_FORMAT]) and len(sealed) >= 1 + shortest:
        return FIRST
    raise Unsealable("not a sealed text of a format that this code knows")


def _bound(*parts: str) -> bytes:
    """Several texts as one that no other texts give."""
    return json.dumps(parts).encode()


def _derive(key: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 (RFC 5869) without salt, one block: a key for another use than encryption."""
    extracted = hmac.new(bytes(hashlib.sha256().digest_size), key, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()
