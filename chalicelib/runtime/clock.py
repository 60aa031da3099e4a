"""The system clock and random ids behind the Clock and Ids ports."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from uuid import UUID, uuid4


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """Now, UTC."""
        return datetime.now(UTC)


class RandomIds:
    """Ids from the operating system's randomness."""

    def new(self) -> str:
        """UUID version 7 (RFC 9562, section 5.7): 48 bits of milliseconds, then randomness."""
        value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
        value = value & ~(0xF << 76) | 0x7 << 76
        value = value & ~(0x3 << 62) | 0x2 << 62
        return str(UUID(int=value))

    def person(self) -> str:
        """UUID version 4."""
        return str(uuid4())

    def secret(self) -> str:
        """256 bits, URL-safe."""
        return secrets.token_urlsafe(32)
