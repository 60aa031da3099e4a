"""Makes the environments from the lock files: `python -m oo_local.bootstrap app emulator`, or another name.

Runs on a bare Python 3.11 with pip, so it imports nothing but the standard library and prints
plain lines. What a lock file already describes is not installed again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from oo_local.envfile import EnvFileError, read_env_file

ROOT: Final = Path(__file__).resolve().parents[2]
_MARKER: Final = "oo-locks.json"
_SUPERSETS: Final = {"run": "dev", "ml": "dev", "nightly": "dev", "local": "dev"}
"""A group that another group contains, at the same versions (`make lock` sees to that)."""


class BootstrapFailed(Exception):
    """An environment could not be made; the message says what to do."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment and the locked groups that belong into it."""

    name: str
    folder: str
    groups: tuple[str, ...]


ENVIRONMENTS: Final = {
    "app": Environment("app", ".venv", ("run", "ml", "nightly", "local")),
    "dev": Environment("dev", ".venv", ("dev",)),
    "emulator": Environment("emulator", ".oo/emulator", ("emulator",)),
    "peers": Environment("peers", ".oo/peers", ("peers",)),
    "schemathesis": Environment("schemathesis", ".oo/schemathesis", ("schemathesis",)),
    "audit": Environment("audit", ".oo/audit", ("audit",)),
    "mlops": Environment("mlops", ".oo/mlops", ("mlops",)),
    "ai": Environment("ai", ".oo/ai", ("ai",)),
}


def python_of(name: str, root: Path = ROOT) -> Path:
    """The interpreter of an environment."""
    return root / ENVIRONMENTS[name].folder / "bin" / "python"


def emulator_python(root: Path = ROOT) -> Path:
    """The emulator's interpreter; its environment is made when it is missing or stale."""
    ensure("emulator", root)
    return python_of("emulator", root)


def ensure(name: str, root: Path = ROOT, installer: str | None = None) -> bool:
    """Make the environment or bring it up to its locks; False when nothing was to do."""
    environment = ENVIRONMENTS[name]
    folder = root / environment.folder
    wanted = {group: _digest(root / "locks" / f"{group}.txt") for group in environment.groups}
    missing = [group for group in wanted if not _has(folder, group, wanted[group], root)]
    if not missing:
        return False
    started = time.monotonic()
    _say(f"installing {', '.join(missing)} into {environment.folder}")
    _create(folder)
    locks = [root / "locks" / f"{group}.txt" for group in missing]
    how = _install(folder, locks, installer or os.environ.get("OO_INSTALLER") or "auto", root)
    marker = folder / _MARKER
    marker.write_text(json.dumps({**_installed(folder), **wanted}, indent=1) + "\n")
    _say(f"installed {', '.join(missing)} with {how} in {time.monotonic() - started:.0f} s")
    return True


def _has(folder: Path, group: str, digest: str, root: Path) -> bool:
    if not (folder / "bin" / "python").exists():
        return False
    installed = _installed(folder)
    superset = _SUPERSETS.get(group)
    if superset and installed.get(superset) == _digest(root / "locks" / f"{superset}.txt"):
        return True
    return installed.get(group) == digest


def _installed(folder: Path) -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads((folder / _MARKER).read_text())
    except (OSError, ValueError):
        return {}
    return known


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        raise BootstrapFailed(f"{path.name} is missing in locks/: run `git checkout locks`") from None


def _create(folder: Path) -> None:
    """An environment without a pip of its own: that needs no ensurepip, which Debian splits off."""
    if (folder / "bin" / "python").exists():
        return
    if folder.exists():
        shutil.rmtree(folder)
    _run([sys.executable, "-m", "venv", "--without-pip", str(folder)], "making a virtual environment")


def _install(folder: Path, locks: list[Path], installer: str, root: Path) -> str:
    if installer not in {"auto", "uv", "pip"}:
        raise BootstrapFailed(f"OO_INSTALLER must be auto, uv or pip, not {installer!r}")
    requirements = [argument for lock in locks for argument in ("-r", str(lock))]
    python = str(folder / "bin" / "python")
    # A lock names all there is to install.
    install = ["install", "--quiet", "--no-deps"]
    uv = None if installer == "pip" else _uv(root)
    if uv is not None:
        _run([uv, "pip", *install, "--python", python, *requirements], "installing with uv")
        return "uv"
    _run([*_pip(python), *install, *requirements], "installing with pip")
    return "pip"


def _pip(python: str) -> list[str]:
    return [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]


def _uv(root: Path) -> str | None:
    """Uv from PATH or from `.venv`; else pip fetches it (a few seconds that save a minute)."""
    own = root / ".venv" / "bin" / "uv"
    if found := shutil.which("uv"):
        return found
    if own.exists():
        return str(own)
    _create(root / ".venv")
    got = subprocess.run(
        [*_pip(str(root / ".venv" / "bin" / "python")), "install", "--quiet", "uv"],
        check=False,
        capture_output=True,
    )
    return str(own) if got.returncode == 0 and own.exists() else None


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        # pip warns of each attempt; what it gives up for comes last.
        last = "\n".join([line for line in said if not line.startswith("WARNING: ")][-8:] or said[-8:])
        raise BootstrapFailed(
            f"{what} failed:\n{last}\n"
            "Check that a package index can be reached and that `python3.11 -m pip --version` is 22.3 "
            "or newer, then run the same command again."
        )


def _say(text: str) -> None:
    print(f"  {text}", flush=True)


def main(names: list[str]) -> int:
    """Make the named environments."""
    try:
        for variable, value in read_env_file(ROOT / ".env.local").items():
            if variable == "OO_INSTALLER":
                os.environ.setdefault(variable, value)
        for name in names:
            ensure(name)
    except (BootstrapFailed, EnvFileError) as error:
        print(f"oO could not be set up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        # What is half installed has no marker yet: the next run goes on with it.
        print("\n  stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:] or ["app", "emulator"]))
