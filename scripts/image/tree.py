"""What is in the image: asked inside it, judged out here."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scripts.image.build import TAG
from scripts.image.engine import Engine

ALLOWED: Final = (
    "chalicelib/__init__.py",
    "chalicelib/contracts/",
    "chalicelib/domain/",
    "chalicelib/runtime/",
    "ml_lambda/",
)
FORBIDDEN: Final = (
    "ml_lambda/simulation/",
    "ml_lambda/bench/",
    "ml_lambda/notebooks/",
    "ml_lambda/Dockerfile",
)
CONFINED: Final = ("--rm", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--network", "none")  # noqa: S108
"""As Lambda runs it: nothing writable but /tmp; and no network, as nothing here needs one."""

_INVENTORY: Final = """
import importlib.metadata as m, json, os
root = "/var/task"
packages, tops = {}, set()
for d in m.distributions(path=[root]):
    packages[d.metadata["Name"]] = d.version
    tops |= {f.parts[0] for f in d.files or ()}
files = [os.path.relpath(os.path.join(a, f), root) for a, _, names in os.walk(root) for f in names]
size = sum(os.path.getsize(os.path.join(root, f)) for f in files)
def listed(folder):
    try: return sorted(os.listdir(folder))
    except OSError: return []
def text(path):
    try: return open(path).read()
    except OSError: return ""
print(json.dumps({
    "uid": os.getuid(), "packages": packages, "tops": sorted(set(os.listdir(root)) - tops),
    "files": sorted(f for f in files if f.split("/")[0] in ("chalicelib", "ml_lambda")),
    "writable": os.access(root, os.W_OK), "task_bytes": size,
    "secrets": [f for f in listed("/run/secrets") if text("/run/secrets/" + f)],
    "pip": text("/etc/pip.conf"), "lock": any(os.path.exists(f"/tmp/{n}.txt") for n in ("ml", "nightly")),
}))
"""

_COLD: Final = """
import json, sys, time
wall, cpu = time.perf_counter(), time.process_time()
from importlib import import_module
import ml_lambda.serving.rank as r
r.ranker()
print(json.dumps({
    "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu,
    "python": sys.version.split()[0], "numpy": sys.modules["numpy"].__version__,
}))
"""


@dataclass(frozen=True)
class Inventory:
    """What the image said about itself."""

    uid: int
    packages: Mapping[str, str]
    tops: Collection[str]
    files: Collection[str]
    writable: bool
    task_bytes: int
    secrets: Collection[str]
    pip: str
    lock: bool


def inventory(engine: Engine) -> Inventory:
    """Ask the image, as its own user."""
    return Inventory(**_python(engine, _INVENTORY))


def cold_imports(engine: Engine, runs: int = 5) -> list[dict[str, Any]]:
    """Seconds that rank takes to import and to build its service, a fresh container each."""
    environment = ("OO_STAGE=local", "AWS_DEFAULT_REGION=eu-central-1", "AWS_REGION=eu-central-1")
    return [_python(engine, _COLD, *environment) for _ in range(runs)]


def imports(engine: Engine, handlers: Collection[str]) -> None:
    """Import every handler's module inside the image. Raises CommandFailed with the traceback."""
    code = "import json; from importlib import import_module\n" + "\n".join(
        f"assert callable(import_module({module!r}).{function})"
        for module, _, function in (handler.rpartition(".") for handler in handlers)
    )
    _python(engine, code + "\nprint(json.dumps({}))", "OO_STAGE=local")


def problems(found: Inventory, lock: Mapping[str, str], checkout: Collection[str]) -> list[str]:
    """Everything about the image that must not be; `checkout` lists the project's files."""
    wrong = []
    if found.uid == 0:
        wrong.append("it runs as root")
    if found.writable:
        wrong.append("its user may change the code")
    sources = [_source(f) for f in found.files]
    if stray := sorted({s for s in sources if not _belongs(s) or s not in checkout}):
        wrong.append("files that have no place in it: " + ", ".join(stray[:8]))
    missing = [f for f in checkout if f.endswith(".py") and _belongs(f) and f not in found.files]
    if missing:
        wrong.append("modules that are not in it: " + ", ".join(missing[:8]))
    if tops := set(found.tops) - {"chalicelib", "ml_lambda", "bin", "__pycache__"}:
        wrong.append("beside code and packages: " + ", ".join(sorted(tops)))
    have = {_normal(name): version for name, version in found.packages.items()}
    for name in sorted({*have, *lock}):
        if have.get(name) != lock.get(name):
            wrong.append(
                f"{name}: locked {lock.get(name, 'not at all')}, in it {have.get(name, 'not at all')}"
            )
    if found.secrets or found.pip or found.lock:
        wrong.append("the build left something behind: a secret, pip.conf or the lock file")
    return wrong


def _belongs(path: str) -> bool:
    return path.startswith(ALLOWED) and not path.startswith(FORBIDDEN)


def _source(path: str) -> str:
    """The file itself or, for bytecode, the module that it was compiled from."""
    folder, cached, name = path.rpartition("__pycache__/")
    return f"{folder}{name.split('.', maxsplit=1)[0]}.py" if cached else path


def locked(text: str) -> dict[str, str]:
    """Normalised package names and versions of a lock file."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text, re.MULTILINE)
    return {_normal(name): version for name, version in pins}


def project_files(root: Path) -> set[str]:
    """Every file of the two packages, relative to the checkout, bytecode left out."""
    return {
        path.relative_to(root).as_posix()
        for package in ("chalicelib", "ml_lambda")
        for path in (root / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _python(engine: Engine, code: str, *environment: str) -> dict[str, Any]:
    variables = [word for pair in environment for word in ("--env", pair)]
    out = engine.docker("run", *CONFINED, *variables, "--entrypoint", "python3", TAG, "-c", code)
    answer: dict[str, Any] = json.loads(out.splitlines()[-1])
    return answer
