"""What every test may use: a known environment, fake clouds, and no sockets in unit tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import _lru_cache_wrapper, cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from tests.openai_server import OpenAIServer

ROOT = Path(__file__).resolve().parent.parent
UNIT = Path(__file__).resolve().parent / "unit"
REGION = "eu-central-1"
ACCOUNT = "000000000000"

# Set before anything of the project is imported: table classes take their names from the stage.
for _name in [name for name in os.environ if name.startswith(("OO_", "AWS_"))]:
    del os.environ[_name]
os.environ.update(
    OO_STAGE="local",
    OO_TOPIC_ARN=f"arn:aws:sns:{REGION}:{ACCOUNT}:oo-local-events",
    OO_DECISION_LOG_BUCKET="oo-local-decision-log",
    OO_EXPORTS_BUCKET="oo-local-exports",
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION=REGION,
    AWS_REGION=REGION,
    AWS_EC2_METADATA_DISABLED="true",
    MOTO_ACCOUNT_ID=ACCOUNT,
)


# `tryfirst`: before `-m` chooses by these marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Unit tests get no socket; a test that asks for a cloud says so by its marker.

    Of several processes (`-n 2`) one takes all tests of the deployed stack, so that it is deployed once, and
    begins with them, as they take longest; the others take the rest, file by file (tests/scheduling.py).
    """
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.path.is_relative_to(UNIT):
            item.add_marker(pytest.mark.disable_socket)
        if "stack" in fixtures:
            item.add_marker(pytest.mark.stack)
        if "emulator" in fixtures:
            item.add_marker(pytest.mark.emulator)
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: item.get_closest_marker("stack") is None)


# Optional: the peers' environment has no pytest-xdist.
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.scheduling import StackOrFile

    return StackOrFile(config, log)


@cache
def _client(service: str, endpoint: str | None) -> Any:
    import boto3

    return boto3.client(service, endpoint_url=endpoint, region_name=REGION)  # type: ignore[call-overload]


@dataclass(frozen=True)
class Cloud:
    """A cloud with every table, the key, the topic and the buckets of the local stage."""

    kind: Literal["moto", "emulator"]
    endpoint: str | None
    touched: set[str] = field(default_factory=set)
    """The tables and buckets that this test's process named in a call."""

    def client(self, service: str) -> Any:
        """A boto3 client of it; making one costs more than most tests, so they are kept."""
        return _client(service, self.endpoint)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint of a running emulator: one per run, own state, on a free port."""
    from oo_local.bootstrap import emulator_python
    from oo_local.emulator import Emulator
    from oo_local.ports import free_port

    running = Emulator(
        home=tmp_path_factory.mktemp("emulator"), port=free_port(), python=emulator_python(ROOT)
    )
    running.start()
    try:
        yield running.url
    finally:
        running.stop()


@pytest.fixture
def openai_server() -> Iterator[OpenAIServer]:
    """A scripted model proxy on a free port (tests/openai_server.py); its address is `.url`."""
    from tests.openai_server import running

    with running() as server:
        yield server


@pytest.fixture(scope="session")
def blank_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry file with its tables, made once: making them costs seconds."""
    from ml_lambda.registry.mlflow_registry import registry

    path = tmp_path_factory.mktemp("registry") / "registry.db"
    with registry(f"sqlite:///{path}"):
        pass
    return path


@pytest.fixture(scope="session")
def emulated(emulator: str) -> Iterator[str]:
    """The emulator whose tables tests share; nothing may be left in them at the end."""
    yield emulator
    left = [name for name, holds in contents(Cloud("emulator", emulator)) if next(holds, None)]
    assert left == [], "written by another process than its test's, and so not emptied"


