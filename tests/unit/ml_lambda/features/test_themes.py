"""Themes: what is alike is together, and nobody moves because somebody else came or went."""

from __future__ import annotations

import json
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contracts.ml import Candidate, Reason, RecentTip
from ml_lambda.features.group import Moment
from ml_lambda.features.similarity import similarity_done
from ml_lambda.features.snapshot import build
from ml_lambda.features.themes import ThemeSpace, regroup
from tests import ml_examples as me

STORED = json.loads((Path(__file__).parent / "theme_vectors.json").read_text())["titles"]

refs = st.sampled_from([f"task-{n}" for n in range(12)])
# Some alike, some opposite, some the same, some without direction.
vector = st.lists(st.integers(-3, 3), min_size=4, max_size=4)
vectors = st.dictionaries(refs, vector, max_size=12)


def titles(lang: str) -> dict[str, list[float]]:
    return {
        title: np.frombuffer(b64decode(one["vector"]), dtype=np.int8).astype(float).tolist()
        for title, one in STORED.items()
        if one["lang"] == lang
    }


def together(themes: Mapping[str, str]) -> set[frozenset[str]]:
    members: dict[str, set[str]] = {}
    for ref, theme in themes.items():
        members.setdefault(theme, set()).add(ref)
    return {frozenset(group) for group in members.values() if len(group) > 1}


# --- sense ------------------------------------------------------------------------------------------


def test_a_real_embedders_vectors_make_themes_that_people_would_make() -> None:
    found = together(regroup({}, titles("en")))
    assert frozenset({"Call Mum", "Call the bank about the card", "Call the plumber"}) in found
    assert any({"Buy milk", "Buy bread and eggs", "Buy coffee beans"} <= group for group in found)
    assert any({"Prepare the budget report", "Review the project budget"} <= group for group in found)
    assert any({"Pay the electricity bill", "Pay the phone bill"} <= group for group in found)
    assert frozenset({"Clean the kitchen", "Clean the bathroom"}) in found


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_nothing_is_grouped_that_does_not_belong(lang: str) -> None:
    for group in together(regroup({}, titles(lang))):
        assert len({STORED[title]["about"] for title in group}) == 1, group


def test_what_all_titles_of_a_language_share_is_no_theme() -> None:
    """To this model all Russian is alike; taken as they are, these twelve are one theme."""
    found = together(regroup({}, titles("ru")))
    assert frozenset({"Позвонить маме", "Позвонить в банк", "Позвонить стоматологу"}) in found
    assert len(found) >= 3


def test_tasks_that_came_one_by_one_are_grouped_as_well() -> None:
    themes: dict[str, str] = {}
    seen: dict[str, list[float]] = {}
    for title, one in titles("en").items():
        seen[title] = one
        themes = regroup(themes, seen)
    found = together(themes)
    assert any({"Call Mum", "Call the plumber"} <= group for group in found)
    for group in found:
        assert len({STORED[title]["about"] for title in group}) == 1, group


# --- stability ----------------------------------------------------------------------------------------


def sharing(themes: Mapping[str, str], among: set[str]) -> dict[str, str]:
    """Those who are in a theme with another one."""
    many = Counter(theme for ref, theme in themes.items() if ref in among)
    return {ref: theme for ref, theme in themes.items() if ref in among and many[theme] > 1}


@given(vectors, refs, vector)
def test_one_who_comes_moves_nobody(many: dict[str, list[float]], ref: str, one: list[float]) -> None:
    before = regroup({}, {r: v for r, v in many.items() if r != ref})
    after = regroup(before, {**many, ref: one})
    assert sharing(before, set(before)).items() <= after.items()
    # Who was alone stays so, or finds company.
    assert all(after[r] == theme or r in sharing(after, set(after)) for r, theme in before.items())


@given(vectors, st.sets(refs))
def test_those_who_leave_move_nobody(many: dict[str, list[float]], gone: set[str]) -> None:
    before = regroup({}, many)
    left = before.keys() - gone
    after = regroup(before, {r: v for r, v in many.items() if r not in gone})
    assert after.keys() == left
    assert sharing(before, left).items() <= after.items()


@given(vectors, st.dictionaries(refs, st.sampled_from("abc"), max_size=6))
def test_again_changes_nothing(many: dict[str, list[float]], known: dict[str, str]) -> None:
    once = regroup(known, many)
    assert regroup(once, many) == once


@given(vectors, st.randoms(use_true_random=False), st.dictionaries(refs, st.sampled_from("abc"), max_size=6))
def test_the_order_does_not_matter(many: dict[str, list[float]], shuffle: Any, known: dict[str, str]) -> None:
    order, before = list(many.items()), list(known.items())
    shuffle.shuffle(order)
    shuffle.shuffle(before)
    assert regroup(dict(before), dict(order)) == regroup(known, many)


