"""Where MLflow keeps its data: a database file here, one in the private bucket, or a tracking server.

    sqlite:////path/registry.db     a file; artifacts in a folder beside it. What `make dev` sets
    s3://bucket/mlflow              the file `registry.db` below that prefix, fetched at the start and put
                                    back when it changed; artifacts beside it. What AWS has by default
    https://...                     a tracking server, which knows where its artifacts are

A file in a bucket has one writer at a time: it is put back only over the very object that was fetched
(If-Match), so of two nights at once one goes through and the other runs again.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chalicelib.contracts.stores import physical_name
from chalicelib.runtime import aws
from chalicelib.runtime.settings import Settings
from ml_lambda.registry.contract import RegistryBusy

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FILE: Final = "registry.db"
_S3: Final = "s3://"
_SQLITE: Final = "sqlite:///"


def tracking_uri(settings: Settings) -> str:
    """The setting, or the registry's bucket when there is none."""
    if settings.mlflow_tracking_uri:
        return settings.mlflow_tracking_uri
    bucket = settings.registry_bucket or physical_name(settings.stage, "registry")
    return f"{_S3}{bucket}/mlflow"


class Place:
    """An opened place: `uri` is what MLflow is given, `artifacts` where it puts files (None: its own)."""

    def __init__(self, uri: str, artifacts: str | None) -> None:
        self.uri = uri
        self.artifacts = artifacts

    def commit(self) -> None:
        """Nothing is left to do for a file here or a server."""


class _InBucket(Place):
    def __init__(self, client: S3Client, address: str, folder: Path) -> None:
        bucket, _, prefix = address.removeprefix(_S3).partition("/")
        self._client, self._bucket = client, bucket
        self._key = f"{prefix.rstrip('/')}/{FILE}".lstrip("/")
        self._path = folder / FILE
        super().__init__(f"{_SQLITE}{self._path}", f"{address.rstrip('/')}/artifacts")
        self._etag: str | None = None
        try:
            found = client.get_object(Bucket=bucket, Key=self._key)
        except client.exceptions.NoSuchKey:
            self._digest = ""
            return
        self._etag = found["ETag"]
        self._path.write_bytes(found["Body"].read())
        self._digest = self._now()

    def _now(self) -> str:
        return sha256(self._path.read_bytes()).hexdigest() if self._path.exists() else ""

    def commit(self) -> None:
        """Put the file back when it changed. Raises RegistryBusy when another night did so meanwhile."""
        digest = self._now()
        if digest == self._digest:
            return
        held: Any = {"IfMatch": self._etag} if self._etag else {"IfNoneMatch": "*"}
        try:
            put = self._client.put_object(
                Bucket=self._bucket, Key=self._key, Body=self._path.read_bytes(), **held
            )
        except self._client.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in {409, 412}:
                raise RegistryBusy(f"{FILE} was written meanwhile") from None
            raise
        self._etag, self._digest = put["ETag"], digest


@contextmanager
def opened(address: str, client: S3Client | None = None) -> Iterator[Place]:
    """Open the place of that address; nothing is written back by itself: `commit` does."""
    if address.startswith(_SQLITE):
        path = Path(address.removeprefix(_SQLITE))
        path.parent.mkdir(parents=True, exist_ok=True)
        yield Place(address, (path.parent / "artifacts").as_uri())
    elif address.startswith(_S3):
        folder = Path(tempfile.mkdtemp(prefix="oo-registry-"))
        try:
            yield _InBucket(client or aws.s3(), address, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    else:
        yield Place(address, None)
