"""`make test-ai`: the whole path against the real proxy and the real small models.

Makes the environment `.oo/ai` and runs the tests of tests/ai; further arguments go to pytest. Where its
packages cannot be had it says so in a banner and ends with 0, or with 1 under `--required` (what a release is
held to).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from oo_local.bootstrap import BootstrapFailed, ensure

ROOT: Final = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> int:
    """Install what is not installed, and run the tests."""
    required = "--required" in arguments
    try:
        ensure("ai", ROOT)
    except BootstrapFailed as error:
        print(
            f"\n  NOT TESTED WITH A MODEL: the packages of locks/ai.txt could not be had.\n  {error}\n"
            "  Nothing is known of the path through the proxy; run `make test-ai` where they can be.\n"
        )
        return int(required)
    started = time.monotonic()
    code = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/ai", *(a for a in arguments if a != "--required")],
        cwd=ROOT, check=False, env={"TEST_AI": "1", **os.environ},
    ).returncode  # fmt: skip
    print(f"  tested with a model in {time.monotonic() - started:.0f} s")
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
