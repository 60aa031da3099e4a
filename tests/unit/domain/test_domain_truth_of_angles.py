"""What the angles of the moment claim, checked against the life they were made of.

In any zone, on days when the clocks change, on leap days; recomputed here from wall clocks alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, time, timedelta

from chalicelib.contracts.ml import Candidate
from chalicelib.domain.style import violations
from chalicelib.domain.wordings import render
from tests.unit.domain.lives import Life

MIN, DAY = timedelta(minutes=1), timedelta(days=1)
LIVES = 1000
TITLES = ("Call the bank", "Tax letter", "Ten words of Spanish", "Read")


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
