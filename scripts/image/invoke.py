"""Rank, asked twice over: under the Runtime Interface Emulator, and as an image function of the emulator."""

from __future__ import annotations

import contextlib
import http.client
import json
import platform
import statistics
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from infra.function import Function
from oo_local.emulator import ACCOUNT, Emulator
from oo_local.ports import HOST
from scripts.image.build import TAG
from scripts.image.cloud import STAGE, function_environment
from scripts.image.engine import Engine

_PATH: Final = "/2015-03-31/functions/function/invocations"
_HOST_NAME: Final = "host.docker.internal"
START: Final = 60.0
"""Seconds in which a container must answer first."""


class WrongAnswer(Exception):
    """The image answered an error, or nothing."""


@dataclass(frozen=True)
class Timed:
    """Answers, and the milliseconds of the first call and of the others."""

    answers: list[dict[str, Any]]
    cold: float
    warm: list[float]

    def __str__(self) -> str:
        """For the table."""
        warm = statistics.median(self.warm)
        return f"cold {self.cold:.0f} ms, warm {warm:.1f} ms (median of {len(self.warm)})"


def under_rie(engine: Engine, emulator: Emulator, fn: Function, requests: Sequence[dict[str, Any]]) -> Timed:
    """Start one container as Lambda would run it, ask it, stop it. Cold is from its start to its answer."""
    started = time.perf_counter()
    with _container(engine, emulator, fn) as address:
        answers = [_first(engine, address, requests[0])]
        cold = time.perf_counter() - started
        warm = []
        for request in requests[1:]:
            began = time.perf_counter()
            answers.append(_checked(_post(address, request)))
            warm.append(1000 * (time.perf_counter() - began))
    return Timed(answers, 1000 * cold, warm)


@contextlib.contextmanager
def _container(engine: Engine, emulator: Emulator, fn: Function) -> Iterator[str]:
    name = f"oo-image-test-{uuid.uuid4().hex[:8]}"
    environment = function_environment(f"http://{_HOST_NAME}:{emulator.port}")
    variables = [word for pair in environment.items() for word in ("--env", "=".join(pair))]
    engine.docker(
        "run", "--detach", "--name", name, "--publish", f"{HOST}::8080",
        "--add-host", f"{_HOST_NAME}:host-gateway", "--read-only", "--tmpfs", "/tmp",  # noqa: S108
        "--cap-drop", "ALL", "--security-opt", "no-new-privileges", *variables, TAG, fn.handler,
    )  # fmt: skip
    try:
        yield engine.docker("port", name, "8080/tcp").splitlines()[0]
    except Exception as error:
        logs = engine.docker("logs", "--tail", "20", name)
        raise WrongAnswer(f"{error}\nthe container's last lines:\n{logs}") from error
    finally:
        engine.docker("rm", "--force", name)


def _first(engine: Engine, address: str, request: dict[str, Any]) -> dict[str, Any]:
    """The first answer: until the emulator listens, connections are refused or cut."""
    deadline = time.perf_counter() + START
    while True:
        try:
            return _checked(_post(address, request))
        except (OSError, http.client.HTTPException) as error:
            if time.perf_counter() > deadline:
                raise WrongAnswer(f"nothing answered at {address} within {START:.0f} s: {error}") from error
            time.sleep(0.02)


def _post(address: str, request: dict[str, Any]) -> dict[str, Any]:
    split = urlsplit(f"//{address}")
    connection = http.client.HTTPConnection(str(split.hostname), split.port, timeout=START)
    try:
        connection.request("POST", _PATH, json.dumps(request), {"Content-Type": "application/json"})
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        return answer
    finally:
        connection.close()


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    if "errorMessage" in answer or "choice" not in answer:
        raise WrongAnswer(f"rank failed in the container: {json.dumps(answer)[:800]}")
    return answer


def as_image_function(emulator: Emulator, fn: Function, requests: Sequence[dict[str, Any]]) -> Timed:
    """Register it on the emulator as infra/ does on AWS, invoke it, delete it."""
    client = emulator.client("lambda")
    name = f"oo-{STAGE}-{fn.name}"
    client.create_function(
        FunctionName=name,
        PackageType="Image",
        Code={"ImageUri": TAG},
        ImageConfig={"Command": [fn.handler]},
        Role=f"arn:aws:iam::{ACCOUNT}:role/{name}",
        Architectures=["arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"],
        MemorySize=fn.memory,
        Timeout=max(fn.timeout, 30),
        Environment={"Variables": {"OO_STAGE": STAGE}},
    )
    try:
        client.get_waiter("function_active_v2").wait(FunctionName=name)
        answers, taken = [], []
        for request in requests:
            began = time.perf_counter()
            answer = client.invoke(FunctionName=name, Payload=json.dumps(request).encode())
            payload = json.loads(answer["Payload"].read())
            taken.append(1000 * (time.perf_counter() - began))
            if "FunctionError" in answer:
                raise WrongAnswer(f"{name} failed: {json.dumps(payload)[:800]}")
            answers.append(_checked(payload))
    finally:
        with contextlib.suppress(ClientError):
            client.delete_function(FunctionName=name)
    return Timed(answers, taken[0], taken[1:])
