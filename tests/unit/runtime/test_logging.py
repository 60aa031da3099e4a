"""Log lines: the level of the settings, and metrics at any level."""

from __future__ import annotations

import json

import pytest

from chalicelib.runtime import logging
from chalicelib.runtime.logging import logger


def test_the_level_is_the_one_that_is_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OO_LOG_LEVEL", "WARNING")
    logging.threshold.cache_clear()
    try:
        log = logger("test")
        log.info("quiet")
        log.warning("loud")
        log.metric("oO", stored=1)
    finally:
        logging.threshold.cache_clear()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in lines] == ["loud", "metric"]
    assert lines[1]["stored"] == 1
