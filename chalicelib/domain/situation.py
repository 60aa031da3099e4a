"""What the angles look at: a snapshot as it stands now, cut down to what the person agreed to.

Built once per proposal, so that every angle sees the same gap, the same blocks and the same day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.ml import HabitState, ItemBlock, MoodState, RecentTip, Snapshot
from chalicelib.contracts.records import ItemRecord
from chalicelib.contracts.tips import RecommendContext
from chalicelib.domain import calendar
from chalicelib.domain.calendar import Span

QUIET_FROM: Final = time(23)
QUIET_UNTIL: Final = time(6)
PLACE_TRUSTED: Final = timedelta(hours=4)
LOW: Final = 2  # of 5, for energy and valence
READS_BACK: Final = timedelta(days=28)  # the signals that a snapshot rests on
READS_AHEAD: Final = timedelta(days=7)  # the calendar entries in it
# The categories that can only be done in one place; any other is possible anywhere.
ONLY_AT: Final[Mapping[str, str]] = {
    "chores": "home",
    "cleaning": "home",
    "garden": "home",
    "home": "home",
    "household": "home",
    "laundry": "home",
    "office": "work",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """The free time that starts now. Empty (`minutes` 0) while the person is busy."""

    until: datetime
    minutes: int
    event: ItemRecord | None = None  # what ends it, when an entry of the calendar does
    stated: bool = False  # the person said so with the request


@dataclass(frozen=True, slots=True)
class Situation:
    """One person, one moment. Lists hold only what may be named: words that can be opened."""

    person_id: str
    now: datetime
    zone: tzinfo
    today: date
    day_end: datetime
    context: RecommendContext
    tasks: Sequence[ItemRecord]
    habits: Sequence[HabitState]
    deadlines: Sequence[datetime]  # of all open tasks, also of those that may not be named now
    events: Sequence[ItemRecord]  # busy, timed, confirmed; by start
    busy: Sequence[Span]  # merged
    entries: Sequence[Span]  # everything in the calendar, also what takes no time or all day
    calendar_known: bool  # until the end of tomorrow
    gap: Gap
    mood: MoodState | None  # only when entered today
    place: str | None
    blocks: Mapping[str, ItemBlock]
    recent: Sequence[RecentTip]
    done_hours: Sequence[float]
    done_today: int
    themes: Mapping[str, str]  # of tasks, by ref
    sizes: Mapping[str, int]  # of themes: how many of these tasks each has
    coming: Mapping[str, ItemRecord]  # the next of these events by ref
    aside: Mapping[str, int]  # how often the person put off a tip about an item lately

    @property
    def low_energy(self) -> bool:
        """The person said so, with this request or today."""
        if self.context.energy is not None:
            return self.context.energy <= LOW
        return self.mood is not None and any(
            value is not None and value <= LOW for value in (self.mood.energy, self.mood.valence)
        )

    def block(self, item_ref: str) -> str | None:
        """What a "not now" says about the item: snoozed, too_big, wrong_time, not_mine or nothing."""
        found = self.blocks.get(item_ref)
        return found.kind if found else None

    def possible_here(self, category: str | None) -> bool:
        """Whether the place rules the category out; an unknown place rules nothing out."""
        where = ONLY_AT.get(category or "")
        return where is None or self.place is None or self.place == where

    def can_name(self, event: ItemRecord | None) -> bool:
        """Whether the event's words can be opened."""
        return event is not None and openable(event.words_expire_at, self.now)

    def nothing_between(self, start: datetime, end: datetime) -> bool:
        """Whether the calendar shows no entry of any kind then."""
        return not any(s.start < end and (s.end > start or s.start >= start) for s in self.entries)

    def event_of(self, item_ref: str | None) -> ItemRecord | None:
        """The coming event with that reference."""
        if item_ref is None:
            return None
        return self.coming.get(item_ref)

    def asleep(self) -> bool:
        """Whether it is night, unless the person says that they have time: then they are awake."""
        clock = calendar.local(self.now, self.zone).time()
        return (clock >= QUIET_FROM or clock < QUIET_UNTIL) and self.context.minutes_free is None

    def closed(self) -> bool:
        """Whether the person agreed today that it is enough, and has not asked with minutes to fill."""
        return self.context.minutes_free is None and any(
            tip.angle == "close_day" and tip.reaction == "done" and self.is_today(tip.decided_at)
            for tip in self.recent
        )

    def is_today(self, at: datetime) -> bool:
        """Whether it falls on the person's day of now."""
        return calendar.local_day(at, self.zone) == self.today

    def set_aside(self, item_ref: str) -> int:
        """How often the person put off a tip about the item lately."""
        return self.aside.get(item_ref, 0)


def openable(words_expire_at: datetime | None, now: datetime) -> bool:
    """Whether an item's title can be opened now."""
    return words_expire_at is not None and calendar.utc(words_expire_at) > now


def start_of(event: ItemRecord) -> datetime:
    """When the event starts; `events` of a situation all have one."""
    assert event.starts_at is not None
    return calendar.utc(event.starts_at)


def end_of(event: ItemRecord) -> datetime:
    """When the event ends; `events` of a situation all have one."""
    assert event.ends_at is not None
    return calendar.utc(event.ends_at)


