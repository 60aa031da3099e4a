"""What tests of the night share: an empty registry, a log to fill, a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.runtime.clock import SystemClock
from chalicelib.runtime.settings import settings
from tests.nightly_world import World

NOW = datetime(2026, 11, 18, 2, 10, tzinfo=UTC)


@pytest.fixture
def world(aws: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, blank_registry: Path) -> Iterator[World]:
    address = tmp_path / "registry.db"
    address.write_bytes(blank_registry.read_bytes())
    monkeypatch.setenv("OO_MLFLOW_TRACKING_URI", f"sqlite:///{address}")
    monkeypatch.setenv("OO_SHADOWS", "epsilon_greedy_v1,mixed_ts")
    monkeypatch.setenv("OO_PRIOR_LEAST_PEOPLE", "3")
    monkeypatch.setattr(SystemClock, "now", lambda self: NOW)
    settings.cache_clear()
    yield World(aws)
    settings.cache_clear()
