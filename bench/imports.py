"""CPU seconds of importing what is deployed at a cold start, net of the bare interpreter: median of five."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

from bench.figures import Figure
from oo_local.dependencies import ensure_dependencies

ROOT: Final = Path(__file__).resolve().parents[1]
RUNS: Final = 5
ENVIRONMENT: Final = {
    "PATH": os.environ.get("PATH", ""),
    "OO_STAGE": "local",
    "OO_TOPIC_ARN": "arn:aws:sns:eu-central-1:000000000000:oo-local-events",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}

API: Final = "import app"
API_READY: Final = (
    "import app; from chalicelib import wiring; wiring.sessions(); wiring.recommender(); "
    "from chalicelib.runtime import aws; aws.dynamodb()"
)
RANK: Final = "import ml_lambda.serving.rank; from chalicelib.runtime import aws; aws.dynamodb()"
GENERATE: Final = "import ml_lambda.serving.generate"
SPEAK: Final = (
    "from chalicelib.domain.wordings import language_of; from datetime import UTC, datetime; "
    "language = language_of('de-DE'); language.minutes(5); language.clock(datetime.now(UTC), 'de-DE')"
)
SIGN_IN: Final = ("authlib", "joserfc", "httpx", "cryptography", "icalendar")


@cache
def environment() -> dict[str, str]:
    """A function's, with the packages as light as they are deployed."""
    packages = ensure_dependencies(ROOT, ROOT / ".oo")
    return {**ENVIRONMENT, "PYTHONPATH": f"{packages}:{ROOT}"}


def cpu_seconds(code: str) -> float:
    """User and system CPU seconds of one fresh interpreter that runs the code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, env=environment(), cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def net(code: str) -> float:
    """Median of the runs, less the median of a bare interpreter."""
    cpu_seconds(code)  # writes the byte code
    bare = statistics.median(cpu_seconds("pass") for _ in range(RUNS))
    return statistics.median(cpu_seconds(code) for _ in range(RUNS)) - bare


def measure() -> list[Figure]:
    """Import cost of the API, of rank and of generate; which libraries the API's import does not load."""
    loaded = subprocess.run(
        [sys.executable, "-c", f"{API}; import sys; print(*[m for m in {SIGN_IN!r} if m in sys.modules])"],
        check=True, env=environment(), cwd=ROOT, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    rank = net(RANK)
    return [
        Figure("API import", net(API), "CPU s", 0.6),
        Figure("API import, services of recommend, first AWS client", net(API_READY), "CPU s"),
        Figure("rank import and first AWS client", rank, "CPU s", 0.6),
        Figure("what the first German tip adds to that", net(f"{RANK}; {SPEAK}") - rank, "CPU s"),
        Figure("generate import", net(GENERATE), "CPU s", 0.5),
        Figure("sign-in libraries loaded by the API's import", len(loaded), "", 0, " ".join(loaded)),
    ]
