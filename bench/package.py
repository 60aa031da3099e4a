"""How large the API's zip is, as `chalice package` makes it for AWS."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from bench.figures import Figure

ROOT: Final = Path(__file__).resolve().parents[1]
STAGE: Final = "dev"


def measure() -> list[Figure]:
    """Code and, where it is apart, the layer of dependencies: together what is uploaded."""
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        environment = {**os.environ, "AWS_DEFAULT_REGION": "eu-central-1"}
        chalice = Path(sys.executable).parent / "chalice"
        subprocess.run(
            [str(chalice), "package", "--stage", STAGE, str(out)],
            check=True, cwd=ROOT, env=environment, capture_output=True,
        )  # fmt: skip
        sizes = {path.name: path.stat().st_size / 1e6 for path in out.glob("*.zip")}
    note = ", ".join(f"{name} {size:.1f}" for name, size in sorted(sizes.items()))
    return [Figure("API zip with its dependencies", sum(sizes.values()), "MB", 45, note)]
