"""English: the words of every reason. Each stands as a sentence of its own, in at least two variants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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
    "alike": ("Others like it are on your list.", "Your list has more like it."),
    "routine": ("You do that around {minute} on most days.", "Most days that is around {minute}."),
    "starts_at": ("That starts at {at}.", "That begins at {at}."),
    "three_short": (
        "None of the three takes more than {takes}.",
        "Each of the three takes {takes} at most.",
    ),
    "was_due_year": ("It was set for {year}.", "Its date was in {year}."),
    "done_today": ("Done today: {done}.", "{done} done today."),
    "booked": ("Booked from {start} to {end}.", "Your calendar was full from {start} to {end}."),
}
