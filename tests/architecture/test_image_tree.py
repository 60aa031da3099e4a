"""The scoring image's tree, built from the Dockerfile's own COPY lines, holds all that its handlers need."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "ml_lambda/Dockerfile"
HANDLERS = [
    f"ml_lambda.serving.{name}" for name in ("rank", "learn", "features", "generate", "erase", "export")
]


def copies() -> list[tuple[str, str]]:
    """(source, target) of each COPY that fills the task root."""
    found = re.findall(r"^COPY (\S+) (\S+)$", DOCKERFILE.read_text(), re.MULTILINE)
    return [(source, target) for source, target in found if not target.startswith("/")]


def enters(path: str) -> bool:
    """Whether .dockerignore lets a file into the build: the last line that matches decides."""
    kept = True
    lines = (ROOT / "ml_lambda/Dockerfile.dockerignore").read_text().splitlines()
    for line in (x.strip() for x in lines):
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        parents = ["/".join(path.split("/")[:n]) for n in range(1, path.count("/") + 2)]
        if pattern.startswith("**/"):
            matches = any(fnmatch(part.split("/")[-1], pattern[3:]) for part in parents)
        else:
            matches = any(fnmatch(part, pattern) for part in parents if part.count("/") == pattern.count("/"))
        if matches:
            kept = line.startswith("!")
    return kept


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("image")
    for source, target in copies():
        start = ROOT / source
        for file in [start] if start.is_file() else sorted(p for p in start.rglob("*") if p.is_file()):
            relative = file.relative_to(ROOT).as_posix()
            if not enters(relative):
                continue
            to = root / target / file.relative_to(start) if start.is_dir() else root / target
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, to)
    return root


def run(tree: Path, code: str) -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "OO_STAGE": "local",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PYTHONPATH": str(tree),
        # Beside the tree, which stays as it was copied, and compiled once for all that runs from it.
        "PYTHONPYCACHEPREFIX": str(tree.with_name(f"{tree.name}-bytecode")),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_tree_is_exactly_what_ml_lambda_may_import(tree: Path) -> None:
    assert {p.name for p in tree.iterdir()} == {"chalicelib", "ml_lambda"}
    assert {p.name for p in (tree / "chalicelib").iterdir()} == {
        "__init__.py",
        "contracts",
        "domain",
        "runtime",
    }
    names = {p.name for p in (tree / "ml_lambda").iterdir()}
    assert {"serving", "features", "policies"} <= names
    assert not names & {"simulation", "bench", "notebooks", "Dockerfile"}
    assert (tree / "ml_lambda/policies/priors/first-1.json").is_file()
    assert not list(tree.rglob("*.proto"))


@pytest.mark.parametrize("handler", HANDLERS)
def test_every_handler_comes_up_from_the_tree(tree: Path, handler: str) -> None:
    builder = {
        "rank": "ranker",
        "learn": "learning",
        "features": "refreshing",
        "generate": "refilling",
        "erase": "erasing",
        "export": "exporting",
    }
    name = builder[handler.rpartition(".")[2]]
    out = run(
        tree,
        f"import {handler} as h, chalicelib, ml_lambda\n"
        f"h.{name}(); assert callable(h.handler)\n"
        "print(chalicelib.__file__); print(ml_lambda.__file__)",
    )
    assert all(line.startswith(str(tree)) for line in out.split())


def test_every_policy_and_module_imports_from_the_tree(tree: Path) -> None:
    run(tree, "from ml_lambda.policies import NAMES, make\n[make(n) for n in NAMES]")
    modules = [
        ".".join(p.relative_to(tree).with_suffix("").parts)
        for p in tree.rglob("*.py")
        if p.name != "__init__.py"
    ]
    assert len(modules) > 20
    run(
        tree,
        "import importlib\n"
        + "\n".join(f"importlib.import_module({m!r})" for m in modules if "dynamodb" not in m),
    )


def test_ranking_loads_no_mapper_and_no_sign_in(tree: Path) -> None:
    loaded = run(tree, "import ml_lambda.serving.rank as r, sys; r.ranker(); print('\\n'.join(sys.modules))")
    heavy = {"pynamodb", "boto3", "authlib", "httpx", "chalice", "cryptography", "google.protobuf", "mlflow"}
    assert not heavy & set(loaded.split())
    assert not [name for name in loaded.split() if name.startswith("ml_lambda.llm")]
    # Bodies of routes: some fifty models that pydantic would build before the first decision.
    assert not {"chalicelib.contracts.http", "chalicelib.contracts.signals"} & set(loaded.split())


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_cold_start_is_not_searched_for_what_is_not_needed_any_more(tree: Path, handler: str) -> None:
    """The collector's default would go through what was loaded so far about fifteen times."""
    out = run(tree, f"import gc, {handler}\nprint(*(each['collections'] for each in gc.get_stats()))")
    young, middle, old = (int(times) for times in out.split())
    assert young < 20
    assert middle <= 1
    assert old == 0


@pytest.mark.parametrize("handler", HANDLERS)
def test_no_package_is_asked_what_it_plugs_into(tree: Path, handler: str) -> None:
    """Pydantic reads the entry points of all packages with its first model, unless it is told not to."""
    asked = "raise AssertionError('distributions were listed')"
    run(
        tree,
        "import importlib.metadata as metadata\n"
        f"def distributions(**_: object) -> None: {asked}\n"
        f"metadata.distributions = distributions\nimport {handler}",
    )


def test_wording_loads_no_model_and_nothing_that_learns(tree: Path) -> None:
    """A cold start of `generate` has half a CPU second: bench/imports.py measures it."""
    loaded = run(
        tree, "import ml_lambda.serving.generate as g, sys; g.refilling(); print('\\n'.join(sys.modules))"
    )
    heavy = {"litellm", "openai", "sklearn", "scipy", "mlflow", "pandas", "boto3", "pynamodb", "chalice"}
    assert not heavy & set(loaded.split())
    # Loaded by who calls a model, opens a title, ranks: not by who comes up.
    assert not {"httpx", "cryptography", "numpy"} & set(loaded.split())


def test_the_image_is_pinned_and_not_root() -> None:
    text = DOCKERFILE.read_text()
    assert text.index("ARG BASE_IMAGE=public.ecr.aws/lambda/python:3.11") < text.index("FROM ${BASE_IMAGE}")
    assert re.search(r"^USER (?!0\b|root)\S+", text, re.MULTILINE)
    for lock in ("locks/ml.txt", "locks/nightly.txt"):
        assert lock in text
        lines = (ROOT / lock).read_text().splitlines()
        pins = [x for x in lines if x and not x.startswith((" ", "#"))]
        assert pins
        assert all("==" in pin for pin in pins)
