"""What a language model may know beside the draft: a few facts of the moment, typed, bounded. Pure.

    facts = assemble(snapshot, candidate, now=now, timezone=zone, granted=granted, themes=pool.themes)
    facts.phrases()          # for a prompt (`llm/draft.py`)
    facts.canonical()        # one line of JSON: the same input in any order gives the same bytes

Only what the person agreed to (`domain/permitted.py`), and of that only derivatives: each fact is one of a
few words of oO's own. No title, no name, no number and no word that somebody chose is among them, nor a
category of the person's own making; the one exception is `lately`, wordings without the person's words.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.ml import Candidate, HabitState, RecentTip, Snapshot
from chalicelib.contracts.tips import Angle, RecommendContext
from chalicelib.domain import calendar
from chalicelib.domain.calendar import DayPart, Span
from chalicelib.domain.permitted import PromptContext, prompt_context
from chalicelib.domain.situation import LOW, Situation, look

MOST_BYTES: Final = 1536
"""The most that the canonical form has. A token is at least one byte, so it bounds the tokens of any model;
of English text it is about 400."""
LATELY: Final = 8
LONGEST: Final = 120
"""Characters of a wording that is told as said lately; a tip has at most 90."""

CATEGORIES: Final = frozenset({
    "admin", "calls", "chores", "cleaning", "cooking", "errands", "family", "finance", "fitness", "friends",
    "garden", "health", "hobby", "home", "household", "laundry", "learning", "leisure", "mail", "meeting",
    "music", "office", "private", "reading", "school", "shopping", "social", "sport", "study", "travel",
    "work",
})  # fmt: skip
"""Those that are told. Any other is a word that somebody chose, and could be made to speak to the model."""

Fullness = Literal["open", "partly full", "full"]
Energy = Literal["low", "middling", "high"]
Effort = Literal["none", "tiny", "short", "middling", "long"]
Alike = Literal["a few", "many"]
Gap = Literal["none", "short", "fair", "long"]
Said = Literal["too big", "wrong time"]

_PHRASES: Final = 8
_PLACES: Final[Mapping[str | None, str]] = {
    "home": "they are at home",
    "work": "they are at work",
    "out": "they are out",
    "travel": "they are travelling",
}
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HIGH: Final = 4
_STREAK: Final = 2
_BUSY: Final[tuple[tuple[float, Fullness], ...]] = ((0.5, "full"), (0.15, "partly full"), (0.0, "open"))
_SAID: Final[Mapping[str | None, Said]] = {"too_big": "too big", "wrong_time": "wrong time"}


@dataclass(frozen=True, slots=True)
class PromptFacts:
    """The facts about one candidate at one moment. None: not known, not agreed to, or not so."""

    angle: Angle
    day_part: DayPart
    weekday: str
    effort: Effort
    day: Fullness | None = None
    """How full the waking day is, by its calendar."""
    gap: Gap | None = None
    """The free time that starts now."""
    energy: Energy | None = None
    """Only as entered today."""
    place: str | None = None
    category: str | None = None
    alike: Alike | None = None
    """How many more open tasks are of its theme."""
    answered: Said | None = None
    """What the person last said against a tip about this item."""
    streak: bool = False
    """Whether its streak is intact."""
    moving: bool = False
    """Whether something was done today."""
    lately: tuple[str, ...] = ()
    """What was said lately, without the person's words; the newest first."""

    def canonical(self) -> bytes:
        """One line of JSON, at most MOST_BYTES: keys sorted, what is not known left out."""
        told = {name: value for name, value in asdict(self).items() if value}
        return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    def phrases(self) -> tuple[str, ...]:
        """The facts in words, what matters most first; at most eight, without what was said lately."""
        told = [
            f"it is {self.weekday} {self.day_part}",
            self.energy and self.energy != "middling" and f"their energy is {self.energy} today",
            self.answered and f"they said of it lately: {self.answered}",
            self.gap in {"short", "long"} and f"the free time ahead is {self.gap}",
            self.effort in {"tiny", "long"} and f"it is a {self.effort} task",
            self.streak and "they kept it up until now",
            self.alike and f"there are {self.alike} more tasks like it",
            self.day and f"their day is {self.day}",
            self.category and f"it is about {self.category}",
            self.place in _PLACES and _PLACES[self.place],
            self.moving and "something is done today already",
        ]
        return tuple(phrase for phrase in told if phrase)[:_PHRASES]


