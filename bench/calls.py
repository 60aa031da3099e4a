"""How many AWS calls the fast path makes: the API function's and the scorer's, counted on the wire."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from bench.figures import Figure
from bench.stack import ask, deployed, react, with_tasks

ROOT: Final = Path(__file__).resolve().parents[1]


def measure() -> list[Figure]:
    """Calls of one deciding recommend, with warm keys and with cold ones."""
    with deployed() as stack, closing(with_tasks(stack, "counted", 12)) as client:
        react(client, ask(client)["tip"])
        sid = client.cookies["sid"]
        functions = stack.client("lambda")
        api = _environment(functions, "oo-local")
        counted = _run("api", {**api, "AWS_ENDPOINT_URL": stack.endpoint}, {"sid": sid})
        rank = _environment(functions, "oo-local-rank")
        person = client.get("/api/auth/session").json()["person_id"]
        scored = _run("rank", {**rank, "AWS_ENDPOINT_URL": stack.endpoint}, {"person_id": person})
    return [
        Figure("AWS calls of the API, keys cached", len(counted["warm"]), "", 4, ", ".join(counted["warm"])),
        Figure("KMS calls beside them on a cache miss", counted["cold"].count("kms.Decrypt"), "", 1),
        Figure("AWS calls of the scorer", len(scored["warm"]), "", 2, ", ".join(scored["warm"])),
    ]


def _environment(functions: Any, name: str) -> dict[str, str]:
    """What the deployed function has in its environment."""
    variables: dict[str, str] = functions.get_function_configuration(FunctionName=name)["Environment"][
        "Variables"
    ]
    return {k: v for k, v in variables.items() if k.startswith("OO_")}


def _run(what: str, environment: dict[str, str], given: dict[str, str]) -> dict[str, list[str]]:
    """One process, as a function is one, that counts its own calls."""
    kept = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-central-1", "AWS_REGION": "eu-central-1",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "bench.counted", what, json.dumps(given)],
        check=True, cwd=ROOT, env={**environment, **kept}, capture_output=True, text=True,
    )  # fmt: skip
    counted: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return counted