def look(
    snapshot: Snapshot,
    *,
    now: datetime,
    timezone: str,
    granted: Collection[Consent],
    context: RecommendContext,
    recent: Sequence[RecentTip],
    blocks: Sequence[ItemBlock],
    themes: Mapping[str, str] = {},
) -> Situation:
    """The situation of the person at `now`, by consent group and by block."""
    now, zone = calendar.utc(now), calendar.zone_of(timezone)
    today = calendar.local_day(now, zone)
    events = _events(snapshot) if "calendar" in granted else []
    busy = calendar.merge(Span(start_of(e), end_of(e)) for e in events)
    standing = _standing(blocks, snapshot, now)
    tasks = snapshot.tasks if "tasks" in granted else []
    habits = snapshot.habits if "habits" in granted else []
    day_end = calendar.end_of_day(now, zone)
    reaches = calendar.utc(snapshot.computed_at) + READS_AHEAD >= day_end + timedelta(days=1)
    mood = snapshot.mood if "mood" in granted else None
    named = [t for t in tasks if t.status == "open" and t.type == "task" and _ready(t, standing, now)]
    # Summed over tasks and habits: what each brought cannot be told apart.
    summed = "tasks" in granted and ("habits" in granted or "habits" not in snapshot.as_of)
    alike = themes if "tasks" in granted else {}
    return Situation(
        person_id=snapshot.person_id,
        now=now,
        zone=zone,
        today=today,
        day_end=day_end,
        context=context if "mood" in granted else context.model_copy(update={"energy": None}),
        tasks=named,
        habits=[h for h in habits if _ready(h, standing, now)],
        deadlines=[calendar.utc(t.due_at) for t in tasks if t.status == "open" and t.due_at],
        events=events,
        busy=busy,
        entries=_entries(snapshot) if "calendar" in granted else [],
        calendar_known=reaches and (bool(events) or ("calendar" in granted and "calendar" in snapshot.as_of)),
        gap=_gap(events, busy, now, zone, context.minutes_free),
        mood=mood if mood and calendar.local_day(mood.at, zone) == today else None,
        place=_place(snapshot, context, now) if "context" in granted else None,
        blocks=standing,
        recent=recent,
        done_hours=snapshot.done_hours if summed else [],
        done_today=snapshot.done_today
        if summed and calendar.local_day(snapshot.computed_at, zone) == today
        else 0,
        themes=alike,
        sizes=Counter(alike[t.item_ref] for t in named if t.item_ref in alike),
        # Of several with one reference the first: what is written last stays.
        coming={e.item_ref: e for e in reversed(events) if start_of(e) > now},
        aside=Counter(t.item_ref for t in recent if t.item_ref and t.reaction in {"snooze", "dismiss"}),
    )


def _events(snapshot: Snapshot) -> list[ItemRecord]:
    timed = [
        e
        for e in snapshot.events
        if e.busy and not e.all_day and e.status == "confirmed" and e.starts_at and e.ends_at
    ]
    return sorted(timed, key=lambda e: (start_of(e), end_of(e), e.item_ref))


def _entries(snapshot: Snapshot) -> list[Span]:
    return [
        Span(calendar.utc(e.starts_at), calendar.utc(e.ends_at or e.starts_at))
        for e in snapshot.events
        if e.status == "confirmed" and e.starts_at
    ]


def _ready(item: ItemRecord | HabitState, blocks: Mapping[str, ItemBlock], now: datetime) -> bool:
    block = blocks.get(item.item_ref)
    return openable(item.words_expire_at, now) and (block is None or block.kind in {"too_big", "wrong_time"})


def _standing(blocks: Sequence[ItemBlock], snapshot: Snapshot, now: datetime) -> dict[str, ItemBlock]:
    """The blocks that hold: not run out, and those without an end not lifted by a change of the item.

    Of several on one item the latest counts, except that a lasting "not mine" is never softened.
    """
    changed = {i.item_ref: calendar.utc(i.as_of) for i in (*snapshot.tasks, *snapshot.events)}
    standing: dict[str, ItemBlock] = {}
    for block in sorted(blocks, key=lambda b: (b.kind == "not_mine", calendar.utc(b.since))):
        since = calendar.utc(block.since)
        holds = (
            calendar.utc(block.until) > now
            if block.until is not None
            else changed.get(block.item_ref, since) <= since
        )
        if holds:
            standing[block.item_ref] = block
    return standing


def _place(snapshot: Snapshot, context: RecommendContext, now: datetime) -> str | None:
    if context.place is not None:
        return context.place
    seen = snapshot.as_of.get("context")
    fresh = seen is not None and now - calendar.utc(seen) <= PLACE_TRUSTED
    return snapshot.place if fresh else None


def _gap(
    events: Sequence[ItemRecord], busy: Sequence[Span], now: datetime, zone: tzinfo, stated: int | None
) -> Gap:
    if stated is not None:
        return Gap(now + timedelta(minutes=stated), stated, stated=True)
    bedtime = calendar.wall(calendar.local_day(now, zone), QUIET_FROM, zone)
    until = calendar.free_until(busy, now, bedtime)
    ender = next((e for e in events if start_of(e) == until and until > now), None)
    return Gap(until, max(0, calendar.minutes_until(now, until)), ender)
