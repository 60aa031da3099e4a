"""`make test-oidc`: sign in against panva's certified OpenID provider, which is a Node program.

Installs it as tests/oidc/package-lock.json says, into .oo/oidc, and runs the tests of that folder; further
arguments go to pytest. Where Node is missing it says so and ends with 1: nothing was tested.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
SOURCE: Final = ROOT / "tests" / "oidc"
MODULES: Final = ROOT / ".oo" / "oidc"
NODE: Final = 20
FILES: Final = ("package.json", "package-lock.json")


class Missing(Exception):
    """What is needed is not here; the message says what to do."""


def main(arguments: list[str]) -> int:
    """Install what is not installed, and run the tests."""
    try:
        _check_node()
        _install()
    except Missing as reason:
        print(f"sign-in was not tested against the certified provider: {reason}", file=sys.stderr)
        return 1
    return subprocess.run(
        [sys.executable, "-m", "pytest", str(SOURCE), *arguments],
        cwd=ROOT, check=False, env={**os.environ, "OIDC_PROVIDER_MODULES": str(MODULES)},
    ).returncode  # fmt: skip


def _check_node() -> None:
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise Missing(f"there is no `{tool}` on this machine; install Node {NODE} or newer")
    said = subprocess.run(["node", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    if int(said.removeprefix("v").partition(".")[0]) < NODE:
        raise Missing(f"Node is {said}, and the provider needs {NODE} or newer")


def _install() -> None:
    wanted = hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in FILES)).hexdigest()
    marker = MODULES / "installed"
    if marker.exists() and marker.read_text() == wanted:
        return
    MODULES.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(SOURCE / name, MODULES / name)
    print("  installing the provider into .oo/oidc", flush=True)
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=MODULES, check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise Missing(f"npm could not install the provider:\n{done.stderr.strip()[-800:]}")
    marker.write_text(wanted)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
