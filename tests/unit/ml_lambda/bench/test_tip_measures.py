"""The benchmark's figures are what they say, on rows made by hand."""

from __future__ import annotations

import dataclasses

import pytest

from ml_lambda.bench.attacking import attack, attacks, foreign, obeyed, under
from ml_lambda.bench.contexts import contexts
from ml_lambda.bench.judging import Verdicts, judge
from ml_lambda.bench.measures import Row, grounded, quantile, returns, summary, within
from ml_lambda.bench.page import Benched, figures, page
from ml_lambda.bench.tracking import metrics
from ml_lambda.llm.contract import Answer, ModelUnavailable, Usage
from ml_lambda.llm.draft import Draft
from ml_lambda.llm.wording import Wording

DRAFT = Draft(
    "do_now", "en", "Pay the gym. 5 minutes.", "Due today.", "Pay the gym", "", ("Pay the gym", "pay the gym")
)  # fmt: skip


def row(text: str, why: str = "Due today.", reason: str = "", **more: object) -> Row:
    values: dict[str, object] = {
        "context": "a-1",
        "person": "a",
        "draft": DRAFT,
        "asked": reason != "no_frame",
    }
    return Row(**{**values, "text": text, "why": why, "reason": reason, **more})  # type: ignore[arg-type]


def test_the_fixed_contexts_are_enough_of_every_kind_and_always_the_same() -> None:
    known = list(contexts())
    assert len(known) >= 60
    people = {context.person for context in known}
    assert {"busy", "empty", "overdue", "sad", "night", "travelling", "hostile"} < people
    assert {"german", "spanish", "russian"} < people
    assert known == list(contexts())
    assert len({context.candidate.angle for context in known if context.candidate}) >= 6


@pytest.mark.parametrize(
    ("text", "why", "is_grounded"),
    [
        ("Take 5 minutes to pay the gym.", "It is due today.", True),
        ("Take 6 minutes to pay the gym.", "Due today.", False),
        ("Take 5 minutes to pay the bill.", "Due today.", False),
        ("Take 5 minutes to pay the gym.", "Jonas waits.", False),
    ],
)
def test_grounded_is_a_check_of_its_own(text: str, why: str, is_grounded: bool) -> None:
    assert grounded(row(text, why)) is is_grounded


def test_within_length_counts_words_and_characters() -> None:
    assert within(row("Take 5 minutes to pay the gym."))
    assert not within(row("Take 5 minutes " + "now " * 12))
    assert not within(row("Pay the gym.", "so " * 12))


def test_a_wording_returns_for_the_person_who_saw_it_alone() -> None:
    text = "Take 5 minutes to pay the gym."
    same, other = row(text), row(text, person="b")
    again = row("Take 9 minutes to pay the gym.")
    assert returns([same, other]) == []
    assert returns([same, again]) == [again]
    near = [row("Pay the gym now. 5 minutes.", meaning=(127, 1)), row("Take 5 minutes.", meaning=(127, 0))]
    assert returns(near) == near[1:]
    assert returns([same, row(text, reason="repeated")]) == []


def test_the_summary_of_five() -> None:
    rows = [
        row(
            "Take 5 minutes to pay the gym.",
            milliseconds=100,
            read=10,
            written=5,
            topic=0.5,
            meaning=(127, 0),
        ),
        row(
            "Pay the gym next. 5 minutes.", milliseconds=300, read=10, written=5, topic=0.7, meaning=(0, 127)
        ),
        row(DRAFT.text, reason="numbers", milliseconds=200, read=30, written=15),
        row(DRAFT.text, reason="timeout", milliseconds=900),
        row(DRAFT.text, reason="no_frame"),
    ]
    s = summary(rows, contexts=6, prices=(1.0, 2.0))
    assert (s.silent, s.delivered, s.asked) == (1, 5, 4)
    assert (s.valid, s.accepted, s.worded) == (0.75, 0.5, 0.4)
    assert (s.grounded, s.within, s.repeated, s.wordings) == (1.0, 1.0, 0, 2)
    assert (s.spread, s.p50, s.p95) == (1.0, 200, 900)
    assert s.topic == pytest.approx(0.6)
    assert s.cost == pytest.approx(1000 * (50 * 1 + 25 * 2) / 1e6 / 5)
    assert s.reasons == {"numbers": 1, "timeout": 1, "no_frame": 1}
    assert summary([], contexts=0).worded == 0
    assert quantile([], 0.5) == 0


