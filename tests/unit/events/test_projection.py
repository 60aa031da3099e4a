from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.contracts.consents import CONSENT_OF_TYPE
from chalicelib.contracts.records import ItemRecord, SignalRecord, storable
from chalicelib.events.planning import plan, plan_removal
from chalicelib.events.ports import SeenItem, Words
from chalicelib.events.projection import (
    DUES_KEPT,
    ItemState,
    is_open,
    merge,
    open_key,
    record_of,
    state_of,
)

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
RECEIVED = datetime(2026, 11, 20, tzinfo=UTC)


def task(at: int, name: str = "", **fields: Any) -> SignalRecord:
    return SignalRecord(
        **{
            "signal_id": name or f"s{at}", "type": "task", "source": "manual", "origin": "typed",
            "occurred_at": START + timedelta(hours=at), "item_ref": "t1", "status": "open", **fields,
        }
    )  # fmt: skip


def titled(at: int, words: int = 2, **fields: Any) -> SignalRecord:
    return task(at, **{"title_hash": f"hash-{at}", "title_words": words, "title_chars": 9, **fields})


class Item:
    """Plans signal after signal and keeps what a store would keep."""

    def __init__(self) -> None:
        self.state: ItemState | None = None
        self.words: Words | None = None
        self.stored: set[str] = set()
        self.closings: list[str] = []

    def take(self, signal: SignalRecord, received: datetime = RECEIVED) -> None:
        if signal.signal_id in self.stored:
            return
        seen = SeenItem(self.state, "") if self.state else None
        sealed = b"sealed" if signal.title_hash else None
        write = plan(signal, sealed, received, seen, CONSENT_OF_TYPE[signal.type])
        self.stored.add(signal.signal_id)
        self.state = write.item or self.state
        if self.state and self.state.announced == signal.signal_id:
            self.closings.append(signal.signal_id)
        if write.words == "drop":
            self.words = None
        elif isinstance(write.words, Words):
            self.words = write.words

    @property
    def record(self) -> ItemRecord:
        assert self.state
        return record_of(self.state)


def after(*signals: SignalRecord) -> Item:
    item = Item()
    for signal in signals:
        item.take(signal)
    return item


signals = st.builds(
    lambda at, name, status, title, due, effort, origin: task(
        at, f"{name}-{at}", status=status, due_on=due, effort_minutes=effort, origin=origin,
        **({"title_hash": f"h{name}{at}", "title_words": at, "title_chars": at} if title else {}),
    ),
    st.integers(0, 12), st.sampled_from("abc"), st.sampled_from(["open", "open", "done", "deleted"]),
    st.booleans(), st.none() | st.dates(date(2026, 11, 1), date(2026, 11, 9)), st.none() | st.integers(1, 60),
    st.sampled_from(["typed", "file", "connector"]),
)  # fmt: skip


@settings(max_examples=300)
@given(
    st.lists(signals, min_size=1, max_size=12, unique_by=lambda s: s.signal_id),
    st.randoms(use_true_random=False),
)
def test_no_order_and_no_repetition_of_signals_changes_the_item(
    said: list[SignalRecord], chance: random.Random
) -> None:
    in_order = after(*sorted(said, key=lambda s: (s.occurred_at, s.signal_id)))
    mixed = said + chance.choices(said, k=len(said))
    chance.shuffle(mixed)
    shuffled = after(*mixed)
    assert shuffled.record == in_order.record
    assert open_key(shuffled.record) == open_key(in_order.record)
    assert shuffled.words == in_order.words
    assert (shuffled.words is None) == (shuffled.record.words_expire_at is None)


@given(st.lists(signals, min_size=3, max_size=3, unique_by=lambda s: s.signal_id))
def test_merging_is_associative_commutative_and_idempotent(said: list[SignalRecord]) -> None:
    a, b, c = (state_of(s, RECEIVED) for s in said)
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(a, b) == merge(b, a)
    assert merge(a, a) == a


def test_the_newest_signal_says_how_the_item_stands() -> None:
    record = after(
        titled(1, due_on=date(2026, 11, 9), effort_minutes=30, category="home", priority=2), task(5)
    ).record
    assert (record.status, record.as_of, record.due_on) == ("open", START + timedelta(hours=5), None)
    assert record.first_seen_at == START + timedelta(hours=1)
    assert (record.title_words, record.effort_minutes, record.category, record.priority) == (2, 30, "home", 2)


