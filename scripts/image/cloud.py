"""What rank reads, on an emulator that containers can reach; and the answers to compare with."""

from __future__ import annotations

import contextlib
import json
import math
import os
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from chalicelib.contracts.ml import HabitState, RankRequest, Snapshot
from chalicelib.contracts.records import ItemRecord, storable
from chalicelib.contracts.stores import physical_name
from chalicelib.contracts.tips import RecommendContext
from chalicelib.domain.features import FEATURE_VERSION
from infra.tables import create_tables
from oo_local.bootstrap import emulator_python
from oo_local.emulator import CREDENTIALS, REGION, Emulator
from oo_local.ports import HOST, free_port
from scripts.image.engine import Engine

STAGE: Final = "local"
NOW: Final = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
ZONE: Final = "Europe/Berlin"
PERSON: Final = "3f1c5a52-8a36-4c0e-9a2b-6a1f0d1b7e11"
STRANGER: Final = "7b0d2c94-11f8-4f57-8f63-0c5c9a2f4d22"
TASKS: Final = ("task-letter", "task-shelf", "task-call", "task-outline", "task-bike")
SEALED: Final = "sealed by another module: rank only carries it"


@contextlib.contextmanager
def cloud(engine: Engine, home: Path, root: Path) -> Iterator[Emulator]:
    """An emulator with every table, that runs image functions on `engine` and answers its containers."""
    emulator = Emulator(home=home / "emulator", port=free_port(), python=emulator_python(root))
    before = os.environ.get("DOCKER_HOST")
    try:
        if engine.host:
            os.environ["DOCKER_HOST"] = engine.host
        emulator.start()
    finally:
        os.environ.pop("DOCKER_HOST", None)
        if before is not None:
            os.environ["DOCKER_HOST"] = before
    try:
        create_tables(emulator.client("dynamodb"), STAGE)
        with reachable(engine.gateway(), emulator.port):
            yield emulator
    finally:
        emulator.stop()


def seed(emulator: Emulator) -> None:
    """One person's snapshot and the sealed words of their items, as `features` and `events` store them."""
    dynamodb = emulator.client("dynamodb")
    snapshot = a_snapshot()
    dynamodb.put_item(
        TableName=physical_name(STAGE, "snapshots"),
        Item={
            "person_id": {"S": PERSON},
            "computed_at": {"S": storable(snapshot.computed_at)},
            "feature_version": {"N": str(FEATURE_VERSION)},
            "body": {"S": snapshot.model_dump_json(exclude_defaults=True)},
        },
    )
    for ref in [*TASKS, "habit-walk"]:
        dynamodb.put_item(
            TableName=physical_name(STAGE, "item-words"),
            Item={
                "person_id": {"S": PERSON},
                "item_ref": {"S": ref},
                "sealed": {"B": f"{SEALED}: {ref}".encode()},
            },
        )


def a_snapshot() -> Snapshot:
    """Five open tasks and a habit: enough for several candidates."""
    due: tuple[timedelta | None, ...] = (
        timedelta(hours=6),
        None,
        timedelta(hours=30),
        None,
        timedelta(days=3),
    )
    return Snapshot(
        person_id=PERSON,
        feature_version=FEATURE_VERSION,
        computed_at=NOW - timedelta(minutes=5),
        timezone=ZONE,
        as_of={"tasks": NOW - timedelta(minutes=6), "habits": NOW - timedelta(hours=20)},
        tasks=[
            ItemRecord.model_validate(
                {
                    "item_ref": ref,
                    "type": "task",
                    "status": "open",
                    "as_of": NOW - timedelta(days=2),
                    "first_seen_at": NOW - timedelta(days=5 + number),
                    "title_words": 3,
                    "title_chars": 20,
                    "words_expire_at": NOW + timedelta(days=20),
                    "effort_minutes": 10 + 10 * number,
                    "category": "work" if number % 2 else "household",
                    **({"due_at": NOW + when} if when else {}),
                }
            )
            for number, (ref, when) in enumerate(zip(TASKS, due, strict=True))
        ],
        habits=[
            HabitState(
                item_ref="habit-walk", title_words=1, title_chars=4, effort_minutes=20, category="health",
                words_expire_at=NOW + timedelta(days=20), last_done_on=(NOW - timedelta(days=1)).date(),
                streak=5, done_in_14_days=9, usual_minute=10 * 60,
            )
        ],
    )  # fmt: skip


def request(number: int, person: str = PERSON) -> dict[str, Any]:
    """A RankRequest; its seed is its number."""
    return RankRequest(
        person_id=person,
        now=NOW,
        timezone=ZONE,
        granted=["tasks", "calendar", "habits", "mood", "context", "learning"],
        context=RecommendContext(minutes_free=60),
        seed=number,
        trace_id=f"image-test-{number}",
    ).model_dump(mode="json")


def in_process(emulator: Emulator, root: Path, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the handler of this checkout answers, in a Python process without any container."""
    code = (
        "import json, sys\nfrom ml_lambda.serving.rank import handler\n"
        "print(json.dumps([handler(r, None) for r in json.load(sys.stdin)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(requests), capture_output=True, text=True, check=True, cwd=root,
        env={**function_environment(emulator.url), "PATH": os.environ["PATH"], "PYTHONPATH": str(root)},
    )  # fmt: skip
    answers: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return answers


def function_environment(endpoint: str) -> dict[str, str]:
    """What a scoring function has in its environment when the cloud is at `endpoint`."""
    return {
        **CREDENTIALS,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "OO_STAGE": STAGE,
    }


def telling_seeds(answers: Sequence[dict[str, Any]], count: int) -> list[int]:
    """Indexes of answers to compare: the first of every different choice, then the next ones."""
    first: dict[Any, int] = {}
    for index, answer in enumerate(answers):
        first.setdefault(answer["choice"]["chosen"], index)
    rest = [index for index in range(len(answers)) if index not in first.values()]
    return [*first.values(), *rest][:count]


def difference(one: Any, other: Any, path: str = "answer") -> str:
    """Where two answers differ first; empty when nowhere. Numbers may differ in their last bits."""
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            return f"{path}: {sorted(one.keys() ^ other.keys())} is in one alone"
        return next((d for key in one if (d := difference(one[key], other[key], f"{path}.{key}"))), "")
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return f"{path}: {len(one)} entries, then {len(other)}"
        pairs = enumerate(zip(one, other, strict=True))
        return next((d for n, (a, b) in pairs if (d := difference(a, b, f"{path}[{n}]"))), "")
    if {type(one), type(other)} in ({float}, {float, int}):
        same = math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    else:
        same = type(one) is type(other) and one == other
    return "" if same else f"{path}: {one!r}, then {other!r}"


@contextlib.contextmanager
def reachable(address: str, port: int) -> Iterator[bool]:
    """Let containers reach 127.0.0.1:port at the bridge's address, the same port; whether that was needed.

    Engines in a machine of their own (Docker Desktop) have no such address here and forward by themselves.
    """

    class Pump(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((HOST, port)) as inner:
                for end in (inner, self.request):
                    # Else each answer waits 40 ms for an acknowledgement that is held back.
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                back = threading.Thread(target=_pump, args=(inner, self.request), daemon=True)
                back.start()
                _pump(self.request, inner)
                back.join()

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    try:
        server = Server((address, port), Pump)
    except OSError:
        server = None
    if server is None or not address:
        if server is not None:
            server.server_close()
        yield False
        return
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield True
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
