"""`python -m infra deploy`: a stage to AWS, step by step, each step repeatable.

Order matters: queues and the stream must exist before Chalice points functions at them, and the API
needs the names of what the infra stack made.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chalicelib.runtime.settings import SettingsError, field_of, load, variable
from infra import answers, stacks, triggers
from infra.bootstrap import bootstrap
from infra.function import OUTPUTS, PARAMETERS, Stage
from infra.layer import LayerBroken, package
from infra.rendering import differing
from infra.scoring import parameter
from infra.template import body
from infra.tree import ROOT, app_tree

if TYPE_CHECKING:
    from botocore.client import BaseClient

HEALTH: Final = "/api/health/gateway"


class DeployError(Exception):
    """A step cannot go on; the message says what to do."""


@dataclass(frozen=True)
class Step:
    """One step: what it does, and the doing."""

    title: str
    do: Callable[[], None]


class Deploy:
    """One deploy of one stage with the credentials of the environment."""

    def __init__(self, stage: Stage, *, image: str = "", alarm_topic: str = "") -> None:
        self.stage = stage
        self.image = image
        self.alarm_topic = alarm_topic
        self.outputs: dict[str, str] = {}
        self.settings: dict[str, str] = {}
        self.folder: Path = ROOT / ".oo/deploy" / stage

    def steps(self) -> list[Step]:
        """The steps in order."""
        name = f"oo-{self.stage}"
        image = f"take the image {self.image}" if self.image else "build the scoring image and push it"
        return [
            Step("check that the rendered files are up to date", self._check),
            Step(f"stack {name}-bootstrap: image repository and artefact bucket", self._bootstrap),
            Step(image, self._push),
            Step(f"read the settings below /oo/{self.stage}/settings/ from SSM", self._read_settings),
            Step(
                f"stack {name}-infra: tables, topic, queues, key, bucket, scoring functions, alarms",
                self._infra,
            ),
            Step(f"make the app's tree in {self.folder.relative_to(ROOT)} with these values", self._tree),
            Step("let Chalice make the layer of packages, leave out what nothing reads, try it", self._layer),
            Step(f"chalice deploy --stage {self.stage}", self._chalice),
            Step("tell the event sources to report failures one by one", self._triggers),
            Step("set the public address, when it was not set", self._public_url),
            Step("let API Gateway's own errors be problem details too", self._answers),
            Step(f"ask {HEALTH} whether it lives", self._smoke),
        ]

    def run(self, *, plan: bool = False) -> int:
        """Do the steps, or with `plan` only print them; the exit code."""
        steps = self.steps()
        for number, step in enumerate(steps, 1):
            print(f"[{number}/{len(steps)}] {step.title}", flush=True)
            if plan:
                continue
            try:
                step.do()
            except (
                DeployError,
                stacks.StackFailed,
                triggers.TriggerMissing,
                SettingsError,
                LayerBroken,
            ) as error:
                print(f"stopped: {error}", file=sys.stderr)
                return 1
            except subprocess.CalledProcessError as error:
                print(f"stopped: {error.cmd[0]} ended with {error.returncode}", file=sys.stderr)
                return 1
        return 0

    # --- the steps ----------------------------------------------------------------------------

    def _check(self) -> None:
        if wrong := differing():
            raise DeployError(f"run `python -m infra render`: {', '.join(wrong)}")

    def _bootstrap(self) -> None:
        self.outputs |= stacks.apply(
            self._cloudformation,
            f"oo-{self.stage}-bootstrap",
            {"Stage": self.stage},
            body=json.dumps(bootstrap()),
            say=_say,
        )

    def _push(self) -> None:
        if self.image:
            return
        repository = self.outputs["ImageRepository"]
        tag = _output("git", "rev-parse", "--short=12", "HEAD")
        ecr: Any = self._client("ecr")
        token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        password = base64.b64decode(token).decode().partition(":")[2]
        registry = repository.partition("/")[0]
        subprocess.run(
            ["docker", "login", "--username", "AWS", "--password-stdin", registry],
            input=password.encode(),
            check=True,
        )
        _run(
            "docker", "buildx", "build", "--platform", "linux/arm64", "--provenance=false",
            "--file", "ml_lambda/Dockerfile", "--tag", f"{repository}:{tag}", "--push", ".",
        )  # fmt: skip
        found = ecr.describe_images(repositoryName=repository.partition("/")[2], imageIds=[{"imageTag": tag}])
        # By digest: a stack update sees a new image, and what runs is exactly what was pushed.
        self.image = f"{repository}@{found['imageDetails'][0]['imageDigest']}"
        _say(self.image)

    def _infra(self) -> None:
        parameters = {"Stage": self.stage, "ImageUri": self.image, "AlarmTopicArn": self.alarm_topic}
        parameters |= {parameter(name): self.settings[name] for name in PARAMETERS if name in self.settings}
        # Sent directly a template may hold 51,200 bytes; ours is larger.
        bucket = self.outputs["ArtefactBucket"]
        self._client("s3").put_object(Bucket=bucket, Key="infra.json", Body=body().encode())
        self.outputs |= stacks.apply(
            self._cloudformation,
            f"oo-{self.stage}-infra",
            parameters,
            url=f"https://{bucket}.s3.{self._region}.amazonaws.com/infra.json",
            say=_say,
        )

    def _read_settings(self) -> None:
        path = f"/oo/{self.stage}/settings/"
        pages = self._client("ssm").get_paginator("get_parameters_by_path").paginate(Path=path)
        for page in pages:
            for found in page["Parameters"]:
                setting = found["Name"].removeprefix(path).replace("-", "_").lower()
                self.settings[variable(setting)] = found["Value"]
        if taken := self.settings.keys() & {"OO_STAGE", *OUTPUTS}:
            raise DeployError(f"{', '.join(sorted(taken))} come from the stack: delete them below {path}")
        if unknown := [name for name in self.settings if not field_of(name) and name not in PARAMETERS]:
            raise DeployError(
                f"nothing reads {', '.join(sorted(unknown))}: mend the name below {path} (docs/settings.md)"
            )
        load({"OO_STAGE": self.stage, **self.settings})
        _say(", ".join(sorted(self.settings)) or "none are set")

    def _tree(self) -> None:
        app_tree(
            self.folder,
            self.stage,
            self.outputs,
            extra_environment=self.settings,
            region=self._region,
            account=self._account,
        )
        # Chalice knows from this file what it deployed before; without it, it would make a second API.
        if kept := self._kept_state():
            self._state.parent.mkdir(parents=True, exist_ok=True)
            self._state.write_bytes(kept)

    def _layer(self) -> None:
        with tempfile.TemporaryDirectory() as out:
            package(self.folder, self.stage, Path(out), region=self._region)
            for made in sorted(Path(out).glob("*.zip")):
                _say(f"{made.name}: {made.stat().st_size / 1e6:.1f} MB")

    def _chalice(self) -> None:
        chalice = str(Path(sys.executable).with_name("chalice"))
        environment = {**os.environ, "AWS_DEFAULT_REGION": self._region}
        try:
            subprocess.run(
                [chalice, "deploy", "--stage", self.stage], cwd=self.folder, env=environment, check=True
            )
        finally:
            # Also after a failure: what was made is recorded.
            if self._state.is_file():
                self._client("s3").put_object(
                    Bucket=self.outputs["ArtefactBucket"], Key=self._state_key, Body=self._state.read_bytes()
                )

    def _triggers(self) -> None:
        for line in triggers.complete(
            self._client("lambda"), self.stage, region=self._region, account=self._account
        ):
            _say(line)

    def _public_url(self) -> None:
        if "OO_PUBLIC_URL" in self.settings:
            _say(self.settings["OO_PUBLIC_URL"])
            return
        url = self._deployed_url()
        self._client("ssm").put_parameter(
            Name=f"/oo/{self.stage}/settings/public-url", Value=url, Type="String", Overwrite=True
        )
        _say(f"{url}: the functions learn it now")
        self.settings["OO_PUBLIC_URL"] = url
        self._tree()
        self._chalice()

    def _answers(self) -> None:
        count = answers.complete(self._client("apigateway"), str(self._deployed("rest_api")["rest_api_id"]))
        _say(f"{count} kinds")

    def _smoke(self) -> None:
        url = self._deployed_url() + HEALTH
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 - an https address of our own
                _say(f"{url}: {answer.status}")
        except OSError as error:
            raise DeployError(f"{url}: {error}; look at the log group /aws/lambda/oo-{self.stage}") from error

    # --- what the steps share -----------------------------------------------------------------

    @property
    def _state(self) -> Path:
        return self.folder / f".chalice/deployed/{self.stage}.json"

    @property
    def _state_key(self) -> str:
        return f"chalice/{self.stage}.json"

    def _kept_state(self) -> bytes:
        s3: Any = self._client("s3")
        try:
            answer = s3.get_object(Bucket=self.outputs["ArtefactBucket"], Key=self._state_key)
        except s3.exceptions.NoSuchKey:
            return b""
        return bytes(answer["Body"].read())

    def _deployed(self, name: str) -> dict[str, Any]:
        """What Chalice noted of a resource that it made."""
        resources: list[dict[str, Any]] = json.loads(self._state.read_text())["resources"]
        return next(r for r in resources if r["name"] == name)

    def _deployed_url(self) -> str:
        return str(self._deployed("rest_api")["rest_api_url"]).rstrip("/")

    @cached_property
    def _session(self) -> Any:
        import boto3

        session = boto3.Session()
        if not session.region_name:
            raise DeployError("no region: set AWS_DEFAULT_REGION")
        return session

    def _client(self, service: str) -> Any:
        client: BaseClient = self._session.client(service)
        return client

    @property
    def _cloudformation(self) -> Any:
        return self._client("cloudformation")

    @property
    def _region(self) -> str:
        return str(self._session.region_name)

    @cached_property
    def _account(self) -> str:
        return str(self._client("sts").get_caller_identity()["Account"])


def _say(line: str) -> None:
    print(f"      {line}", flush=True)


def _run(*command: str) -> None:
    subprocess.run(command, cwd=ROOT, check=True)


def _output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