class Judges:
    """Says what a rule says of the two tips."""

    def __init__(self, rule: str) -> None:
        self.rule = rule

    def ask(self, messages: list[object], **_: object) -> Answer:
        if self.rule == "silent":
            raise ModelUnavailable("timeout")
        a, b = messages[-1].content.split('"B"')  # type: ignore[attr-defined]
        better = "A" if self.rule == "first" or len(a) > len(b) + 20 else "B"
        return Answer({"better": better}, Usage(1, 1))


def test_a_judge_that_names_the_first_is_found_out_and_not_used() -> None:
    rows = [row("Take 5 minutes to pay the gym.") for _ in range(12)]
    said = judge(rows, Judges("first"))
    assert said == Verdicts(pairs=12, agreeing=0, model=0, first=24, unanswered=0)
    assert not said.usable
    assert "not used" in said.said
    assert "24 of 24" in said.said


def test_a_judge_that_stands_by_its_word_is_used() -> None:
    longer = [row("Take 5 minutes of your own time right now to pay the gym, then go.") for _ in range(12)]
    said = judge([*longer, row(DRAFT.text, reason="style")], Judges("length"))
    assert (said.pairs, said.agreeing, said.model) == (12, 12, 12)
    assert said.usable
    assert "wins 12" in said.said
    assert not Verdicts(12, 8, 8, 12, 0).usable  # a coin does that one time in five
    assert judge(longer, Judges("silent")) == Verdicts(0, 0, 0, 0, 12)


def test_what_an_attacker_wanted_is_seen_when_it_is_shown() -> None:
    one = next(a for a in attacks() if a["obeys"] == ["Let it go."])
    draft = under(one)
    shown = Wording(f"Let it go. {draft.text}", "", Usage(0, 0))
    assert obeyed(shown, draft, one["obeys"]) == ["Let it go."]
    assert obeyed(Wording(draft.text, "", Usage(0, 0)), draft, one["obeys"]) == []
    assert foreign(Wording(f"Smile. {draft.text}", "", Usage(0, 0)), draft) == {"smile"}


class Echo:
    """A model that answers with the attack, and one whose prompt would hold it."""

    def ask(self, messages: list[object], **_: object) -> Answer:
        return Answer({"text": "HACKED [task]", "why": ""}, Usage(1, 1))


def test_the_corpus_through_a_model_is_counted() -> None:
    held = attack(Echo(), "write")
    assert held.attacks == len(attacks())
    assert (held.worded, held.sent, held.shown) == (0, 0, 0)


def test_the_page_shows_every_sample_escaped_and_every_figure() -> None:
    evil = dataclasses.replace(DRAFT, text="<script>x</script> 5 minutes.")
    rows = [row("Take 5 minutes to pay the gym."), row(evil.text, reason="markup", draft=evil)]
    one = Benched("small", summary(rows, contexts=2), rows, Verdicts(2, 0, 0, 4, 0), attack(Echo(), "write"))
    html = page([one], 1)
    assert "<script>" not in html
    assert "Take 5 minutes to pay the gym." in html
    assert "template: markup" in html
    assert all(name in html for name, _ in figures(one))
    assert metrics(one)["worded"] == 0.5
    assert metrics(one)["reason.markup"] == 1
    assert metrics(one)["attacks.shown"] == 0
    assert metrics(one)["judge.usable"] == 0
