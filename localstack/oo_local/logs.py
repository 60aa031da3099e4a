"""`make logs`: follows every function of the running stack, each in its own colour."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from oo_local.emulator import client

COLOURS: Final = (
    "cyan",
    "magenta",
    "green",
    "yellow",
    "blue",
    "bright_cyan",
    "bright_magenta",
    "bright_green",
)
_PREFIX: Final = "/aws/lambda/"
# What the platform writes around each invocation.
_FRAME: Final = re.compile(r"^(START|END|REPORT) RequestId: ")
_PERIOD: Final = 0.5
_OVERLAP: Final = 5000
"""Milliseconds that are asked for again: a function's lines arrive when it has ended."""

Event = dict[str, Any]


class Follower:
    """Reads each function's log and yields every line once."""

    def __init__(self, endpoint: str, since: float) -> None:
        """`since`: seconds since the epoch."""
        self._logs = client("logs", endpoint)
        self._since = int(since * 1000)
        self._seen: Counter[tuple[str, int, str]] = Counter()

    def read(self) -> Iterator[tuple[str, Event]]:
        """(function, event) of what came since the last call, in the order of time."""
        counted: Counter[tuple[str, int, str]] = Counter()
        fresh: list[tuple[str, Event]] = []
        for group in self._groups():
            for event in self._events(group):
                key = (group, int(event["timestamp"]), str(event["message"]))
                counted[key] += 1
                if counted[key] > self._seen[key]:
                    fresh.append((group.removeprefix(_PREFIX), event))
        if counted:
            newest = max(timestamp for _, timestamp, _ in counted)
            self._since = max(self._since, newest - _OVERLAP)
        self._seen = counted
        yield from sorted(fresh, key=lambda pair: int(pair[1]["timestamp"]))

    def _groups(self) -> list[str]:
        found = self._logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=_PREFIX)
        return [group["logGroupName"] for page in found for group in page["logGroups"]]

    def _events(self, group: str) -> list[Event]:
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=self._since
        )
        return [event for page in pages for event in page["events"]]


def follow(endpoint: str) -> None:
    """Print what the functions write, until Ctrl-C."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    colours: dict[str, str] = {}
    follower = Follower(endpoint, time.time() - 60)
    while True:
        for function, event in follower.read():
            if _FRAME.match(event["message"]):
                continue
            colour = colours.setdefault(function, COLOURS[len(colours) % len(COLOURS)])
            at = datetime.fromtimestamp(event["timestamp"] / 1000).astimezone()
            text, level = worded(event["message"])
            style = {"ERROR": "bold red", "WARNING": "yellow"}.get(level, "")
            console.print(
                f"[dim]{at:%H:%M:%S}[/dim] [{colour}]{function.removeprefix('oo-local-'):<18}[/]", end=" "
            )
            console.print(text, style=style, markup=False)
        time.sleep(_PERIOD)


def worded(message: str) -> tuple[str, str]:
    """A structured line as a person reads it, and its level; any other line as it is."""
    try:
        line = json.loads(message)
        told = str(line.pop("message"))
    except (ValueError, TypeError, KeyError, AttributeError):
        return message.rstrip(), ""
    level = str(line.pop("level", ""))
    for name in ("time", "module", "_aws"):
        line.pop(name, None)
    return " ".join([told, *(f"{key}={value}" for key, value in line.items())]), level
