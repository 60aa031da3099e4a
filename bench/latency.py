"""`recommend` beside the no-op of the same run, one after another, and eight clients at once."""

from __future__ import annotations

import statistics
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Final

from bench.figures import Figure
from bench.stack import ask, deployed, quiet, react, with_tasks

if TYPE_CHECKING:
    import httpx

    from oo_local.stack import Stack

ROUNDS: Final = 30
CLIENTS: Final = 8
SECONDS: Final = 15.0


def measure() -> list[Figure]:
    """The ratio of medians, and errors under eight clients."""
    with deployed() as stack:
        return [*_sequential(stack), *_together(stack)]


def _sequential(stack: Stack) -> list[Figure]:
    deciding: list[float] = []
    noop: list[float] = []
    shown: list[float] = []
    with closing(with_tasks(stack, "one-after-another", 60)) as client:
        for _ in range(5):
            react(client, _timed(client, []))
        for _ in range(ROUNDS):
            quiet(stack)
            noop.append(_noop(client))
            tip = _timed(client, deciding)
            noop.append(_noop(client))
            _timed(client, shown)
            react(client, tip)
    ratio = statistics.median(deciding) / statistics.median(noop)
    return [
        Figure(
            "recommend that decides / no-op, p50",
            ratio, "times", 5,
            f"{1000 * statistics.median(deciding):.1f} ms against {1000 * statistics.median(noop):.1f} ms",
        ),
        Figure(
            "recommend of an open tip / no-op, p50",
            statistics.median(shown) / statistics.median(noop),
            "times",
        ),
    ]  # fmt: skip


def _noop(client: httpx.Client) -> float:
    began = time.perf_counter()
    client.get("/api/health/gateway").raise_for_status()
    return time.perf_counter() - began


def _timed(client: httpx.Client, into: list[float]) -> dict[str, str]:
    began = time.perf_counter()
    tip = ask(client)["tip"]
    into.append(time.perf_counter() - began)
    if tip is None:
        raise RuntimeError("there was no tip to time")
    found: dict[str, str] = tip
    return found


def _together(stack: Stack) -> list[Figure]:
    clients = [with_tasks(stack, f"together-{n}", 60) for n in range(CLIENTS)]
    errors: list[str] = []
    answered = [0] * CLIENTS
    until = time.monotonic() + SECONDS

    def run(index: int) -> None:
        client = clients[index]
        while time.monotonic() < until:
            try:
                tip = ask(client)["tip"]
                answered[index] += 1
                if tip is not None:
                    react(client, tip)
            except Exception as error:
                errors.append(repr(error)[:200])

    threads = [threading.Thread(target=run, args=(n,)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.close()
    return [
        Figure(f"errors with {CLIENTS} clients", len(errors), "", 0, errors[0] if errors else ""),
        Figure(f"recommends and reactions with {CLIENTS} clients", sum(answered) / SECONDS, "per s"),
    ]
