"""The import rules that need one line per file: who may import chalice, AWS, wiring, another module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = {"auth", "events", "integrations", "profile", "recommender"}
STORE = {"store.py", "rows.py"}
ENTRY = {"routes.py", "consumers.py", "schedules.py"}
PLUG_INS = {"providers", "sources", "channels", "files"}
ROOTS = (["wiring"], ["wiring_privacy"], ["wiring_integrations"])
FILES = sorted(
    path.relative_to(ROOT)
    for package in ("chalicelib", "ml_lambda")
    for path in (ROOT / package).rglob("*.py")
    if "oo/events" not in path.as_posix()
)


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports at run time, in dotted form."""
    tree = ast.parse((ROOT / path).read_text())
    skipped = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the architecture"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(path: Path) -> str:
    return path.parts[1] if len(path.parts) > 2 else ""


def violations(path: Path) -> Iterator[str]:
    module, name = module_of(path), path.name
    in_chalicelib = path.parts[0] == "chalicelib"
    for target in imports(path):
        top, *rest = target.split(".")
        if top == "chalice" and not (in_chalicelib and (module == "gateway" or name in ENTRY)):
            yield f"chalice ({target})"
        if top in {"boto3", "botocore", "pynamodb"} and not (
            module == "runtime" or name in STORE or PLUG_INS & set(path.parts) or path.parts[0] == "ml_lambda"
        ):
            yield f"AWS ({target})"
        if top != "chalicelib":
            continue
        if rest[:1] in ROOTS and name not in ENTRY and not name.startswith("wiring"):
            yield f"wiring ({target})"
        if rest[:1] == ["gateway"] and module in MODULES and name not in ENTRY:
            yield f"gateway outside an entry file ({target})"
        other = rest[0] if rest else ""
        if other in MODULES and in_chalicelib and module in MODULES and other != module:
            if rest[1:2] != ["contract"]:
                yield f"another module's inside ({target})"
            elif name == "contract.py":
                yield f"a contract that imports another module's contract ({target})"
        if name == "service.py" and (top in {"boto3", "pynamodb"} or rest[:2] == ["runtime", "aws"]):
            yield f"a service that knows AWS ({target})"


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_follow_the_rules(path: Path) -> None:
    assert list(violations(path)) == []


def test_app_creates_and_registers_and_nothing_else() -> None:
    text = (ROOT / "app.py").read_text()
    tree = ast.parse(text)
    kinds = {type(node) for node in tree.body}
    assert len(text.splitlines()) < 40
    assert kinds <= {ast.Import, ast.ImportFrom, ast.Assign, ast.Expr}
    calls = [
        ast.unparse(n.value.func)
        for n in tree.body
        if isinstance(n, ast.Expr) and isinstance(n.value, ast.Call)
    ]
    assert set(calls) == {"app.register_blueprint"}


def test_entry_files_have_their_own_blueprint() -> None:
    for path in FILES:
        if path.name in ENTRY:
            assert "bp = Blueprint(__name__)" in (ROOT / path).read_text(), path


def test_no_package_marker_shadows_the_emulator() -> None:
    assert not (ROOT / "localstack" / "__init__.py").exists()


def test_modules_stay_small() -> None:
    beside = [
        path.relative_to(ROOT)
        for folder in ("infra", "localstack", "bench", "scripts")
        for path in (ROOT / folder).rglob("*.py")
    ]
    pages = [path.relative_to(ROOT) for path in (ROOT / "chalicelib" / "web").glob("*.js")]
    files = [*FILES, *beside, *pages]
    long = {str(p): n for p in files if (n := len((ROOT / p).read_text().splitlines())) > 300}
    assert long == {}


def test_every_module_explains_itself() -> None:
    missing = [
        m
        for m in sorted(MODULES | {"gateway", "domain", "runtime", "contracts", "web"})
        if not (ROOT / "chalicelib" / m / "README.md").is_file()
    ]
    assert missing == []
