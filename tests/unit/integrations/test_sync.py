"""Reading a source: what it tells becomes signals by the door, again and again without harm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from chalicelib.contracts.errors import ConsentRequired, NotFound, Unavailable
from chalicelib.contracts.events import type_of
from chalicelib.events.projection import is_open, record_of
from chalicelib.integrations.contract import (
    Item,
    NeedsReconnect,
    NotConnected,
    NothingToRead,
    Readable,
    SourceFailed,
    Synced,
    TokenRefused,
)
from chalicelib.integrations.sources import google_calendar
from chalicelib.integrations.sources.todoist import SYNC, make_source
from chalicelib.integrations.sync import HALF_DAY, Syncing
from chalicelib.runtime.settings import load
from oo_local.third_party import ACCESS_SECONDS
from tests.unit.events.world import ANN
from tests.unit.events.world import World as Signals
from tests.unit.integrations.world import World

SANDBOX = "sandbox"
BERLIN = ZoneInfo("Europe/Berlin")


class Reading:
    """Integrations, and events behind their door, on one clock."""

    def __init__(self) -> None:
        self.out = World()
        self.signals = Signals()
        self.signals.clock = self.out.clock
        self.signals.service._clock = self.out.clock
        self.signals.agree()
        self.out.connect()
        self.syncing = Syncing(
            self.out.sources, self.out.store, self.out.vault, self.out.agreed, self.signals.service.receive,
            lambda _: BERLIN, self.out.clock,
        )  # fmt: skip

    def sync(self) -> Synced:
        done = self.syncing.sync(ANN, SANDBOX, "trace-0001")
        self.signals.deliver()
        return done

    def counts(self) -> tuple[int, int, int]:
        done = self.sync()
        return done.accepted, done.duplicate, done.rejected

    def open(self) -> set[str]:
        states = list(self.signals.signals.items.values())
        return {record_of(s).item_ref.removeprefix("sandbox:") for s in states if is_open(record_of(s))}

    def board(self) -> set[str]:
        return {task["id"] for task in self.out.party.board()["ada"]}


@pytest.fixture
def reading() -> Reading:
    return Reading()


def test_what_is_open_there_is_open_here(reading: Reading) -> None:
    assert reading.counts() == (3, 0, 0)
    assert reading.open() == reading.board() != set()
    shown = reading.signals.service.history(ANN, 10, None).signals
    assert {s.title for s in shown} == {
        "Water the plants",
        "Answer the landlord's letter",
        "Book the dentist",
    }
    assert {s.source for s in shown} == {SANDBOX}


def test_titles_travel_sealed_and_rest_for_a_day(reading: Reading) -> None:
    reading.syncing.sync(ANN, SANDBOX, "trace-0001")
    events = [e for e in reading.signals.bus.events if type_of(e) == "signal_received"]
    assert len(events) == 3
    assert all(e.signal_received.signal.origin == "connector" for e in events)
    assert b"dentist" not in b"".join(e.SerializeToString() for e in events)
    reading.signals.deliver()
    titles = [s.title for s in reading.signals.service.history(ANN, 10, None).signals]
    assert None not in titles
    reading.out.later(24 * 3600)
    titles = [s.title for s in reading.signals.service.history(ANN, 10, None).signals]
    assert titles == [None] * 3


def test_only_what_changed_is_told_again(reading: Reading) -> None:
    reading.sync()
    assert reading.counts() == (0, 0, 0)
    done, *_ = sorted(reading.board())
    reading.out.later(60)
    reading.out.party.close("ada", done)
    reading.out.party.add("ada", "Buy oats")
    assert reading.counts() == (2, 0, 0)
    assert reading.open() == reading.board()
    assert done not in reading.open()


def test_twice_a_day_titles_are_kept_anew_and_nothing_else_happens(reading: Reading) -> None:
    reading.sync()
    for _ in range(4):
        reading.out.later(HALF_DAY)
        assert reading.counts() == (3, 0, 0)
        assert reading.counts() == (0, 0, 0)
        titles = {s.title for s in reading.signals.service.history(ANN, 50, None).signals}
        assert "Book the dentist" in titles
    items = [record_of(state) for state in reading.signals.signals.items.values()]
    assert {item.postponed for item in items} == {0}
    assert max(item.as_of - item.first_seen_at for item in items) < timedelta(seconds=1)


def test_what_was_done_here_stays_done_although_it_is_open_there(reading: Reading) -> None:
    reading.sync()
    one, *_ = sorted(reading.board())
    reading.out.later(60)
    reading.signals.take_in(
        {
            "type": "task", "item_ref": f"sandbox:{one}", "status": "done",
            "occurred_at": reading.out.clock.now().isoformat(),
        }
    )  # fmt: skip
    reading.out.later(HALF_DAY)
    reading.sync()
    assert reading.open() == reading.board() - {one}
    # Changed there since, it is open again.
    reading.out.party.close("ada", one, status="open")
    reading.sync()
    assert reading.open() == reading.board()


def test_who_read_and_could_not_say_so_reads_again_without_harm(reading: Reading) -> None:
    reading.signals.bus.down = True
    with pytest.raises(Unavailable):
        reading.sync()
    connection = reading.out.store.get(ANN, SANDBOX)
    assert connection is not None
    assert (connection.cursor, connection.synced_at) == (None, None)
    reading.signals.bus.down = False
    assert reading.counts() == (3, 0, 0)
    reading.out.store.rows[ANN, SANDBOX] = connection  # it died before it noted how far it had read
    assert reading.counts() == (0, 3, 0)


def test_a_token_that_is_refused_is_renewed_once(reading: Reading) -> None:
    reading.out.party.expire()
    assert reading.counts() == (3, 0, 0)
    assert reading.out.party.calls["refresh_token"] == 1


def test_a_source_that_refuses_every_token_is_asked_twice(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refuse(access: str, *_: Any) -> Any:
        asked.append(access)
        raise TokenRefused

    monkeypatch.setattr(reading.out.sources.by_name[SANDBOX], "fetch", refuse)
    with pytest.raises(Unavailable):
        reading.sync()
    assert len(asked) == len(set(asked)) == 2


def test_a_source_that_does_not_answer_is_told_so(reading: Reading) -> None:
    reading.out.wire.cut = True
    with pytest.raises(Unavailable):
        reading.sync()


def test_what_is_needed_to_read(reading: Reading) -> None:
    reading.out.party._state.grants.clear()
    reading.out.later(ACCESS_SECONDS)
    with pytest.raises(NeedsReconnect):
        reading.sync()
    reading.out.service.disconnect(ANN, SANDBOX)
    with pytest.raises(NotConnected):
        reading.sync()
    reading.out.agreed.by_person[ANN] = frozenset({"calendar"})
    with pytest.raises(ConsentRequired):
        reading.sync()
    with pytest.raises(NotFound):
        reading.syncing.sync(ANN, "nothing", "t")


def test_a_source_that_is_not_read_yet_says_so(reading: Reading) -> None:
    calendar = google_calendar.from_settings(load({"OO_STAGE": "dev", "OO_GOOGLE_CALENDAR_CLIENT_ID": "g"}))
    assert calendar is not None
    assert not isinstance(calendar, Readable)
    reading.syncing._sources = lambda _: calendar
    with pytest.raises(NothingToRead):
        reading.sync()


def test_many_tasks_enter_in_batches_and_what_is_odd_is_counted(reading: Reading) -> None:
    for n in range(230):
        reading.out.party.add("ada", f"Task {n}")
    reading.out.party.add("ada", "x" * 501)
    reading.out.party.add("ada", "")
    assert reading.counts() == (234, 0, 1)
    assert len(reading.open()) == 234


def test_when_nothing_of_a_batch_can_be_taken_it_is_counted(reading: Reading) -> None:
    reading.sync()
    reading.out.party.add("ada", "x" * 501)
    assert reading.counts() == (0, 0, 1)


# --- Todoist ----------------------------------------------------------------------------------------


def item(**changes: Any) -> dict[str, Any]:
    return {
        "id": "6X7", "content": "Call  Ann", "checked": False, "is_deleted": False, "priority": 4,
        "labels": ["At Home", "x"], "parent_id": "6X6", "due": {"date": "2026-11-06", "timezone": None},
        "duration": {"amount": 15, "unit": "minute"}, "added_at": "2026-11-01T08:00:00.000000Z",
        "updated_at": "2026-11-05T09:30:00.000000Z", "description": "secret", **changes,
    }  # fmt: skip


def todoist(document: Any, cursor: str | None = None, status: int = 200) -> tuple[Any, httpx.Request]:
    sent: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(status, json=document)

    source = make_source("client", lambda: "secret", lambda: httpx.MockTransport(handle))
    assert isinstance(source, Readable)
    fetched = source.fetch("the access token", cursor, BERLIN)
    return fetched, sent[0]


def test_todoist_is_asked_for_what_changed() -> None:
    fetched, request = todoist({"items": [item()], "sync_token": "next"}, "before")
    assert str(request.url) == SYNC
    assert request.headers["Authorization"] == "Bearer the access token"
    assert request.content == b"sync_token=before&resource_types=%5B%22items%22%5D"
    assert (fetched.cursor, fetched.refused) == ("next", 0)
    assert fetched.items == [
        Item(
            datetime(2026, 11, 5, 9, 30, tzinfo=UTC),
            {
                "type": "task", "item_ref": "todoist:6X7", "title": "Call Ann", "status": "open",
                "priority": 1, "category": "at-home", "effort_minutes": 15, "linked_ref": "todoist:6X6",
                "due_on": "2026-11-06",
            },
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("due", "told"),
    [
        (None, {}),
        ({"date": "2026-11-06T10:00:00", "timezone": None}, {"due_at": "2026-11-06T10:00:00+01:00"}),
        ({"date": "2026-11-06T10:00:00", "timezone": "Asia/Tokyo"}, {"due_at": "2026-11-06T10:00:00+09:00"}),
        ({"date": "2026-11-06T10:00:00Z", "timezone": "Asia/Tokyo"}, {"due_at": "2026-11-06T10:00:00+00:00"}),
    ],
)
def test_todoists_due_dates_are_days_or_moments(due: Any, told: dict[str, str]) -> None:
    fetched, _ = todoist({"items": [item(due=due)], "sync_token": "next"})
    signal = fetched.items[0].signal
    assert {name: signal[name] for name in ("due_on", "due_at") if name in signal} == told


def test_todoists_closed_tasks_are_told_only_as_changes() -> None:
    closed = [item(checked=True), item(id="6X8", is_deleted=True, checked=True)]
    fetched, _ = todoist({"items": closed, "sync_token": "next"}, "before")
    assert [i.signal["status"] for i in fetched.items] == ["done", "deleted"]
    fetched, request = todoist({"items": closed, "sync_token": "next"})
    assert fetched.items == []
    assert b"sync_token=%2A&" in request.content


ODD: list[Any] = [
    None, 7, "x", [], {}, item(content=None), item(id=None, content=5), item(updated_at="yesterday"),
    item(updated_at=None, added_at=None), item(due={"date": 5}), item(due={"date": "2026-13-40"}),
    item(due={"date": "2026-11-06T10:00:00", "timezone": "Mars/Base"}), item(priority="high"),
    item(labels=5), item(duration=[1]),
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_one_odd_item_costs_no_other(odd: Any) -> None:
    fetched, _ = todoist({"items": [odd, item()], "sync_token": "next"}, "before")
    assert fetched.refused == 1
    assert [i.signal["item_ref"] for i in fetched.items] == ["todoist:6X7"]


@pytest.mark.parametrize(
    "document",
    [None, [], "x", {}, {"items": None, "sync_token": "n"}, {"items": []}, {"items": [], "sync_token": ""}],
)
def test_what_is_no_answer_is_a_failure(document: Any) -> None:
    with pytest.raises(SourceFailed):
        todoist(document)


@pytest.mark.parametrize(("status", "error"), [(401, TokenRefused), (403, SourceFailed), (500, SourceFailed)])
def test_a_refusal_is_told_from_a_failure(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        todoist({"error": "no"}, status=status)
