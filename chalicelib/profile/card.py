"""What oO knows about a person in plain words, each line with what is behind it. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from chalicelib.contracts.consents import CONSENT_OF_TYPE, CONSENTS, Consent, usable
from chalicelib.contracts.http import Profile
from chalicelib.contracts.ml import HabitState, Snapshot
from chalicelib.contracts.privacy import Behind, CardLine
from chalicelib.contracts.records import SignalRecord
from chalicelib.domain import calendar
from chalicelib.domain.permitted import restrict
from chalicelib.profile.selection import Selection

OFTEN: Final = 3.0
"""Things done, each counted by half after 14 days, from which an hour or a category is a habit of life."""
CATEGORIES: Final = 3
PROFILE_LINE: Final = "profile"
GOALS_LINE: Final = "goals"
_PLACES: Final = {"home": "at home", "work": "at work", "out": "out", "travel": "travelling"}
_KINDS: Final[Mapping[Consent, str]] = {
    "tasks": "tasks",
    "calendar": "calendar",
    "habits": "habits",
    "mood": "mood",
    "context": "places",
}


@dataclass(frozen=True)
class Known:
    """All that the card is made of."""

    person_id: str
    profile: Profile
    granted: Collection[Consent]
    now: datetime
    snapshot: Snapshot | None
    signals: Sequence[SignalRecord]
    """Newest first."""
    more: bool
    """There are older ones than these."""
    learned: int
    """How many answers were learned from."""
    title: Callable[[str], str | None]
    """An item's title in the person's words, while it is kept."""


@dataclass(frozen=True)
class Line:
    """A line and what is behind it; no selection: what the person set."""

    id: str
    text: str
    removes: str
    selection: Selection | None


def card(known: Known) -> list[tuple[CardLine, Selection | None]]:
    """Every line, the most telling first."""
    sources = usable("features", known.granted)
    snapshot = restrict(known.snapshot, sources) if known.snapshot else None
    signals = [s for s in known.signals if CONSENT_OF_TYPE[s.type] in sources]
    lines = [*_hours(known, snapshot), *_habits(known, snapshot), *_categories(known, snapshot)]
    lines += _sources(known, snapshot, signals, {line.selection.consent for line in lines if line.selection})
    if "learning" in known.granted and known.learned:
        lines.append(_learning(known.learned))
    lines += _set_by_you(known.profile)
    return [(_shown(line, known, signals), line.selection) for line in lines]


def _shown(line: Line, known: Known, signals: Sequence[SignalRecord]) -> CardLine:
    chosen = line.selection
    if chosen is None:
        return CardLine(
            id=line.id, text=line.text, consents=[], signals=Behind(count=0), removes=line.removes
        )
    if chosen.consent == "learning":
        return CardLine(
            id=line.id,
            text=line.text,
            consents=["learning"],
            signals=Behind(count=known.learned),
            removes=line.removes,
        )
    behind = [s for s in signals if chosen.holds(s, known.now)]
    consents = {CONSENT_OF_TYPE[s.type] for s in behind} | ({chosen.consent} if chosen.consent else set())
    older = known.more and chosen.category is None and chosen.hours is None
    return CardLine(
        id=line.id,
        text=line.text,
        consents=[c for c in CONSENTS if c in consents],
        signals=Behind(
            count=len(behind), newest=max((s.occurred_at for s in behind), default=None), more=older
        ),
        removes=line.removes.replace("{count}", _count(len(behind), "signal", more=older)),
    )


# --- when, and what about -----------------------------------------------------------------------


def _hours(known: Known, snapshot: Snapshot | None) -> Iterator[Line]:
    if snapshot is None:
        return
    hours = snapshot.done_hours
    around = [hours[h - 1] + 2 * hours[h] + hours[(h + 1) % 24] for h in range(24)]
    hour = max(range(24), key=lambda h: around[h])
    if hours[hour - 1] + hours[hour] + hours[(hour + 1) % 24] < OFTEN:
        return
    first, last = (hour - 1) % 24, (hour + 1) % 24
    yield Line(
        f"hours-{hour}",
        f"You often get things done around {_hour(hour)}.",
        f"{{count}} that say what you got done between {first}:00 and {last}:59 in the last four weeks, "
        "with the tasks that they closed.",
        Selection(hours=(first, last), timezone=snapshot.timezone),
    )


def _categories(known: Known, snapshot: Snapshot | None) -> Iterator[Line]:
    weights = snapshot.done_by_category if snapshot else {}
    often = sorted((c for c, w in weights.items() if w >= OFTEN), key=lambda c: (-weights[c], c))
    for category in often[:CATEGORIES]:
        yield Line(
            f"about-{_mark(known.person_id, category)}",
            f"You often get things done that are about “{category}”.",
            f"{{count}} that say what you got done about “{category}” in the last four weeks, with the tasks "
            "that they closed.",
            Selection(category=category),
        )


def _habits(known: Known, snapshot: Snapshot | None) -> Iterator[Line]:
    if snapshot is None:
        return
    zone = calendar.zone_of(snapshot.timezone)
    for habit in snapshot.habits:
        name = known.title(habit.item_ref) or "A habit"
        yield Line(
            f"habit-{_mark(known.person_id, habit.item_ref)}",
            f"{name}, {_how_often(habit, known.now, zone)}.",
            "{count} about this habit, the habit itself and its name.",
            Selection(consent="habits", item_ref=habit.item_ref),
        )


def _how_often(habit: HabitState, now: datetime, zone: tzinfo) -> str:
    yesterday = calendar.local_day(now, zone) - timedelta(days=1)
    # A streak is told only while it is intact.
    if habit.streak > 1 and habit.last_done_on and habit.last_done_on >= yesterday:
        often = f"{habit.streak} days in a row"
    else:
        often = f"{_count(habit.done_in_14_days, 'time')} in two weeks"
    usual = habit.usual_minute
    return often if usual is None else f"{often}, mostly around {usual // 60}:{usual % 60:02}"


# --- by source ----------------------------------------------------------------------------------


def _sources(
    known: Known,
    snapshot: Snapshot | None,
    signals: Sequence[SignalRecord],
    told: Collection[Consent | None],
) -> Iterator[Line]:
    held = Counter(CONSENT_OF_TYPE[s.type] for s in signals)
    zone = calendar.zone_of(known.profile.timezone)
    sentences: dict[Consent, str | None] = {
        "tasks": _tasks(known, snapshot),
        "calendar": _calendar(known, snapshot, zone),
        "mood": _mood(snapshot, zone),
        "context": _place(snapshot, signals),
    }
    for consent, kind in _KINDS.items():
        sentence = sentences.get(consent)
        if sentence is None and (not held[consent] or consent in told):
            continue
        yield Line(
            consent,
            sentence or f"oO holds what you said about your {kind}.",
            "Everything of this source: {count}, what was made of them, and the words of tips that may "
            "rest on them. The consent stays.",
            Selection(consent=consent),
        )


def _tasks(known: Known, snapshot: Snapshot | None) -> str | None:
    if snapshot is None or not snapshot.tasks:
        return None
    text = f"You have {_count(len(snapshot.tasks), 'open task')}."
    first = next((t for t in snapshot.tasks if known.title(t.item_ref)), None)
    return f"{text} One is “{known.title(first.item_ref)}”." if first else text


def _calendar(known: Known, snapshot: Snapshot | None, zone: tzinfo) -> str | None:
    if snapshot is None:
        return None
    ahead = [(e.starts_at, e) for e in snapshot.events if e.starts_at and e.starts_at > known.now]
    if not ahead:
        return None
    at, event = min(ahead, key=lambda pair: (pair[0], pair[1].item_ref))
    title = known.title(event.item_ref)
    name = f"“{title}”" if title else "an entry"
    count = _count(len(ahead), "entry", "entries")
    return f"Your calendar has {count} in the days ahead; next is {name} on {_moment(at, zone)}."


def _mood(snapshot: Snapshot | None, zone: tzinfo) -> str | None:
    mood = snapshot.mood if snapshot else None
    if mood is None:
        return None
    said = [
        f"your {name} was {value} of 5"
        for name, value in (("mood", mood.valence), ("energy", mood.energy))
        if value is not None
    ]
    return f"You said {' and '.join(said)}, on {_moment(mood.at, zone)}."


def _place(snapshot: Snapshot | None, signals: Sequence[SignalRecord]) -> str | None:
    if snapshot and snapshot.place in _PLACES:
        return f"You are {_PLACES[snapshot.place]}, as you said."
    places = Counter(s.place for s in signals if s.place in _PLACES)
    if not places:
        return None
    most = max(sorted(places), key=lambda place: places[place])
    return f"You are mostly {_PLACES[most]}."


def _learning(learned: int) -> Line:
    return Line(
        "learning",
        f"oO has learned from {_count(learned, 'answer')} which tips fit you.",
        "What was learned from your answers, and their lines in the log that training reads. Your tips stay "
        "in their history. The consent stays, so learning begins anew.",
        Selection(consent="learning"),
    )


def _set_by_you(profile: Profile) -> Iterator[Line]:
    if profile.goals:
        goals = " and ".join(f"“{goal}”" for goal in profile.goals)
        yield Line(
            GOALS_LINE,
            f"What matters most to you is what is about {goals}.",
            "What you named as goals.",
            None,
        )
    name = f"You are called {profile.display_name}. " if profile.display_name else ""
    yield Line(
        PROFILE_LINE,
        f"{name}Your time zone is {profile.timezone}, your language {profile.locale}.",
        "Name, time zone and language go back to what they were at first: none, UTC and en.",
        None,
    )


# --- words --------------------------------------------------------------------------------------


def _count(number: int, one: str, many: str = "", *, more: bool = False) -> str:
    least = "at least " if more else ""
    return f"{least}{number} {one if number == 1 else many or one + 's'}"


def _hour(hour: int) -> str:
    if hour in {0, 12}:
        return "noon" if hour else "midnight"
    clock = hour % 12
    if hour < 5 or hour >= 22:
        return f"{clock} at night"
    if hour < 12:
        return f"{clock} in the morning"
    return f"{clock} in the {'afternoon' if hour < 18 else 'evening'}"


def _moment(at: datetime, zone: tzinfo) -> str:
    local = calendar.local(at, zone)
    return f"{local.day} {local:%B} at {local.hour}:{local.minute:02}"


def _mark(person_id: str, text: str) -> str:
    """Names a thing without saying it."""
    return hashlib.sha256(f"{person_id}|{text}".encode()).hexdigest()[:16]
