"""From a bare clone to the first tip (pip alone, then with uv), a second start, a code change live.

Downloads what the locks name, so the time depends on the line to the package index.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Final

from bench.figures import Figure
from oo_local.ports import free_port

ROOT: Final = Path(__file__).resolve().parents[1]
READY: Final = "oO is at"
PATIENCE: Final = 600


def measure() -> list[Figure]:
    """Four times, in seconds of the wall clock."""
    figures = []
    for how, limit in (("pip", 180), ("uv", 60)):
        with tempfile.TemporaryDirectory() as name:
            clone = Path(name) / "oo"
            subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
            environment = _environment(clone, how, Path(name))
            first, _ = _until_ready(clone, environment)
            figures.append(Figure(f"bare clone to first tip, {how} alone", first, "s", limit))
            if how == "uv":
                second, reload = _until_ready(clone, environment, change=True)
                figures += [
                    Figure("second start", second, "s", 15),
                    Figure("a code change live", reload, "s", 5),
                ]
    return figures


def _environment(clone: Path, how: str, folder: Path) -> dict[str, str]:
    """A machine that has Python, pip (or uv) and make; ports of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OO_", "VIRTUAL_ENV", "PYTHON", "AWS_"))}
    tools = folder / "bin"
    tools.mkdir()
    if how == "uv":
        found = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
        (tools / "uv").symlink_to(found)
    path = os.pathsep.join(p for p in kept["PATH"].split(os.pathsep) if ".venv" not in p)
    ports = {
        name: str(free_port())
        for name in ("OO_PORT", "OO_EMULATOR_PORT", "OO_IDENTITY_PORT", "OO_SANDBOX_PORT")
    }
    return {
        **kept,
        **ports,
        "PATH": f"{tools}{os.pathsep}{path}",
        "OO_INSTALLER": how if how == "pip" else "auto",
    }


def _until_ready(clone: Path, environment: dict[str, str], *, change: bool = False) -> tuple[float, float]:
    """Seconds until `make dev` has printed the tip and the address; then, if asked, of a reload."""
    began = time.monotonic()
    process = subprocess.Popen(
        ["make", "--no-print-directory", "dev"], cwd=clone, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    reload = 0.0
    try:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stderr.write(f"    {line}")
            if READY in line:
                break
            if time.monotonic() - began > PATIENCE:
                raise RuntimeError("make dev did not come up in ten minutes")
        else:
            raise RuntimeError("make dev ended before it was ready")
        ready = time.monotonic() - began
        if change:
            reload = _reloaded(clone, environment)
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
    return ready, reload


def _reloaded(clone: Path, environment: dict[str, str]) -> float:
    """Seconds from `make reload` after an edit until the running API answers with it."""
    path = clone / "chalicelib/gateway/health.py"
    path.write_text(path.read_text().replace('status="ok")', 'status="ok", detail="changed")', 1))
    began = time.monotonic()
    subprocess.run(["make", "--no-print-directory", "reload"], cwd=clone, env=environment, check=True)
    url = f"http://127.0.0.1:{environment['OO_PORT']}/api/health/gateway"
    while b"changed" not in urllib.request.urlopen(url, timeout=10).read():
        if time.monotonic() - began > 60:
            raise RuntimeError("the change did not come live in a minute")
        time.sleep(0.1)
    return time.monotonic() - began
