"""Which signals are behind a line of the profile card; travels in `ForgetRequested`. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.contracts.consents import CONSENT_OF_TYPE, CONSENTS, Consent
from chalicelib.contracts.events import ForgetRequested, MalformedEvent
from chalicelib.contracts.records import SignalRecord
from chalicelib.domain import calendar
from chalicelib.domain.situation import READS_BACK


@dataclass(frozen=True)
class Selection:
    """The consent alone means all of it; any other field narrows it down."""

    consent: Consent | None = None
    item_ref: str | None = None
    category: str | None = None
    hours: tuple[int, int] | None = None
    """The first and the last hour of the day, on the person's clock; the last may be past midnight."""
    timezone: str = "UTC"

    @property
    def whole(self) -> bool:
        """Whether it is all that rests on the consent."""
        return self.item_ref is None and self.category is None and self.hours is None

    def holds(self, signal: SignalRecord, now: datetime) -> bool:
        """Whether the signal is behind the line."""
        if self.consent is not None and CONSENT_OF_TYPE[signal.type] != self.consent:
            return False
        if self.item_ref is not None:
            return signal.item_ref == self.item_ref
        return self.whole or self._done_lately(signal, now)

    def _done_lately(self, signal: SignalRecord, now: datetime) -> bool:
        done = signal.type in {"task", "habit"} and signal.status == "done"
        if not done or not now - READS_BACK <= signal.occurred_at <= now:
            return False
        return self._in_hours(signal) if self.hours else signal.category == self.category

    def _in_hours(self, signal: SignalRecord) -> bool:
        assert self.hours is not None
        first, last = self.hours
        hour = calendar.local(signal.occurred_at, calendar.zone_of(self.timezone)).hour
        return (hour - first) % 24 <= (last - first) % 24

    def request(self, line: str) -> ForgetRequested:
        """As it travels."""
        first, last = self.hours or (None, None)
        return ForgetRequested(
            line=line,
            consent=self.consent or "",
            item_ref=self.item_ref,
            category=self.category,
            first_hour=first,
            last_hour=last,
            timezone=self.timezone,
        )


def selection_of(request: ForgetRequested) -> Selection:
    """What was asked for. Raises MalformedEvent for what would be everything."""
    if request.consent and request.consent not in CONSENTS:
        raise MalformedEvent("no such consent")
    found = Selection(
        consent=request.consent or None,
        item_ref=request.item_ref if request.HasField("item_ref") else None,
        category=request.category if request.HasField("category") else None,
        hours=(request.first_hour, request.last_hour) if request.HasField("first_hour") else None,
        timezone=request.timezone or "UTC",
    )
    if found.consent is None and found.whole:
        raise MalformedEvent("a selection of everything is no line")
    return found
