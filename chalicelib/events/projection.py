"""How signals make an item: a merge whose result no order and no repetition of the signals can change.

Each fact of an item belongs to the newest signal that states it, newest by (occurred_at, signal id). A
signal states its own times and status always, the lasting facts (title, effort, priority, category, link)
only when it carries them: "done" alone does not erase an item's effort. Merging takes the newer of each,
so it is commutative, associative and idempotent; `record_of` then reads the item off the facts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from chalicelib.contracts.records import ItemRecord, Origin, SignalRecord, storable

WORDS_KEPT: Final[dict[Origin, timedelta]] = {
    "typed": timedelta(days=3650),  # until done or deleted; a date so far off is none
    "file": timedelta(days=30),
    "connector": timedelta(hours=24),
}
DUES_KEPT: Final = 32
"""Due days remembered to count postponements; the newest ones, which is again independent of order."""

_LASTING: Final = ("effort_minutes", "priority", "category", "linked_ref")
_OWN: Final = ("status", "due_at", "due_on", "starts_at", "ends_at", "all_day", "busy")
_CLOSED: Final = frozenset({"done", "deleted", "cancelled"})

Mark = tuple[str, str]
"""When and by which signal something was said: (storable occurred_at, signal id). Compares by time."""


class Fact(BaseModel):
    """A value and who said it."""

    model_config = ConfigDict(frozen=True)

    mark: Mark
    value: Any


class ItemState(BaseModel):
    """The facts of one item. `announced` is the signal whose closing of the item was published."""

    model_config = ConfigDict(frozen=True)

    item_ref: str
    first_seen: str
    own: Fact
    lasting: dict[str, Fact] = {}
    title: Fact | None = None
    closed: Mark | None = None
    dues: dict[str, tuple[str, str]] = {}
    """Signal id -> (occurred_at, due day)."""
    announced: str | None = None


def state_of(signal: SignalRecord, received_at: datetime) -> ItemState:
    """What one signal alone says of its item. `received_at`: when it passed the door, from which words
    are kept."""
    if signal.item_ref is None or signal.type in {"mood", "context"}:
        raise ValueError("this signal is about no item")
    at = storable(signal.occurred_at)
    mark = (at, signal.signal_id)
    own = {name: getattr(signal, name) for name in _OWN if getattr(signal, name) is not None}
    due = signal.due_on or (signal.due_at.date() if signal.due_at else None)
    return ItemState(
        item_ref=signal.item_ref,
        first_seen=at,
        own=Fact(mark=mark, value={"type": signal.type, **_plain(own)}),
        lasting={
            name: Fact(mark=mark, value=value)
            for name in _LASTING
            if (value := getattr(signal, name)) is not None
        },
        title=Fact(
            mark=mark,
            value={
                "words": signal.title_words or 0,
                "chars": signal.title_chars or 0,
                "until": storable(received_at + WORDS_KEPT[signal.origin]),
            },
        )
        if signal.title_hash
        else None,
        closed=mark if _ends(signal) else None,
        dues={signal.signal_id: (at, due.isoformat())} if due and signal.type == "task" else {},
    )


def merge(one: ItemState, other: ItemState) -> ItemState:
    """Both together; of two facts the newer."""
    dues = sorted({**one.dues, **other.dues}.items(), key=lambda due: (due[1][0], due[0]))
    return ItemState(
        item_ref=one.item_ref,
        first_seen=min(one.first_seen, other.first_seen),
        own=_newer(one.own, other.own),
        lasting={
            name: _newest(one.lasting.get(name), other.lasting.get(name))
            for name in sorted({*one.lasting, *other.lasting})
        },
        title=_newest(one.title, other.title),
        closed=max(filter(None, (one.closed, other.closed)), default=None),
        dues=dict(dues[-DUES_KEPT:]),
        announced=one.announced or other.announced,
    )


def keeps_words(state: ItemState) -> bool:
    """Whether the item's title may rest: it has one, and nothing newer closed the item."""
    return state.title is not None and (state.closed is None or state.title.mark > state.closed)


def record_of(state: ItemState) -> ItemRecord:
    """The item as everyone else reads it."""
    title = state.title.value if state.title else {}
    return ItemRecord.model_validate(
        {
            "item_ref": state.item_ref,
            "as_of": state.own.mark[0],
            "first_seen_at": state.first_seen,
            **state.own.value,
            **{name: fact.value for name, fact in state.lasting.items()},
            "title_words": title.get("words", 0),
            "title_chars": title.get("chars", 0),
            "words_expire_at": title["until"] if keeps_words(state) else None,
            "postponed": _postponed(state),
        }
    )


def is_open(record: ItemRecord) -> bool:
    """Whether the item still asks for something: a habit until it is given up, even when done today."""
    if record.type == "habit" and record.status == "done":
        return True
    return record.status not in _CLOSED


def open_key(record: ItemRecord) -> str | None:
    """The key in the index of open items, in the order in which they matter; None when closed."""
    if not is_open(record):
        return None
    if record.type == "task":
        due = (
            storable(record.due_at)
            if record.due_at
            else record.due_on.isoformat()
            if record.due_on
            else "9999"
        )
        return f"task#{due}#{record.item_ref}"
    if record.type == "event":
        starts = storable(record.starts_at) if record.starts_at else "9999"
        return f"event#{starts}#{record.item_ref}"
    return f"habit#{record.item_ref}"


def without(state: ItemState, signal_id: str) -> ItemState | None:
    """The item once a signal was taken back: None when it was the newest, which is what the item rests on.

    What only that signal said goes with it. What an older signal had said of the same fact is not brought
    back: it was overtaken.
    """
    if state.own.mark[1] == signal_id:
        return None
    return state.model_copy(
        update={
            "lasting": {name: fact for name, fact in state.lasting.items() if fact.mark[1] != signal_id},
            "title": None if state.title and state.title.mark[1] == signal_id else state.title,
            "dues": {by: due for by, due in state.dues.items() if by != signal_id},
        }
    )


def _ends(signal: SignalRecord) -> bool:
    return signal.closes_item() or (signal.type == "habit" and signal.status == "deleted")


def _newer(one: Fact, other: Fact) -> Fact:
    return max(one, other, key=lambda fact: fact.mark)


def _newest(one: Fact | None, other: Fact | None) -> Any:
    return max(filter(None, (one, other)), key=lambda fact: fact.mark, default=None)


def _postponed(state: ItemState) -> int:
    days = [day for _, day in sorted((at, day) for at, day in state.dues.values())]
    return sum(later > earlier for earlier, later in pairwise(days))


def _plain(own: dict[str, Any]) -> dict[str, Any]:
    return {
        name: storable(value)
        if isinstance(value, datetime)
        else value.isoformat()
        if name == "due_on"
        else value
        for name, value in own.items()
    }
