"""What the documentation says is there: targets, links, files, settings, folders, figures."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from chalicelib.contracts.stores import STORES
from chalicelib.runtime.settings import Settings
from infra.queues import QUEUES
from oo_local.configuration import LocalSettings

ROOT: Final = Path(__file__).resolve().parents[2]
# Installed, made or private: not part of the project.
NOT_OURS: Final = {"__pycache__", ".git", ".venv", ".oo", ".hypothesis", "deployed", "deployments"}
# In a second work tree `.git` is a file that says where the first is.
PRIVATE: Final = {".env.local", ".git"}
FENCED: Final = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
CODE: Final = re.compile(r"`[^`\n]+`")


@cache
def project_files() -> tuple[Path, ...]:
    """Every file of the project, relative to its root."""
    found: list[Path] = []
    for folder, below, names in os.walk(ROOT):
        below[:] = [d for d in below if d not in NOT_OURS and not d.endswith("_cache")]
        found += [Path(folder, name).relative_to(ROOT) for name in names if name not in PRIVATE]
    return tuple(sorted(found))


def pages() -> list[Path]:
    return [path for path in project_files() if path.suffix == ".md"]


def text_of(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def commands(path: Path) -> Iterator[str]:
    """What a page shows as code, inline or in a block."""
    text = text_of(path)
    for found in FENCED.findall(text):
        yield from found.splitlines()
    yield from (code.strip("`") for code in CODE.findall(FENCED.sub("", text)))
    yield from (line.strip() for line in text.splitlines() if line.startswith("    "))


every_page = pytest.mark.parametrize("page", pages(), ids=str)


def test_the_pages_are_found() -> None:
    found = {str(page) for page in pages()}
    assert found >= {"README.md", "docs/architecture.md", "docs/development.md", "chalicelib/auth/README.md"}


@every_page
def test_every_target_and_script_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(Path("Makefile")), re.MULTILINE))
    missing = set()
    for line in commands(page):
        for words in re.findall(r"(?:^|[\s(])make((?: -s)?(?: [a-z][a-z-]+)*)(?![\w.])", line):
            missing |= {f"make {w}" for w in words.split() if not w.startswith("-") and w not in targets}
        for module in re.findall(r"\bpython[\d.]* -m ([a-z_.]+)", line):
            known = (ROOT / module.replace(".", "/")).with_suffix(".py").exists() or any(
                (ROOT / base / module.replace(".", "/") / "__main__.py").exists()
                for base in ("", "localstack")
            )
            missing |= set() if known or module in {"pip", "pytest"} else {module}
        missing |= {s for s in re.findall(r"(?<![\w/])scripts/[a-z_]+\.py", line) if not (ROOT / s).exists()}
    assert not missing


@every_page
def test_every_link_and_image_leads_somewhere(page: Path) -> None:
    text = FENCED.sub("", text_of(page))
    found = re.findall(r"!?\[[^\]]*\]\(([^)\s]+)\)", text)
    relative = [link.partition("#")[0] for link in found if "://" not in link and not link.startswith("#")]
    assert [link for link in relative if not (ROOT / page.parent / link).exists()] == []


@every_page
def test_every_file_that_is_named_exists(page: Path) -> None:
    """A page may leave the beginning of a path out: `gateway/pages.py`."""
    named = {
        code.strip("`")
        for code in CODE.findall(FENCED.sub("", text_of(page)))
        if re.fullmatch(r"`[\w][\w./-]*/[\w.-]+\.(?:py|md|txt|json|toml|js|css|html|proto|binpb)`", code)
    }
    known = ["/" + str(path) for path in project_files()]
    named -= {"out/sam.json"}  # what `chalice package` writes
    assert {name for name in named if not any(path.endswith(f"/{name}") for path in known)} == set()


@every_page
def test_every_setting_that_is_named_exists(page: Path) -> None:
    known = {f"OO_{name.upper()}" for name in (*Settings.model_fields, *LocalSettings.model_fields)}
    # Read by scripts/image_test.py alone, and misspelt on purpose in the list of messages.
    known |= {"OO_IMAGE_ENGINE", "OO_PROT"}
    assert set(re.findall(r"\bOO_[A-Z0-9_]*[A-Z0-9]", text_of(page))) <= known


def test_the_example_of_env_local_names_only_settings() -> None:
    names = set(re.findall(r"^#?(OO_[A-Z0-9_]+)=", text_of(Path(".env.example")), re.MULTILINE))
    assert names
    assert names <= {f"OO_{name.upper()}" for name in (*Settings.model_fields, *LocalSettings.model_fields)}


def test_architecture_names_every_folder_of_the_code() -> None:
    text = text_of(Path("docs/architecture.md"))
    tree = text[text.index("## Folders") : text.index("## Events")]
    for package in ("chalicelib", "ml_lambda"):
        below = {
            path.parts[1] for path in project_files() if path.parts[0] == package and len(path.parts) > 2
        }
        assert {name for name in below if f"{name}/" not in tree} == set()
    # And none that is not there.
    for name in re.findall(r"^  ([a-z_]+)/", tree, re.MULTILINE):
        assert any((ROOT / package / name).is_dir() for package in ("chalicelib", "ml_lambda")), name


def test_architecture_tells_which_queue_takes_which_event() -> None:
    text = text_of(Path("docs/architecture.md"))
    rows = [
        row.split("|")[1:4] for row in text[text.index("## Events") :].splitlines() if row.startswith("| ")
    ]
    for queue in QUEUES:
        for event in queue.types or ("all",):
            takers = " ".join(row[2] for row in rows if re.search(rf"\b{event}\b", row[0]))
            assert re.search(rf"(?<![\w-]){queue.name}(?![\w-])", takers), (event, queue.name)


def test_every_module_tells_about_itself() -> None:
    modules = {p.parent for p in project_files() if p.parts[0] == "chalicelib" and p.name == "__init__.py"}
    top = {module for module in modules if len(module.parts) == 2}
    assert {str(module) for module in top if not (ROOT / module / "README.md").exists()} == set()


def test_every_decision_is_listed_under_its_title() -> None:
    index = text_of(Path("docs/adr/README.md"))
    for path in project_files():
        if path.parent == Path("docs/adr") and path.name != "README.md":
            title = text_of(path).splitlines()[0].removeprefix("# ")
            assert f"({path.name})" in index, path
            assert title.split(". ", 1)[-1] in index, title


def test_the_readme_counts_right() -> None:
    readme = " ".join(text_of(Path("README.md")).split())
    tables = sum(store.kind == "table" for store in STORES)
    assert f"{len(QUEUES)} queues with dead-letter queues, {tables} tables" in readme


def test_no_file_knows_whose_machine_it_was_made_on() -> None:
    """Nor a number of a list of work that a reader does not have."""
    telling = re.compile(r"(?<![\w.$}-])/(?:work|root)/|\bissue #?\d", re.IGNORECASE)
    found = []
    for path in project_files():
        data = (ROOT / path).read_bytes()
        if b"\0" not in data:
            found += [f"{path}: {m.group()}" for m in telling.finditer(data.decode("utf-8", "replace"))]
    assert found == []
