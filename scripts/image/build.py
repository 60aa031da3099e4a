"""Building the scoring image, as a deploy does."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from oo_local.ports import HOST
from scripts.image.base import Base, download
from scripts.image.engine import Engine

TAG: Final = "oo-scoring:image-test"
DOCKERFILE: Final = "ml_lambda/Dockerfile"
LOCKS: Final = ("locks/ml.txt", "locks/nightly.txt")


def build(engine: Engine, base: Base, root: Path, home: Path) -> str:
    """Build it from the checkout; how its packages came to it.

    A private engine's builds may reach no index, so they get wheels that pip fetched out here, by a
    pip.conf that is a build secret. Any other engine builds like a deploy: from the index, with this
    machine's CA and pip.conf as secrets when it has them.
    """
    command = [
        "build", "--progress", "plain", "--file", str(root / DOCKERFILE), "--tag", TAG,
        "--build-arg", f"BASE_IMAGE={base.name}",
    ]  # fmt: skip
    log = home / "logs" / "build.log"
    if not engine.private:
        engine.run(*command, *secrets(os.environ), str(root), log=log, timeout=1800)
        return "packages from the index, by pip in the build"
    wheels = home / "wheels"
    wanted = [word for lock in LOCKS for word in ("--requirement", str(root / lock))]
    download(wheels, home / "logs" / "wheels.log", *wanted)
    with served(wheels) as address:
        configuration = home / "pip.conf"
        configuration.write_text(f"[global]\nno-index = true\nfind-links = {address}\n")
        engine.run(
            *command, "--network", "host", "--secret", f"id=pip,src={configuration}", str(root), log=log,
            timeout=1800,
        )  # fmt: skip
    return f"packages from {len(list(wheels.glob('*.whl')))} wheels, fetched outside the build"


def secrets(variables: Mapping[str, str]) -> list[str]:
    """Build secrets from this machine's own pip settings, where they are files."""
    given = {"ca": variables.get("PIP_CERT", ""), "pip": variables.get("PIP_CONFIG_FILE", "")}
    return [
        word
        for name, path in given.items()
        if path and Path(path).is_file() and path != os.devnull
        for word in ("--secret", f"id={name},src={path}")
    ]


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: what matters is in the build's log."""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder's address on 127.0.0.1, as pip's find-links takes it."""
    server = ThreadingHTTPServer((HOST, 0), partial(_Silent, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
