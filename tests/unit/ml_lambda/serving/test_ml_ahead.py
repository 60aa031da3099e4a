"""What is planned ahead: once per text, best first, not too much of one item, what templates state."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.contracts.ml import Candidate, Reason, Snapshot
from chalicelib.domain import pooling
from chalicelib.domain.wordings import LANGUAGES
from ml_lambda.features.snapshot import build
from ml_lambda.serving.ahead import MOST, PER_ITEM, Planned, ahead, stated_by
from tests import ml_examples as me


def snapshot(items: Any = None) -> Snapshot:
    return build(me.items() if items is None else items, me.signals(), me.ZONE, me.NOW, person_id=me.PERSON)


def plan(of: Snapshot | None = None, **changes: Any) -> list[Planned]:
    given: dict[str, Any] = {
        "now": me.NOW, "timezone": me.ZONE, "locale": "en", "granted": me.ALL, "recent": [], "blocks": [],
        "themes": {},
    }  # fmt: skip
    return ahead(of or snapshot(), **{**given, **changes})


def test_what_one_text_can_say_is_planned_once_and_the_best_first() -> None:
    planned = plan()
    assert len({p.says for p in planned}) == len(planned)
    firsts = [
        next(p.worth for p in planned if p.candidate.item_ref == ref) for ref in ("task-invoice", "task-tax")
    ]
    assert planned[0].worth == max(p.worth for p in planned) == firsts[0] > firsts[1]
    assert (planned[0].candidate.item_ref, planned[0].candidate.angle) == ("task-invoice", "do_now")


def test_hours_ahead_are_looked_at_and_count_for_less() -> None:
    due = [me.item("late", due_at=me.ahead(hours=30), effort_minutes=5)]
    busy = [
        me.item("all-morning", "event", "confirmed", starts_at=me.ago(minutes=10), ends_at=me.ahead(hours=3))
    ]
    planned = plan(snapshot(due + busy))
    later = [p for p in planned if p.candidate.angle == "do_now"]
    assert later, "now there is no gap for it"
    assert all(p.worth < p.candidate.score for p in later)


def test_at_night_the_morning_is_planned() -> None:
    night = me.NOW.replace(hour=1)  # 02:00 in Berlin
    assert plan(now=night)


def test_no_item_takes_the_whole_pool() -> None:
    items = [me.item(f"t{n}", due_at=me.ahead(hours=n + 1), effort_minutes=50) for n in range(20)]
    planned = plan(snapshot(items))
    assert len(planned) == MOST
    assert max(Counter(p.candidate.item_ref for p in planned).values()) <= PER_ITEM
    assert len(plan(snapshot(items), most=5)) == 5


def test_what_is_closed_is_not_planned_whatever_the_snapshot_says() -> None:
    assert any("task-tax" in p.refs for p in plan())
    assert not any("task-tax" in p.refs for p in plan(closed=["task-tax"]))
    assert not any("event-standup" in p.refs for p in plan(closed=["event-standup"]))


def test_the_same_plan_for_the_same_person() -> None:
    assert plan() == plan()
    assert {p.says for p in plan(now=me.NOW + timedelta(seconds=30))} == {p.says for p in plan()}


@pytest.mark.parametrize("locale", sorted(LANGUAGES))
def test_what_templates_state_is_known_by_name(locale: str) -> None:
    """Each placeholder is made of parameters that are heard of here; tell `ahead.py` of a new kind."""
    names = "until at slot tomorrow slot_until day takes on count stated start end minute hour days weeks"
    params: dict[str, int | str] = dict.fromkeys(names.split(), 1)
    for angle, templates in LANGUAGES[locale].templates.items():
        for wording in templates:
            candidate = Candidate(
                angle=angle,  # type: ignore[arg-type]
                kind="todo",
                wording=wording,
                reason=Reason(code="x", params=params),
                minutes=5,
                expires_at=me.NOW,
            )
            assert pooling.WHOLE not in stated_by(candidate, locale), wording


def test_a_template_that_is_not_known_states_anything() -> None:
    unknown = me.candidate(wording="do_now.of another version")
    assert stated_by(unknown, "en") == (pooling.WHOLE,)
