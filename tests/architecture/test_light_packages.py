"""No function reads what is left out of the packages: clients, languages and handlers do without."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from chalicelib.domain.wordings import LANGUAGES as SPOKEN
from infra.layer import LayerBroken, try_packages
from infra.layer_probe import CALLS
from infra.lighten import LANGUAGES, SERVICES, lighten_folder, lighten_zip, unread
from oo_local.dependencies import ensure_dependencies

ROOT = Path(__file__).resolve().parents[2]
AWS = (ROOT / "chalicelib/runtime/aws.py").read_text()
LOCALES = (
    "de-DE", "de-AT", "en-GB", "es-ES", "es-AR", "es-MX", "es-419", "ru-RU", "ru-KZ", "ru",
    "de-ZZ", "fr-FR", "sr-Latn-RS", "nonsense",
)  # fmt: skip
SAY = f"""
import json
from datetime import datetime, UTC
from chalicelib.domain.wordings import language_of
at = datetime(2026, 12, 3, 9, 5, tzinfo=UTC)
print(json.dumps([
    [language.minutes(5), language.clock(at, locale), language.minutes(150)]
    for locale in {LOCALES!r} for language in [language_of(locale)]
]))
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the deployed stack gets."""
    return ensure_dependencies(ROOT, tmp_path_factory.mktemp("home"))


def alone(packages: Path, code: str) -> str:
    """Run code with nothing but these packages and the project in reach."""
    begin = "import sys; sys.path[:] = [*sys.argv[1:], *(p for p in sys.path if 'site-packages' not in p)]\n"
    done = subprocess.run(
        [sys.executable, "-I", "-c", begin + code, str(packages), str(ROOT)],
        env={"OO_STAGE": "local", "AWS_DEFAULT_REGION": "eu-central-1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_kept_is_what_is_spoken_and_called() -> None:
    assert set(re.findall(r'_client\("(\w+)"', AWS)) == SERVICES
    assert set(re.findall(r"^def ([a-z]\w*)\(", AWS, re.MULTILINE)) == set(CALLS)
    assert set(SPOKEN) == LANGUAGES


def test_every_client_calls_and_every_language_speaks(packages: Path) -> None:
    done = json.loads(try_packages(str(packages), str(ROOT)))
    assert {re.split(r"[/.]", url)[2] for url in done["calls"].values()} == SERVICES
    assert done["days"]["ru"] == "3 декабря"


def test_every_locale_is_spoken_as_with_all_of_them(packages: Path) -> None:
    said = json.loads(alone(packages, SAY))
    full = subprocess.run(
        [sys.executable, "-c", SAY], cwd=ROOT, env={"PYTHONPATH": "."},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said == json.loads(full.stdout)


def test_handlers_come_up(packages: Path) -> None:
    names = ("rank", "learn", "features", "generate", "erase", "export", "train", "evaluate")
    alone(packages, "\n".join(f"import ml_lambda.serving.{name}" for name in names))


def test_most_of_it_is_gone(packages: Path) -> None:
    assert {path.name for path in (packages / "botocore/data").iterdir() if path.is_dir()} == SERVICES
    assert len(list((packages / "babel/locale-data").glob("*.dat"))) < 200
    assert not list(packages.glob("numpy/**/tests"))


@pytest.mark.parametrize(
    "gone", ["botocore/data/s3", "babel/locale-data/de.dat", "babel/locale-data/root.dat"]
)
def test_a_layer_that_lacks_something_is_told(packages: Path, tmp_path: Path, gone: str) -> None:
    broken = tmp_path / "packages"
    shutil.copytree(packages, broken, copy_function=link)
    found = broken / gone
    shutil.rmtree(found) if found.is_dir() else found.unlink()
    with pytest.raises(LayerBroken):
        try_packages(str(broken), str(ROOT))


def link(source: str, target: str) -> str:
    Path(target).hardlink_to(source)
    return target


GONE = {
    "botocore/data/ec2/1/a.json.gz",
    "babel/locale-data/fr.dat",
    "babel/locale-data/fr_CA.dat",
    "numpy/lib/tests/test_a.py",
}
LEFT = {
    "botocore/data/s3/1/a.json.gz",
    "botocore/data/endpoints.json",
    "babel/locale-data/de_AT.dat",
    "babel/locale-data/root.dat",
    "numpy/lib/a.py",
}


def test_a_folder_is_lightened(tmp_path: Path) -> None:
    for path in (tmp_path / name for name in GONE | LEFT):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    lighten_folder(tmp_path)
    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()} == LEFT
    assert not (tmp_path / "botocore/data/ec2").exists()


def test_a_zip_is_lightened_once(tmp_path: Path) -> None:
    path = tmp_path / "layer.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in GONE | LEFT:
            archive.writestr(f"python/lib/python3.11/site-packages/{name}", "x")
    lighten_zip(path)
    light = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert {name.partition("site-packages/")[2] for name in archive.namelist()} == LEFT
    lighten_zip(path)
    assert path.read_bytes() == light
    assert [p.name for p in tmp_path.iterdir()] == ["layer.zip"]


def test_nothing_of_oo_is_left_out() -> None:
    assert not [path for path in ROOT.glob("chalicelib/**/*") if unread(path.relative_to(ROOT).as_posix())]
