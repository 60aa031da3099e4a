"""Which code made a version: a hash of the sources, the same in a checkout, in the image and in a zip."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).resolve().parents[2]
_PARTS: Final = ("ml_lambda", "chalicelib/contracts", "chalicelib/domain", "chalicelib/runtime")
_NOT_IN_THE_IMAGE: Final = ("ml_lambda/simulation/", "ml_lambda/bench/", "ml_lambda/notebooks/")


@cache
def code_version() -> str:
    """Twelve hex digits over every module and shipped prior of the image, by path and content."""
    digest = sha256()
    files = [p for part in _PARTS for kind in ("*.py", "*.json") for p in (_ROOT / part).rglob(kind)]
    for name, path in sorted((p.relative_to(_ROOT).as_posix(), p) for p in files):
        if not name.startswith(_NOT_IN_THE_IMAGE):
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
