"""Where secrets may be: in SSM parameters, never in variables, files or logs; and how they are compared."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from chalicelib.runtime.settings import Settings
from infra.template import template
from tests.architecture.test_docs import project_files

ROOT = Path(__file__).resolve().parents[2]
SECRET = re.compile(r"secret|token|password|private|credential|(^|_)key(_|$)", re.IGNORECASE)
# What such a setting may be: the name of a parameter, a hash, an id, a length of time.
HARMLESS = re.compile(r"_(parameter|sha256|alias|id|days|seconds)$|tokens_per_day", re.IGNORECASE)
LEAKED = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\s|\\n)+[A-Za-z0-9+/]{40}|\bA[KS]IA[0-9A-Z]{16}\b"
    r"|\bghp_\w{36}\b|\bxox[abp]-\w{10,}|\bsk-\w{32,}"
)
COMPARED = re.compile(r"(^|_)(secret|token|signature|mac|hmac|password|verifier|digest)s?($|_)")
SOURCES = sorted((ROOT / "chalicelib").rglob("*.py"))


def test_no_setting_is_a_secret() -> None:
    assert [name for name in Settings.model_fields if SECRET.search(name) and not HARMLESS.search(name)] == []


def test_no_function_gets_a_secret_in_its_environment() -> None:
    """What stands in a function's environment is shown by every console, and rests in every deployment."""
    names: set[str] = set()
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    for stage in config["stages"].values():
        for function in (stage, *stage.get("lambda_functions", {}).values()):
            names |= set(function.get("environment_variables", {}))
    for resource in template()["Resources"].values():
        properties: dict[str, Any] = resource.get("Properties", {})
        names |= set(properties.get("Environment", {}).get("Variables", {}))
    assert "OO_STAGE" in names
    assert [name for name in sorted(names) if SECRET.search(name) and not HARMLESS.search(name)] == []


def test_no_file_holds_a_key() -> None:
    found = [
        str(path)
        for path in project_files()
        if b"\0" not in (data := (ROOT / path).read_bytes())
        and LEAKED.search(data.decode("utf-8", "replace"))
    ]
    assert found == []


def test_secrets_are_read_in_one_place_and_decrypted() -> None:
    readers = [path for path in SOURCES if "get_parameter(" in path.read_text()]
    assert [path.relative_to(ROOT).as_posix() for path in readers] == ["chalicelib/runtime/parameters.py"]
    assert "WithDecryption=True" in readers[0].read_text()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_secrets_are_compared_in_constant_time(path: Path) -> None:
    """`==` stops at the first character that differs, and so tells how many were right."""
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Compare)
        and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops)
        and all(not isinstance(side, ast.Constant) for side in (node.left, *node.comparators))
        and any(COMPARED.search(name_of(side)) for side in (node.left, *node.comparators))
    ]
    assert wrong == []


def name_of(node: ast.expr) -> str:
    """The last name of an expression: `self.token` and `digest(x)` are `token` and `digest`."""
    if isinstance(node, ast.Call):
        return name_of(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def test_no_code_turns_the_check_of_certificates_off() -> None:
    for folder in ("chalicelib", "ml_lambda", "infra"):
        for path in (ROOT / folder).rglob("*.py"):
            assert not re.search(
                r"verify\s*=\s*False|CERT_NONE|check_hostname\s*=\s*False", path.read_text()
            ), path


def test_no_code_runs_what_it_was_sent() -> None:
    """No eval, no pickle, no shell, no unsafe YAML in what is deployed."""
    for folder in ("chalicelib", "ml_lambda"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    called = ast.unparse(node.func)
                    assert called not in {"eval", "exec", "os.system", "pickle.loads", "yaml.load"}, path
                    assert not called.startswith("subprocess."), path
