"""docs/asvs.md says nothing that is not so: every line of the standard, and only tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "asvs.md"
LEVEL_2 = (Path(__file__).with_name("asvs_4_0_3_level_2.txt")).read_text().split()
REASON = re.compile(r"(n/a|by design|accepted|operator): \S")
TEST = re.compile(r"`([\w/.]+\.py)::(\w+)`")


@cache
def rows() -> dict[str, str]:
    """What stands behind each row's first column."""
    found: dict[str, str] = {}
    for line in PAGE.read_text().splitlines():
        if re.match(r"\| V\d", line):
            name, _, shown = (part.strip() for part in line.strip("|").split("|", 2))
            assert name not in found, f"{name} stands there twice"
            found[name] = shown.rstrip(" |")
    return found


def lines_of(name: str) -> list[str]:
    """`V2.4.1-V2.4.3` is those of the standard between the two, with them."""
    first, dash, last = name.partition("-")
    if not dash:
        return [first]
    begin, end = LEVEL_2.index(first), LEVEL_2.index(last)
    return LEVEL_2[begin : end + 1]


@cache
def names_in(path: str) -> frozenset[str]:
    """The test functions of a file, also those of its classes."""
    tree = ast.parse((ROOT / "tests" / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_line_of_level_2_is_there_once() -> None:
    told = [line for name in rows() for line in lines_of(name)]
    assert sorted(told) == sorted(LEVEL_2)


@pytest.mark.parametrize("name", sorted(rows()))
def test_a_line_is_shown_by_tests_that_exist_or_has_a_reason(name: str) -> None:
    shown = rows()[name]
    tests = TEST.findall(shown)
    for path, test in tests:
        assert (ROOT / "tests" / path).exists(), path
        assert test in names_in(path), f"{path} has no {test}"
    assert tests or REASON.match(shown), shown


def test_at_least_sixty_lines_have_tests() -> None:
    assert (
        len({line for name, shown in rows().items() if TEST.search(shown) for line in lines_of(name)}) >= 60
    )
