"""Two weeks in the life of a made-up person, as the entries that `POST /api/signals` takes.

Everything hangs on the local day, never on the minute, so a second start on the same day sends the
same entries with the same ids, and the API calls them duplicates.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

SOURCE: Final = "demo"
DAYS: Final = 14
Entry = dict[str, Any]

# reference, title, minutes, priority, category, due in days (None: no date), listed for days
OPEN_TASKS: Final = (
    ("tax", "Send the tax papers to Lena", 25, 1, "admin", 0, 9),
    ("books", "Return the library books", 20, 3, "errands", 1, 12),
    ("dentist", "Book the dentist", 10, 2, "health", 2, 6),
    ("talk", "Write the outline of the talk", 90, 2, "work", 5, 8),
    ("review", "Review Tomás's draft", 30, 2, "work", 3, 2),
    ("tap", "Fix the dripping tap", 40, 3, "home", -3, 13),
    ("grandma", "Call grandma", 15, None, "family", None, 3),
    ("photos", "Sort the photos from Lisbon", 60, 4, None, None, 11),
)
# title, minutes, category; one or two were done each day, most of them in the morning.
DONE_TASKS: Final = (
    ("Pay the rent", 5, "admin"),
    ("Answer Mira", 10, "work"),
    ("Buy oats and coffee", 20, "errands"),
    ("Water the plants", 10, "home"),
    ("Check the invoice from Berg", 15, "admin"),
    ("Update the roadmap slide", 30, "work"),
    ("Order the birthday present", 10, "family"),
    ("Clean the bike chain", 25, "home"),
    ("Read the contract", 40, "work"),
    ("Back up the laptop", 15, "admin"),
    ("Reply to the landlord", 10, "admin"),
    ("Plan the weekend", 15, "family"),
    ("Write the weekly note", 20, "work"),
)
# reference, title, minutes, category, time of day, on which of the last days it was done (0: today)
HABITS: Final = (
    ("stretch", "Stretch", 10, "health", time(7, 15), (1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 13)),
    ("read", "Read ten pages", 15, "leisure", time(21, 0), (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13)),
    ("run", "Run", 30, "health", time(18, 0), (2, 4, 7, 9, 11)),
)
# title, starts, minutes, on which weekdays (0: Monday)
MEETINGS: Final = (
    ("Team stand-up", time(9, 30), 15, (0, 1, 2, 3, 4)),
    ("One-to-one with Sara", time(11, 0), 30, (1,)),
    ("Planning", time(13, 30), 60, (0,)),
    ("Design review", time(15, 0), 60, (2,)),
    ("Choir", time(19, 30), 90, (3,)),
    ("Lunch with Ada", time(12, 30), 75, (5,)),
)
# days ago, time, valence, energy
MOODS: Final = (
    (12, time(8, 30), 4, 3),
    (9, time(18, 45), 3, 2),
    (6, time(9, 0), 4, 4),
    (4, time(20, 15), 3, 3),
    (1, time(8, 40), 4, 4),
)


def entries(now: datetime, timezone: str, subject: str = "demo") -> list[Entry]:
    """Every entry that has happened by `now`, oldest first."""
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    made = [*_open_tasks(today, zone), *_done_tasks(today, zone), *_habits(today, zone),
            *_meetings(today, zone), *_moods(today, zone)]  # fmt: skip
    happened = [e for e in made if datetime.fromisoformat(e["occurred_at"]) <= now]
    for entry in happened:
        entry["id"] = str(uuid5(NAMESPACE_URL, f"oo-demo|{subject}|{entry.pop('key')}"))
    return sorted(happened, key=lambda e: str(e["occurred_at"]))


def open_refs() -> frozenset[str]:
    """The tasks and habits that the features must know before a tip can be asked for."""
    return frozenset({f"demo:task:{t[0]}" for t in OPEN_TASKS} | {f"demo:habit:{h[0]}" for h in HABITS})


def _at(day: date, clock: time, zone: ZoneInfo) -> str:
    return datetime.combine(day, clock, zone).astimezone(UTC).isoformat()


def _entry(kind: str, key: str, at: str, **fields: Any) -> Entry:
    given = {name: value for name, value in fields.items() if value is not None}
    return {"type": kind, "key": f"{kind}|{key}", "occurred_at": at, "source": SOURCE, **given}


def _open_tasks(today: date, zone: ZoneInfo) -> Iterator[Entry]:
    for ref, title, minutes, priority, category, due, listed in OPEN_TASKS:
        yield _entry(
            # A new day is a new entry: due dates move with it. Listed in the past, so that what the
            # demo person answered since then is newer.
            "task", f"{ref}|{today}", _at(today - timedelta(days=listed), time(8, 5), zone),
            item_ref=f"demo:task:{ref}", title=title, status="open", effort_minutes=minutes,
            priority=priority, category=category,
            due_on=(today + timedelta(days=due)).isoformat() if due is not None else None,
        )  # fmt: skip


def _done_tasks(today: date, zone: ZoneInfo) -> Iterator[Entry]:
    for ago in range(1, DAYS):
        day = today - timedelta(days=ago)
        title, minutes, category = DONE_TASKS[day.toordinal() % len(DONE_TASKS)]
        ref = f"demo:task:{day}"
        hour = (9, 10, 9, 14, 10)[day.toordinal() % 5]
        for status, at in (("open", _at(day - timedelta(days=1), time(17, 30), zone)),
                           ("done", _at(day, time(hour, 40), zone))):  # fmt: skip
            yield _entry("task", f"{day}|{status}", at, item_ref=ref, title=title, status=status,
                         effort_minutes=minutes, category=category)  # fmt: skip


def _habits(today: date, zone: ZoneInfo) -> Iterator[Entry]:
    began = today - timedelta(days=DAYS)
    for ref, title, minutes, category, clock, done in HABITS:
        fields = {"item_ref": f"demo:habit:{ref}", "title": title, "effort_minutes": minutes,
                  "category": category}  # fmt: skip
        yield _entry(
            "habit", f"{ref}|{began}|active", _at(began, time(6, 30), zone), status="active", **fields
        )
        for ago in done:
            day = today - timedelta(days=ago)
            yield _entry("habit", f"{ref}|{day}|done", _at(day, clock, zone), status="done", **fields)


def _meetings(today: date, zone: ZoneInfo) -> Iterator[Entry]:
    for offset in range(-DAYS, 8):
        day = today + timedelta(days=offset)
        for number, (title, clock, minutes, weekdays) in enumerate(MEETINGS):
            if day.weekday() not in weekdays:
                continue
            starts = datetime.combine(day, clock, zone)
            yield _entry(
                "event", f"{number}|{day}", _at(min(day, today) - timedelta(days=DAYS), time(7, 0), zone),
                item_ref=f"demo:event:{number}:{day}", title=title, status="confirmed",
                starts_at=starts.astimezone(UTC).isoformat(),
                ends_at=(starts + timedelta(minutes=minutes)).astimezone(UTC).isoformat(),
            )  # fmt: skip


def _moods(today: date, zone: ZoneInfo) -> Iterator[Entry]:
    for ago, clock, valence, energy in MOODS:
        day = today - timedelta(days=ago)
        yield _entry("mood", str(day), _at(day, clock, zone), valence=valence, energy=energy)
