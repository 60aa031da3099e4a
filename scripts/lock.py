"""Compile locks/*.txt from pyproject.toml: `python scripts/lock.py [--upgrade]`.

`dev` comes first and the others are held to its versions, so that what is tested is what is deployed.
The emulator pins a botocore of its own and lives in its own environment, so it stands alone.
`locks/<group>-overrides.in` changes what a group's packages wish for.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
ALONE: Final = ("dev", "emulator")
HELD_TO_DEV: Final = ("run", "ml", "nightly", "local", "peers", "schemathesis", "mlops")
# Heavy tools of their own environments; what they share with dev need not be the same version.
OTHERS: Final = ("ai", "audit")


def main(arguments: list[str]) -> int:
    """Compile each group; the first failing exit code."""
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    for group in (*ALONE, *HELD_TO_DEV, *OTHERS):
        command = [
            uv, "pip", "compile", "pyproject.toml", "--group", group, "--quiet", "--no-header",
            "--python-version", "3.11", "--output-file", f"locks/{group}.txt", *arguments,
        ]  # fmt: skip
        if group in HELD_TO_DEV:
            command += ["--constraint", "locks/dev.txt"]
        overrides = f"locks/{group}-overrides.in"
        if (ROOT / overrides).exists():
            command += ["--override", overrides]
        done = subprocess.run(command, cwd=ROOT, check=False)
        if done.returncode:
            return done.returncode
        print(f"  locks/{group}.txt")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
