"""The keys that sign access tokens: made at need, replaced after a while, published until all is expired.

A private Ed25519 key is 32 random bytes, which is what KMS makes as a data key: the table keeps it
wrapped, and only a process that signs ever asks KMS to open it. Checking needs the public half alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from chalicelib.auth.tokens import jwt
from chalicelib.contracts.errors import Unavailable
from chalicelib.contracts.ports import Clock

if TYPE_CHECKING:
    from chalicelib.runtime.settings import Settings

KEEP_SECONDS: Final = 300
"""How long a process works with what it read; a revoked key is gone everywhere after that."""
FORCED_SECONDS: Final = 10
"""How often an unknown key id may make a process read again: tokens can be invented at any rate."""
MARGIN_SECONDS: Final = 3600
"""How much longer than its last token a key is published."""
_DAY: Final = 86_400
_RACES: Final = 3


@dataclass(frozen=True)
class SigningKey:
    """A key at rest. `serial` counts keys; it signs until `signs_until` and checks until `expires`."""

    serial: int
    kid: str
    public: bytes
    wrapped: bytes
    signs_until: int
    expires: int


class KeyStore(Protocol):
    """Signing keys at rest."""

    def all(self) -> Sequence[SigningKey]:
        """Those that were not removed, the earliest first; up to date."""

    def add(self, key: SigningKey) -> bool:
        """Keep it; False when its serial is taken."""

    def remove(self, serial: int) -> None:
        """Forget it at once."""


class SeedWrapper(Protocol):
    """Makes seeds of private keys, and opens them again."""

    def generate(self, kid: str) -> tuple[bytes, bytes]:
        """32 random bytes and their wrapped form, bound to the key id."""

    def unwrap(self, kid: str, wrapped: bytes) -> bytes:
        """The bytes again."""


class SigningKeys:
    """Who signs now, and whom to believe. One per process; reads its table at most every few minutes."""

    def __init__(
        self,
        store: KeyStore,
        wrapper: SeedWrapper,
        clock: Clock,
        new_kid: Callable[[], str],
        settings: Settings,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`seconds` is a clock that never goes back."""
        self._store = store
        self._wrapper = wrapper
        self._clock = clock
        self._new_kid = new_kid
        self._settings = settings
        self._seconds = seconds
        self._kept: list[SigningKey] = []
        self._read_at = float("-inf")
        self._seeds: dict[str, bytes] = {}

    def signing(self) -> tuple[str, bytes]:
        """The key id and seed to sign with: the latest key's, made now when the last has served its time."""
        now = self._now()
        latest = self._latest(now)
        if latest is None:
            self._read()  # another process may have made it
            latest = self._latest(now) or self.make()
        if latest.kid not in self._seeds:
            self._seeds = {latest.kid: self._wrapper.unwrap(latest.kid, latest.wrapped)}
        return latest.kid, self._seeds[latest.kid]

    def make(self) -> SigningKey:
        """A new key, which signs from now on. Of several processes that make one at once one does."""
        for _ in range(_RACES):
            now, kid = self._now(), self._new_kid()
            seed, wrapped = self._wrapper.generate(kid)
            signs_until = now + self._settings.signing_key_days * _DAY
            key = SigningKey(
                serial=max((key.serial for key in self._kept), default=0) + 1,
                kid=kid,
                public=jwt.public_key(seed),
                wrapped=wrapped,
                signs_until=signs_until,
                expires=signs_until + self._settings.access_token_seconds + MARGIN_SECONDS,
            )
            added = self._store.add(key)
            self._read()
            if added:
                self._seeds = {kid: seed}
                return key
            if (latest := self._latest(now)) is not None:
                return latest
        raise Unavailable("No access token can be signed right now; try again.")

    def public(self, kid: str) -> bytes | None:
        """The public key of a key id that is in force, else None."""
        if (found := self._find(kid)) is None and self._seconds() - self._read_at >= FORCED_SECONDS:
            self._read()
            found = self._find(kid)
        return found

    def published(self) -> Sequence[SigningKey]:
        """Every key that a token in force may be signed with; makes the first."""
        self._fresh()
        if not self._in_force():
            self.signing()
        return self._in_force()

    def _find(self, kid: str) -> bytes | None:
        self._fresh()
        return next((key.public for key in self._in_force() if key.kid == kid), None)

    def _latest(self, now: int) -> SigningKey | None:
        self._fresh()
        latest = max(self._kept, key=lambda key: key.serial, default=None)
        return latest if latest is not None and latest.signs_until > now else None

    def _in_force(self) -> list[SigningKey]:
        now = self._now()
        return [key for key in self._kept if key.expires > now]

    def _fresh(self) -> None:
        if self._seconds() - self._read_at >= KEEP_SECONDS:
            self._read()

    def _read(self) -> None:
        self._kept = list(self._store.all())
        self._read_at = self._seconds()

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
