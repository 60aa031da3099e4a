"""`requirements.txt`, which is all that Chalice packages beside the code, from the locked `run` group."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
# pynamodb brings botocore without boto3, and Lambda's own boto3 would not fit that botocore.
NEEDED: Final = frozenset({"boto3", "botocore", "pydantic", "pynamodb", "protobuf"})
# Chalice adds the part of itself that a Lambda needs.
UNWANTED: Final = frozenset({"chalice", "numpy"})
HEADER: Final = "# Rendered from locks/run.txt by `python -m infra render`; Chalice packages exactly this.\n"


def requirements(lock: str) -> str:
    """The lock's pins, one a line. Raises ValueError when it lacks what is needed or holds too much."""
    pins = [line.strip() for line in lock.splitlines() if re.match(r"^[A-Za-z0-9]", line)]
    names = {re.split(r"[=\[; ]", pin)[0].lower() for pin in pins}
    if missing := NEEDED - names:
        raise ValueError(f"locks/run.txt lacks {', '.join(sorted(missing))}")
    if extra := UNWANTED & names:
        raise ValueError(f"locks/run.txt must not hold {', '.join(sorted(extra))}: the zip would carry it")
    if loose := [pin for pin in pins if "==" not in pin]:
        raise ValueError(f"locks/run.txt does not pin {', '.join(loose)}")
    return HEADER + "".join(f"{pin}\n" for pin in pins)


def rendered() -> str:
    """What `requirements.txt` should be now."""
    return requirements((ROOT / "locks/run.txt").read_text())
