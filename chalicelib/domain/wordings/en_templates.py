"""The English wordings by angle. Ids are never reused for other words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib.domain.wordings.base import Template, rows, same

DO_NOW: Final = (
    rows("do_now", "estimate", (
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
    | rows("do_now", "estimate until", (
        ("{title} before {until}. {minutes}.", "Fit in before {until}: {title}. {minutes}."),
        ("Use the time until {until}: {act}. {minutes}.", "Use the time until {until}: {title}. {minutes}."),
    ), "u")
    | rows("do_now", "box", (
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
    rows("smallest_step", "", (
        ("{title}: only the first {minutes}.", "Start on: {title}. Only the first {minutes}."),
        ("Try {minutes} of it: {act}.", "Try {minutes} of: {title}."),
        ("Set a timer for {minutes}: {act}.", "Set a timer for {minutes}: {title}."),
        ("Get set for it: {act}. {minutes}.", "Get set for: {title}. {minutes}."),
        ("Start small: {act}. {minutes}, then stop.", "Start small: {title}. {minutes}, then stop."),
        ("Begin with {minutes}: {act}.", "Begin with {minutes}: {title}."),
        ("{title}. {minutes} counts.", "Start on: {title}. {minutes} counts."),
        ("Do just {minutes} of it: {act}.", "Do just {minutes} of it: {title}."),
    ))
    | rows("smallest_step", "task", (
        ("Write down the first step: {act}. {minutes}.", "Write down the first step: {title}. {minutes}."),
        ("Make a start: {act}. {minutes}.", "Make a start on: {title}. {minutes}."),
        ("{title}. Stop after {minutes}.", "Start on: {title}. Stop after {minutes}."),
        ("Choose where to begin: {act}. {minutes}.", "Choose where to begin: {title}. {minutes}."),
    ), "t")
)  # fmt: skip

PLAN_SLOT: Final = (
    rows("plan_slot", "", (
        ("{title} {slot}?", "Start {slot}: {title}?"),
        ("Plan it for {when}: {act}.", "Plan this for {when}: {title}."),
        ("Keep {takes} free {slot}: {act}.", "Keep {takes} free {slot} for: {title}."),
        ("Pencil it in for {when}: {act}?", "Pencil this in for {when}: {title}?"),
        ("Set {takes} aside {slot}: {act}.", "Set {takes} aside {slot} for: {title}."),
        ("Make room for it {slot}: {act}.", "Make room {slot} for: {title}."),
        ("Save it for {when}: {act}?", "Save this for {when}: {title}?"),
        ("Hold {when} for this: {act}.", "Hold {when} for: {title}."),
    ))
    | rows("plan_slot", "anchor", (
        ("After {anchor}, {act}?", "After {anchor}: {title}?"),
        ("Right after {anchor}: {act}.", "Right after {anchor}: {title}."),
        ("Once {anchor} is over, {act}?", "Once {anchor} is over: {title}?"),
        ("Plan it after {anchor}: {act}.", "Plan this after {anchor}: {title}."),
        ("When {anchor} ends at {when}, {act}?", "When {anchor} ends at {when}: {title}?"),
    ), "a")
)  # fmt: skip

KEEP_STREAK: Final = (
    rows("keep_streak", "day", (
        ("{title}. Day {day}. {minutes}.", "Day {day}: {title}. {minutes}."),
        ("{title}, day {day}. {minutes}.", "Go for day {day}: {title}. {minutes}."),
        ("Make it day {day}: {act}. {minutes}.", "Make it day {day}: {title}. {minutes}."),
        ("Take {minutes} for day {day}: {act}.", "Take {minutes} for day {day}: {title}."),
        ("Add day {day}: {act}. {minutes}.", "Add day {day}: {title}. {minutes}."),
        ("Day {day}: {act}. {minutes}.", "Turn to day {day}: {title}. {minutes}."),
    ))
    | rows("keep_streak", "", (
        ("{title} for today. {minutes}.", "Make time for: {title}. {minutes}."),
        ("{title} today. {minutes}.", "Keep {minutes} for: {title}."),
        ("Use {minutes} for it: {act}.", "Use {minutes} for: {title}."),
        ("Keep it going: {act}. {minutes}.", "Keep it going: {title}. {minutes}."),
        ("{title}. {minutes} is enough.", "Turn to: {title}. {minutes} is enough."),
        ("Find {minutes}: {act}.", "Find {minutes} for: {title}."),
    ), "p")
    | rows("keep_streak", "until", (
        ("Fit {minutes} in before {until}: {act}.", "Fit {minutes} in before {until}: {title}."),
        ("{title}. {minutes} fits before {until}.", "Begin: {title}. {minutes} fits before {until}."),
    ), "u")
)  # fmt: skip

REST: Final = (
    same("rest", "", (
        "Step away from the screen for {minutes}.",
        "Look out of a window for {minutes}.",
        "Rest your eyes for {minutes}.",
        "Stretch your legs for {minutes}.",
        "Put the phone down for {minutes}.",
        "Get some air for {minutes}.",
        "Do nothing for {minutes}.",
        "Take {minutes} for yourself.",
    ))
    | same("rest", "desk", (
        "Leave the desk for {minutes}.",
        "Make a cup of tea. {minutes} off.",
        "Sit somewhere else for {minutes}.",
    ), "d")
    | same("rest", "until", (
        "Take {minutes} away from the screen, before {until}.",
        "Get some air before {until}. {minutes}.",
    ), "u")
)  # fmt: skip

ANCHOR: Final = (
    rows("anchor", "", (
        ("After {anchor}, {act}. {minutes}.", "After {anchor}: {title}. {minutes}."),
        ("Right after {anchor}: {act}. {minutes}.", "Right after {anchor}: {title}. {minutes}."),
        ("Once {anchor} is done, {act}. {minutes}.", "Once {anchor} is done: {title}. {minutes}."),
        ("Let it follow {anchor}: {act}. {minutes}.", "Let this follow {anchor}: {title}. {minutes}."),
        ("Tie it to {anchor}: {act}. {minutes}.", "Tie this to {anchor}: {title}. {minutes}."),
        ("{title} after {anchor}. {minutes}.", "Take {minutes} after {anchor}: {title}."),
        ("Add {minutes} after {anchor}: {act}.", "Add {minutes} after {anchor}: {title}."),
        ("After {anchor}, take {minutes}: {act}.", "After {anchor}, take {minutes} for: {title}."),
        ("{title} straight after {anchor}. {minutes}.", "Straight after {anchor}: {title}. {minutes}."),
        ("Put it next to {anchor}: {act}. {minutes}.", "Put this next to {anchor}: {title}. {minutes}."),
    ))
)  # fmt: skip

RESTART: Final = (
    rows("restart", "", (
        ("{title}. {minutes} makes a new start.", "Make a new start: {title}. {minutes}."),
        ("Start fresh: {act}. {minutes}.", "Start fresh: {title}. {minutes}."),
        ("Make today day one: {act}. {minutes}.", "Make today day one: {title}. {minutes}."),
        ("{title}. Day one takes {minutes}.", "Begin day one: {title}. {minutes}."),
        ("Pick it up with {minutes}: {act}.", "Pick this up with {minutes}: {title}."),
        ("Come back to it: {act}. {minutes}.", "Come back to: {title}. {minutes}."),
        ("{title}. A new start, {minutes}.", "Go for a new start: {title}. {minutes}."),
        ("Begin a new row: {act}. {minutes}.", "Begin a new row: {title}. {minutes}."),
        ("Let {minutes} count as a start: {act}.", "Let {minutes} count as a start: {title}."),
        ("Set off with {minutes}: {act}.", "Set off with {minutes}: {title}."),
    ))
)  # fmt: skip

PREPARE: Final = (
    rows("prepare", "", (
        ("Look at it before {anchor}: {act}. {minutes}.", "Open before {anchor}: {title}. {minutes}."),
        ("Get ready for {anchor}: {act}. {minutes}.", "Get ready for {anchor}: {title}. {minutes}."),
        ("Open it before {anchor}: {act}. {minutes}.", "Look at this before {anchor}: {title}. {minutes}."),
        ("Have it at hand for {anchor}: {act}.", "Have this at hand for {anchor}: {title}."),
        ("Take {minutes} before {anchor}: {act}.", "Take {minutes} before {anchor}: {title}."),
        ("Warm up for {anchor}: {act}. {minutes}.", "Warm up for {anchor}: {title}. {minutes}."),
        ("Set it up for {anchor}: {act}. {minutes}.", "Set this up for {anchor}: {title}. {minutes}."),
        ("Spend {minutes} on it before {anchor}: {act}.", "Spend {minutes} before {anchor} on: {title}."),
        ("Give {minutes} to it before {anchor}: {act}.", "Give {minutes} before {anchor} to: {title}."),
    ))
)  # fmt: skip

BATCH: Final = (
    rows("batch", "", (
        ("Do three of a kind, {minutes}. First: {act}.", "Do three of a kind, {minutes}. First: {title}."),
        ("Take three alike, {minutes}. Start: {act}.", "Take three alike, {minutes}. Start with: {title}."),
        ("Three in a row, {minutes}. First: {act}.", "Three in a row, {minutes}. Start with: {title}."),
        ("Clear three small ones, {minutes}: {act}.", "Clear three small ones, {minutes}: {title}."),
        ("Group three, {minutes} in all. First: {act}.", "Group three, {minutes} in all. First: {title}."),
        ("Spend {minutes} on three alike. First: {act}.", "Spend {minutes} on three alike. First: {title}."),
        ("Go through three like this, {minutes}: {act}.", "Go through three like this, {minutes}: {title}."),
        ("Line up three, {minutes} in all. First: {act}.", "Line up three, {minutes}. Begin with: {title}."),
        ("Use {minutes} for three of a kind. First: {act}.", "Use {minutes} for three of a kind: {title}."),
    ))
)  # fmt: skip

KEEP_OR_LET_GO: Final = (
    rows("keep_or_let_go", "", (
        ("{title}: keep it, or let it go?", "{title}: keep it, or let it go?"),
        ("Decide on it: {act}. Keep it, or let it go?", "Decide on: {title}. Keep it, or let it go?"),
        ("Keep it, or let it go? {title}.", "Keep it, or let it go? {title}."),
        ("Choose for this one: {act}. Stay, or go?", "Choose for this one: {title}. Stay, or go?"),
        ("Look at it afresh: {act}. Keep it, or drop it?", "Look afresh at: {title}. Keep it, or drop it?"),
        ("{title}. Worth keeping, or free to go?", "{title}. Worth keeping, or free to go?"),
        ("Give it a yes or a no: {act}. {minutes}.", "Give this a yes or a no: {title}. {minutes}."),
        ("Take {minutes} for it: {act}. Keep, or let go?", "Take {minutes} for: {title}. Keep, or let go?"),
        ("Does it stay on your list? {title}.", "Does this stay on your list? {title}."),
    ))
)  # fmt: skip

CLOSE_DAY: Final = (
    same("close_day", "", (
        "Call it a day.",
        "Leave the rest for tomorrow.",
        "Close the list for today.",
        "Stop here. Enough for today.",
        "Let that be enough for today.",
        "Put the list away until tomorrow.",
        "End the day here.",
        "Take the evening off.",
        "Let the rest wait until tomorrow.",
        "Set the list aside. The evening is yours.",
    ))
    | same("close_day", "anchor", (
        "{anchor} is done. Enough for today.",
        "With {anchor} done, call it a day.",
        "{anchor} is done. Leave the rest for tomorrow.",
        "Stop here, with {anchor} done.",
    ), "a")
)  # fmt: skip

TEMPLATES: Final[Mapping[str, Mapping[str, Template]]] = {
    "do_now": DO_NOW,
    "smallest_step": SMALLEST_STEP,
    "plan_slot": PLAN_SLOT,
    "keep_streak": KEEP_STREAK,
    "rest": REST,
    "anchor": ANCHOR,
    "restart": RESTART,
    "prepare": PREPARE,
    "batch": BATCH,
    "keep_or_let_go": KEEP_OR_LET_GO,
    "close_day": CLOSE_DAY,
}
