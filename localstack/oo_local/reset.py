"""`make reset`: clears the state of this machine, with the standard library only."""

from __future__ import annotations

import shutil
from pathlib import Path

from oo_local.running import NotRunning, home_folder, running


def reset(home: Path | None = None) -> int:
    """Clear data, keys and cookies; environments stay. The exit code."""
    home = home or home_folder()
    try:
        found = running(home)
    except NotRunning:
        for name in ("state", "s3", "run", "cookies", "build", "tmp", "logs", "mlflow", "reports"):
            shutil.rmtree(home / name, ignore_errors=True)
        for name in ("admin-token", "oidc-client-secret"):
            (home / name).unlink(missing_ok=True)
        print("  cleared")
        return 0
    print(f"  oO is running (process {found.pid}): press Ctrl-C there first")
    return 1
