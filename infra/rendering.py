"""The committed files that are rendered, and whether they are what they should be."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from infra import requirements
from infra.bootstrap import bootstrap
from infra.chalice_config import config, policies
from infra.function import STAGES
from infra.template import template
from infra.tree import ROOT, text

# Folders in which nothing may lie that is not rendered: a policy of a function that is gone.
OWNED: Final = (".chalice/policies",)


def rendered() -> dict[str, str]:
    """Every rendered file by its path from the root."""
    files = {
        "infra/template.json": text(template()),
        "infra/bootstrap.json": text(bootstrap()),
        ".chalice/config.json": text(config()),
        "requirements.txt": requirements.rendered(),
    }
    for stage in STAGES:
        files |= {f".chalice/{path}": text(policy) for path, policy in policies(stage).items()}
    return files


def render(root: Path = ROOT) -> list[str]:
    """Write what differs, remove what is not rendered any more; the paths that changed."""
    changed = differing(root)
    files = rendered()
    for path in changed:
        if path in files:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(files[path])
        else:
            (root / path).unlink()
    return changed


def differing(root: Path = ROOT) -> list[str]:
    """The paths whose content is not what would be rendered."""
    files = rendered()
    wrong = [
        p for p, content in files.items() if not (root / p).is_file() or (root / p).read_text() != content
    ]
    for folder in OWNED:
        found = (str(p.relative_to(root)) for p in sorted((root / folder).rglob("*")) if p.is_file())
        wrong += [path for path in found if path not in files]
    return wrong
