"""`make nightly`: the night now, on the running oO; a short table, and where the report is.

It invokes the functions that the clock would, under their names. The report is fetched out of the registry's
bucket into `.oo/reports/`, so that a browser opens it without credentials.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from infra.functions import function
from oo_local.deploy import INFRA
from oo_local.emulator import CREDENTIALS, REGION, client
from oo_local.progress import Progress, Shown, StepFailed
from oo_local.running import Running

_MEND: Final = "look at `make logs`, then run `make nightly` again: what is done is not done twice"


class NightFailed(Exception):
    """A nightly function failed; the message says with what."""


def nightly(running: Running, home: Path) -> int:
    """Run both halves and show what they came to; the exit code."""
    shown = Shown()
    try:
        trained, evaluated, path = night(running.emulator, home, shown)
    except StepFailed as error:
        shown.failed(error)
        return 1
    _tell(shown, trained, evaluated, path)
    return 0


def night(endpoint: str, home: Path, progress: Progress) -> tuple[dict[str, Any], dict[str, Any], Path]:
    """Answers of `train` and `evaluate`, and where the report's page is. Raises StepFailed."""
    with progress.step("refit what people share", _MEND):
        trained = invoke(endpoint, "train")
    with progress.step("judge, feed the gate, take its step", _MEND):
        evaluated = invoke(endpoint, "evaluate")
    with progress.step("fetch the report", _MEND):
        path = fetch(endpoint, evaluated["report"], home)
    return trained, evaluated, path


def step(running: Running, name: str, policy: str = "") -> int:
    """Take a step by hand (`ml_lambda/pipelines/steps.py`) and say what serves then; the exit code."""
    wanted = {"step": name, "policy": policy, "reason": "by hand"}
    title, shown = f"{name} {policy}".strip(), Shown()
    try:
        with shown.step(title, "look at `make logs`: nothing was changed unless it says so"):
            done = invoke(running.emulator, "evaluate", wanted)
            state = f"{done['state']} (manifest {done['manifest']})"
            if done["refused"]:
                raise StepFailed(title, done["refused"], f"as before: {state}")
    except StepFailed as error:
        shown.failed(error)
        return 1
    shown.console.print(f"  {state}", markup=False)
    return 0


def invoke(endpoint: str, name: str, event: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Invoke a nightly function and wait for its answer. Raises NightFailed."""
    import boto3
    from botocore.config import Config

    fn = function(name)
    patient = boto3.client(
        "lambda",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(connect_timeout=2, read_timeout=fn.timeout + 10, retries={"total_max_attempts": 1}),
    )
    answer = patient.invoke(FunctionName=fn.physical("local"), Payload=json.dumps(event or {}))
    said = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError") or not isinstance(said, dict):
        error = said if isinstance(said, dict) else {}
        raise NightFailed(f"{error.get('errorType', 'no answer')}: {error.get('errorMessage', said)}")
    return said


def fetch(endpoint: str, key: str, home: Path) -> Path:
    """The page and its numbers, on disk; where the page is."""
    target = home / key.replace("dt=", "")
    target.parent.mkdir(parents=True, exist_ok=True)
    s3, bucket = client("s3", endpoint), outputs(endpoint)["RegistryBucket"]
    for kind in (".html", ".json"):
        found = s3.get_object(Bucket=bucket, Key=key.removesuffix(".html") + kind)
        target.with_suffix(kind).write_bytes(found["Body"].read())
    return target


def outputs(endpoint: str) -> dict[str, str]:
    """What infra's stack says of itself, e.g. the buckets' names."""
    [stack] = client("cloudformation", endpoint).describe_stacks(StackName=INFRA)["Stacks"]
    return {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}


def _tell(shown: Shown, trained: Mapping[str, Any], evaluated: Mapping[str, Any], path: Path) -> None:
    from rich.table import Table

    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2))
    for name, value in (
        ("the log", f"{evaluated['decisions']} decisions, {evaluated['rewards']} settled, "
                    f"{evaluated['people']} people; {trained['window']}"),
        ("prior", _prior(trained)),
        ("tonight", f"{evaluated['step']}: {evaluated['reason']}"),
        ("the gate", f"{evaluated['observed']} rewards observed"),
        ("serves", f"{evaluated['state']} (manifest {evaluated['manifest']})"),
        ("next", evaluated["change"]),
    ):  # fmt: skip
        table.add_row(f"  [dim]{name}[/dim]", value)
    shown.console.print()
    shown.console.print(table)
    shown.console.print()
    shown.console.print(f"  The report: [bold]{path.as_uri()}[/bold]")


def _prior(trained: Mapping[str, Any]) -> str:
    said = f"{trained['outcome']}: {trained['decisions']} decisions of {trained['people']} people"
    return f"{said}, {trained['prior']}" if trained["prior"] else said
