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
        ("Use the next {minutes}: {act}.", "Use the next {minutes} for: {title}."),
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
        ("Take {minutes}: {act}.", "Take {minutes} for: {title}."),
        ("{title}. Up to {minutes}.", "Start now: {title}. Up to {minutes}."),
        ("{title}, {minutes} at most.", "Turn to: {title}. {minutes} at most."),
        ("Use the next {minutes}: {act}.", "Use the next {minutes} for: {title}."),
        ("Set {minutes} aside: {act}.", "Set {minutes} aside for: {title}."),
        ("{title}? {minutes} now.", "Start on: {title}? {minutes} now."),
    ), "b")
)  # fmt: skip

TEMPLATES: Final[Mapping[str, Mapping[str, Template]]] = {
    "do_now": DO_NOW,
}

REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    "due_today_at": ("Due today at {at}.", "It is due at {at} today.", "Its time is {at} today."),
    "due_today": ("Due today.", "Today is its date.", "It is set for today."),
    "moved_to_today": ("You moved it to today.", "Its new date is today."),
    "due_tomorrow": ("Due tomorrow.", "Tomorrow is its date.", "It is due tomorrow."),
    "due_weekday": ("Due on {weekday}.", "{weekday} is its date.", "It is due on {weekday}."),
    "due_date": ("Due on {on}.", "Its date is {on}."),
    "was_due_at": ("It was set for {at} today.", "Its time was {at} today."),
    "was_due_weekday": ("It was set for {weekday}.", "Its date was {weekday}."),
    "was_due_date": ("It was set for {on}.", "Its date was {on}."),
    "for_event": ("For {anchor} at {at}.", "{anchor} is at {at}."),
    "said_free": ("You said you have {stated}.", "You have {stated} free, you said."),
    "free_until_event": ("Free until {anchor} at {at}.", "Nothing before {anchor} at {at}."),
    "free_until": ("Free until {at}.", "Your calendar is clear until {at}."),
    "clear_day": ("Nothing else in your calendar today.", "Your calendar is clear for today."),
    "good_hour": ("Around {hour} you finish the most.", "Most of what you finish is done around {hour}."),
    "top_priority": ("You marked it top priority.", "It is your top priority."),
    "added_today": ("New on your list today.", "You added it today."),
    "listed_since_weekday": ("On this list since {weekday}.", "It came onto this list on {weekday}."),
    "listed_since": ("On this list since {on}.", "It came onto this list on {on}."),
    "usual_time": ("You usually do it around {minute}.", "Around {minute} is its usual time."),
}
