"""An invented person in Berlin and two weeks of their life: what the rules say to them at each look."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.ml import Candidate, HabitState, ItemBlock, MoodState, RecentTip, Snapshot
from chalicelib.contracts.records import ItemRecord
from chalicelib.contracts.tips import DismissReason, ReactionKind, RecommendContext
from chalicelib.domain.angles import COMPLETING
from chalicelib.domain.candidates import Proposal, propose
from chalicelib.domain.situation import end_of, start_of
from chalicelib.domain.wordings import Rendered, render
from scripts.show_titles import TITLES

ZONE = "Europe/Berlin"
BERLIN = ZoneInfo(ZONE)
MONDAY = date(2026, 11, 2)
DAYS = 14
LOOKS = (time(7, 40), time(9, 50), time(11, 40), time(13, 5), time(15, 35), time(17, 50), time(21, 20))
GRANTED: tuple[Consent, ...] = ("tasks", "calendar", "habits", "mood", "context")
REACTIONS: tuple[ReactionKind | None, ...] = ("done", "snooze", "dismiss", None)
REASONS: tuple[DismissReason | None, ...] = ("too_big", "wrong_time", "not_mine", None)
LOCALES = {"en": "en-GB", "de": "de-DE", "es": "es-ES", "ru": "ru-RU"}

# title, day it appears, due (days after that, None: no date), minutes, priority, category, moved, linked
TASKS = (
    ("Send the invoice to Mira", 0, 0, 5, 1, "work", 0, None),
    ("Tax letter", 0, 4, 60, None, "admin", 2, None),
    ("Book the dentist", 0, None, 10, None, "health", 3, None),
    ("Call the landlord about the heating", 0, 2, 15, None, "home-admin", 0, None),
    ("Quarterly budget", 0, 3, 90, 1, "work", 1, "budget-3"),
    ("Return the library books", 1, 5, 30, None, "errands", 0, None),
    ("photos for grandma", 1, None, None, None, "family", 0, None),
    ("Fix the bike light", 2, None, 20, None, "household", 0, None),
    ("Write the talk outline for the December meetup", 3, 8, 120, 2, "work", 0, None),
    ("Reply to Jonas", 3, 1, 5, None, "work", 0, None),
    ("Swim bag for Lena", 4, 1, 10, None, "family", 0, None),
    ("Renew the passport", 5, 12, 40, None, "admin", 2, None),
    ("Plan Saturday's dinner", 7, 4, 15, None, "family", 0, None),
    ("Review Ana's draft", 7, 2, 30, 2, "work", 0, None),
    ("Electricity meter reading", 8, 1, 5, None, "household", 1, None),
    ("Buy a birthday present for Tom", 8, 4, 45, None, "errands", 0, None),
    ("Clean the coffee machine", 9, None, 20, None, "household", 0, None),
    ("Pay the gym", 10, 0, 3, 1, "admin", 0, None),
    ("Slides for Thursday", 8, 2, 60, 1, "work", 0, "team-10"),
    ("Water the plants", 11, 0, 5, None, "household", 0, None),
    ("Sort the cellar shelf", 0, None, 90, None, "household", 1, None),
    ("Cancel the old phone contract", 2, 10, 15, None, "admin", 0, None),
    ("Ask Ines about the holiday house", 4, 6, 10, None, "family", 1, None),
    ("Update the CV", 5, None, 60, None, "work", 2, None),
)
# Which tasks are alike, as an embedder would find: messages and calls; things about the house.
THEMES = {f"task-{n}": "1" for n in (0, 2, 3, 9, 15, 17, 21, 22)} | {
    f"task-{n}": "2" for n in (7, 14, 16, 19, 20)
}
# title, minutes, usual minute of the day, streak on the first day, days at that time of the last 14
HABITS = (
    ("Ten words of Spanish", 10, 7 * 60 + 45, 5, 4),
    ("Walk", 20, 18 * 60, 3, 3),
    ("Read", None, 21 * 60, 0, 2),
    ("Morning coffee", 5, 7 * 60 + 30, 14, 13),
    ("Stretch", 5, None, 0, 0),
)
OFTEN = {"habit-3": 0.95}
"""How likely a habit happens by itself at a look after its time; any other 0.45."""


@dataclass
class Moment:
    """One look at the page."""

    now: datetime
    proposal: Proposal
    candidate: Candidate | None
    rendered: Rendered | None


@dataclass
class Person:
    """An invented person's fortnight, and what oO knows of it."""

    draw: random.Random
    lang: str = "en"
    words: dict[str, str] = field(default_factory=dict)
    tasks: dict[str, ItemRecord] = field(default_factory=dict)
    events: list[ItemRecord] = field(default_factory=list)
    habits: dict[str, HabitState] = field(default_factory=dict)
    recent: list[RecentTip] = field(default_factory=list)
    blocks: list[ItemBlock] = field(default_factory=list)
    mood: MoodState | None = None
    hours: list[float] = field(default_factory=lambda: [0.0] * 24)
    done: Counter[date] = field(default_factory=Counter)


