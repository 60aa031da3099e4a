"""Key table and wrapping key in memory; tests/contract/test_sealing.py holds them to the real ones."""

from __future__ import annotations

from chalicelib.runtime.sealing import PersonSealer
from ml_lambda.simulation.memory.keys import MemoryKeyTable, MemoryWrapper

__all__ = ["MemoryKeyTable", "MemoryWrapper", "memory_sealer"]


def memory_sealer() -> PersonSealer:
    return PersonSealer(MemoryKeyTable(), MemoryWrapper())
