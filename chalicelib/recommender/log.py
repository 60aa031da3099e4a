"""The decision log: what training and evaluation read, one small object per line, in S3.

    decisions/dt=2026-11-05/<event id>.json      the decision, without words
    rewards/dt=2026-11-05/<event id>.json        a revision of its reward, under the day of the decision
    people/<person id>/<kind>/dt=.../<event id>  an empty pointer, so that erasure finds a person's lines

A day is read by its prefix, without a scan; a person is erased by theirs, in as many steps as they have
lines. The pointer is written first: a line without one could not be found again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from chalicelib.contracts.consents import SOURCES, Consent
from chalicelib.contracts.decision_log import Kind, line_key
from chalicelib.contracts.stores import physical_name
from chalicelib.runtime import aws
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_PAGE: Final = 500
"""Pointers taken together: with their lines the thousand keys that one delete takes."""


class DecisionLog:
    """DecisionLogStore on S3, and the store `decision-log` of a person."""

    name = "decision-log"

    def __init__(self) -> None:
        self._bucket = settings().decision_log_bucket or physical_name(settings().stage, self.name)

    def write(self, kind: Kind, day: str, person_id: str, event_id: str, line: Mapping[str, Any]) -> None:
        """Pointer, then line. The same event again overwrites both with the same."""
        aws.s3().put_object(Bucket=self._bucket, Key=_pointer(kind, day, person_id, event_id), Body=b"")
        body = json.dumps({"event_id": event_id, **line}, separators=(",", ":")).encode()
        aws.s3().put_object(
            Bucket=self._bucket, Key=line_key(kind, day, event_id), Body=body, ContentType="application/json"
        )

    def remove(self, kind: Kind, day: str, person_id: str, event_id: str) -> None:
        """Line, then pointer."""
        self._delete([line_key(kind, day, event_id)])
        self._delete([_pointer(kind, day, person_id, event_id)])

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        """Which lines there are. What they say is in the export of `decisions`, which they copy."""
        for pointers in self._pointers(person_id):
            yield from ({"line": _line_of(pointer)} for pointer in pointers)

    def erase(self, person_id: str) -> int:
        """Delete the person's lines, then the pointers to them, page by page; how many lines."""
        gone = 0
        for pointers in self._pointers(person_id):
            self._delete([_line_of(pointer) for pointer in pointers])
            self._delete(pointers)
            gone += len(pointers)
        return gone

    def withdraw(self, person_id: str, consent: Consent) -> int:
        """Training reads these lines, and each holds numbers of every source: without the consent to learn,
        or to a source that they may rest on, none stays."""
        return self.erase(person_id) if consent in {"learning", *SOURCES} else 0

    def _pointers(self, person_id: str) -> Iterator[list[str]]:
        pages = (
            aws.s3()
            .get_paginator("list_objects_v2")
            .paginate(
                Bucket=self._bucket, Prefix=f"people/{person_id}/", PaginationConfig={"PageSize": _PAGE}
            )
        )
        for page in pages:
            if keys := [entry["Key"] for entry in page.get("Contents", [])]:
                yield keys

    def _delete(self, keys: list[str]) -> None:
        objects: list[ObjectIdentifierTypeDef] = [{"Key": key} for key in keys]
        answer = aws.s3().delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})
        if errors := answer.get("Errors"):
            codes = sorted({str(e.get("Code")) for e in errors})
            raise RuntimeError(f"{len(errors)} objects not deleted: {', '.join(codes)}")


def _pointer(kind: str, day: str, person_id: str, event_id: str) -> str:
    return f"people/{person_id}/{kind}/dt={day}/{event_id}"


def _line_of(pointer: str) -> str:
    return pointer.split("/", 2)[2] + ".json"
