"""The LocalStack-compatible cloud (MiniStack), in its own environment, on 127.0.0.1."""

from __future__ import annotations

import http.client
import json
import os
import shutil
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from oo_local.ports import HOST, wait_until
from oo_local.processes import Child

REGION: Final = "eu-central-1"
ACCOUNT: Final = "000000000000"
CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_HEALTH: Final = "/_localstack/health"


class EmulatorFailed(Exception):
    """The emulator did not come up; the message ends with the last lines of its log."""


@dataclass
class Emulator:
    """One emulator: its port, and the folder that holds its state, temporary files and log."""

    home: Path
    port: int
    python: Path
    persist: bool = False
    _child: Child | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Where AWS clients point: the value of AWS_ENDPOINT_URL."""
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        """What the emulator and the functions write."""
        return self.home / "logs" / "emulator.log"

    @property
    def has_state(self) -> bool:
        """Whether an earlier run left something to go on with."""
        return (self.home / "state").is_dir() and any((self.home / "state").iterdir())

    def start(self, timeout: float = 30) -> None:
        """Start it and wait until it answers. Raises EmulatorFailed."""
        scratch = self.home / "tmp"
        # Workers unpack their code here and a killed emulator leaves it behind.
        shutil.rmtree(scratch, ignore_errors=True)
        for folder in ("tmp", "state", "s3", "logs"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        self._child = Child(
            "emulator",
            [str(self.python), "-m", "ministack"],
            log=self.log,
            env=self._environment(scratch),
            cwd=self.home,
        )
        child = self._child
        if not wait_until(lambda: not child.alive or self.healthy(), timeout) or not child.alive:
            self.stop()
            raise EmulatorFailed(f"the emulator did not start on port {self.port}:\n{child.tail()}")

    def _environment(self, scratch: Path) -> dict[str, str]:
        kept = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG", "DOCKER_HOST") if name in os.environ
        }
        persist = "1" if self.persist else "0"
        return {
            **kept,
            **CREDENTIALS,
            "AWS_DEFAULT_REGION": REGION,
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",
            "MINISTACK_REGION": REGION,
            "PERSIST_STATE": persist,
            "S3_DATA_DIR": str(self.home / "s3"),
            "S3_PERSIST": persist,
            "STATE_DIR": str(self.home / "state"),
            "TMPDIR": str(scratch),
            # A function's own lines must reach the log at once.
            "PYTHONUNBUFFERED": "1",
        }

    def healthy(self) -> bool:
        """Whether it answers."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", _HEALTH)
            answer = connection.getresponse()
            return answer.status == 200 and "services" in json.loads(answer.read())
        except (OSError, ValueError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._child is not None and self._child.alive

    def stop(self) -> None:
        """Stop it with its workers; state is saved when it persists. Idempotent."""
        if self._child is not None:
            self._child.stop()
            self._child = None
        shutil.rmtree(self.home / "tmp", ignore_errors=True)

    def client(self, service: str) -> Any:
        """A boto3 client of this emulator."""
        return client(service, self.url)


@cache
def client(service: str, endpoint: str) -> Any:
    """A boto3 client of the emulator at `endpoint`, whatever the environment says; kept once made."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(
            connect_timeout=2, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 3}
        ),
    )
