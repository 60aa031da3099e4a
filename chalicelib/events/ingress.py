"""What passes the door: each entry read, checked against the times and the consents. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from chalicelib.contracts.consents import CONSENT_OF_TYPE, Consent
from chalicelib.contracts.errors import ConsentRequired, Invalid, OoError, field_errors
from chalicelib.contracts.records import Origin, SignalRecord
from chalicelib.contracts.signals import (
    HORIZON,
    NEWEST,
    OLDEST,
    ContextSignal,
    EventSignal,
    MoodSignal,
    SignalEntry,
    TaskSignal,
)

_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_EVENT: Final = timedelta(days=31)
_TYPES: Final = ", ".join(CONSENT_OF_TYPE)


def read_entry(raw: Any, now: datetime, granted: Collection[Consent]) -> SignalEntry:
    """The entry. Raises Invalid, naming every wrong field, or ConsentRequired."""
    if not isinstance(raw, dict):
        raise Invalid("An entry must be an object.", errors=[{"pointer": "", "detail": "send an object"}])
    kind = raw.get("type")
    if not isinstance(kind, str) or kind not in CONSENT_OF_TYPE:
        raise Invalid(
            "The entry's type is not known.", errors=[{"pointer": "/type", "detail": f"use one of {_TYPES}"}]
        )
    try:
        entry = _adapter().validate_python(raw)
    except ValidationError as error:
        raise Invalid("See `errors` for each field.", errors=[_own(e) for e in field_errors(error)]) from None
    if errors := list(_wrong_times(entry, now)):
        raise Invalid("See `errors` for each field.", errors=errors)
    needed = CONSENT_OF_TYPE[entry.type]
    if needed not in granted:
        raise ConsentRequired(f"Agree to `{needed}` first (PUT /api/profile/consents).", consents=[needed])
    return entry


def refusal(errors: list[OoError]) -> OoError:
    """The one error for a batch of which nothing was accepted."""
    missing = sorted({c for e in errors if isinstance(e, ConsentRequired) for c in e.extra["consents"]})
    if all(isinstance(e, ConsentRequired) for e in errors):
        return ConsentRequired(
            f"Agree to {', '.join(missing)} first (PUT /api/profile/consents).", consents=missing
        )
    fields = [
        {"pointer": f"/signals/{index}{field['pointer']}", "detail": field["detail"]}
        for index, error in enumerate(errors)
        for field in error.extra.get("errors", [{"pointer": "", "detail": error.detail}])
    ]
    return Invalid("No entry could be accepted; see `errors`.", errors=fields)


def record(entry: SignalEntry, signal_id: str, title_hash: str | None, origin: Origin) -> SignalRecord:
    """The signal as it travels and rests: without its title."""
    title: str | None = getattr(entry, "title", None)
    fields = entry.model_dump(exclude={"id", "title", "origin"})
    return SignalRecord(
        signal_id=signal_id,
        origin=origin,
        title_hash=title_hash,
        title_words=len(title.split()) if title else None,
        title_chars=len(title) if title else None,
        **fields,
    )


@cache
def _adapter() -> TypeAdapter[SignalEntry]:
    return TypeAdapter(SignalEntry)


def _own(error: dict[str, str]) -> dict[str, str]:
    """Without the union's tag, which no one sent."""
    _, slash, pointer = error["pointer"].removeprefix("/").partition("/")
    return {"pointer": slash + pointer, "detail": error["detail"]}


def _wrong_times(entry: SignalEntry, now: datetime) -> Any:
    if not now - OLDEST <= entry.occurred_at <= now + NEWEST:
        yield {
            "pointer": "/occurred_at",
            "detail": f"must be within the last {OLDEST.days} days and at most "
            f"{NEWEST // timedelta(minutes=1)} minutes ahead",
        }
    if isinstance(entry, MoodSignal | ContextSignal):
        return
    moments: dict[str, datetime | None] = {}
    latest = now + HORIZON
    if isinstance(entry, TaskSignal):
        moments = {"due_at": entry.due_at, "due_on": _midnight(entry.due_on)}
    elif isinstance(entry, EventSignal):
        moments = {"starts_at": entry.starts_at, "ends_at": entry.ends_at - _LONGEST_EVENT
                   if entry.ends_at > _EARLIEST + _LONGEST_EVENT else entry.ends_at}  # fmt: skip
    for name, at in moments.items():
        if at is not None and not _EARLIEST <= at <= latest:
            yield {"pointer": f"/{name}", "detail": "must be after 1970 and at most 2 years ahead"}


def _midnight(day: date | None) -> datetime | None:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None
