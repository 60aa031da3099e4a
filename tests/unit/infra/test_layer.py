"""A deploy's layer: the one that Chalice keeps is lightened, taken again and tried."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from infra import layer

PACKAGES = "python/lib/python3.11/site-packages"


class Chalice:
    """Makes a layer unless it kept one, as `chalice package` does."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, tree: Path, stage: str, out: Path, region: str) -> None:
        kept = tree / ".chalice/deployments/managed-layer-1-python3.11.zip"
        if not kept.exists():
            self.made += 1
            kept.parent.mkdir(parents=True)
            with zipfile.ZipFile(kept, "w") as archive:
                for service in ("ec2", "s3"):
                    archive.writestr(f"{PACKAGES}/botocore/data/{service}/1/service-2.json.gz", "x")
        shutil.copy(kept, out / "layer-deployment.zip")
        with zipfile.ZipFile(out / "deployment.zip", "w") as archive:
            archive.writestr("app.py", "x")


def test_what_is_uploaded_is_the_kept_layer_made_light(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chalice = Chalice()
    tried: list[set[str]] = []

    def try_packages(packages: str, code: str) -> str:
        found = {path.parts[-3] for path in Path(packages).glob("botocore/data/*/*/*")}
        tried.append(found | {path.name for path in Path(code).glob("*.py")})
        return ""

    monkeypatch.setattr(layer, "_chalice", chalice)
    monkeypatch.setattr(layer, "try_packages", try_packages)
    tree, out = tmp_path / "tree", tmp_path / "out"
    out.mkdir()
    for _ in range(2):
        layer.package(tree, "dev", out, region="eu-central-1")
    assert tried == [{"s3", "app.py"}] * 2
    assert chalice.made == 1
