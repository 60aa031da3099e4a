"""`make dev` as a person uses it: it starts, shows a tip, stops without a trace, and goes on where it was."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from oo_local.ports import free_port, is_free, wait_until
from oo_local.processes import group_alive
from oo_local.running import NotRunning, running
from oo_local.signin import sign_in

ROOT = Path(__file__).resolve().parents[2]
PORTS = ("OO_PORT", "OO_EMULATOR_PORT", "OO_IDENTITY_PORT", "OO_SANDBOX_PORT")


class Dev:
    """One `make dev` in its own folder, on its own ports."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self.ports = {name: free_port() for name in PORTS}
        self.settings = settings
        self.log = home.parent / f"{home.name}.out"
        self.process: subprocess.Popen[bytes] | None = None
        self.groups: set[int] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['OO_PORT']}"

    def start(self) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        ports = {name: str(port) for name, port in self.ports.items()}
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                # As a shell starts what it puts into the background: with SIGINT ignored.
                ["sh", "-c", 'trap "" INT; exec "$0" -m oo_local dev', sys.executable],
                cwd=ROOT,
                env={
                    **kept, **ports, **self.settings, "OO_HOME": str(self.home),
                    "PYTHONPATH": f"{ROOT / 'localstack'}:{ROOT}",
                },
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip

    def ready(self) -> bool:
        assert self.process is not None
        return "oO is at" in self.said() or self.process.poll() is not None

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def children(self) -> set[int]:
        """The groups of what it started, found by their parent."""
        assert self.process is not None
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return {int(pid) for pid in found.stdout.split()}

    def stop(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.groups |= self.children()
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            for group in self.children():
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)
            self.process.kill()
            self.process.wait()

    def left_behind(self) -> set[str]:
        """What a stop should have taken along."""
        groups = {f"group {group}" for group in self.groups if group_alive(group)}
        return groups | {name for name, port in self.ports.items() if not is_free(port)}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def dev(home: Path) -> Iterator[Dev]:
    started = Dev(home)
    yield started
    started.kill()


@pytest.mark.timeout(240)
def test_it_shows_a_tip_stops_cleanly_and_goes_on(dev: Dev) -> None:
    dev.start()
    assert wait_until(dev.ready, 120)
    assert "oO is at" in dev.said(), dev.said()
    with contextlib.closing(sign_in(dev.url, "demo")) as demo:
        person = demo.get("/api/auth/session").json()["person_id"]
        tip = demo.post("/api/recommend", json={}).json()["tip"]
        signals = demo.get("/api/signals", params={"limit": 100}).json()["signals"]
    # What was printed is what the API gives: the open tip.
    assert tip["text"] in dev.said()
    assert tip["why"] in dev.said()
    assert running(dev.home).url == dev.url
    assert len(dev.children()) == 4

    # Another one here, on whatever ports, would work on the same state.
    second = Dev(dev.home)
    second.log = second.log.with_suffix(".second")
    second.start()
    assert second.process is not None
    assert second.process.wait(60) == 1
    assert f"oO runs here already, at {dev.url}" in second.said()
    assert running(dev.home).url == dev.url

    assert dev.stop(signal.SIGINT) == 0
    assert dev.left_behind() == set()
    with pytest.raises(NotRunning):
        running(dev.home)

    dev.start()
    assert wait_until(dev.ready, 120)
    with contextlib.closing(sign_in(dev.url, "demo")) as demo:
        assert demo.get("/api/auth/session").json()["person_id"] == person
        assert demo.post("/api/recommend", json={}).json()["tip"]["id"] == tip["id"]
        again = demo.get("/api/signals", params={"limit": 100}).json()["signals"]
    # The demo's second round of signals were duplicates.
    assert [signal["id"] for signal in again] == [signal["id"] for signal in signals]
    assert dev.stop(signal.SIGTERM) == 0
    assert dev.left_behind() == set()


def test_a_busy_port_is_named_and_nothing_is_left(dev: Dev) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", dev.ports["OO_IDENTITY_PORT"]))
        taken.listen()
        dev.start()
        assert dev.process is not None
        assert dev.process.wait(60) == 1
    said = " ".join(dev.said().split())
    assert f"{dev.ports['OO_IDENTITY_PORT']} (OO_IDENTITY_PORT)" in said
    assert "OO_EMULATOR_PORT" not in said
    assert dev.left_behind() == set()


def test_a_wrong_setting_stops_the_start(home: Path) -> None:
    dev = Dev(home, OO_DEMO="perhaps", OO_PROT="1")
    dev.start()
    assert dev.process is not None
    assert dev.process.wait(60) == 1
    assert "OO_DEMO" in dev.said()
    assert "OO_PROT is not a setting" in dev.said()
    assert not home.exists()


def test_an_interrupted_start_leaves_nothing(dev: Dev) -> None:
    dev.start()
    assert wait_until(lambda: "start the cloud" in dev.said(), 60)
    assert dev.stop(signal.SIGINT) == 0
    assert dev.left_behind() == set()


def test_a_killed_one_takes_its_children_along(dev: Dev) -> None:
    """SIGKILL cannot be handled: the kernel tells the children."""
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux tells children of their parent's death")
    dev.start()
    assert wait_until(lambda: "start the cloud" in dev.said(), 60)
    assert dev.process is not None
    dev.groups |= dev.children()
    dev.process.kill()
    dev.process.wait()
    assert wait_until(lambda: not dev.left_behind(), 20), dev.left_behind()
