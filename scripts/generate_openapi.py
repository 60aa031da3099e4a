"""The committed OpenAPI document: `python scripts/generate_openapi.py [--check]` writes or compares it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMITTED = ROOT / "docs/api/openapi.json"


def main() -> int:
    """Write the document, or with --check compare it with what is committed."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("OO_STAGE", "local")  # the contract is the same in every stage
    import app  # noqa: F401  (registers every endpoint)
    from chalicelib.gateway.openapi import document
    from chalicelib.wiring import api

    text = json.dumps(document(api.specs), indent=1) + "\n"
    if "--check" not in sys.argv:
        COMMITTED.parent.mkdir(parents=True, exist_ok=True)
        COMMITTED.write_text(text)
        return 0
    if COMMITTED.is_file() and COMMITTED.read_text() == text:
        return 0
    sys.stderr.write("docs/api/openapi.json is out of date: run `make generate` and commit it.\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
