"""How large the API's zip is, as a deploy makes it for AWS."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from bench.figures import Figure
from infra.layer import package

ROOT: Final = Path(__file__).resolve().parents[1]
STAGE: Final = "dev"


def measure() -> list[Figure]:
    """Code and the layer of dependencies, which is tried: together what is uploaded."""
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        package(ROOT, STAGE, out, region="eu-central-1")
        sizes = {path.name: path.stat().st_size / 1e6 for path in out.glob("*.zip")}
    note = ", ".join(f"{name} {size:.1f}" for name, size in sorted(sizes.items()))
    return [Figure("API zip with its dependencies", sum(sizes.values()), "MB", 20, note)]
