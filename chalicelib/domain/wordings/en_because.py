"""English: why a tip was chosen. Each sentence twice: while the tip is open, and when one looks back.

At most 9 words each, so that "Against it:" still fits before them; the keys are those of `domain/because.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib.domain.wordings.base import always

BECAUSE: Final[Mapping[str, tuple[str, str]]] = {
    "free_fit.fits": ("It fits the time you have free.", "It fit the time you had free."),
    "free_fit.nearer": (
        "It comes nearer to the time you have free.",
        "It came nearer to the time you had free.",
    ),
    "free_fit.too_long": (
        "It takes longer than the time you have free.",
        "It was longer than the time you had free.",
    ),
    "free_fit.fills": ("It leaves you less spare time.", "It left you less spare time."),
    "done_hour.often": ("You often do things at this hour.", "You often do things at that hour."),
    "done_hour.seldom": ("You seldom do things at this hour.", "You seldom do things at that hour."),
    "done_hour.quiet": ("It asks little at a quiet hour.", "It asked little at a quiet hour."),
    "done_hour.unused": (
        "It leaves one of your good hours unused.",
        "It left one of your good hours unused.",
    ),
    "energy_effort.suits": (
        "Its length suits the energy you noted.",
        "Its length suited the energy you noted.",
    ),
    "energy_effort.unsuited": (
        "Its length does not suit the energy you noted.",
        "Its length did not suit the energy you noted.",
    ),
    "energy_effort.others_less": (
        "Other lengths suit the energy you noted less.",
        "Other lengths suited the energy you noted less.",
    ),
    "energy_effort.others_more": (
        "Other lengths suit the energy you noted better.",
        "Other lengths suited the energy you noted better.",
    ),
    "deadline.speaks": ("Its date speaks for now.", "Its date spoke for that moment."),
    "deadline.less": (
        "Another idea does more about a near date.",
        "Another idea did more about a near date.",
    ),
    "streak_at_risk.keeps": ("It keeps your streak going today.", "It was there to keep your streak going."),
    "streak_at_risk.less": (
        "Another idea does more for a streak.",
        "Another idea did more for a streak.",
    ),
    "affinity.liked": always("You tend to do things of this kind."),
    "affinity.others_less": always("You do things of other kinds less."),
    "affinity.passed": always("You tend to pass on this kind."),
    "affinity.others_more": always("You do other kinds of things more."),
    "novelty.new": ("You have not seen it lately.", "You had not seen it lately."),
    "novelty.newer": (
        "You saw the other ideas more recently.",
        "You had seen the other ideas more recently.",
    ),
    "novelty.seen": ("You saw it not long ago.", "You had seen it not long before."),
    "novelty.others_newer": ("Other ideas are newer to you.", "Other ideas were newer to you."),
    "effort.longer": (
        "It is longer than other ideas, on average.",
        "It was longer than other ideas, on average.",
    ),
    "effort.shorter": (
        "It is shorter than other ideas, on average.",
        "It was shorter than other ideas, on average.",
    ),
    "place_match.here": ("It fits the place where you are.", "It fit the place where you were."),
    "place_match.elsewhere": ("It is for another place.", "It was for another place."),
    "place_match.anywhere": ("It can be done anywhere.", "It could be done anywhere."),
    "place_match.other_here": (
        "Another idea belongs where you are.",
        "Another idea belonged where you were.",
    ),
    "goal_alignment.serves": ("It serves a goal you chose.", "It served a goal you chose."),
    "goal_alignment.none": ("It serves none of your goals.", "It served none of your goals."),
    "goal_alignment.others_none": (
        "Another idea serves none of your goals.",
        "Another idea served none of your goals.",
    ),
    "goal_alignment.other_serves": (
        "Another idea serves a goal you chose.",
        "Another idea served a goal you chose.",
    ),
    "similarity_done.like": ("It resembles tips you did.", "It resembled tips you did."),
    "similarity_done.unlike": ("It differs from tips you did.", "It differed from tips you did."),
    "activity_length.longer": (
        "It is a longer one on an active day.",
        "It was a longer one on an active day.",
    ),
    "activity_length.shorter": (
        "It is a shorter one on an active day.",
        "It was a shorter one on an active day.",
    ),
    "try": always("A try: oO chose it to learn."),
    "only": ("It is the only idea with a reason now.", "It was the only idea with a reason then."),
    "close": ("Nothing sets it far apart from the others.", "Nothing set it far apart from the others."),
    "rules": always("oO went by plain rules this time."),
    "ground": ("{reason}", "When it was chosen: {reason}"),
    "for_event": ("It is for something in your calendar.", "It was for something in your calendar."),
    "routine": ("It follows a routine of yours.", "It followed a routine of yours."),
    "against": always("Against it: {fact}"),
}
