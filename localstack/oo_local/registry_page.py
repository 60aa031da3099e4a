"""The registry on one machine: a file below the home folder, and MLflow's page on it (PROFILES=mlops).

The page runs in an environment of its own, installed when it is first asked for; functions and `make
nightly` write the same file without it.
"""

from __future__ import annotations

import http.client
import os
from pathlib import Path
from typing import Final

from oo_local.bootstrap import ensure, python_of
from oo_local.ports import HOST, wait_until
from oo_local.processes import Child

_PATIENCE: Final = 90


class NoFile(Exception):
    """The registry is not a file here, so there is nothing to show a page on."""


def registry_uri(home: Path) -> str:
    """Where MLflow keeps the registry of this machine."""
    return f"sqlite:///{home}/mlflow/registry.db"


def start_page(root: Path, home: Path, uri: str, port: int) -> Child:
    """Start the page and wait until it answers. Raises NoFile, RuntimeError and BootstrapFailed."""
    if not uri.startswith("sqlite:///"):
        raise NoFile(f"OO_MLFLOW_TRACKING_URI is {uri}, which has a page of its own or none")
    ensure("mlops", root)
    folder = Path(uri.removeprefix("sqlite:///")).parent
    folder.mkdir(parents=True, exist_ok=True)
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    child = Child(
        "mlflow",
        [
            str(python_of("mlops", root)), "-m", "mlflow", "server",
            "--host", HOST, "--port", str(port), "--workers", "1",
            "--backend-store-uri", uri, "--default-artifact-root", (folder / "artifacts").as_uri(),
            "--no-serve-artifacts",
        ],
        log=home / "logs" / "mlflow.log",
        env={
            **kept,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
            # Its queue of background jobs is seven more processes, and nothing here uses them.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "PYTHONUNBUFFERED": "1",
        },
        cwd=folder,
    )  # fmt: skip
    if not wait_until(lambda: not child.alive or _answers(port), _PATIENCE, 0.2) or not child.alive:
        child.stop()
        raise RuntimeError(f"MLflow's page did not come up:\n{child.tail()}")
    return child


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