@pytest.fixture(params=["moto", "emulator"])
def aws(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """A cloud whose tables are empty; every test that uses it runs on moto and on the emulator.

    What is made is made once per run; what a test touched is emptied after it.
    """
    if request.param == "moto":
        from moto import mock_aws

        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        mock = mock_aws()
        # Without a reset it goes on with the tables of the test before.
        mock.start(reset=False)
        cloud = Cloud("moto", None)
    else:
        mock = None
        cloud = Cloud("emulator", request.getfixturevalue("emulated"))
        monkeypatch.setenv("AWS_ENDPOINT_URL", str(cloud.endpoint))
    try:
        forget_clients()
        make_resources(cloud)
        with noting(cloud):
            yield cloud
        empty(cloud)
    finally:
        forget_clients()
        if mock is not None:
            mock.stop(remove_data=False)


def make_resources(cloud: Cloud) -> None:
    """Make what `infra/` makes and stores need; what is there already stays."""
    from chalicelib.contracts.stores import STORES, physical_name
    from infra.tables import create_tables

    dynamodb = cloud.client("dynamodb")
    if physical_name("local", "profiles") in dynamodb.list_tables()["TableNames"]:
        return
    create_tables(dynamodb, "local")
    for store in STORES:
        if store.kind == "bucket":
            cloud.client("s3").create_bucket(
                Bucket=physical_name("local", store.name),
                CreateBucketConfiguration={"LocationConstraint": REGION},
            )
    cloud.client("sns").create_topic(Name="oo-local-events")
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/oo-local-persons", TargetKeyId=key)


@contextmanager
def noting(cloud: Cloud) -> Iterator[None]:
    """Note the tables and buckets that calls of this process name, of whatever client."""
    from botocore.client import BaseClient

    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def noted(client: Any, operation: str, params: dict[str, Any]) -> Any:
        cloud.touched.update(params[key] for key in ("TableName", "Bucket") if key in params)
        cloud.touched.update(params.get("RequestItems", ()))
        for part in params.get("TransactItems", ()):
            cloud.touched.update(write["TableName"] for write in part.values())
        return call(client, operation, params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", noted)
        yield


def contents(cloud: Cloud) -> Iterator[tuple[str, Iterator[Callable[[], Any]]]]:
    """Each table and bucket by its name, with what it holds: as calls that delete many at once."""
    from chalicelib.contracts.stores import STORES, physical_name

    dynamodb, s3 = cloud.client("dynamodb"), cloud.client("s3")

    def rows(name: str, keys: list[str]) -> Iterator[Callable[[], Any]]:
        for page in dynamodb.get_paginator("scan").paginate(TableName=name):
            found = [{"DeleteRequest": {"Key": {part: row[part] for part in keys}}} for row in page["Items"]]
            for start in range(0, len(found), 25):
                yield partial(dynamodb.batch_write_item, RequestItems={name: found[start : start + 25]})

    def objects(name: str) -> Iterator[Callable[[], Any]]:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
            if found := [{"Key": listed["Key"]} for listed in page.get("Contents", [])]:
                yield partial(s3.delete_objects, Bucket=name, Delete={"Objects": found})

    for store in STORES:
        name = physical_name("local", store.name)
        if store.kind == "bucket":
            yield name, objects(name)
        else:
            yield name, rows(name, [store.key, *([store.sort] if store.sort else [])])


def empty(cloud: Cloud) -> None:
    """Delete every row and object of what was touched."""
    for name, holds in contents(cloud):
        if name in cloud.touched:
            for delete in list(holds):
                delete()


def forget_clients() -> None:
    """Drop every client and service that this process keeps, so that the next one sees this cloud."""
    from chalicelib.runtime import aws as runtime_aws

    runtime_aws._client.cache_clear()
    for root in ("chalicelib.wiring", "chalicelib.wiring_privacy", "chalicelib.wiring_integrations"):
        for value in list(vars(sys.modules[root]).values()) if root in sys.modules else ():
            if isinstance(value, _lru_cache_wrapper):
                value.cache_clear()
    if (models := sys.modules.get("pynamodb.models")) is not None:
        pending = [models.Model]
        while pending:
            model = pending.pop()
            pending.extend(model.__subclasses__())
            model._connection = None
