"""What a model that can only reword may say is right however it fills the gaps, and never about a title."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from collections.abc import Iterator

import pytest

from ml_lambda.llm import guard, meaning, prompts, reword
from ml_lambda.llm.draft import Draft
from tests.unit.ml_lambda.llm.drafts import SLOT, TOMORROW, draft

TITLES = ("Send the invoice to Mira", "Tax letter", "iPhone: call 3 people?", "Buy milk?")
THEN = {"slot": TOMORROW, "slot_until": TOMORROW, "tomorrow": 1, "takes": 30, "reason": "slot_free_tomorrow"}
LATER = {"slot": SLOT, "slot_until": SLOT, "takes": 30, "reason": "slot_free"}
SHAPES: dict[str, dict[str, object]] = {
    "do_now.1": {},
    "do_now.2": {"minutes": 90},
    "do_now.3": {"minutes": 15},
    "do_now.b4": {"minutes": 15},
    "do_now.b5": {"minutes": 90},
    "do_now.u1": {"until": SLOT},
    "smallest_step.5": {"minutes": 2},
    "plan_slot.2": THEN,
    "plan_slot.3": LATER,
    "plan_slot.a1": {**LATER, "anchor": "Team meeting"},
    "plan_slot.a5": {**LATER, "anchor": "Team meeting"},
    "anchor.1": {"anchor": "Coffee"},
    "prepare.1": {"anchor": "Budget review"},
    "prepare.4": {"anchor": "Budget review"},
    "keep_streak.1": {"day": 8},
    "keep_streak.p4": {},
    "keep_streak.u1": {"until": SLOT},
    "restart.2": {},
    "batch.1": {"minutes": 30, "count": 3},
    "keep_or_let_go.1": {"minutes": 1},
}


def _all(pattern: str) -> Iterator[str]:
    """Every string of a frame's pattern."""
    parts = re.split(r"\(([^()]*)\)", pattern[1:-1])
    choices = [part.split("|") if n % 2 else [part] for n, part in enumerate(parts)]
    for chosen in itertools.product(*choices):
        yield re.sub(r"\\(.)", r"\1", "".join(chosen))


@pytest.mark.parametrize("wording", SHAPES)
@pytest.mark.parametrize("title", TITLES)
def test_every_way_through_every_frame_passes_the_guard(wording: str, title: str) -> None:
    of = draft(wording, title, **SHAPES[wording])  # type: ignore[arg-type]
    said = set()
    for turn in range(100):
        asked = reword.ask(of, turn=turn)
        if asked is None or asked.pattern in said:
            break
        said.add(asked.pattern)
        for text in _all(asked.pattern):
            assert re.fullmatch(asked.pattern, text)
            told = prompts.said({"text": text}, of, "reword")
            assert told is not None
            assert guard.check(of, told.text) in {None, "unchanged"}, (of.text, told.text)
    assert len(said) >= 3, f"{of.text}: {len(said)} frames"


def test_tries_begin_differently_and_turn_from_what_was_seen() -> None:
    of = draft()
    first = [reword.ask(of, turn=turn) for turn in range(6)]
    assert len({asked.pattern for asked in first if asked}) == 6
    taken = next(_all(first[0].pattern)) if first[0] else ""
    seen = meaning.mask(prompts.said({"text": taken}, of, "reword").text, of.own_words)  # type: ignore[union-attr]
    assert reword.ask(of, avoid=[seen]) != first[0]


def test_a_long_title_leaves_out_what_has_no_room_beside_it() -> None:
    of = draft("do_now.1", "Write the talk outline for the December meetup in town")
    patterns = {asked.pattern for turn in range(40) if (asked := reword.ask(of, turn=turn))}
    assert patterns
    for text in (text for pattern in patterns for text in _all(pattern)):
        said = prompts.said({"text": text}, of, "reword")
        assert said is not None
        assert guard.check(of, said.text) in {None, "unchanged"}
    full = draft("do_now.1", "Write the talk outline for the December meetup in the new hall")
    assert reword.ask(full) is None


@pytest.mark.parametrize("mode", ["write", "reword"])
def test_no_model_is_shown_the_persons_words(mode: prompts.Mode) -> None:
    of = draft(
        "plan_slot.a1",
        "Ask Zeborah",
        anchor="Quorble",
        slot=SLOT,
        slot_until=SLOT,
        takes=5,
        reason="slot_free",
    )
    told = Draft(
        of.angle,
        of.lang,
        of.text,
        of.why,
        of.title,
        of.anchor,
        of.own_words,
        ("free after Quorble", "evening"),
    )
    request = prompts.request(told, mode)
    assert request is not None
    sent = json.dumps([m.content for m in request.messages]) + json.dumps(request.schema)
    assert "Zeborah" not in sent
    assert "Quorble" not in sent
    if mode == "write":
        assert "evening" in sent


def test_only_what_it_can_word_is_asked_of_a_model_that_rewords() -> None:
    assert (
        prompts.request(
            Draft("do_now", "de", "Anna anrufen. 5 Minuten.", "", "Anna anrufen", "", ()), "reword"
        )
        is None
    )
    assert prompts.request(draft("close_day.1", "", minutes=0), "reword") is None


def test_a_written_answer_gets_the_own_words_in_their_places() -> None:
    said = prompts.said({"text": "Take 5 minutes to [task].", "why": "It is due today."}, draft(), "write")
    assert said == prompts.Said("Take 5 minutes to send the invoice to Mira.", "It is due today.")
    begins = prompts.said({"text": "[task] now. 5 minutes.", "why": ""}, draft("do_now.6"), "write")
    assert begins is not None
    assert begins.text == "Send the invoice to Mira now. 5 minutes."
    assert prompts.said({"text": 5}, draft(), "write") is None
    assert prompts.said({}, draft(), "reword") is None


def test_an_event_that_only_the_why_names_is_an_event() -> None:
    of = draft("do_now.1", "Call Anna", anchor="Quorble", at=SLOT, reason="free_until_event")
    of = dataclasses.replace(of, anchor="")
    request = prompts.request(of, "write")
    assert request is not None
    assert "Quorble" not in request.messages[-1].content
    said = prompts.said(
        {"text": "Take 5 minutes to [task].", "why": "Free until [event] at 12:45."}, of, "write"
    )
    assert said is not None
    assert said.why == "Free until Quorble at 12:45."
    assert guard.check(of, said.text, said.why) is None
