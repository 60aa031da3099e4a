"""The layer of packages that Chalice makes for the API's functions, without what none of them reads."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from infra import layer_probe
from infra.lighten import LANGUAGES, lighten_zip

_PACKAGES: Final = f"python/lib/python3.{sys.version_info.minor}/site-packages"


class LayerBroken(Exception):
    """A light layer lacks something; the message ends with what could not be done."""


def package(tree: Path, stage: str, out: Path, *, region: str) -> None:
    """`chalice package` of the app in `tree` to `out`, with a light layer, which is tried.

    Chalice keeps the layer that it made beside the app for as long as the requirements are the same, and
    `chalice deploy` takes it from there: so the kept one is lightened, and Chalice asked again.
    """
    _chalice(tree, stage, out, region)
    for kept in (tree / ".chalice/deployments").glob("managed-layer-*.zip"):
        lighten_zip(kept)
    _chalice(tree, stage, out, region)
    _try(out)


def _chalice(tree: Path, stage: str, out: Path, region: str) -> None:
    chalice = Path(sys.executable).with_name("chalice")
    subprocess.run(
        [str(chalice), "package", "--stage", stage, str(out)],
        cwd=tree,
        env={**os.environ, "AWS_DEFAULT_REGION": region},
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _try(out: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        for made in out.glob("*.zip"):
            with zipfile.ZipFile(made) as archive:
                archive.extractall(name)
        try_packages(f"{name}/{_PACKAGES}", name)


def try_packages(*folders: str) -> str:
    """What `layer_probe.py` prints of packages and code. Raises LayerBroken."""
    done = subprocess.run(
        [sys.executable, "-I", layer_probe.__file__, ",".join(sorted(LANGUAGES)), *folders],
        env={},
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise LayerBroken(done.stderr.strip()[-600:])
    return done.stdout
