from __future__ import annotations

from pathlib import Path

import pytest

from oo_local.envfile import EnvFileError, read_env_file


def test_no_file_means_no_values(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / "absent") == {}


def test_comments_quotes_and_export(tmp_path: Path) -> None:
    path = tmp_path / ".env.local"
    path.write_text(
        "\ufeff# a comment\n\nOO_PORT=9000\nexport OO_DEMO = no  # why\n"
        "OO_A=\"two words # kept\"\nOO_B='x'\nOO_C=\nOO_D=a#b\n",
        encoding="utf-8",
    )
    assert read_env_file(path) == {
        "OO_PORT": "9000",
        "OO_DEMO": "no",
        "OO_A": "two words # kept",
        "OO_B": "x",
        "OO_C": "",
        "OO_D": "a#b",
    }


@pytest.mark.parametrize("line", ["OO_PORT 9000", "=1", "1A=2", "just words"])
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / ".env.local"
    path.write_text(f"OO_DEMO=no\n{line}\n")
    with pytest.raises(EnvFileError, match=r"\.env\.local line 2"):
        read_env_file(path)
