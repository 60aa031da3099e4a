"""A believable fortnight, and any life at all: every tip grounded, sayable and fresh."""

from datetime import UTC, date, datetime, timedelta
from typing import get_args
from zoneinfo import available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.contracts.ml import HabitState, ItemBlock, MoodState, RecentTip, Snapshot
from chalicelib.contracts.records import ItemRecord
from chalicelib.contracts.tips import Angle, RecommendContext
from chalicelib.domain.candidates import propose
from chalicelib.domain.style import violations
from chalicelib.domain.wordings import LANGUAGES, render
from scripts.show_life import fortnight
from scripts.show_words import ROOT, sample


@pytest.mark.parametrize(
    ("seed", "lang"), [(1, "en"), (7, "en"), (42, "en"), (7, "de"), (7, "es"), (42, "ru")]
)
def test_a_fortnight(seed: int, lang: str) -> None:
    moments = list(fortnight(seed, lang))
    tips = [m for m in moments if m.candidate is not None and m.rendered is not None]
    said: dict[tuple[str | None, str], datetime] = {}
    for moment in tips:
        tip, shown = moment.candidate, moment.rendered
        assert tip is not None
        assert shown is not None
        assert tip.reason.code in LANGUAGES[lang].reasons
        assert shown.lang == lang
        assert violations(shown.text, shown.why, shown.own_words, lang) == []
        key = (tip.item_ref, tip.wording)
        assert key not in said, (key, said[key], moment.now)
        said[key] = moment.now
    assert len(tips) >= 50, "several a day"
    assert len({m.rendered.text for m in tips if m.rendered}) >= 40
    assert len({m.candidate.wording for m in tips if m.candidate}) >= 40


def test_in_two_fortnights_every_angle_has_its_turn() -> None:
    shown = {m.candidate.angle for seed in (4, 7) for m in fortnight(seed) if m.candidate}
    assert shown == set(get_args(Angle)) - {"silence"}


def test_a_fortnight_repeats_exactly() -> None:
    assert [m.rendered for m in fortnight()] == [m.rendered for m in fortnight()]


def test_the_writing_guide_shows_what_the_rules_say() -> None:
    page = (ROOT / "docs" / "words.md").read_text()
    for lang in LANGUAGES:
        assert all(line in page for line in sample(lang)), "refresh: python scripts/show_words.py --write"


# Around DST nights, leap days, a new year, and any other day.
ANCHORS = [
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 3, 8, 5, tzinfo=UTC),
    datetime(2026, 11, 1, 4, tzinfo=UTC),
    datetime(2028, 2, 29, 12, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 30, tzinfo=UTC),
    datetime(2026, 7, 15, 9, tzinfo=UTC),
]
NOWS = st.builds(
    lambda anchor, minutes: anchor + timedelta(minutes=minutes),
    st.sampled_from(ANCHORS),
    st.integers(-900, 900),
)
ZONES = st.sampled_from([*sorted(available_timezones()), "No/Where"])
TITLES = st.sampled_from(["Call the bank", "Tax letter", "x" * 400, "日本語", "and!"])
EVERY = ["tasks", "calendar", "habits", "mood", "context"]
REFS = [f"i{n}" for n in range(6)]


