"""`make audit`: whether a locked version is known to be vulnerable, by pip-audit and the data of PyPI.

Ends with 1 when one is. Where the data cannot be had, for all packages or for some, it says so in a banner
and ends with 0, or with 1 under `--required` (what a release is held to): no silence looks like an all-clear.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
AUDIT: Final = ROOT / ".oo" / "audit" / "bin" / "pip-audit"
SECONDS: Final = 600


@dataclass
class Found:
    """What is known of a lock file's packages."""

    audited: int = 0
    unknown: list[str] = field(default_factory=list)
    """Packages of which nothing could be learned."""
    vulnerable: list[str] = field(default_factory=list)
    """One line for each: package, version, id, where it is mended."""
    failure: str = ""


def main(arguments: list[str]) -> int:
    """Audit every lock file; the exit code."""
    vulnerable, silent = False, False
    for lock in sorted((ROOT / "locks").glob("*.txt")):
        found = audit(lock)
        vulnerable |= bool(found.vulnerable)
        silent |= bool(found.unknown or found.failure)
        print(f"  {lock.stem:<14} {told(found)}", flush=True)
        for line in found.vulnerable:
            print(f"      {line}")
    if silent:
        print(
            "\n  NOT AUDITED: the vulnerability data could not be had for what is named above (pip-audit asks"
            "\n  pypi.org). Nothing is known of these versions; run it where pypi.org can be reached."
        )
    return int(vulnerable or (silent and "--required" in arguments))


def audit(lock: Path) -> Found:
    """Ask pip-audit about one lock file."""
    command = [
        str(AUDIT), "--requirement", str(lock), "--no-deps", "--disable-pip", "--format", "json",
        "--progress-spinner", "off", "--timeout", "15",
    ]  # fmt: skip
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return Found(failure=f"no answer within {SECONDS} s")
    return read(done.stdout, done.stderr)


def read(output: str, errors: str) -> Found:
    """What pip-audit's JSON says; a package that it skipped was not audited, whatever its exit code."""
    try:
        dependencies: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Found(failure=(errors.strip().splitlines() or ["no answer"])[-1][:200])
    found = Found()
    for one in dependencies:
        if "skip_reason" in one:
            found.unknown.append(one["name"])
            continue
        found.audited += 1
        for known in one.get("vulns", []):
            mended = ", ".join(known.get("fix_versions", [])) or "no version yet"
            found.vulnerable.append(f"{one['name']} {one['version']}: {known['id']}, mended in {mended}")
    return found


def told(found: Found) -> str:
    """One line about a lock file."""
    if found.failure:
        return f"not audited: {found.failure}"
    unknown = f", {len(found.unknown)} NOT AUDITED" if found.unknown else ""
    return f"{found.audited} audited, {len(found.vulnerable)} known to be vulnerable{unknown}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
