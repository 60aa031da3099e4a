"""From the log to rails and arms: only the running experiment in its phase, each event told as it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chalicelib.contracts.decision_log import RewardLine
from chalicelib.contracts.experiments import Experiment, Manifest, PolicySpec
from chalicelib.contracts.ml import ScoredCandidate
from ml_lambda.experiments.guardrails import breached
from ml_lambda.pipelines.guarding import guardrails, suspect, under_way
from ml_lambda.pipelines.log import Logged
from tests import ml_examples as me

MANIFEST = Manifest(
    version=3,
    policies=[PolicySpec(id="now", policy="lin_ucb"), PolicySpec(id="new", policy="lin_ts")],
    champion="now",
    experiment=Experiment(name="new-1", phase="canary", challenger="new", rho=0.5, started_at=me.NOW),
)


def logged(
    number: int, person: str, *, chosen: int, reward: float | None, late: bool = False, **said: Any
) -> Logged:
    base = me.decision(number)
    one = base.choice.candidates[0]
    fields = {
        "candidates": [one, ScoredCandidate(candidate=one.candidate, features=one.features[::-1])],
        "chosen": chosen,
        "probabilities": [0.5, 0.5],
        "champion": [0.95, 0.05],
        "challenger": [0.05, 0.95],
        "champion_id": "now",
        "challenger_id": "new",
        "arm": "canary",
        "rho": 0.5,
        "experiment": "new-1",
        "phase": "canary",
        **said,
    }
    decision = base.model_copy(update={"person_id": person, "choice": base.choice.model_copy(update=fields)})
    if reward is None:
        return Logged(decision)
    settled_at = decision.settle_at + timedelta(minutes=1) if late else decision.decided_at
    line = RewardLine(
        decision_id=decision.decision_id,
        person_id=person,
        revision=1,
        reward=reward,
        decided_at=decision.decided_at,
        settled_at=settled_at,
    )
    return Logged(decision, (line,))


def days(*, turned_down: bool = False, unanswered: bool = False) -> list[Logged]:
    """What the challenger chose is turned down or left unanswered every time; the champion's is done."""
    return [
        logged(
            n,
            f"p{n % 40}",
            chosen=n % 2,
            reward=1.0 if n % 2 == 0 or not (turned_down or unanswered) else 0.0 if turned_down else 0.1,
            late=bool(n % 2) and unanswered,
        )
        for n in range(400)
    ]


def test_each_rail_tells_what_happened_under_the_challenger() -> None:
    assert breached(guardrails(days(), MANIFEST, ())) == []
    [one] = breached(guardrails(days(turned_down=True), MANIFEST, ()))
    assert one.startswith("turned down +")
    [two] = breached(guardrails(days(unanswered=True), MANIFEST, ()))
    assert two.startswith("no answer +")


def test_muting_is_compared_with_those_held_back() -> None:
    held = [logged(n, f"h{n}", chosen=0, reward=1.0, arm="holdback", rho=0.0) for n in range(40)]
    muted = [f"p{n}" for n in range(30)]
    [three] = breached(guardrails([*days(), *held], MANIFEST, muted))
    assert three.startswith("nudges muted +")
    assert breached(guardrails([*days(), *held], MANIFEST, ["h1"])) == []


def test_the_sides_of_an_ab_test_are_compared_person_by_person() -> None:
    experiment = Experiment(name="new-1", phase="ab", challenger="new", rho=0.5, started_at=me.NOW)
    split = MANIFEST.model_copy(update={"experiment": experiment})

    def sides(done_by_the_challenger: float) -> list[Logged]:
        return [
            logged(
                n, f"p{n % 80}", chosen=0, phase="ab", arm="challenger" if n % 2 else "champion",
                reward=done_by_the_challenger if n % 2 else 1.0,
            )
            for n in range(800)
        ]  # fmt: skip

    assert breached(guardrails(sides(1.0), split, ())) == []
    [turned_down] = breached(guardrails(sides(0.0), split, ()))
    assert turned_down.startswith("turned down +100.0%")
    [muted] = breached(guardrails(sides(1.0), split, [f"p{n}" for n in range(1, 80, 2)]))
    assert muted.startswith("nudges muted +")
    assert breached(guardrails(sides(1.0), split, [f"p{n}" for n in range(0, 80, 2)])) == []


def test_other_phases_and_experiments_are_left_out() -> None:
    others = [
        logged(1, "a", chosen=0, reward=1.0, phase="shadow"),
        logged(2, "b", chosen=0, reward=1.0, experiment="new-0"),
        logged(3, "c", chosen=0, reward=None, experiment="", phase=""),
    ]
    assert under_way(others, MANIFEST) == []
    assert len(under_way([*others, logged(4, "d", chosen=0, reward=None)], MANIFEST)) == 1
    ended = MANIFEST.model_copy(update={"experiment": None})
    assert under_way(others, ended) == guardrails(others, ended, ()) == []


def test_arms_that_are_not_as_planned_are_suspect() -> None:
    canary = [logged(n, f"p{n}", chosen=0, reward=None) for n in range(380)]
    held = [logged(n, f"h{n}", chosen=0, reward=None, arm="holdback") for n in range(20)]
    assert suspect([*canary, *held], MANIFEST) == ""
    assert "0.0% in holdback where 5.0% are planned" in suspect(canary, MANIFEST)
