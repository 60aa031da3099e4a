"""Sealing: a person's words under the person's own data key, which a KMS key wraps.

A sealed text is `version (1 byte) | nonce (12) | AES-256-GCM ciphertext and tag`; person and purpose are
bound as associated data, so that sealed words opened elsewhere or as something else do not open. The data
key rests wrapped in `person-keys` and in the clear only in this process, for minutes. Destroying the
wrapped key makes every sealed word noise, in every table and every backup (docs/adr/0008-sealed-words.md).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from chalicelib.contracts.ports import KeyDestroyed, Unsealable

VERSION: Final = 1
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
CACHE_SECONDS: Final = 300.0
CACHE_KEYS: Final = 1000


@dataclass(frozen=True)
class KeyRow:
    """A row of `person-keys`: a wrapped key, or the marker that it was destroyed (then None)."""

    wrapped: bytes | None

    @property
    def destroyed(self) -> bool:
        """Whether the person's words are gone for good."""
        return self.wrapped is None


class KeyTable(Protocol):
    """Where wrapped keys rest."""

    def read(self, person_id: str) -> KeyRow | None:
        """The person's row, strongly consistent; None when there never was a key."""

    def create(self, person_id: str, wrapped: bytes) -> bool:
        """Keep a new wrapped key unless the person has a row; whether it was kept."""

    def destroy(self, person_id: str) -> None:
        """Put the `destroyed` marker in the key's place."""


class KeyWrapper(Protocol):
    """The key that wraps data keys (KMS). The person id is bound to each wrapping."""

    def generate(self, person_id: str) -> tuple[bytes, bytes]:
        """A new data key: (plaintext, wrapped)."""

    def unwrap(self, person_id: str, wrapped: bytes) -> bytes:
        """The plaintext. Raises `Unsealable` when it was not wrapped for this person."""


@dataclass(frozen=True)
class _Held:
    wrapped: bytes | None
    """None: a caller has just seen that there is no key."""
    key: bytes | None
    """None: not unwrapped yet."""
    until: float


class PersonSealer:
    """The Sealer port. Holds at most `CACHE_KEYS` keys, each for `CACHE_SECONDS`."""

    def __init__(
        self,
        table: KeyTable,
        wrapper: KeyWrapper,
        monotonic: Callable[[], float] = time.monotonic,
        seconds: float = CACHE_SECONDS,
        keys: int = CACHE_KEYS,
    ) -> None:
        self._table = table
        self._wrapper = wrapper
        self._monotonic = monotonic
        self._seconds = seconds
        self._keys = keys
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def seal(self, person_id: str, purpose: str, plaintext: str) -> bytes:
        """Seal; makes the person's key if there is none. Raises `KeyDestroyed`."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(NONCE_BYTES)
        key = self._key(person_id, make=True)
        return (
            bytes([VERSION])
            + nonce
            + AESGCM(key).encrypt(nonce, plaintext.encode(), _bound(person_id, purpose))
        )

    def open(self, person_id: str, purpose: str, sealed: bytes) -> str:
        """The plaintext. Raises `KeyDestroyed` or `Unsealable`."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if len(sealed) < 1 + NONCE_BYTES + TAG_BYTES or sealed[0] != VERSION:
            raise Unsealable("not a sealed text of a version that this code knows")
        nonce, ciphertext = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return (
                AESGCM(self._key(person_id)).decrypt(nonce, ciphertext, _bound(person_id, purpose)).decode()
            )
        except InvalidTag:
            raise Unsealable("sealed for another person or purpose, or changed since") from None

    def digest(self, person_id: str, purpose: str, plaintext: str) -> str:
        """HMAC-SHA256 under a key derived from the person's, hex; makes the key if there is none."""
        derived = _derive(self._key(person_id, make=True), b"oo digest v1")
        return hmac.new(derived, _bound(purpose, plaintext), hashlib.sha256).hexdigest()

    def prime(self, person_id: str, wrapped: bytes | None) -> None:
        """Take over what a caller has just read. None (no key, or destroyed) also drops a key held here."""
        held = self._fresh(person_id)
        if held is None or held.wrapped != wrapped:
            self._hold(person_id, wrapped, None)

    def destroy(self, person_id: str) -> None:
        """Destroy the person's key. A process that holds it forgets it within `CACHE_SECONDS`, or at the
        next `prime`."""
        self._table.destroy(person_id)
        self._held.pop(person_id, None)

    def _key(self, person_id: str, *, make: bool = False) -> bytes:
        held = self._fresh(person_id)
        if held is not None and held.key is not None:
            return held.key
        if held is None:
            wrapped = self._read(person_id)
        elif held.wrapped is None and not make:
            wrapped = self._read(person_id)  # `prime(None)` does not say whether it was destroyed
        else:
            wrapped = held.wrapped
        if wrapped is None:
            if not make:
                raise Unsealable("this person has no key")
            plaintext, wrapped = self._wrapper.generate(person_id)
            if self._table.create(person_id, wrapped):
                self._hold(person_id, wrapped, plaintext)
                return plaintext
            # Another process was first, or the key was destroyed: theirs is the one key.
            wrapped = self._read(person_id)
            if wrapped is None:
                raise Unsealable("the person's key vanished while it was made")
        key = self._wrapper.unwrap(person_id, wrapped)
        self._hold(person_id, wrapped, key)
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

    def _hold(self, person_id: str, wrapped: bytes | None, key: bytes | None) -> None:
        self._held.pop(person_id, None)
        self._held[person_id] = _Held(wrapped, key, self._monotonic() + self._seconds)
        while len(self._held) > self._keys:
            self._held.popitem(last=False)


def _bound(*parts: str) -> bytes:
    """Several texts as one that no other texts give."""
    return json.dumps(parts).encode()


def _derive(key: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 (RFC 5869) without salt, one block: a key for another use than encryption."""
    extracted = hmac.new(bytes(hashlib.sha256().digest_size), key, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()
