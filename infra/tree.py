"""The tree that is packaged: a copy of the app with the stage's real values in `.chalice/`.

Chalice reads its settings from files only, and the committed ones hold no account's ARNs.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from infra.chalice_config import config, policies
from infra.function import OUTPUTS, Stage
from infra.merge import merge_template

ROOT: Final = Path(__file__).resolve().parent.parent
MERGE_FILE: Final = ".chalice/merge.json"
ML_TREE: Final = ("ml_lambda", "chalicelib/contracts", "chalicelib/domain", "chalicelib/runtime")
# Left out of the image: a developer's tools.
ML_LEFT_OUT: Final = ("simulation", "bench", "notebooks")
_IGNORED: Final = shutil.ignore_patterns("__pycache__", "*.pyc", "README.md", "proto", "*.binpb")


class MissingOutput(Exception):
    """The infra stack of this stage lacks an output that the functions need."""


def app_tree(
    target: Path,
    stage: Stage,
    outputs: Mapping[str, str],
    *,
    extra_environment: Mapping[str, str] | None = None,
    dependencies: bool = True,
    region: str = "*",
    account: str = "*",
) -> Path:
    """Copy the app to `target` (kept: its `.chalice/deployed`), ready for `chalice package` or `deploy`.

    Without `dependencies` the zip holds only oO's own code, and `PYTHONPATH` must name a folder with the
    rest. Raises MissingOutput when a value that the functions need is not among `outputs`.
    """
    if missing := sorted(set(OUTPUTS.values()) - outputs.keys()):
        raise MissingOutput(f"the infra stack of {stage} has no output {', '.join(missing)}: deploy it first")
    target.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target / "chalicelib", ignore_errors=True)
    shutil.copytree(ROOT / "chalicelib", target / "chalicelib", ignore=_IGNORED)
    shutil.copy2(ROOT / "app.py", target / "app.py")
    if dependencies:
        shutil.copy2(ROOT / "requirements.txt", target / "requirements.txt")
    else:
        (target / "requirements.txt").unlink(missing_ok=True)
    write(target / ".chalice/config.json", config({stage: outputs}, {stage: extra_environment or {}}))
    for path, policy in policies(stage, region=region, account=account).items():
        write(target / ".chalice" / path, policy)
    write(target / MERGE_FILE, merge_template(stage))
    return target


def ml_tree(target: Path) -> Path:
    """Copy what the scoring image holds, and nothing else, to `target`."""
    for part in ML_TREE:
        shutil.rmtree(target / part, ignore_errors=True)
        shutil.copytree(
            ROOT / part,
            target / part,
            ignore=lambda folder, names: {
                *_IGNORED(folder, names),
                *(n for n in names if n in ML_LEFT_OUT and Path(folder) == ROOT / "ml_lambda"),
            },
        )
    (target / "chalicelib/__init__.py").write_text((ROOT / "chalicelib/__init__.py").read_text())
    return target


def write(path: Path, content: object) -> None:
    """Write JSON as it is committed: two spaces, a closing newline."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(content))


def text(content: object) -> str:
    """JSON as it is committed."""
    return json.dumps(content, indent=2) + "\n"
