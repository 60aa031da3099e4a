"""The English wordings by angle, and the words of every reason. Ids are never reused for other words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from chalicelib.domain.wordings.base import Template

Row = tuple[str, str]


def _rows(angle: str, needs: str, rows: Iterable[Row], letter: str = "") -> dict[str, Template]:
    """Rows of (for a title with a verb, for any other), numbered from 1: `do_now.b3`."""
    traits = frozenset(needs.split())
    return {f"{angle}.{letter}{n}": Template(*row, traits) for n, row in enumerate(rows, 1)}


DO_NOW: Final = (
    _rows("do_now", "estimate", (
        ("{title}. {minutes}.", "Start on: {title}. {minutes}."),
        ("{title} now. {minutes}.", "Start now: {title}. {minutes}."),
        ("{title}. About {minutes}.", "Begin with: {title}. About {minutes}."),
        ("{title} next. {minutes}.", "Take this next: {title}. {minutes}."),
        ("{title}. It takes {minutes}.", "Turn to: {title}. It takes {minutes}."),
        ("Take {minutes}: {act}.", "Take {minutes} for: {title}."),
        ("{title}. {minutes}, start to end.", "Take care of: {title}. {minutes}, start to end."),
        ("Spend {minutes} now: {act}.", "Spend {minutes} now on: {title}."),
        ("{title}? {minutes}.", "Start on: {title}? {minutes}."),
        ("Give it {minutes}: {act}.", "Give {minutes} to: {title}."),
    ))
    | _rows("do_now", "estimate until", (
        ("{title} before {until}. {minutes}.", "Fit in before {until}: {title}. {minutes}."),
        ("Use the time until {until}: {act}. {minutes}.", "Use the time until {until}: {title}. {minutes}."),
    ), "u")
    | _rows("do_now", "box", (
        ("{title}. Give it {minutes}.", "Start on: {title}. Give it {minutes}."),
        ("{title}. {minutes} for now.", "Begin with: {title}. {minutes} for now."),
        ("Put {minutes} into it: {act}.", "Put {minutes} into: {title}."),
        ("{title}. Up to {minutes}.", "Start now: {title}. Up to {minutes}."),
        ("{title}, {minutes} at most.", "Turn to: {title}. {minutes} at most."),
        ("Spend the next {minutes} on it: {act}.", "Spend the next {minutes} on: {title}."),
        ("Set {minutes} aside: {act}.", "Set {minutes} aside for: {title}."),
        ("{title}? {minutes} now.", "Start on: {title}? {minutes} now."),
    ), "b")
)  # fmt: skip

SMALLEST_STEP: Final = (
    _rows("smallest_step", "", (
        ("{title}: only the first {minutes}.", "Start on: {title}. Only the first {minutes}."),
        ("Try {minutes} of it: {act}.", "Try {minutes} of: {title}."),
        ("Set a timer for {minutes}: {act}.", "Set a timer for {minutes}: {title}."),
        ("Get set for it: {act}. {minutes}.", "Get set for: {title}. {minutes}."),
        ("Start small: {act}. {minutes}, then stop.", "Start small: {title}. {minutes}, then stop."),
        ("Begin with {minutes}: {act}.", "Begin with {minutes}: {title}."),
        ("{title}. {minutes} counts.", "Start on: {title}. {minutes} counts."),
        ("Do just {minutes} of it: {act}.", "Do just {minutes} of it: {title}."),
    ))
    | _rows("smallest_step", "task", (
        ("Write down the first step: {act}. {minutes}.", "Write down the first step: {title}. {minutes}."),
        ("Make a start: {act}. {minutes}.", "Make a start on: {title}. {minutes}."),
        ("{title}. Stop after {minutes}.", "Start on: {title}. Stop after {minutes}."),
        ("Choose where to begin: {act}. {minutes}.", "Choose where to begin: {title}. {minutes}."),
    ), "t")
)  # fmt: skip

PLAN_SLOT: Final = (
    _rows("plan_slot", "", (
        ("{title} {slot}?", "Start {slot}: {title}?"),
        ("Plan it for {when}: {act}.", "Plan this for {when}: {title}."),
        ("Keep {takes} free {slot}: {act}.", "Keep {takes} free {slot} for: {title}."),
        ("Pencil it in for {when}: {act}?", "Pencil this in for {when}: {title}?"),
        ("Set {takes} aside {slot}: {act}.", "Set {takes} aside {slot} for: {title}."),
        ("Make room for it {slot}: {act}.", "Make room {slot} for: {title}."),
        ("Save it for {when}: {act}?", "Save this for {when}: {title}?"),
        ("Hold {when} for this: {act}.", "Hold {when} for: {title}."),
    ))
    | _rows("plan_slot", "anchor", (
        ("After {anchor}, {act}?", "After {anchor}: {title}?"),
        ("Right after {anchor}: {act}.", "Right after {anchor}: {title}."),
        ("Once {anchor} is over, {act}?", "Once {anchor} is over: {title}?"),
        ("Plan it after {anchor}: {act}.", "Plan this after {anchor}: {title}."),
        ("When {anchor} ends at {when}, {act}?", "When {anchor} ends at {when}: {title}?"),
    ), "a")
)  # fmt: skip

KEEP_STREAK: Final = (
    _rows("keep_streak", "day", (
        ("{title}. Day {day}. {minutes}.", "Day {day}: {title}. {minutes}."),
        ("{title}, day {day}. {minutes}.", "Go for day {day}: {title}. {minutes}."),
        ("Make it day {day}: {act}. {minutes}.", "Make it day {day}: {title}. {minutes}."),
        ("Take {minutes} for day {day}: {act}.", "Take {minutes} for day {day}: {title}."),
        ("Add day {day}: {act}. {minutes}.", "Add day {day}: {title}. {minutes}."),
        ("Day {day}: {act}. {minutes}.", "Turn to day {day}: {title}. {minutes}."),
    ))
    | _rows("keep_streak", "", (
        ("{title} for today. {minutes}.", "Make time for: {title}. {minutes}."),
        ("{title} today. {minutes}.", "Keep {minutes} for: {title}."),
        ("Use {minutes} for it: {act}.", "Use {minutes} for: {title}."),
        ("Keep it going: {act}. {minutes}.", "Keep it going: {title}. {minutes}."),
        ("{title}. {minutes} is enough.", "Turn to: {title}. {minutes} is enough."),
        ("Find {minutes}: {act}.", "Find {minutes} for: {title}."),
    ), "p")
    | _rows("keep_streak", "until", (
        ("Fit {minutes} in before {until}: {act}.", "Fit {minutes} in before {until}: {title}."),
        ("{title}. {minutes} fits before {until}.", "Begin: {title}. {minutes} fits before {until}."),
    ), "u")
)  # fmt: skip


def _same(angle: str, needs: str, rows: Iterable[str], letter: str = "") -> dict[str, Template]:
    return _rows(angle, needs, ((row, row) for row in rows), letter)


REST: Final = (
    _same("rest", "", (
        "Step away from the screen for {minutes}.",
        "Look out of a window for {minutes}.",
        "Rest your eyes for {minutes}.",
        "Stretch your legs for {minutes}.",
        "Put the phone down for {minutes}.",
        "Get some air for {minutes}.",
        "Do nothing for {minutes}.",
        "Take {minutes} for yourself.",
    ))
    | _same("rest", "desk", (
        "Leave the desk for {minutes}.",
        "Make a cup of tea. {minutes} off.",
        "Sit somewhere else for {minutes}.",
    ), "d")
    | _same("rest", "until", (
        "Take {minutes} away from the screen, before {until}.",
        "Get some air before {until}. {minutes}.",
    ), "u")
)  # fmt: skip

TEMPLATES: Final[Mapping[str, Mapping[str, Template]]] = {
    "do_now": DO_NOW,
    "smallest_step": SMALLEST_STEP,
    "plan_slot": PLAN_SLOT,
    "keep_streak": KEEP_STREAK,
    "rest": REST,
}

REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    "due_today_at": ("Due today at {at}.", "It is due at {at} today.", "Its time is {at} today."),
    "due_today": ("Due today.", "Its date is today.", "It is set for today."),
    "moved_to_today": ("You moved it to today.", "Its new date is today."),
    "due_tomorrow": ("Due tomorrow.", "Its date is tomorrow.", "It is due tomorrow."),
    "due_weekday": ("Due on {weekday}.", "It is set for {weekday}.", "It is due on {weekday}."),
    "due_date": ("Due on {on}.", "Its date is {on}."),
    "was_due_at": ("It was set for {at} today.", "Its time was {at} today."),
    "was_due_weekday": ("It was set for {weekday}.", "Its date was {weekday}."),
    "was_due_date": ("It was set for {on}.", "Its date was {on}."),
    "for_event": ("For {anchor} at {at}.", "{anchor} is at {at}."),
    "said_free": ("You said you have {stated}.", "You have {stated} free, you said."),
    "free_until_event": ("Free until {anchor} at {at}.", "You are free until {anchor} at {at}."),
    "free_until": ("Free until {at}.", "You are free until {at}."),
    "clear_day": ("Nothing else in your calendar today.", "Your calendar is clear for the rest of today."),
    "good_hour": ("Around {hour} you finish the most.", "{hour} is when you finish the most."),
    "top_priority": ("You marked it top priority.", "It has top priority."),
    "added_today": ("New on your list today.", "It came onto this list today."),
    "listed_since_weekday": ("On this list since {weekday}.", "It came onto this list on {weekday}."),
    "listed_since": ("On this list since {on}.", "It came onto this list on {on}."),
    "usual_time": ("You usually do it around {minute}.", "Its usual time is around {minute}."),
    "too_big": ("You said it was too big.", "Too big as a whole, you said."),
    "wrong_time": ("You asked for another time.", "The moment was wrong, you said."),
    "moved_dates": ("Its date has moved before.", "Its date has changed along the way."),
    "set_aside": ("You kept it for later.", "You chose later for it."),
    "large": ("All of it takes {takes}.", "It takes {takes} in all."),
    "low_energy_now": ("You said your energy is low.", "Low energy, you said."),
    "low_energy_today": ("You noted low energy today.", "Low energy, you noted today."),
    "low_mood_today": ("You noted a low mood today.", "You entered a low mood today."),
    "slot_free": ("Free from then until {slot_until}.", "You are free then, until {slot_until}."),
    "slot_free_tomorrow": (
        "Free from then until {slot_until}.",
        "You are free then, until {slot_until}.",
    ),
    "slot_open": ("Nothing in your calendar after that.", "Your calendar is clear from then on."),
    "slot_open_tomorrow": ("Tomorrow is clear from then on.", "Nothing else in your calendar then."),
    "streak": ("{done} days in a row so far.", "Done {done} days in a row."),
    "long_streak": ("More than three weeks in a row.", "Over three weeks without a gap."),
    "booked": ("Booked from {start} to {end}.", "Your calendar was full from {start} to {end}."),
}
