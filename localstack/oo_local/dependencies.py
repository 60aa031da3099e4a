"""One folder with exactly the locked packages of the functions, as light as deployed, linked from the app's.

Functions get it as PYTHONPATH: a dependency zip would be unpacked again by every worker (3 to 5 s
each), and the app's whole environment would hide an import that AWS does not have.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import shutil
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from infra import lighten
from infra.lighten import unread

GROUPS: Final = ("run", "ml", "nightly")


def ensure_dependencies(root: Path, home: Path) -> Path:
    """The folder, made anew when a lock changed. Raises LookupError for a package that is not installed."""
    locks = [root / "locks" / f"{group}.txt" for group in GROUPS]
    made_of = [*locks, Path(lighten.__file__)]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in made_of)).hexdigest()[:16]
    target = home / "deps" / digest
    if target.is_dir():
        return target
    scratch = home / "deps" / f"{digest}.{os.getpid()}"
    shutil.rmtree(scratch, ignore_errors=True)
    site = Path(sysconfig.get_paths()["purelib"])
    for name in sorted({name for lock in locks for name in locked_names(lock)}):
        _link(name, site, scratch)
    # Renaming is atomic: a second start never sees half a folder.
    try:
        scratch.rename(target)
    except OSError:
        shutil.rmtree(scratch, ignore_errors=True)
        if not target.is_dir():
            raise
    return target


def locked_names(lock: Path) -> Iterator[str]:
    """The packages that a lock file pins."""
    for line in lock.read_text().splitlines():
        if match := re.match(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==", line):
            yield match.group(1)


def _link(name: str, site: Path, target: Path) -> None:
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        raise LookupError(
            f"{name} is locked but not installed: delete .venv and run the command again"
        ) from None
    for file in distribution.files or ():
        if ".." in file.parts or file.is_absolute() or unread(file.as_posix()):
            continue
        destination = target / file
        if destination.exists():
            continue
        destination.parent.mkdir(parents=True, exist_ok=True)
        source = site / file
        # A locked file may list compiled files that were never written.
        if not source.exists():
            continue
        try:
            os.link(source, destination)
        except OSError:
            shutil.copy2(source, destination)