def test_a_later_due_day_counts_as_postponed_an_earlier_one_does_not() -> None:
    days = [date(2026, 11, d) for d in (5, 7, 6, 6, 9)]
    assert after(*(task(i, due_on=day) for i, day in enumerate(days))).record.postponed == 2
    same_day = START.replace(hour=23)
    assert after(task(1, due_at=START), task(2, due_at=same_day)).record.postponed == 0


def test_the_memory_of_due_days_is_bounded() -> None:
    many = after(*(task(i, due_on=date(2026, 11, 1) + timedelta(days=i)) for i in range(100)))
    assert many.state is not None
    assert len(many.state.dues) == DUES_KEPT
    assert many.record.postponed == DUES_KEPT - 1


def test_words_rest_as_long_as_their_origin_allows() -> None:
    assert after(titled(1, origin="file")).record.words_expire_at == RECEIVED + timedelta(days=30)
    assert after(titled(1, origin="connector")).record.words_expire_at == RECEIVED + timedelta(hours=24)
    typed = after(titled(1, origin="typed"))
    assert typed.record.words_expire_at is not None
    assert typed.record.words_expire_at > RECEIVED + timedelta(days=400)
    assert typed.words is not None
    assert typed.words.lasting
    assert after(task(1)).record.words_expire_at is None


def test_a_fresh_title_refreshes_the_words() -> None:
    item = after(titled(1, origin="connector"))
    item.take(titled(2, origin="connector"), RECEIVED + timedelta(hours=12))
    assert item.words is not None
    assert item.words.title_hash == "hash-2"
    assert item.words.expires_at == RECEIVED + timedelta(hours=36)


def test_closing_drops_the_words_and_reopening_without_a_title_brings_none_back() -> None:
    item = after(titled(1), task(2, status="done"))
    assert item.words is None
    assert item.record.words_expire_at is None
    item.take(task(3))
    assert item.words is None
    assert open_key(item.record) == "task#9999#t1"
    item.take(titled(4))
    assert item.words is not None


def test_only_the_step_from_open_to_closed_is_announced() -> None:
    assert after(task(1), task(2, status="done")).closings == ["s2"]
    assert after(task(1), task(2, status="done"), task(3, status="done")).closings == ["s2"]
    assert after(task(2, status="done"), task(1)).closings == []
    assert after(task(1), task(2, status="done"), task(3), task(4, status="deleted")).closings == ["s2", "s4"]


def test_a_habit_done_stays_open_until_it_is_given_up() -> None:
    def habit(at: int, status: str) -> SignalRecord:
        return titled(at, type="habit", status=status)

    done = after(habit(1, "active"), habit(2, "done"))
    assert is_open(done.record)
    assert open_key(done.record) == "habit#t1"
    assert done.words is not None
    done.take(habit(3, "deleted"))
    assert open_key(done.record) is None
    assert done.words is None


def test_open_tasks_sort_by_what_is_due_first() -> None:
    soon = after(task(1, due_at=START + timedelta(hours=3))).record
    day = after(task(1, due_on=START.date())).record
    later = after(task(1, due_on=START.date() + timedelta(days=1))).record
    whenever = after(task(1)).record
    keys = [open_key(r) or "" for r in (day, soon, later, whenever)]
    assert keys == sorted(keys)
    event = after(
        task(1, type="event", status="confirmed", starts_at=START, ends_at=START + timedelta(hours=1))
    ).record
    assert open_key(event) == f"event#{storable(START)}#t1"
    assert open_key(event.model_copy(update={"status": "cancelled"})) is None


def test_taking_the_newest_signal_back_takes_the_item_and_its_words() -> None:
    newest = titled(2)
    item = after(titled(1), newest)
    assert item.state
    removal = plan_removal(newest, SeenItem(item.state, ""), RECEIVED)
    assert removal.item is None
    assert removal.drop_words


def test_taking_an_older_signal_back_takes_only_what_it_alone_said() -> None:
    older = titled(1, effort_minutes=20, due_on=date(2026, 11, 9))
    item = after(older, task(2, priority=1, due_on=date(2026, 11, 10)))
    assert item.state
    removal = plan_removal(older, SeenItem(item.state, ""), RECEIVED)
    assert removal.item is not None
    record = record_of(removal.item)
    assert (record.title_words, record.effort_minutes, record.priority) == (0, None, 1)
    assert record.postponed == 0
    assert record.words_expire_at is None
    assert removal.drop_words


def test_taking_back_a_signal_about_no_item_touches_no_item() -> None:
    mood = task(1, type="mood", item_ref=None, status=None)
    removal = plan_removal(mood, None, RECEIVED)
    assert (removal.item, removal.drop_words) == (None, False)
