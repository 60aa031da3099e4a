"""The bucket of exports: parts that owners write, and the zip that is made of them.

    people/<person id>/<export id>/request              empty; when it was asked for
    people/<person id>/<export id>/parts/<store>.json   {"store", "holds", "rows"}
    people/<person id>/<export id>/oo-export.zip

Times are the bucket's own. Everything of a person is below one prefix, which erasure empties; the bucket
deletes by itself what is a day old.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any, Final

from chalicelib.contracts.ports import PersonalStore, SealedWords
from chalicelib.contracts.stores import physical_name, store
from chalicelib.runtime import aws
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

ZIP: Final = "oo-export.zip"
_REQUEST: Final = "request"
_IN_MEMORY: Final = 2 * 1024 * 1024


@dataclass(frozen=True)
class Export:
    """One export as it stands in the bucket."""

    export_id: str
    requested_at: datetime
    ready_at: datetime | None = None
    parts: frozenset[str] = field(default=frozenset())
    """The stores whose part is written; emptied once the zip is there."""


class ExportBucket:
    """Exports in S3, and the PersonalStore `exports`."""

    name = "exports"

    def __init__(self) -> None:
        self._bucket = settings().exports_bucket or physical_name(settings().stage, self.name)

    def begin(self, person_id: str, export_id: str) -> None:
        """Note that it was asked for."""
        aws.s3().put_object(Bucket=self._bucket, Key=_key(person_id, export_id, _REQUEST), Body=b"")

    def all(self, person_id: str) -> list[Export]:
        """The person's exports of the last day, oldest first."""
        begun: dict[str, datetime] = {}
        ready: dict[str, datetime] = {}
        parts: dict[str, set[str]] = {}
        for key, at in self._list(_key(person_id)):
            _, _, export_id, rest = key.split("/", 3)
            if rest == _REQUEST:
                begun[export_id] = at
            elif rest == ZIP:
                ready[export_id] = at
            else:
                name = rest.removeprefix("parts/").removesuffix(".json")
                parts.setdefault(export_id, set()).add(name)
        exports = [
            Export(export_id, at, ready.get(export_id), frozenset(parts.get(export_id, ())))
            for export_id, at in begun.items()
        ]
        return sorted(exports, key=lambda one: (one.requested_at, one.export_id))

    def get(self, person_id: str, export_id: str) -> Export | None:
        """One of them."""
        return next((one for one in self.all(person_id) if one.export_id == export_id), None)

    def write_parts(
        self,
        person_id: str,
        export_id: str,
        stores: Iterable[PersonalStore],
        opened: Callable[[SealedWords], Any],
    ) -> None:
        """One part per store. Written again it is overwritten; rows pass one by one, never all in memory."""
        for personal in stores:
            with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
                file.writelines(document(personal, person_id, opened))
                file.seek(0)
                key = _key(person_id, export_id, f"parts/{personal.name}.json")
                aws.s3().put_object(
                    Bucket=self._bucket, Key=key, Body=file, ContentType="application/json"
                )  # fmt: skip

    def part(self, person_id: str, export_id: str, name: str) -> Iterator[bytes]:
        """The bytes of one part, in pieces. Raises KeyError when it is not there (any more)."""
        s3, key = aws.s3(), _key(person_id, export_id, f"parts/{name}.json")
        try:
            answer = s3.get_object(Bucket=self._bucket, Key=key)
        except s3.exceptions.NoSuchKey:
            raise KeyError(name) from None
        yield from answer["Body"].iter_chunks(_IN_MEMORY)

    def finish(self, person_id: str, export_id: str, file: IO[bytes]) -> None:
        """Keep the zip, then drop the parts."""
        key = _key(person_id, export_id, ZIP)
        aws.s3().put_object(Bucket=self._bucket, Key=key, Body=file, ContentType="application/zip")
        self._delete([key for key, _ in self._list(_key(person_id, export_id, "parts/"))])

    def link(self, person_id: str, export_id: str, seconds: int) -> str:
        """An address of the zip that works for anyone who has it, so long."""
        return aws.s3().generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": _key(person_id, export_id, ZIP),
                "ResponseContentDisposition": f'attachment; filename="{ZIP}"',
            },
            ExpiresIn=seconds,
        )

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        """That there were exports; what is in them is in the other stores."""
        for one in self.all(person_id):
            yield {"export_id": one.export_id, "requested_at": one.requested_at.isoformat()}

    def erase(self, person_id: str) -> int:
        """Everything below the person's prefix, page by page."""
        keys = [key for key, _ in self._list(_key(person_id))]
        self._delete(keys)
        return len(keys)

    def _list(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        pages = aws.s3().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in pages:
            for entry in page.get("Contents", []):
                yield entry["Key"], entry["LastModified"]

    def _delete(self, keys: list[str]) -> None:
        for start in range(0, len(keys), 1000):
            objects: list[ObjectIdentifierTypeDef] = [{"Key": key} for key in keys[start : start + 1000]]
            answer = aws.s3().delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})
            if errors := answer.get("Errors"):
                codes = sorted({str(e.get("Code")) for e in errors})
                raise RuntimeError(f"{len(errors)} objects not deleted: {', '.join(codes)}")


def document(
    personal: PersonalStore, person_id: str, opened: Callable[[SealedWords], Any]
) -> Iterator[bytes]:
    """A store's part in pieces, each row on a line of its own: {"store", "holds", "rows"}."""
    head = {"store": personal.name, "holds": store(personal.name).holds}
    yield json.dumps(head, ensure_ascii=False)[:-1].encode() + b', "rows": ['
    comma = b"\n"
    for row in personal.export(person_id):
        plain = json.dumps(_plain(row, opened), ensure_ascii=False, default=str)
        yield comma + plain.encode()
        comma = b",\n"
    yield b"\n]}\n"


def _key(person_id: str, export_id: str = "", rest: str = "") -> str:
    return f"people/{person_id}/" + (f"{export_id}/{rest}" if export_id else "")


def _plain(value: Any, opened: Callable[[SealedWords], Any]) -> Any:
    """JSON-ready: every `SealedWords` opened."""
    if isinstance(value, SealedWords):
        return opened(value)
    if isinstance(value, Mapping):
        return {key: _plain(inner, opened) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, opened) for inner in value]
    return value
