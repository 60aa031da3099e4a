"""How tests are dealt out to several processes: file by file, those of the deployed stack all to one.

`--dist loadgroup` would do it by marks, but pytest-xdist 3.8 ignores them in silence under pytest 9.2, where
it cannot add them to node ids any more (pytest-dev/pytest-xdist#1386).
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

E2E = "tests/e2e/"
OWN = "tests/e2e/test_dev.py"
"""Starts an oO of its own, and need not wait for the tests of the stack."""


class StackOrFile(LoadScopeScheduling):
    """Deals out units of tests: those of the stack, and each other file."""

    def _split_scope(self, nodeid: str) -> str:
        """The unit that a test belongs to."""
        path = nodeid.split("::", 1)[0]
        return E2E if path.startswith(E2E) and path != OWN else path
