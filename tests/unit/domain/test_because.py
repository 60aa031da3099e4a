"""Why this tip: plain sentences that are true of the numbers they come from, and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contracts.ml import Candidate, Choice, PolicyRef, Reason, ScoredCandidate
from chalicelib.domain import because as module
from chalicelib.domain.because import MOST, because, case_of
from chalicelib.domain.features import CANDIDATE_FEATURES, DIMENSION, FEATURE_VERSION
from chalicelib.domain.style import MAX_WHY_WORDS, violations
from chalicelib.domain.wordings import LANGUAGES, reason_alone
from chalicelib.domain.wordings.en_because import BECAUSE
from chalicelib.domain.wordings.en_reasons import REASONS

AT = {name: index for index, name in enumerate(CANDIDATE_FEATURES)}


def candidate(code: str = "due_today", **params: int | str) -> Candidate:
    return Candidate(
        angle="do_now",
        kind="todo",
        wording="do_now.1",
        reason=Reason(code=code, params=params),
        minutes=10,
        expires_at=datetime(2026, 11, 5, 18, tzinfo=UTC),
        item_ref="todoist:1",
        anchor_ref="cal:1",
    )


def row(**values: float) -> list[float]:
    return [values.get(name, 0.0) for name in CANDIDATE_FEATURES]


def choice(*rows: list[float], contributions: list[float] | None = None, **fields: Any) -> Choice:
    values: dict[str, Any] = {
        "candidates": [ScoredCandidate(candidate=candidate(), features=r) for r in rows],
        "chosen": 0,
        "context": [0.0] * 6,
        "feature_version": FEATURE_VERSION,
        "probabilities": [0.9, *[0.1 / max(len(rows) - 1, 1)] * (len(rows) - 1)],
        "policy": PolicyRef(name="mixed_ts", version="1"),
        "contributions": row() if contributions is None else contributions,
    }
    return Choice(**{**values, **fields})


def told(what: Choice, still_open: bool = True) -> list[str]:
    return because(what, still_open=still_open, timezone="Europe/Berlin", locale="en-GB")


def test_the_strongest_come_first_and_what_speaks_against_says_so() -> None:
    what = choice(
        row(free_fit=0.5, done_hour=0.4, effort=0.6, deadline=0.2),
        row(free_fit=-0.5, effort=0.2),
        contributions=row(free_fit=0.2, done_hour=0.05, effort=-0.1, deadline=0.3),
    )
    assert told(what) == [
        "Its date speaks for now.",
        "It fits the time you have free.",
        "Against it: it is longer than other ideas, on average.",
        "You often do things at this hour.",
    ]
    assert told(what, still_open=False)[1] == "It fit the time you had free."


def test_at_most_four_and_none_for_what_hardly_counted() -> None:
    names = ("free_fit", "done_hour", "deadline", "effort", "novelty", "affinity")
    strong = {name: 0.2 - 0.01 * n for n, name in enumerate(names)}
    assert len(told(choice(row(**strong), row(), contributions=row(**strong)))) == MOST
    one = choice(
        row(free_fit=0.5, novelty=0.9), row(), contributions=row(free_fit=0.3, novelty=0.029, effort=0.009)
    )
    assert told(one) == ["It fits the time you have free."]


def test_what_nothing_set_apart_says_that() -> None:
    assert told(choice(row(), row())) == ["Nothing sets it far apart from the others."]
    assert told(choice(row())) == ["It is the only idea with a reason now."]
    assert told(choice(row()), still_open=False) == ["It was the only idea with a reason then."]


def test_a_try_says_that_it_is_one() -> None:
    tried = choice(row(effort=0.9), row(), contributions=row(effort=-0.2), probabilities=[0.05, 0.95])
    assert told(tried) == [
        "A try: oO chose it to learn.",
        "Against it: it is longer than other ideas, on average.",
    ]
    shared = tried.model_copy(update={"probabilities": [0.5, 0.5]})
    assert "A try" not in told(shared)[0]


def test_rules_tell_their_ground() -> None:
    ruled = choice(
        row(), row(), contributions=[], feature_version=0, policy=PolicyRef(name="rules", version="1")
    )
    assert told(ruled) == ["Due today.", "oO went by plain rules this time."]
    assert told(ruled, still_open=False)[0] == "When it was chosen: Due today."
    unlikely = ruled.model_copy(update={"probabilities": [0.05, 0.95]})
    assert told(unlikely)[0] == "A try: oO chose it to learn."


def test_a_decision_of_another_layout_tells_its_ground_alone() -> None:
    old = choice(row(), row(), contributions=row(effort=0.5), feature_version=FEATURE_VERSION + 1)
    assert told(old) == ["Due today."]
    assert told(choice(row(), row(), contributions=[])) == ["Due today."]


def test_an_event_is_not_named() -> None:
    at = "2026-11-05T13:00:00+00:00"

    def ground(code: str) -> list[str]:
        named = ScoredCandidate(candidate=candidate(code, at=at), features=[])
        return told(choice(row(), contributions=[]).model_copy(update={"candidates": [named]}))

    assert ground("free_until_event") == ["Free until 14:00."]
    assert ground("for_event") == ["It is for something in your calendar."]
    assert ground("starts_at") == ["It is for something in your calendar."]
    assert ground("routine") == ["It follows a routine of yours."]


def test_every_reason_but_that_one_can_stand_alone() -> None:
    params: dict[str, int | str] = dict.fromkeys(
        ("at", "slot", "slot_until", "start", "end", "until"), "2026-11-05T13:00:00+00:00"
    )
    params |= {
        "on": "2026-11-05",
        "hour": 9,
        "minute": 540,
        "stated": 20,
        "takes": 90,
        "done": 6,
        "year": 2024,
    }
    alone = {code for code in REASONS if reason_alone(candidate(code, **params), timezone="UTC", locale="en")}
    assert set(REASONS) - alone == {"for_event"}


def test_no_choice_no_reason() -> None:
    assert told(choice(chosen=None, probabilities=[])) == []


@pytest.mark.parametrize(
    ("feature", "value", "apart", "case"),
    [
        ("free_fit", 0.3, 0.5, "fits"),
        ("free_fit", 0.3, -0.1, "fills"),
        ("free_fit", -0.3, 0.2, "nearer"),
        ("free_fit", -0.3, -0.2, "too_long"),
        ("done_hour", 0.0, 0.2, "quiet"),
        ("done_hour", 0.0, -0.2, "unused"),
        ("done_hour", -0.4, -0.2, "seldom"),
        ("energy_effort", 0.2, 0.4, "suits"),
        ("energy_effort", -0.1, 0.4, "others_less"),
        ("energy_effort", -0.1, -0.4, "unsuited"),
        ("energy_effort", 0.1, -0.4, "others_more"),
        ("affinity", 0.1, 0.2, "liked"),
        ("affinity", 0.0, 0.2, "others_less"),
        ("affinity", -0.1, -0.2, "passed"),
        ("affinity", 0.0, -0.2, "others_more"),
        ("novelty", 1.0, 0.5, "new"),
        ("novelty", 0.2, 0.1, "newer"),
        ("novelty", 0.2, -0.5, "seen"),
        ("novelty", 0.9, -0.05, "others_newer"),
        ("place_match", 1.0, 1.0, "here"),
        ("place_match", -1.0, -1.0, "elsewhere"),
        ("place_match", 0.0, 0.3, "anywhere"),
        ("place_match", 0.0, -0.3, "other_here"),
        ("goal_alignment", 1.0, 1.0, "serves"),
        ("goal_alignment", -1.0, -0.5, "none"),
        ("goal_alignment", 0.0, 0.5, "others_none"),
        ("goal_alignment", 0.0, -0.5, "other_serves"),
    ],
)
def test_a_fact_is_true_of_its_value_and_its_rivals(
    feature: str, value: float, apart: float, case: str
) -> None:
    assert case_of(feature, value, apart) == f"{feature}.{case}"


def test_every_feature_has_words_and_every_sentence_a_use() -> None:
    reached = {
        case_of(feature, value, apart)
        for feature in CANDIDATE_FEATURES
        for value in (-1.0, -0.2, 0.0, 0.2, 1.0)
        for apart in (-0.5, 0.5)
    }
    alone = {"try", "only", "close", "rules", "ground", "for_event", "routine", "against"}
    for language in LANGUAGES.values():
        assert set(language.because) == reached | alone


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("key", sorted(set(BECAUSE) - {"against", "ground"}))
def test_every_sentence_keeps_the_rules_of_words(key: str, lang: str) -> None:
    language = LANGUAGES[lang]
    against = language.because["against"][0]
    for sentence in language.because[key]:
        for whole in (
            sentence,
            against.format(fact=language.inside(sentence)) if "." in key else sentence,
        ):
            assert violations("5", whole, lang=lang) == []
            assert len(whole.split()) <= MAX_WHY_WORDS
            assert re.fullmatch(r"[^\d]+\.", whole)


numbers = st.floats(-1, 1, allow_nan=False).map(lambda x: round(x, 6))
rows = st.lists(numbers, min_size=DIMENSION, max_size=DIMENSION)


@given(st.lists(rows, min_size=2, max_size=6), rows, st.booleans())
def test_never_more_than_four_never_twice_the_same_and_as_many_as_count(
    field: list[list[float]], weights: list[float], still_open: bool
) -> None:
    apart = [field[0][i] - sum(r[i] for r in field[1:]) / len(field[1:]) for i in range(DIMENSION)]
    what = choice(*field, contributions=[w * d for w, d in zip(weights, apart, strict=True)])
    sentences = told(what, still_open)
    assert 1 <= len(sentences) <= MOST
    assert len(set(sentences)) == len(sentences)
    strongest = max(map(abs, what.contributions))
    least = max(module.NEGLIGIBLE, module.NEGLIGIBLE_SHARE * strongest)
    counting = [c for c in what.contributions if abs(c) >= least]
    assert len(sentences) == min(MOST, max(1, len(counting)))
    against = sum(s.startswith("Against it: ") for s in sentences)
    strong = sorted(counting, key=abs, reverse=True)[:MOST]
    if len({abs(c) for c in counting}) == len(counting):
        assert against == sum(c < 0 for c in strong)


@given(rows, rows)
def test_the_order_of_the_others_does_not_matter(one: list[float], other: list[float]) -> None:
    contributions = [0.1 * (n + 1) for n in range(DIMENSION)]
    forth = choice(row(), one, other, contributions=contributions)
    back = choice(row(), other, one, contributions=contributions)
    assert told(forth) == told(back)
