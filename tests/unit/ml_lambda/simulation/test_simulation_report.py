"""From runs to table, page and judge: figures computed by hand, files that open, refusals that are clear."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from ml_lambda.llm.contract import Answer, Message, ModelUnavailable, Usage
from ml_lambda.llm.schema import NotTheSchema, check
from ml_lambda.simulation import __main__ as command
from ml_lambda.simulation import judge, report
from ml_lambda.simulation.measures import Trace, band, curve, ratio, rows

NAN = float("nan")


def made(policy: str, worth: list[float], reward: list[float], seed: int = 0, **more: Any) -> Trace:
    """Two people with two decisions each; best 1, a random choice worth .2."""
    return Trace(
        policy=policy,
        seed=seed,
        person=np.array([0, 1, 0, 1]),
        life_day=np.array(more.get("life_day", [0, 0, 8, 8])),
        worth=np.array(worth),
        best=np.ones(4),
        any=np.full(4, 0.2),
        reward=np.array(reward),
        done=np.array([r == 1.0 for r in reward]),
        looks=9,
        silences=1,
        tips=(("Monday 09:00 UTC", "Do it.", "It is due."),),
    )


BASE = made("base", [0.2, 0.2, 0.4, 0.6], [1.0, NAN, 0.0, 0.4])
BETTER = made("better", [0.6, 0.2, 0.6, 1.0], [1.0, 1.0, 0.1, 0.0])


def test_the_table_by_hand() -> None:
    base, better = rows([BASE, BETTER], "base")
    assert (base.policy, base.decisions, base.seen) == ("base", 4, 3)
    # Person 0: .5 of two rewards; person 1: .4 of the one tip that was seen.
    assert base.reward.value == pytest.approx(0.45)
    assert base.done.value == pytest.approx(0.25)
    # Regrets .8 and .6 of person 0, .8 and .4 of person 1.
    assert base.regret.value == pytest.approx(0.65)
    assert base.gap_closed.value == pytest.approx((1.6 - 1.3) / 1.6)
    assert base.ahead is None
    assert better.ahead is not None
    # Person 0: .6 - .3; person 1: .6 - .4. No resample of two people leaves their range.
    assert better.ahead.value == pytest.approx(0.25)
    assert (better.ahead.low, better.ahead.high) == pytest.approx((0.2, 0.3))


def test_only_what_the_intervals_bear_out_is_said() -> None:
    worse = made("worse", [0.1, 0.1, 0.1, 0.1], [0.0] * 4)
    unclear = made("unclear", [0.2, 0.2, 0.6, 0.4], [0.0] * 4)
    few = [replace(t, seed=s) for t in (BASE, BETTER, worse, unclear) for s in range(3)]
    assert "Too few people" in report.finding(rows(few, "base"), "base")
    table = rows([*few, *(replace(t, seed=3) for t in (BASE, BETTER, worse, unclear))], "base")
    said = "Ahead of base: better; behind base: worse; not to be told apart from base: unclear."
    assert report.finding(table, "base") == said
    assert report.finding(table[:1], "base") == "Only base was simulated."


def test_people_of_another_world_are_other_people() -> None:
    apart = made("better", [0.6, 0.2, 0.6, 1.0], [1.0] * 4, seed=1)
    better = rows([BASE, apart], "base")[1]
    assert better.ahead is None
    assert better.decisions == 4


def test_a_band_narrows_with_people() -> None:
    draws = np.random.default_rng(1).normal(0.5, 0.1, 400).tolist()
    few, many = band(draws[:20]), band(draws)
    assert few.high - few.low > 2 * (many.high - many.low)
    # ±1.96 · .1 / √400
    assert many.high - many.low == pytest.approx(2 * 1.96 * 0.1 / 20, rel=0.15)
    assert np.isnan(ratio([], []).value)


def test_a_curve_is_by_week_with_oo_and_leaves_out_weeks_with_few() -> None:
    traces = [made("p", [0.2, 0.4, 0.6, 0.8], [1.0] * 4, seed=s) for s in (0, 1)]
    traces.append(made("p", [0.2, 0.4, 0.6, 0.8], [1.0] * 4, seed=2, life_day=[0, 0, 22, 1]))
    found = curve(traces, lambda t: t.worth, weeks=4)
    # Third world: person 1 spoke twice in the first week, person 0 alone in the fourth.
    assert [week for week, _ in found] == [1, 2]
    assert found[0][1].value == pytest.approx((0.2 + 0.4 + 0.2 + 0.4 + 0.2 + 0.6) / 6)


SETTING = report.Setting("mixed", 2, 14, (0, 1, 2, 3), ("base", "better", "oracle"), "base")


def written() -> dict[str, str]:
    traces = [
        made(policy, (BASE if policy == "base" else BETTER).worth.tolist(), [1.0] * 4, seed)
        for policy in SETTING.policies
        for seed in range(4)
    ]
    return report.files(SETTING, traces, rows(traces, "base"), {"base": "3 of 5"})


def test_every_plot_is_whole_and_says_whose_curves() -> None:
    files = written()
    assert sorted(files) == ["ahead.svg", "figures.json", "index.html", "regret.svg", "reward.svg"]
    for name in ("ahead.svg", "regret.svg", "reward.svg"):
        ElementTree.fromstring(files[name])
    assert ">better</text>" in files["regret.svg"]
    assert ">oracle</text>" not in files["regret.svg"]
    assert json.loads(files["figures.json"])["table"][1]["policy"] == "better"


def test_the_page_needs_nothing_but_itself() -> None:
    page = written()["index.html"]
    assert "<script" not in page
    assert "http://www.w3.org/2000/svg" in page
    assert page.count("http") == page.count("http://www.w3.org/2000/svg") + page.count("http-equiv")
    assert "<h1>Ahead of base: better, oracle.</h1>" in page
    assert "the judge" in page


# --- the judge --------------------------------------------------------------------------------------


class Model:
    """An alias that answers as it is told."""

    def __init__(self, answer: Mapping[str, Any] | ModelUnavailable) -> None:
        self.answer, self.asked = answer, list[Sequence[Message]]()

    def ask(self, messages: Sequence[Message], *, schema: Mapping[str, Any], **_: Any) -> Answer:
        self.asked.append(messages)
        if isinstance(self.answer, ModelUnavailable):
            raise self.answer
        check(self.answer, schema)
        return Answer(self.answer, Usage(1, 1))


def test_the_judge_is_given_a_tip_and_grades() -> None:
    model = Model({"score": 4})
    assert judge.verdicts(judge.Judge(model), [BASE]) == {"base": "4.000 [4.000, 4.000] of 1 tips"}
    assert json.loads(model.asked[0][1].content)["tip"] == "Do it."


@pytest.mark.parametrize("score", [0, 6, 4.5, True, "4", None])
def test_a_grade_is_one_of_five(score: Any) -> None:
    with pytest.raises(NotTheSchema):
        judge.Judge(Model({"score": score})).check()


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (ModelUnavailable("unreachable", "ConnectError"), "no answer from LITELLM_URL .ConnectError.: start"),
        (ModelUnavailable("timeout"), "no answer from LITELLM_URL"),
        (ModelUnavailable("status", "status 404"), "does not serve the alias `judge` .status 404"),
        (ModelUnavailable("malformed"), "not answer with a grade"),
    ],
)
def test_who_is_no_judge_is_told_apart(failure: ModelUnavailable, said: str) -> None:
    with pytest.raises(judge.JudgeUnreachable, match=said):
        judge.Judge(Model(failure)).check()


def test_without_an_address_there_is_no_judge() -> None:
    with pytest.raises(judge.JudgeUnreachable, match="LITELLM_URL"):
        judge.connect({})


# --- the command ------------------------------------------------------------------------------------

SMALL = ["--people", "2", "--days", "2", "--policies", "rules,lin_ts", "--mlflow", ""]


def test_the_command_begins_nothing_without_the_judge_it_was_told_to_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("LITELLM_URL", raising=False)
    assert command.main([*SMALL, "--home", str(tmp_path), "--judge"]) == 2
    assert "nothing was begun" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_command_ends_with_a_table_and_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([*SMALL, "--home", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    (page,) = tmp_path.glob("simulations/*-mixed/index.html")
    assert str(page) in said.replace("\n", "")
    assert "ahead of" in said
    figures = json.loads((page.parent / "figures.json").read_text())
    # What is compared with is one of those that serve.
    assert figures["setting"]["baseline"] == "rules"


@pytest.mark.parametrize(
    "wrong", [["--policies", "best"], ["--people", "0"], ["--population", "merry"], ["--seeds", "x"]]
)
def test_a_mistake_is_told_before_anything_begins(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as error:
        command.main(wrong)
    assert error.value.code == 2