@st.composite
def lives(draw: st.DrawFn) -> tuple[Snapshot, datetime, str, list[RecentTip], list[ItemBlock]]:
    now, zone = draw(NOWS), draw(ZONES)
    near = st.integers(-3000, 3000).map(lambda m: now + timedelta(minutes=m))
    far = st.one_of(near, near, near, st.datetimes(timezones=st.one_of(st.none(), st.just(UTC))))
    kept = st.one_of(*[st.just(now + timedelta(days=9))] * 5, st.none(), far)
    days = st.integers(-20, 20).map(lambda n: now.date() + timedelta(days=n))
    some_day = st.one_of(days, days, days, st.just(now.date() - timedelta(days=1)), st.dates(), st.none())
    effort = st.one_of(st.none(), st.integers(1, 60), st.integers(1, 1440))

    def item(kind: str, refs: list[str]) -> st.SearchStrategy[ItemRecord]:
        moment = far if kind == "task" else near
        return st.builds(
            ItemRecord,
            item_ref=st.sampled_from(refs),
            type=st.just(kind),
            status=st.sampled_from([*["open" if kind == "task" else "confirmed"] * 4, "done", "cancelled"]),
            as_of=far,
            first_seen_at=far,
            due_at=st.one_of(st.none(), far),
            due_on=some_day,
            starts_at=st.one_of(st.none(), moment),
            ends_at=st.one_of(st.none(), moment),
            all_day=st.sampled_from([False, False, False, True]),
            busy=st.sampled_from([True, True, True, False]),
            effort_minutes=effort,
            priority=st.one_of(st.none(), st.integers(1, 4)),
            category=st.sampled_from([None, "laundry", "work"]),
            linked_ref=st.sampled_from([None, "e0", "e1"]),
            words_expire_at=kept,
            postponed=st.integers(0, 5),
        )

    habit = st.builds(
        HabitState,
        item_ref=st.sampled_from(REFS),
        effort_minutes=effort,
        words_expire_at=kept,
        last_done_on=some_day,
        streak=st.integers(0, 400),
        done_in_14_days=st.integers(0, 14),
        usual_minute=st.one_of(st.none(), st.integers(0, 1439)),
        steady_days=st.integers(0, 14),
    )
    meetings = st.builds(
        lambda ref, start, length: ItemRecord(
            item_ref=ref,
            type="event",
            status="confirmed",
            as_of=now,
            first_seen_at=now,
            starts_at=now + timedelta(minutes=start),
            ends_at=now + timedelta(minutes=start + length),
            words_expire_at=now + timedelta(days=9),
        ),
        st.sampled_from(["e0", "e1", "e2"]),
        st.integers(-180, 300),
        st.integers(5, 200),
    )
    level = st.one_of(st.none(), st.integers(1, 5))
    shot = Snapshot(
        person_id="p",
        feature_version=1,
        computed_at=now,
        timezone=zone,
        tasks=draw(st.lists(item("task", REFS), min_size=1, max_size=5)),
        events=draw(st.lists(st.one_of(item("event", ["e0", "e1", "e2"]), meetings), max_size=5)),
        habits=draw(st.lists(habit, max_size=3)),
        mood=draw(st.one_of(st.none(), st.builds(MoodState, valence=level, energy=level, at=far))),
        done_today=draw(st.integers(0, 9)),
        done_hours=draw(st.one_of(st.just([0.0] * 24), st.lists(st.floats(0, 9), min_size=24, max_size=24))),
    )
    recent = draw(
        st.lists(
            st.builds(
                RecentTip,
                decision_id=st.just("d"),
                decided_at=near.map(lambda at: min(at, now)),
                angle=st.sampled_from(get_args(Angle)),
                wording=st.sampled_from(["do_now.1", "rest.2"]),
                item_ref=st.sampled_from([None, *REFS]),
                reaction=st.sampled_from([None, "done", "snooze", "dismiss"]),
            ),
            max_size=4,
        )
    )
    block = st.builds(
        ItemBlock,
        item_ref=st.sampled_from(REFS),
        kind=st.sampled_from(["snoozed", "too_big", "wrong_time", "not_mine"]),
        since=near,
        until=st.one_of(st.none(), far),
    )
    return shot, now, zone, recent, draw(st.lists(block, max_size=2))


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    life=lives(),
    granted=st.one_of(st.just(set(EVERY)), st.sets(st.sampled_from(EVERY))),
    minutes_free=st.one_of(st.none(), st.integers(1, 720)),
    energy=st.one_of(st.none(), st.integers(1, 5)),
    title=TITLES,
    limit=st.integers(0, 30),
    themes=st.dictionaries(st.sampled_from(REFS), st.sampled_from("ab")),
)
def test_any_life(life, granted, minutes_free, energy, title, limit, themes) -> None:  # type: ignore[no-untyped-def]
    shot, now, zone, recent, blocks = life
    asked = {
        "now": now,
        "timezone": zone,
        "locale": "en-US",
        "granted": granted,
        "context": RecommendContext(minutes_free=minutes_free, energy=energy),
        "recent": recent,
        "blocks": blocks,
        "limit": limit,
        "themes": themes,
    }
    proposal = propose(shot, **asked)
    assert proposal == propose(shot, **asked)
    assert len(proposal.candidates) <= limit
    assert now + timedelta(minutes=5) <= proposal.next_look_at <= now + timedelta(hours=6)
    forbidden = {b.item_ref for b in blocks if b.kind in {"snoozed", "not_mine"} and _after(b.until, now)}
    for candidate in proposal.candidates:
        assert now < candidate.expires_at <= now + timedelta(hours=12)
        assert 0 <= candidate.score <= 1
        assert candidate.item_ref not in forbidden
        assert (candidate.item_ref, candidate.wording) not in {(t.item_ref, t.wording) for t in recent}
        words = dict.fromkeys((candidate.item_ref or "", candidate.anchor_ref or ""), title)
        shown = render(candidate, words, timezone=zone, locale="en-US")
        assert violations(shown.text, shown.why, shown.own_words) == []


def _after(until: datetime | None, now: datetime) -> bool:
    if until is None:
        return False  # may have been lifted by a change
    return (until if until.tzinfo else until.replace(tzinfo=UTC)) > now


def test_dates_at_the_ends_of_the_calendar_are_no_reason() -> None:
    for edge in (date.min, date.max):
        record = ItemRecord(
            item_ref="t",
            type="task",
            status="open",
            as_of=ANCHORS[6],
            first_seen_at=ANCHORS[6] - timedelta(days=1),
            due_on=edge,
            words_expire_at=ANCHORS[6] + timedelta(days=1),
        )
        shot = Snapshot(
            person_id="p", feature_version=1, computed_at=ANCHORS[6], timezone="UTC", tasks=[record]
        )
        proposal = propose(
            shot,
            now=ANCHORS[6],
            timezone="UTC",
            locale="en",
            granted=["tasks"],
            context=RecommendContext(),
            recent=[],
            blocks=[],
        )
        assert proposal.candidates == []