def at(day: int, clock: time) -> datetime:
    """A wall time of the fortnight, in UTC."""
    return datetime.combine(MONDAY + timedelta(days=day), clock, tzinfo=BERLIN).astimezone(UTC)


def fortnight(seed: int = 7, lang: str = "en") -> Iterator[Moment]:
    """Every look of the two weeks, each knowing the reactions to those before it."""
    person = Person(random.Random(seed), lang)  # noqa: S311 - an invented person, not a secret
    _calendar(person)
    for n, (title, minutes, usual, streak, steady) in enumerate(HABITS):
        ref = f"habit-{n}"
        person.words[ref] = TITLES[lang][title]
        person.habits[ref] = HabitState(
            item_ref=ref,
            effort_minutes=minutes,
            usual_minute=usual,
            streak=streak,
            done_in_14_days=max(streak, 4),
            steady_days=steady,
            last_done_on=MONDAY - timedelta(days=1 if streak else 4),
            words_expire_at=at(40, time(0)),
        )
    for day in range(DAYS):
        _morning(person, day)
        for clock in LOOKS:
            _by_themselves(person, at(day, clock))
            yield _look(person, at(day, clock) + timedelta(minutes=person.draw.randrange(0, 12)))


def _calendar(person: Person) -> None:
    def event(ref: str, title: str | None, day: int, start: time, end: time) -> None:
        if title:
            person.words[ref] = TITLES[person.lang][title]
        person.events.append(
            ItemRecord(
                item_ref=ref,
                type="event",
                status="confirmed",
                as_of=at(0, time(0)),
                first_seen_at=at(0, time(0)),
                starts_at=at(day, start),
                ends_at=at(day, end),
                words_expire_at=at(40, time(0)) if title else None,
            )
        )

    for day in range(DAYS):
        if day % 7 < 5:
            event(f"standup-{day}", "Standup", day, time(10, 15), time(10, 30))
            event(f"lunch-{day}", "Lunch", day, time(12), time(12, 45))
        if day % 7 in {1, 3}:
            event(f"choir-{day}", "Choir", day, time(19), time(21, 30))
            event(f"block-{day}", None, day, time(14), time(15, 30))
        if day % 7 == 3:
            event(f"budget-{day}", "Budget review with Jonas", day, time(14), time(15))
            event(f"team-{day}", "Team meeting", day, time(15), time(16))


def _morning(person: Person, day: int) -> None:
    for n, (title, first, due, minutes, priority, category, moved, linked) in enumerate(TASKS):
        if first == day:
            ref = f"task-{n}"
            person.words[ref] = TITLES[person.lang][title]
            person.tasks[ref] = ItemRecord(
                item_ref=ref,
                type="task",
                status="open",
                as_of=at(day, time(0, 1)),
                first_seen_at=at(day, time(0, 1)),
                due_on=None if due is None else MONDAY + timedelta(days=day + due),
                effort_minutes=minutes,
                priority=priority,
                category=category,
                postponed=moved,
                linked_ref=linked,
                words_expire_at=at(40, time(0)),
            )
    tired = day in {3, 9}
    person.mood = MoodState(energy=2 if tired else 4, valence=3, at=at(day, time(7, 20)))


