"""Generate the Python of the event contract: `python scripts/generate_events.py [--check]`.

Generated imports are rewritten so that they resolve below `chalicelib.contracts.events` from the
source tree, the API's zip and the scoring image alike.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EVENTS = ROOT / "chalicelib/contracts/events"


def generate(out: Path) -> None:
    """Write the package tree of every .proto below `out`."""
    protos = sorted(str(p.relative_to(EVENTS / "proto")) for p in (EVENTS / "proto").rglob("*.proto"))
    subprocess.run(
        [
            sys.executable,
            "-m",
            "grpc_tools.protoc",
            "-I.",
            f"--python_out={out}",
            f"--pyi_out={out}",
            *protos,
        ],
        cwd=EVENTS / "proto",
        check=True,
    )
    for path in (*out.rglob("*.py"), *out.rglob("*.pyi")):
        path.write_text(
            re.sub(r"^from oo\.", "from chalicelib.contracts.events.oo.", path.read_text(), flags=re.M)
        )
    for folder in {p.parent for p in out.rglob("*_pb2.py")}:
        while folder != out:
            (folder / "__init__.py").write_text('"""Generated from events.proto; do not edit."""\n')
            folder = folder.parent


def main() -> int:
    """Generate, or with --check say whether what is committed is what would be generated."""
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        generate(out)
        fresh = {p.relative_to(out): p.read_text() for p in out.rglob("*") if p.is_file()}
    stale = [
        str(rel)
        for rel, text in fresh.items()
        if not (EVENTS / rel).is_file() or (EVENTS / rel).read_text() != text
    ]
    if "--check" in sys.argv:
        if stale:
            print("out of date, run `make generate`:", *stale, sep="\n  ")
        return 1 if stale else 0
    for rel, text in fresh.items():
        (EVENTS / rel).parent.mkdir(parents=True, exist_ok=True)
        (EVENTS / rel).write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
