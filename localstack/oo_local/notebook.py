"""`make notebook`: executes the notebook on the running oO, in the environment `mlops`.

What is in the repository stays without outputs; the executed copy and a page of it are below `.oo/`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from oo_local.bootstrap import python_of
from oo_local.configuration import read_configuration
from oo_local.emulator import CREDENTIALS, REGION
from oo_local.nightly import outputs
from oo_local.registry_page import registry_uri
from oo_local.running import Running

NOTEBOOK: Final = "ml_lambda/notebooks/policies.ipynb"
_SECONDS: Final = 600


def notebook(root: Path, running: Running, home: Path) -> int:
    """Execute it and say where to look; the exit code."""
    settings = read_configuration(root, {**os.environ, **running.settings}).functions
    page = execute(root, home / "notebooks", environment(root, running.emulator, home, settings))
    if page is None:
        print("The notebook failed: see above, then run `make notebook` again.", file=sys.stderr)
        return 1
    print(f"  The notebook: {page.as_uri()}")
    print(f"  To work on it, {page.with_suffix('.ipynb')} is the executed copy.")
    return 0


def environment(root: Path, endpoint: str, home: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """What the notebook's process is given: the cloud, the stage, the registry; nothing else of oO's."""
    known = outputs(endpoint)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "OO_STAGE": "local",
        "OO_DECISION_LOG_BUCKET": known["DecisionLogBucket"],
        "OO_REGISTRY_BUCKET": known["RegistryBucket"],
        "OO_MLFLOW_TRACKING_URI": registry_uri(home),
        **settings,
        "PYTHONPATH": f"{root / 'localstack'}{os.pathsep}{root}",
        "PYTHONWARNINGS": "ignore",
        "MPLCONFIGDIR": str(home / "notebooks" / "matplotlib"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "IPYTHONDIR": str(home / "notebooks" / "ipython"),
    }


def execute(root: Path, target: Path, variables: Mapping[str, str]) -> Path | None:
    """The executed copy as a page, beside it as a notebook; None when a cell failed (said on stderr)."""
    target.mkdir(parents=True, exist_ok=True)
    page = target / Path(NOTEBOOK).with_suffix(".html").name
    done = subprocess.run(
        [str(python_of("mlops", root)), "-m", "oo_local.notebook_run", str(root / NOTEBOOK), str(page)],
        cwd=root,
        env=dict(variables),
        check=False,
        timeout=_SECONDS,
    )
    return page if done.returncode == 0 else None
