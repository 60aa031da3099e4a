"""What is uploaded: the API's code by `chalice package` and the scoring functions', named by content."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import py_compile
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.tree import MERGE_FILE, app_tree, ml_tree
from oo_local.emulator import ACCOUNT, CREDENTIALS, REGION

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


class PackagingFailed(Exception):
    """The code cannot be packaged; the message ends with what Chalice or the compiler said of it."""


@dataclass(frozen=True)
class Archive:
    """A zip and the key it is stored under, which names its content."""

    key: str
    content: bytes


def scoring_archive(build: Path) -> Archive:
    """The scoring functions' code, which on AWS is in the image."""
    return _archive("scoring", ml_tree(build / "scoring"))


def package_app(
    build: Path, outputs: Mapping[str, str], environment: Mapping[str, str]
) -> tuple[dict[str, Any], Archive]:
    """Chalice's SAM template, laid over by infra's, and the code that it names."""
    tree = app_tree(
        build / "app", "local", outputs, extra_environment=environment, region=REGION, account=ACCOUNT
    )
    # The dependencies are in a folder on PYTHONPATH; Chalice would pack them into the zip again.
    (tree / "requirements.txt").unlink(missing_ok=True)
    out = build / "packaged"
    shutil.rmtree(out, ignore_errors=True)
    chalice = "import sys; from chalice.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", chalice, "package", "--stage", "local",
         "--merge-template", MERGE_FILE, str(out)],
        cwd=tree,
        env={**_passed(), **CREDENTIALS, "AWS_DEFAULT_REGION": REGION},
        check=False,
        capture_output=True,
        text=True,
    )  # fmt: skip
    if done.returncode != 0:
        raise PackagingFailed(f"chalice package failed:\n{_told(done.stderr or done.stdout, tree)}")
    template: dict[str, Any] = json.loads((out / "sam.json").read_text())
    unpacked = build / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    with zipfile.ZipFile(out / "deployment.zip") as made:
        made.extractall(unpacked)
    return template, _archive("app", unpacked)


def _told(output: str, tree: Path) -> str:
    """What Chalice failed with, without its own frames, and with paths as they are in the checkout."""
    said = output.strip().replace(f"{tree}/", "")
    _, found, error = said.partition("Unable to import your app.py file:")
    lines = (error if found else said).strip().splitlines()
    return "\n".join([line for line in lines if "<frozen " not in line and line.strip(" ^~")][-12:])


def _archive(name: str, folder: Path) -> Archive:
    """Zip the folder, each module beside its bytecode: a worker unpacks anew and would compile anew.

    The bytecode is of the kind that no time stamp can make stale (PEP 552), as unpacking changes those.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".pyc"):
            relative = path.relative_to(folder)
            _add(archive, str(relative), path.read_bytes())
            if path.suffix == ".py":
                compiled = Path(importlib.util.cache_from_source(str(path)))
                try:
                    py_compile.compile(
                        str(path),
                        cfile=str(compiled),
                        dfile=str(relative),
                        doraise=True,
                        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
                    )
                except py_compile.PyCompileError as error:
                    raise PackagingFailed(error.msg.strip()) from None
                _add(archive, str(compiled.relative_to(folder)), compiled.read_bytes())
    data = content.getvalue()
    return Archive(f"{name}-{hashlib.sha256(data).hexdigest()[:16]}.zip", data)


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """With a fixed date and mode, so that equal content makes an equal zip."""
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)


def code_properties(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The properties of each function in a SAM template."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            yield resource["Properties"]


def _passed() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
