"""Run isolated: imports handlers from a packaged tree with only the locked packages in reach.

    python -I import_probe.py <tree> <lock file> <further distributions, comma-separated> <handler>...

Prints as JSON what went wrong by handler, and which top-level packages were loaded.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.metadata
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


class OnlyLocked(importlib.abc.MetaPathFinder):
    """Refuses what is installed here but would not be there."""

    def __init__(self, lock: Path, more: set[str]) -> None:
        pins = re.findall(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", lock.read_text(), re.MULTILINE)
        locked = {normal(pin) for pin in pins} | more
        owners = importlib.metadata.packages_distributions()
        self.refused = {top for top, names in owners.items() if not locked & {normal(name) for name in names}}

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        if name.partition(".")[0] in self.refused:
            raise ModuleNotFoundError(f"{name} is not packaged", name=name)


def main(tree: str, lock: str, more: str, *handlers: str) -> None:
    sys.path.insert(0, tree)
    before = set(sys.modules)
    sys.meta_path.insert(0, OnlyLocked(Path(lock), {normal(name) for name in more.split(",") if name}))
    wrong: dict[str, str] = {}
    for handler in (*handlers, "chalicelib.contracts.events.oo.events.v1.events_pb2.Envelope"):
        module_name, _, attribute = handler.rpartition(".")
        try:
            module = importlib.import_module(module_name)
            if not callable(getattr(module, attribute)):
                wrong[handler] = "not callable"
            elif not str(module.__file__).startswith(tree):
                wrong[handler] = f"comes from {module.__file__}"
        except Exception as error:
            wrong[handler] = f"{type(error).__name__}: {error}"
    loaded = sorted({name.partition(".")[0] for name in set(sys.modules) - before})
    sys.stdout.write(json.dumps({"wrong": wrong, "loaded": loaded}))


if __name__ == "__main__":
    main(*sys.argv[1:])
