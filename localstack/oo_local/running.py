"""What runs now: the addresses that `make signin`, `make reload`, `make logs` and `make load` work with."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from oo_local.bootstrap import ROOT
from oo_local.envfile import read_env_file


def home_folder() -> Path:
    """Where state, keys and logs are: `OO_HOME`, from the environment or `.env.local`; else `.oo`."""
    chosen = os.environ.get("OO_HOME") or read_env_file(ROOT / ".env.local").get("OO_HOME")
    return Path(chosen).expanduser().resolve() if chosen else ROOT / ".oo"


class NotRunning(Exception):
    """Nothing runs here."""


@dataclass(frozen=True)
class Running:
    """A running stack."""

    url: str
    emulator: str
    pid: int
    settings: dict[str, str]
    """The ports and the profiles, by their variables, as the stack was started."""


def announce(home: Path, running: Running) -> None:
    """Say that it runs."""
    path = home / "run" / "running.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(running)))


def withdraw(home: Path) -> None:
    """Say that it no longer runs; what another process announced stays."""
    try:
        another = running(home).pid != os.getpid()
    except NotRunning:
        another = False
    if not another:
        (home / "run" / "running.json").unlink(missing_ok=True)


def running(home: Path | None = None) -> Running:
    """What runs. Raises NotRunning, also when it was killed without saying so."""
    try:
        found = Running(**json.loads(((home or home_folder()) / "run" / "running.json").read_text()))
        os.kill(found.pid, 0)
    except (OSError, ValueError, TypeError):
        raise NotRunning("oO is not running here: start it with `make dev` in another terminal") from None
    return found
