"""Lives drawn so that every angle comes up often, in any zone, on days when the clocks change."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from chalicelib.contracts.ml import Candidate, HabitState, Snapshot
from chalicelib.contracts.records import ItemRecord
from chalicelib.contracts.tips import RecommendContext
from chalicelib.domain.candidates import propose
from tests.unit.domain.people import event, habit, task, tip

MIN, DAY = timedelta(minutes=1), timedelta(days=1)
ZONES = sorted(available_timezones())
# When clocks change in Berlin, New York, on Lord Howe (by half an hour) and in Cairo; a leap day, a new year.
DAYS = (
    date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 11, 1), date(2026, 4, 5),
    date(2026, 4, 24), date(2028, 2, 29), date(2026, 12, 31), date(2026, 7, 15),
)  # fmt: skip


class Life:
    """A person's day, drawn so that the angles of the moment come up often."""

    def __init__(self, seed: int) -> None:
        draw = self.draw = random.Random(seed)
        self.zone_name = draw.choice(ZONES)
        self.zone = ZoneInfo(self.zone_name)
        evening = draw.random() < 0.4
        clock = time(draw.randrange(20, 23) if evening else draw.randrange(6, 23), draw.randrange(60))
        self.now = datetime.combine(draw.choice(DAYS), clock, tzinfo=self.zone).astimezone(UTC)
        self.local = self.now.astimezone(self.zone)
        self.today = self.local.date()
        self.themes = {f"t{n}": draw.choice("ab") for n in range(draw.randrange(7))}
        kept = self.now + DAY * draw.choice([9, 9, 9, 0])
        self.events = [
            event(f"e{n}", self.now + start * MIN, self.now + (start + draw.randrange(5, 90)) * MIN)
            for n in range(draw.choice([0, 1, 2, 2]))
            for start in [draw.randrange(-30, 150)]
        ]
        self.tasks = [self._task(n) for n in range(6)]
        self.habits = [self._habit(n) for n in range(draw.choice([1, 4]))]
        self.habits.append(habit("gone", words_expire_at=kept, steady_days=14, usual_minute=self._minute()))
        self.recent = [
            tip("do_now", f"t{draw.randrange(6)}", self.now - draw.randrange(1, 13) * DAY, reaction="snooze")
            for _ in range(draw.randrange(8))
        ]
        self.done_today = draw.choice([0, 1, 3])

    def _minute(self) -> int:
        now = self.local.hour * 60 + self.local.minute
        return (now + self.draw.randrange(-50, 50)) % 1440

    def _task(self, n: int) -> ItemRecord:
        draw = self.draw
        return task(
            f"t{n}",
            as_of=self.now - 20 * DAY,
            first_seen_at=self.now - DAY,
            words_expire_at=self.now + 9 * DAY,
            effort_minutes=draw.choice([None, 4, 8, 10, 11, 120]),
            postponed=draw.choice([0, 0, 2, 4]),
            due_on=draw.choice([None, None, self.today - draw.randrange(10, 20) * DAY, self.today]),
            linked_ref=draw.choice([None, "e0", "e1"]),
        )

    def _habit(self, n: int) -> HabitState:
        draw = self.draw
        return habit(
            f"h{n}",
            words_expire_at=self.now + 9 * DAY,
            effort_minutes=draw.choice([None, 5, 20]),
            last_done_on=draw.choice([None, *(self.today - ago * DAY for ago in range(6))]),
            streak=draw.randrange(6),
            done_in_14_days=draw.randrange(3, 14),
            usual_minute=draw.choice([None, self._minute(), self._minute()]),
            steady_days=draw.randrange(5, 14),
        )

    def propose(self, **values: Any) -> list[Candidate]:
        """What may be said now; `values` in place of what is asked with."""
        shot = Snapshot(
            person_id="p",
            feature_version=1,
            computed_at=self.now,
            timezone=self.zone_name,
            as_of={"calendar": self.now},
            tasks=self.tasks,
            events=self.events,
            habits=self.habits,
            done_today=self.done_today,
        )
        asked = {
            "now": self.now,
            "timezone": self.zone_name,
            "locale": "en",
            "granted": ["tasks", "calendar", "habits"],
            "context": RecommendContext(),
            "recent": self.recent,
            "blocks": [],
            "themes": self.themes,
        }
        return propose(shot, **(asked | values)).candidates

    def habit(self, ref: str | None) -> HabitState:
        return next(h for h in self.habits if h.item_ref == ref)

    def task(self, ref: str | None) -> ItemRecord:
        return next(t for t in self.tasks if t.item_ref == ref)

    def free(self, start: datetime, end: datetime) -> bool:
        """Whether no event lies in between."""
        return not any(e.starts_at < end and e.ends_at > start for e in self.events)  # type: ignore[operator]

    def put_off(self, ref: str | None) -> int:
        """How often its date moved or a tip about it was kept for later."""
        return self.task(ref).postponed + sum(t.item_ref == ref for t in self.recent)

    def shown_as(self, minute: int) -> datetime:
        """The first moment of this day when the wall clock shows that minute, or passes it."""
        wall = datetime.combine(self.today, time(minute // 60, minute % 60), tzinfo=self.zone)
        return wall.astimezone(UTC)
