"""10,000 signals, each sent twice, one in twenty malformed, consumers killed at random moments.

Every good one must be stored, every bad one answered, and nothing lost; one row per signal is the table's
key. Prints signals per CPU second of the whole cloud (its workers included).
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from bench.figures import Figure
from bench.stack import deployed, person

if TYPE_CHECKING:
    import httpx

    from oo_local.stack import Stack

SIGNALS: Final = 10_000
BATCH: Final = 100
PEOPLE: Final = 50
SENDERS: Final = 4
BAD_EVERY: Final = 20
KILL_EVERY: Final = 3.0
DRAIN: Final = 900.0
POLL: Final = 15.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def measure() -> list[Figure]:
    """Send, kill, drain, count."""
    with deployed() as stack:
        clients = [person(stack, f"ingest-{n}") for n in range(PEOPLE)]
        people = [c.get("/api/auth/session").json()["person_id"] for c in clients]
        batches = _batches()
        emulator = _emulator_pid(stack)
        before, began = _cpu(emulator), time.monotonic()
        killer = _Killer(emulator)
        killer.start()
        try:
            answers = _send(clients, batches)
        finally:
            killer.stop()
        good = sum(entry["type"] != "bad" for batch in batches for entry in batch)
        stored = _drain(stack, people, good)
        took, cpu = time.monotonic() - began, _cpu(emulator) - before
        dead = _dead_letters(stack)
        for client in clients:
            client.close()
    bad = SIGNALS - good
    return [
        Figure("good signals lost", good - stored, "", 0, f"{stored} of {good} stored, each sent twice"),
        Figure("bad entries not answered", 2 * bad - answers["rejected"], "", 0, f"{2 * bad} sent"),
        Figure("sends that failed for good", answers["failed"], "", 0),
        Figure("messages in dead-letter queues", dead, "", 0, "when the last good one was stored"),
        Figure("consumers killed", killer.killed, ""),
        Figure("signals per CPU second", 2 * SIGNALS / cpu, "per CPU s", None, f"{took:.0f} s in all"),
    ]


def _batches() -> list[list[dict[str, Any]]]:
    """Tasks of known ids; every twentieth entry has a type that does not exist."""
    now = datetime.now(UTC)
    entries = [
        {
            "type": "bad" if n % BAD_EVERY == 0 else "task",
            "id": str(UUID(int=n + 1)),
            "item_ref": f"task-{n}",
            "title": f"Answer letter {n}",
            "occurred_at": (now - timedelta(seconds=n)).isoformat(),
        }
        for n in range(SIGNALS)
    ]
    return [entries[start : start + BATCH] for start in range(0, SIGNALS, BATCH)]


def _send(clients: list[httpx.Client], batches: list[list[dict[str, Any]]]) -> dict[str, int]:
    """Each batch goes twice to the person whose turn it is; a failure is sent again, as clients do."""
    from rich.progress import Progress

    counts = {"accepted": 0, "duplicate": 0, "rejected": 0, "failed": 0}
    lock = threading.Lock()

    def once(number: int) -> None:
        batch = batches[number % len(batches)]
        client = clients[number % len(batches) % PEOPLE]
        for _ in range(8):
            answer = client.post("/api/signals", json={"signals": batch})
            if answer.status_code == 202:
                with lock:
                    for result in answer.json()["results"]:
                        counts[result["status"]] += 1
                return
            time.sleep(0.2)
        with lock:
            counts["failed"] += 1

    with Progress(transient=True) as progress, ThreadPoolExecutor(SENDERS) as pool:
        task = progress.add_task("sending", total=2 * len(batches))
        for _ in pool.map(once, range(2 * len(batches))):
            progress.advance(task)
    return counts


def _drain(stack: Stack, people: list[str], wanted: int) -> int:
    """Wait until all are stored, or the time is up; how many are."""
    from rich.progress import Progress

    deadline, stored = time.monotonic() + DRAIN, 0
    with Progress(transient=True) as progress:
        task = progress.add_task("storing", total=wanted)
        while time.monotonic() < deadline and stored < wanted:
            time.sleep(POLL)  # counting costs the emulator more than storing
            stored = sum(_stored(stack, person_id) for person_id in people)
            progress.update(task, completed=stored)
    return stored


def _stored(stack: Stack, person_id: str) -> int:
    pages = (
        stack.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName="oo-local-signals",
            Select="COUNT",
            KeyConditionExpression="person_id = :p",
            ExpressionAttributeValues={":p": {"S": person_id}},
        )
    )
    return sum(page["Count"] for page in pages)


def _dead_letters(stack: Stack) -> int:
    sqs = stack.client("sqs")
    urls = [url for url in sqs.list_queues()["QueueUrls"] if url.endswith("-dlq")]
    name = "ApproximateNumberOfMessages"
    return sum(
        int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]) for url in urls
    )


def _emulator_pid(stack: Stack) -> int:
    """The emulator's process: the child of this one that listens."""
    port = f"{stack.configuration.local.emulator_port}"
    for path in Path("/proc").glob("[0-9]*"):
        try:
            environment = (path / "environ").read_bytes().decode(errors="replace")
            command = (path / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if "ministack" in command and f"={port}\0" in environment:
            return int(path.name)
    raise RuntimeError("the emulator's process was not found")


def _children(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(path.parent.name))
    return found


def _cpu(pid: int) -> float:
    """CPU seconds of a process, its ended children and its running ones."""
    total = 0.0
    for each in (pid, *_children(pid)):
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(int(ticks) for ticks in fields[11:15]) / _TICKS
    return total


class _Killer(threading.Thread):
    """Kills a random worker of the emulated cloud every few seconds, without warning."""

    def __init__(self, emulator: int) -> None:
        super().__init__(daemon=True)
        self._emulator = emulator
        self._stopped = threading.Event()
        self.killed = 0

    def run(self) -> None:
        """Until stopped."""
        chance = random.Random(7)
        while not self._stopped.wait(chance.uniform(0.5, 1.5) * KILL_EVERY):
            workers = [pid for pid in _children(self._emulator) if _consumes(pid)]
            if workers:
                os.kill(chance.choice(workers), signal.SIGKILL)
                self.killed += 1

    def stop(self) -> None:
        """Kill no more."""
        self._stopped.set()
        self.join()


def _consumes(pid: int) -> bool:
    """Whether the worker runs the consumer of signals."""
    try:
        return b"events-store" in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