def _by_themselves(person: Person, now: datetime) -> None:
    """Most habits that have a time happen without a tip, at about that time."""
    there = now.astimezone(BERLIN)
    for ref, habit in person.habits.items():
        if habit.usual_minute is None or habit.last_done_on == there.date():
            continue
        past = there.hour * 60 + there.minute - habit.usual_minute
        if 0 < past < 300 and person.draw.random() < OFTEN.get(ref, 0.45):
            _did(person, ref, there.date())


def _did(person: Person, ref: str, today: date) -> None:
    habit = person.habits[ref]
    streak = habit.streak + 1 if habit.last_done_on == today - timedelta(days=1) else 1
    person.habits[ref] = habit.model_copy(update={"last_done_on": today, "streak": streak})
    person.done[today] += 1


def snapshot(person: Person, now: datetime) -> Snapshot:
    """What the features function would keep of the person."""
    return Snapshot(
        person_id="demo",
        feature_version=1,
        computed_at=now,
        timezone=ZONE,
        as_of={"tasks": now, "calendar": now, "habits": now, "mood": now},
        tasks=list(person.tasks.values()),
        events=[
            e
            for e in person.events
            if end_of(e) > now - timedelta(hours=3) and start_of(e) < now + timedelta(days=7)
        ],
        habits=list(person.habits.values()),
        mood=person.mood,
        done_hours=person.hours,
        done_today=person.done[now.astimezone(BERLIN).date()],
    )


def _look(person: Person, now: datetime) -> Moment:
    proposal = propose(
        snapshot(person, now),
        now=now,
        timezone=ZONE,
        locale=LOCALES[person.lang],
        granted=GRANTED,
        context=RecommendContext(),
        recent=[tip for tip in person.recent if now - tip.decided_at < timedelta(days=14)],
        blocks=person.blocks,
        themes={ref: theme for ref, theme in THEMES.items() if ref in person.tasks},
    )
    if not proposal.candidates:
        return Moment(now, proposal, None, None)
    weights = [candidate.score**4 for candidate in proposal.candidates]
    candidate = person.draw.choices(proposal.candidates, weights)[0]
    _react(person, candidate, now)
    shown = render(candidate, person.words, timezone=ZONE, locale=LOCALES[person.lang])
    return Moment(now, proposal, candidate, shown)


def _react(person: Person, candidate: Candidate, now: datetime) -> None:
    reaction = person.draw.choices(REACTIONS, [45, 15, 15, 25])[0]
    reason = person.draw.choice(REASONS) if reaction == "dismiss" else None
    person.recent.append(
        RecentTip(
            decision_id=str(len(person.recent)),
            decided_at=now,
            angle=candidate.angle,
            wording=candidate.wording,
            item_ref=candidate.item_ref,
            exposed_at=now,
            reaction=reaction,
            reason=reason,
        )
    )
    ref = candidate.item_ref
    if ref is None:
        return
    there = now.astimezone(BERLIN)
    if reaction == "done" and candidate.angle in COMPLETING and ref in person.habits:
        _did(person, ref, there.date())
    elif reaction == "done" and candidate.angle in COMPLETING:
        person.tasks.pop(ref, None)
        person.hours[there.hour] += 1
        person.done[there.date()] += 1
    elif reaction == "snooze":
        person.blocks.append(
            ItemBlock(item_ref=ref, kind="snoozed", since=now, until=now + timedelta(hours=3))
        )
    elif reason is not None:
        until = None if reason == "not_mine" else now + timedelta(days=2)
        person.blocks.append(ItemBlock(item_ref=ref, kind=reason, since=now, until=until))