@given(vectors, st.dictionaries(refs, st.sampled_from("abc"), max_size=6), st.sets(refs))
def test_who_is_open_and_has_a_direction_has_a_theme(
    many: dict[str, list[float]], known: dict[str, str], keep: set[str]
) -> None:
    themes = regroup(known, many, keep=keep)
    assert {r for r, v in many.items() if any(v)} | (keep & known.keys() - many.keys()) == themes.keys()
    stayed = themes.keys() & known.keys()
    assert sharing({r: known[r] for r in stayed}, set(stayed)).items() <= themes.items()


@given(st.dictionaries(refs, vector, min_size=1, max_size=12), st.floats(0.1, 50))
def test_how_long_vectors_are_does_not_matter(many: dict[str, list[float]], times: float) -> None:
    assert regroup({}, {r: [times * x for x in v] for r, v in many.items()}) == regroup({}, many)


def test_who_is_named_anew_is_placed_anew() -> None:
    calls = {"a": [1.0, 0.0, 0.0], "b": [1.0, 0.1, 0.0]}
    shops = {"c": [0.0, 1.0, 0.0], "d": [0.1, 1.0, 0.0]}
    before = regroup({}, calls | shops)
    assert together(before) == {frozenset("ab"), frozenset("cd")}
    renamed = calls | shops | {"b": [0.0, 1.0, 0.1]}
    assert regroup(before, renamed) == before, "as long as nobody says that it was"
    after = regroup({r: t for r, t in before.items() if r != "b"}, renamed)
    assert together(after) == {frozenset("bcd")}
    assert after["c"] == before["c"]


def test_an_item_done_lately_keeps_its_theme_without_drawing_others_to_it() -> None:
    before = regroup({}, {"a": [1.0, 0.0], "b": [1.0, 0.0], "c": [0.0, 1.0]})
    after = regroup(before, {"b": [1.0, 0.0], "c": [0.0, 1.0]}, keep=["a", "unknown"])
    assert after == before
    alone = regroup(before, {"c": [0.0, 1.0], "d": [1.0, 0.0]}, keep=["a"])
    assert alone["a"] == before["a"] != alone["d"]


def test_names_say_nothing_and_no_two_themes_share_one() -> None:
    first = regroup({}, {"task-1": [1.0, 0.0], "task-2": [1.0, 0.0]})
    theme = first["task-1"]
    assert len(theme) == 9
    assert "task" not in theme
    # The founder comes back with another title while its theme goes on without it.
    again = regroup({"task-2": theme}, {"task-2": [1.0, 0.0], "task-1": [0.0, 1.0]})
    assert again["task-2"] == theme != again["task-1"]


def test_nobody_has_no_themes() -> None:
    assert regroup({}, {}) == regroup({"a": "t"}, {}) == regroup({}, {"a": [0.0, 0.0]}) == {}


def test_a_hundred_tasks_are_grouped_in_a_moment() -> None:
    """The most that a snapshot holds; all apart, which is the most work."""
    draws = np.random.default_rng(1)
    many = {f"task-{n}": draws.normal(size=768).tolist() for n in range(100)}
    began = time.process_time()
    assert len(set(regroup({}, many).values())) == 100
    assert time.process_time() - began < 2


# --- as the space of a feature ----------------------------------------------------------------------------


def candidate(ref: str | None) -> Candidate:
    reason = Reason(code="due_today")
    return Candidate(
        angle="do_now", kind="todo", wording="do_now.1", reason=reason, minutes=5, item_ref=ref,
        expires_at=me.ahead(hours=2),
    )  # fmt: skip


def tip(ref: str | None, reaction: Any = "done", **ago: float) -> RecentTip:
    return RecentTip(
        decision_id=f"d-{ref}",
        decided_at=me.ago(**ago),
        angle="do_now",
        wording="w",
        item_ref=ref,
        reaction=reaction,
    )


def test_a_tip_of_the_theme_that_is_done_is_similar_to_what_was_done() -> None:
    snapshot = build([], [], me.ZONE, me.NOW, person_id=me.PERSON)
    space = ThemeSpace({"call-1": "t1", "call-2": "t1", "shop": "t2"})
    moment = Moment(snapshot, me.NOW, me.ZONE, recent=[tip("call-1")], embedder=space)
    # One tip done now of weight 1, shrunk by one: 1 / (1 + 1).
    assert similarity_done(moment, candidate("call-2")) == pytest.approx(0.5)
    assert similarity_done(moment, candidate("shop")) == 0.0
    assert similarity_done(moment, candidate("unknown")) == 0.0
    assert similarity_done(moment, candidate(None)) == 0.0
    older = Moment(snapshot, me.NOW, me.ZONE, recent=[tip("call-1", days=14)], embedder=space)
    assert similarity_done(older, candidate("call-2")) == pytest.approx(0.5 / 1.5)
