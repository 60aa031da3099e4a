"""Where reports are kept: by day, and the latest under its own name. Nothing in them is personal.

reports/dt=2026-11-22/evaluate.html    the page
reports/dt=2026-11-22/evaluate.json    its numbers
reports/evaluate.json                  the latest numbers, which the next night goes on from
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from chalicelib.contracts.stores import physical_name
from chalicelib.runtime import aws
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_TYPES: Final = {".html": "text/html; charset=utf-8", ".json": "application/json"}


class ReportStore:
    """The prefix `reports/` of the registry's bucket."""

    def __init__(self, client: S3Client | None = None, bucket: str | None = None) -> None:
        self._client = client or aws.s3()
        chosen = settings()
        self.bucket = bucket or chosen.registry_bucket or physical_name(chosen.stage, "registry")

    def keep(self, day: date, name: str, text: str) -> str:
        """Keep it under its day and as the latest; the key of the first. Again replaces both."""
        kind = _TYPES[name[name.rindex(".") :]]
        key = f"reports/dt={day}/{name}"
        for where in (key, f"reports/{name}"):
            self._client.put_object(
                Bucket=self.bucket, Key=where, Body=text.encode("utf-8"), ContentType=kind
            )
        return key

    def latest(self, name: str) -> str | None:
        """The latest of that name; None: there is none yet."""
        try:
            found = self._client.get_object(Bucket=self.bucket, Key=f"reports/{name}")
        except self._client.exceptions.NoSuchKey:
            return None
        return found["Body"].read().decode("utf-8")
