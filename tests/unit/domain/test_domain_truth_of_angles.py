"""What the angles of the moment claim, checked against the life they were made of.

In any zone, on days when the clocks change, on leap days; recomputed here from wall clocks alone.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from chalicelib.contracts.http import RecommendContext
from chalicelib.contracts.ml import Candidate, HabitState, RecentTip, Snapshot
from chalicelib.contracts.signals import ItemRecord
from chalicelib.domain.candidates import propose
from chalicelib.domain.style import violations
from chalicelib.domain.wordings import render
from tests.unit.domain.people import event, habit, task, tip

MIN, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LIVES = 1000
ZONES = sorted(available_timezones())
# When clocks change in Berlin, New York, on Lord Howe (by half an hour) and in Cairo; a leap day, a new year.
DAYS = (
    date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 11, 1), date(2026, 4, 5),
    date(2026, 4, 24), date(2028, 2, 29), date(2026, 12, 31), date(2026, 7, 15),
)  # fmt: skip
TITLES = ("Call the bank", "Tax letter", "Ten words of Spanish", "Read")


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

    def propose(self) -> list[Candidate]:
        """What may be said now."""
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
        return propose(
            shot,
            now=self.now,
            timezone=self.zone_name,
            locale="en",
            granted=["tasks", "calendar", "habits"],
            context=RecommendContext(),
            recent=self.recent,
            blocks=[],
            themes=self.themes,
        ).candidates

    def habit(self, ref: str | None) -> HabitState:
        return next(h for h in self.habits if h.item_ref == ref)

    def task(self, ref: str | None) -> ItemRecord:
        return next(t for t in self.tasks if t.item_ref == ref)

    def free(self, start: datetime, end: datetime) -> bool:
        """Whether no event lies in between."""
        return not any(e.starts_at < end and e.ends_at > start for e in self.events)  # type: ignore[operator]

    def put_off(self, ref: str | None) -> int:
        said: list[RecentTip] = self.recent
        return self.task(ref).postponed + sum(t.item_ref == ref for t in said)

    def shown_as(self, minute: int) -> datetime:
        """The first moment of this day when the wall clock shows that minute, or passes it."""
        wall = datetime.combine(self.today, time(minute // 60, minute % 60), tzinfo=self.zone)
        return wall.astimezone(UTC)


def anchor(life: Life, found: Candidate, shown: str) -> None:
    routine = life.habit(found.anchor_ref)
    assert routine.steady_days / 14 >= 0.6
    assert routine.usual_minute == found.reason.params["minute"]
    assert routine.item_ref != found.item_ref
    at = life.shown_as(routine.usual_minute)
    assert at - 30 * MIN <= life.now, "not long before it"
    assert found.expires_at <= at + 30 * MIN, "not long after it"
    after = max(life.now, at)
    assert life.free(after, after + found.minutes * MIN), "time for it then"


def restart(life: Life, found: Candidate, shown: str) -> None:
    paused = life.habit(found.item_ref)
    assert paused.streak >= 3
    assert paused.last_done_on is not None
    first_day_without = paused.last_done_on + DAY
    assert 1 <= (life.today - first_day_without).days <= 3
    assert found.minutes <= 5
    assert not re.search(r"streak|broke|stop|miss|lost|in a row|gap", shown, re.IGNORECASE)
    assert not re.search(rf"\b({paused.streak}|{(life.today - first_day_without).days}) days?\b", shown)


def prepare(life: Life, found: Candidate, shown: str) -> None:
    ahead = next(e for e in life.events if e.item_ref == life.task(found.item_ref).linked_ref).starts_at
    assert ahead is not None
    assert found.anchor_ref == life.task(found.item_ref).linked_ref
    assert 15 * MIN <= ahead - life.now <= 90 * MIN
    assert found.expires_at <= ahead - found.minutes * MIN
    clock = ahead.astimezone(life.zone)
    assert f"{clock:%H:%M}" in shown, "the time that the wall clock will show"
    assert clock.date() == life.today


def batch(life: Life, found: Candidate, shown: str) -> None:
    theme = life.themes[found.item_ref or ""]
    kind = [t for t in life.tasks if life.themes.get(t.item_ref) == theme]
    short = sorted(t.effort_minutes for t in kind if t.effort_minutes and t.effort_minutes <= 10)
    assert len(short) >= 3
    assert sum(short[:3]) <= found.minutes <= sum(short[-3:])
    assert life.free(life.now, life.now + 30 * MIN)
    assert life.free(life.now, found.expires_at + found.minutes * MIN), "it fits until it expires"
    if found.reason.code == "three_short":
        assert int(found.reason.params["takes"]) in short


def keep_or_let_go(life: Life, found: Candidate, shown: str) -> None:
    due = life.task(found.item_ref).due_on
    past = due is not None and (life.today - due).days >= 14
    assert past or life.put_off(found.item_ref) >= 4
    assert (found.reason.code == "was_due_date") <= past
    if found.reason.code == "moved_dates":
        assert life.task(found.item_ref).postponed > 0
    if found.reason.code == "set_aside":
        assert any(t.item_ref == found.item_ref for t in life.recent)
    assert not re.search(r"\b\d+ (times|days|weeks)\b", shown)


def close_day(life: Life, found: Candidate, shown: str) -> None:
    assert life.done_today >= 1
    assert 20 <= life.local.hour < 23
    night = datetime.combine(life.today, time(23), tzinfo=life.zone)
    assert life.free(life.now, night)
    assert found.expires_at <= night
    if found.anchor_ref is not None:
        assert life.habit(found.anchor_ref).last_done_on == life.today
    for other in life.habits:
        running = other.streak >= 3 and other.last_done_on == life.today - DAY
        assert not running or other.words_expire_at == life.now, "nothing it could be told of ends today"


CLAIMS: dict[str, Callable[[Life, Candidate, str], None]] = {
    "anchor": anchor,
    "restart": restart,
    "prepare": prepare,
    "batch": batch,
    "keep_or_let_go": keep_or_let_go,
    "close_day": close_day,
}


def test_what_they_claim_is_true_in_any_zone_on_any_day() -> None:
    seen: Counter[str] = Counter()
    for seed in range(LIVES):
        life = Life(seed)
        for found in life.propose():
            if found.angle not in CLAIMS:
                continue
            seen[found.angle] += 1
            refs = [ref for ref in (found.item_ref, found.anchor_ref) if ref]
            assert "gone" not in refs or life.habit("gone").words_expire_at != life.now
            words = {ref: TITLES[(seed + n) % len(TITLES)] for n, ref in enumerate(refs)}
            shown = render(found, words, timezone=life.zone_name, locale="en")
            try:
                CLAIMS[found.angle](life, found, f"{shown.text} {shown.why}")
            except AssertionError as wrong:
                raise AssertionError(f"seed {seed}, {life.zone_name}: {found} {shown}") from wrong
            assert violations(shown.text, shown.why, shown.own_words) == []
    assert all(seen[angle] >= 20 for angle in CLAIMS), seen
