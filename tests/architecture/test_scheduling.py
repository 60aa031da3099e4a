"""The suite in two processes: what must stay together does, whatever the plugins' versions do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = "from tests.conftest import pytest_xdist_make_scheduler\n"
TEST = """
import os
import pytest

@pytest.mark.parametrize("n", range(4))
def test_of_a_suite(n):
    with open(os.environ["RAN_IN"], "a") as ran:
        ran.write(f"{__file__} {os.environ['PYTEST_XDIST_WORKER']}\\n")
"""


def test_one_process_takes_all_tests_of_the_stack_and_a_file_is_never_split(tmp_path: Path) -> None:
    for name in ("e2e/test_a", "e2e/test_b", "e2e/page/test_c", "unit/test_d", "unit/test_e", "unit/test_f"):
        path = tmp_path / "tests" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEST)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").touch()
    ran = tmp_path / "ran"
    subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "xdist", "-n", "2", "--dist", "loadfile", tmp_path],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "RAN_IN": str(ran),
        },
        check=True,
        capture_output=True,
    )
    lines = [line.split() for line in ran.read_text().splitlines()]
    assert len(lines) == 24
    by_unit: dict[str, set[str]] = {}
    for file, worker in lines:
        by_unit.setdefault("e2e" if "/e2e/" in file else file, set()).add(worker)
    assert len(by_unit) == 4
    assert {len(workers) for workers in by_unit.values()} == {1}
    assert len(set().union(*by_unit.values())) == 2
