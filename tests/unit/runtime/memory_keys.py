"""Key table and wrapping key in memory; tests/contract/test_sealing.py holds them to the real ones."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from chalicelib.contracts.ports import Unsealable
from chalicelib.runtime.sealing import KeyRow, PersonSealer


@dataclass
class MemoryKeyTable:
    rows: dict[str, KeyRow] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def read(self, person_id: str) -> KeyRow | None:
        self.calls.append("read")
        return self.rows.get(person_id)

    def create(self, person_id: str, wrapped: bytes) -> bool:
        self.calls.append("create")
        if person_id in self.rows:
            return False
        self.rows[person_id] = KeyRow(wrapped)
        return True

    def destroy(self, person_id: str) -> None:
        self.rows[person_id] = KeyRow(None)


@dataclass
class MemoryWrapper:
    keys: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def generate(self, person_id: str) -> tuple[bytes, bytes]:
        self.calls.append("generate")
        key, wrapped = os.urandom(32), os.urandom(48)
        self.keys[person_id, wrapped] = key
        return key, wrapped

    def unwrap(self, person_id: str, wrapped: bytes) -> bytes:
        self.calls.append("unwrap")
        try:
            return self.keys[person_id, wrapped]
        except KeyError:
            raise Unsealable from None


def memory_sealer() -> PersonSealer:
    return PersonSealer(MemoryKeyTable(), MemoryWrapper())
