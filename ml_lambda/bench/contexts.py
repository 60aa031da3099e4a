"""The fixed contexts: invented people at fixed moments, made into drafts by the code that makes everyone's.

`contexts.json` is versioned: figures of two versions are not compared. A person's moments follow one another,
each knowing the tips before it, so that what repeats within 14 days shows.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.ml import Candidate, HabitState, MoodState, RecentTip, Snapshot
from chalicelib.contracts.records import ItemRecord
from chalicelib.contracts.tips import RecommendContext
from chalicelib.domain.candidates import propose
from ml_lambda.llm.draft import Draft
from ml_lambda.serving.drafting import draft_of

FILE: Final = Path(__file__).with_name("contexts.json")
GRANTED: Final[tuple[Consent, ...]] = ("tasks", "calendar", "habits", "mood", "context")
KEPT: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Context:
    """One moment of one person. `draft` None: silence is the answer."""

    id: str
    person: str
    candidate: Candidate | None
    draft: Draft | None


def contexts(file: Path = FILE) -> Iterator[Context]:
    """Every context, a person's in the order of time."""
    known = json.loads(file.read_text())
    first = date.fromisoformat(known["first_day"])
    for person in known["people"]:
        yield from _life(person, first)


def version(file: Path = FILE) -> int:
    """Which contexts these are."""
    return int(json.loads(file.read_text())["version"])


def _life(person: Mapping[str, Any], first: date) -> Iterator[Context]:
    recent: list[RecentTip] = []
    words = _words(person)
    for number, moment in enumerate(person["moments"]):
        zone = moment.get("timezone", person["timezone"])
        now = _at(first, moment["day"], moment["at"], zone)
        proposal = propose(
            _snapshot(person, first, now, zone),
            now=now,
            timezone=zone,
            locale=person["locale"],
            granted=GRANTED,
            context=RecommendContext(minutes_free=moment.get("minutes_free")),
            recent=recent,
            blocks=[],
        )
        name = f"{person['id']}-{number + 1}"
        if not proposal.candidates:
            yield Context(name, person["id"], None, None)
            continue
        chosen = _next_angle(proposal.candidates, recent)
        recent.append(
            RecentTip(
                decision_id=name,
                decided_at=now,
                angle=chosen.angle,
                wording=chosen.wording,
                item_ref=chosen.item_ref,
                exposed_at=now,
            )
        )
        yield Context(
            name, person["id"], chosen, draft_of(chosen, words, timezone=zone, locale=person["locale"])
        )


def _next_angle(candidates: Sequence[Candidate], recent: Sequence[RecentTip]) -> Candidate:
    """The best of the angle that the person had least: what is measured is every kind of draft."""
    had = Counter(tip.angle for tip in recent)
    return min(candidates, key=lambda candidate: had[candidate.angle])


def _words(person: Mapping[str, Any]) -> dict[str, str]:
    return {
        f"{kind}-{n}": item["title"]
        for kind, items in (
            ("task", person["tasks"]),
            ("event", person["events"]),
            ("habit", person["habits"]),
        )
        for n, item in enumerate(items)
    }


def _snapshot(person: Mapping[str, Any], first: date, now: datetime, zone: str) -> Snapshot:
    today = now.astimezone(ZoneInfo(zone)).date()
    mood = person.get("mood")
    return Snapshot(
        person_id=f"bench-{person['id']}",
        feature_version=1,
        computed_at=now,
        timezone=zone,
        as_of={"tasks": now, "calendar": now, "habits": now, "mood": now},
        tasks=[_task(n, task, first, now, zone) for n, task in enumerate(person["tasks"])],
        events=[_event(n, event, first, now, zone) for n, event in enumerate(person["events"])],
        habits=[_habit(n, habit, today, now) for n, habit in enumerate(person["habits"])],
        mood=MoodState(**mood, at=now - timedelta(minutes=30)) if mood else None,
    )


def _task(n: int, task: Mapping[str, Any], first: date, now: datetime, zone: str) -> ItemRecord:
    seen = _at(first, -20, "08:00", zone)
    due = task.get("due")
    linked = task.get("linked")
    return ItemRecord(
        item_ref=f"task-{n}",
        type="task",
        status="open",
        as_of=seen,
        first_seen_at=seen,
        due_on=None if due is None else first + timedelta(days=due),
        effort_minutes=task.get("minutes"),
        priority=task.get("priority"),
        postponed=task.get("postponed", 0),
        linked_ref=None if linked is None else f"event-{linked}",
        words_expire_at=now + KEPT,
    )


def _event(n: int, event: Mapping[str, Any], first: date, now: datetime, zone: str) -> ItemRecord:
    seen = _at(first, -20, "08:00", zone)
    return ItemRecord(
        item_ref=f"event-{n}",
        type="event",
        status="confirmed",
        as_of=seen,
        first_seen_at=seen,
        starts_at=_at(first, event["day"], event["from"], zone),
        ends_at=_at(first, event["day"], event["to"], zone),
        words_expire_at=now + KEPT,
    )


def _habit(n: int, habit: Mapping[str, Any], today: date, now: datetime) -> HabitState:
    usual = time.fromisoformat(habit["usual"])
    return HabitState(
        item_ref=f"habit-{n}",
        effort_minutes=habit["minutes"],
        usual_minute=usual.hour * 60 + usual.minute,
        streak=habit["streak"],
        done_in_14_days=habit["done_in_14_days"],
        last_done_on=today - timedelta(days=habit["last_done"]),
        words_expire_at=now + KEPT,
    )


def _at(first: date, day: int, clock: str, zone: str) -> datetime:
    local = datetime.combine(first + timedelta(days=day), time.fromisoformat(clock), tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC)
