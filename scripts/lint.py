"""`make lint`: every check, each in its own line; all run, so that one pass shows all there is to mend."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
BIN: Final = ROOT / ".venv" / "bin"
PROTO: Final = ROOT / "chalicelib/contracts/events/proto"
PYTHON: Final = sys.executable

# name, command, folder
CHECKS: Final[tuple[tuple[str, tuple[str, ...], Path], ...]] = (
    ("mypy", (str(BIN / "mypy"),), ROOT),
    ("ruff check", (str(BIN / "ruff"), "check", "."), ROOT),
    ("ruff format", (str(BIN / "ruff"), "format", "--check", "."), ROOT),
    ("import rules", (str(BIN / "lint-imports"), "--no-cache"), ROOT),
    ("buf lint", (str(BIN / "buf"), "lint"), PROTO),
    ("buf breaking", (str(BIN / "buf"), "breaking", "--against", "../baseline.binpb"), PROTO),
    ("events up to date", (PYTHON, "scripts/generate_events.py", "--check"), ROOT),
    ("infra up to date", (PYTHON, "-m", "infra", "check"), ROOT),
    ("OpenAPI up to date", (PYTHON, "scripts/generate_openapi.py", "--check"), ROOT),
    ("settings up to date", (PYTHON, "scripts/generate_settings.py", "--check"), ROOT),
)


def run(check: tuple[str, tuple[str, ...], Path]) -> tuple[str, float, subprocess.CompletedProcess[str]]:
    """One check: its name, its seconds, what came of it."""
    name, command, folder = check
    started = time.monotonic()
    environment = {**os.environ, "OO_STAGE": "local", "PYTHONPATH": f"{ROOT / 'localstack'}:{ROOT}"}
    done = subprocess.run(
        command, cwd=folder, env=environment, check=False, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    return name, time.monotonic() - started, done


def main() -> int:
    """Run every check, two at a time; 1 when any failed."""
    failed = []
    with ThreadPoolExecutor(2) as pool:
        for name, seconds, done in pool.map(run, CHECKS):
            print(f"  {'✗' if done.returncode else '✓'} {name} ({seconds:.1f} s)", flush=True)
            if done.returncode:
                failed.append(name)
                print("\n".join(f"    {line}" for line in done.stdout.strip().splitlines()), flush=True)
    if failed:
        print(f"{len(failed)} of {len(CHECKS)} checks failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
