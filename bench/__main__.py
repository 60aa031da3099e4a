"""`python -m bench [imports|package|calls|latency|ingest|start ...]`: measure, then show one table.

Without names: everything but `ingest` and `start`, which take minutes.
"""

from __future__ import annotations

import importlib
import sys

from bench.figures import Figure, show

QUICK = ("imports", "package", "calls", "latency")
SLOW = ("ingest", "start")


def main(names: list[str]) -> int:
    """Run the named benchmarks; 1 when a figure is over its limit."""
    unknown = sorted(set(names) - {*QUICK, *SLOW})
    if unknown:
        sys.stderr.write(
            f"there is no benchmark {', '.join(unknown)}; there are {', '.join((*QUICK, *SLOW))}\n"
        )
        return 2
    figures: list[Figure] = []
    for name in names or QUICK:
        sys.stderr.write(f"measuring {name} …\n")
        figures += importlib.import_module(f"bench.{name}").measure()
    return 0 if show(figures) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
