"""Leaves out of the packages what no function reads: other services' descriptions, other languages' rules.

botocore describes all services of AWS, babel has the rules of all languages: two thirds of the API's layer.
Needs the standard library alone, as the scoring image's build runs it on its folder:

    python lighten.py FOLDER
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path, PurePosixPath
from typing import Final

SERVICES: Final = frozenset({"dynamodb", "kms", "lambda", "s3", "sns", "sqs", "ssm"})
"""Those that `chalicelib/runtime/aws.py` makes clients of."""
LANGUAGES: Final = frozenset({"de", "en", "es", "ru"})
"""Those of `chalicelib/domain/wordings`, with all their regions."""


def unread(path: str) -> bool:
    """Whether no function reads a file, by its path in a folder of packages or around it."""
    parts = PurePosixPath(path).parts
    match parts:
        case [*_, "botocore", "data", service, _, _]:
            return service not in SERVICES
        case [*_, "babel", "locale-data", locale]:
            # `root` is what all inherit from.
            return locale.partition(".")[0].partition("_")[0] not in {"root", *LANGUAGES}
    return "numpy" in parts and "tests" in parts


def lighten_zip(path: Path) -> None:
    """Write a zip anew without what is not read; one that is light stays as it is."""
    with zipfile.ZipFile(path) as full:
        entries = full.infolist()
        read = [entry for entry in entries if not unread(entry.filename)]
        if len(read) == len(entries):
            return
        light = path.with_suffix(".light")
        with zipfile.ZipFile(light, "w", zipfile.ZIP_DEFLATED) as made:
            for entry in read:
                made.writestr(entry, full.read(entry))
    light.replace(path)


def lighten_folder(folder: Path) -> None:
    """Delete what is not read from a folder of packages, and the folders that this leaves empty."""
    paths = sorted(folder.rglob("*"), reverse=True)  # what is in a folder comes before it
    for path in paths:
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif unread(path.relative_to(folder).as_posix()):
            path.unlink()


if __name__ == "__main__":
    lighten_folder(Path(sys.argv[1]))