def assemble(
    snapshot: Snapshot,
    candidate: Candidate,
    *,
    now: datetime,
    timezone: str,
    granted: Collection[Consent],
    context: RecommendContext | None = None,
    recent: Sequence[RecentTip] = (),
    themes: Mapping[str, str] | None = None,
    lately: Mapping[str, datetime] | None = None,
) -> PromptFacts:
    """The facts about the candidate at `now`. `lately`: masked wordings, and when each was shown.

    `recent` are the tips of the last days; what was answered to them counts only where that may be learned
    from.
    """
    told = prompt_context(snapshot, recent, granted)
    here = look(
        told.snapshot,
        now=now,
        timezone=timezone,
        granted=frozenset(granted),
        context=context or RecommendContext(),
        recent=told.recent,
        blocks=(),
        themes=themes or {},
    )
    # Of an item that may not be told of, nothing is told.
    ref = candidate.item_ref if candidate.item_ref in told.refs else None
    facts = PromptFacts(
        angle=candidate.angle,
        day_part=calendar.day_part(here.now, here.zone),
        weekday=_WEEKDAYS[here.today.weekday()],
        effort=_effort(candidate.minutes),
        day=_day(here),
        gap=_gap(here),
        energy=_energy(here),
        place=here.place if here.place in _PLACES else None,
        category=candidate.category if ref and candidate.category in CATEGORIES else None,
        alike=_alike(told, ref, themes or {}) if "tasks" in granted else None,
        answered=_answered(told, ref),
        streak=any(h.item_ref == ref and _intact(h, here) for h in told.snapshot.habits),
        moving=here.done_today > 0,
    )
    return _with_lately(facts, lately or {})


def _effort(minutes: int) -> Effort:
    if minutes <= 0:
        return "none"
    if minutes <= 5:
        return "tiny"
    return "short" if minutes <= 15 else "middling" if minutes <= 45 else "long"


def _day(here: Situation) -> Fullness | None:
    """By the share of the waking day that is busy."""
    if not here.calendar_known:
        return None
    opens = calendar.wall(here.today, calendar.WAKING_FROM, here.zone)
    closes = calendar.wall(here.today, calendar.WAKING_UNTIL, here.zone)
    taken = [Span(max(s.start, opens), min(s.end, closes)) for s in here.busy]
    share = sum(max(s.minutes, 0) for s in taken) / Span(opens, closes).minutes
    return next(name for least, name in _BUSY if share >= least)


def _gap(here: Situation) -> Gap | None:
    if not (here.calendar_known or here.gap.stated):
        return None
    if here.gap.minutes < 5:
        return "none"
    return "short" if here.gap.minutes < 20 else "fair" if here.gap.minutes < 90 else "long"


def _energy(here: Situation) -> Energy | None:
    today = here.mood.energy if here.mood else None
    entered = here.context.energy if here.context.energy is not None else today
    if entered is None:
        return None
    return "low" if entered <= LOW else "high" if entered >= _HIGH else "middling"


def _alike(told: PromptContext, ref: str | None, themes: Mapping[str, str]) -> Alike | None:
    theme = themes.get(ref or "")
    if theme is None:
        return None
    tasks = [t for t in told.snapshot.tasks if t.status == "open" and t.item_ref != ref]
    others = sum(themes.get(t.item_ref) == theme for t in tasks)
    return None if not others else "a few" if others < 4 else "many"


def _answered(told: PromptContext, ref: str | None) -> Said | None:
    about = [t for t in told.recent if ref is not None and t.item_ref == ref and t.reason in _SAID]
    last = max(about, key=lambda t: (calendar.utc(t.decided_at), t.decision_id), default=None)
    return _SAID[last.reason] if last else None


def _intact(habit: HabitState, here: Situation) -> bool:
    yesterday = here.today - timedelta(days=1)
    return habit.streak >= _STREAK and habit.last_done_on is not None and habit.last_done_on >= yesterday


def _with_lately(facts: PromptFacts, lately: Mapping[str, datetime]) -> PromptFacts:
    """As many as fit, the newest first."""
    kept: tuple[str, ...] = ()
    for words, _ in sorted(lately.items(), key=lambda one: (-calendar.utc(one[1]).timestamp(), one[0])):
        plain = " ".join("".join(c if c.isprintable() else " " for c in words).split())
        if not plain or len(plain) > LONGEST or plain in kept:
            continue
        longer = replace(facts, lately=(*kept, plain))
        if len(kept) == LATELY or len(longer.canonical()) > MOST_BYTES:
            break
        kept = (*kept, plain)
    return replace(facts, lately=kept)
