"""Environments made from the lock files: found, fresh or stale."""

from __future__ import annotations

from pathlib import Path


def emulator_python(root: Path) -> Path:
    """The interpreter of the emulator's own environment."""
    return root / ".oo" / "emulator" / "bin" / "python"
