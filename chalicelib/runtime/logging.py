"""One structured line per request or message. Never personal text: ids, counts, codes, durations.

    log = logger("recommender")
    log.info("tip decided", decision_id=..., policy=..., milliseconds=...)

Values must be numbers, booleans, ids or codes. The trace id is bound for the current invocation.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from functools import cache
from typing import Any

_trace: ContextVar[str] = ContextVar("trace_id", default="")


@contextlib.contextmanager
def trace(trace_id: str) -> Iterator[None]:
    """Bind the trace id while one request or message is handled."""
    token = _trace.set(trace_id)
    try:
        yield
    finally:
        _trace.reset(token)


def trace_id() -> str:
    """The bound trace id; empty outside a request."""
    return _trace.get()


@cache
def threshold() -> int:
    """The least level that is written: `OO_LOG_LEVEL`, which the settings describe and check.

    Read here so that a line can be written where settings are not complete.
    """
    return logging.getLevelNamesMapping().get(os.environ.get("OO_LOG_LEVEL", ""), logging.INFO)


class Logger:
    """Writes JSON lines to standard output, which Lambda ships to CloudWatch."""

    def __init__(self, module: str) -> None:
        self._module = module

    def _write(self, level: int, message: str, fields: dict[str, Any]) -> None:
        if level >= threshold():
            self._line(level, message, fields)

    def _line(self, level: int, message: str, fields: dict[str, Any]) -> None:
        line = {
            "level": logging.getLevelName(level),
            "time": round(time.time(), 3),
            "module": self._module,
            "message": message,
            **({"trace_id": _trace.get()} if _trace.get() else {}),
            **fields,
        }
        sys.stdout.write(json.dumps(line, default=str) + "\n")
        sys.stdout.flush()

    def debug(self, message: str, **fields: Any) -> None:
        """For a developer."""
        self._write(logging.DEBUG, message, fields)

    def info(self, message: str, **fields: Any) -> None:
        """What happened."""
        self._write(logging.INFO, message, fields)

    def warning(self, message: str, **fields: Any) -> None:
        """It went on, degraded."""
        self._write(logging.WARNING, message, fields)

    def error(self, message: str, **fields: Any) -> None:
        """Someone should look."""
        self._write(logging.ERROR, message, fields)

    def exception(self, message: str, error: BaseException, **fields: Any) -> None:
        """An unexpected error: its type and where it was raised, never its text (it may be personal)."""
        frames = error.__traceback__
        place = ""
        while frames is not None:
            place = f"{frames.tb_frame.f_code.co_filename}:{frames.tb_lineno}"
            frames = frames.tb_next
        self._write(logging.ERROR, message, {"error": type(error).__name__, "at": place, **fields})

    def metric(self, namespace: str, by: Mapping[str, str] | None = None, /, **values: float) -> None:
        """CloudWatch embedded metrics (EMF): each value becomes a metric with the module as dimension.

        `by` are further dimensions: codes of which there are few, never of a person. Written at any level:
        alarms stand on them."""
        self._line(
            logging.INFO,
            "metric",
            {
                "_aws": {
                    "Timestamp": int(time.time() * 1000),
                    "CloudWatchMetrics": [
                        {
                            "Namespace": namespace,
                            "Dimensions": [["module", *(by or {})]],
                            "Metrics": [{"Name": name} for name in values],
                        }
                    ],
                },
                **(by or {}),
                **values,
            },
        )


def logger(module: str) -> Logger:
    """The logger of a module."""
    return Logger(module)
