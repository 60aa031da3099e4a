"""The night's judgement from handler to tables, bucket and registry, on moto and on the emulator."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from chalicelib.contracts.experiments import Manifest
from chalicelib.runtime.settings import settings
from ml_lambda.experiments.assignment import assign
from ml_lambda.experiments.bootstrap import manifest_of
from ml_lambda.experiments.manifests import ManifestConflict, ManifestTable
from ml_lambda.pipelines import reports
from ml_lambda.registry import transitions
from ml_lambda.registry.mlflow_registry import registry
from ml_lambda.registry.publishing import Publisher
from ml_lambda.serving import evaluate
from tests.integration.conftest import NOW
from tests.nightly_world import made

if TYPE_CHECKING:
    from tests.nightly_world import World

OLD, NEW = [0.3, 0.3, 0.2, 0.2], [0.2, 0.2, 0.3, 0.3]
APART = [0.97, 0.01, 0.01, 0.01], [0.01, 0.01, 0.01, 0.97]
"""Two policies that agree on nothing: every choice of the challenger's tells much."""

# Many lines: what stores do differently here and there is the contract suites' matter.
heavy = pytest.mark.parametrize("aws", ["moto"], indirect=True)


def night() -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(json.dumps(evaluate.handler({}, None)))
    return answer


def challenged(steps: int = 0) -> Manifest:
    """mixed_ts challenges, `steps` further than the shadow; published version by version."""
    began = NOW - timedelta(days=20)
    manifest = transitions.challenge(manifest_of(settings()), "mixed_ts", began)
    ManifestTable().publish(manifest)
    for step in [transitions.start_canary, transitions.raise_share][:steps]:
        manifest = step(manifest, began)
        ManifestTable().publish(manifest)
    return manifest


def live(
    world: World,
    manifest: Manifest,
    decisions: int,
    *,
    better: float = 0.0,
    vectors: tuple[list[float], list[float]] = (OLD, NEW),
) -> list[Any]:
    """Decisions of twenty people, the newest a day old; the challenger's favourite pays `better` more."""
    people = [world.person(n) for n in range(20)]
    experiment = manifest.experiment
    assert experiment
    found = []
    for _ in range(decisions):
        world.count += 1
        number = world.count
        decision = made(
            number, people[number % 20], NOW - timedelta(days=1, minutes=10 * number),
            champion=vectors[0], challenger=vectors[1], rho=experiment.rho, champion_id=manifest.champion,
            challenger_id="mixed_ts", experiment=experiment.name, phase=experiment.phase,
            arm="canary" if experiment.phase == "canary" else "champion",
        )  # fmt: skip
        likely = 0.3 + (better if decision.choice.chosen == 3 else 0.0)
        world.log(decision)
        world.reward(decision, float(np.random.default_rng((number, 9)).random() < likely))
        found.append(decision)
    return found


def page_of(world: World, answer: dict[str, Any]) -> str:
    found = world.aws.client("s3").get_object(Bucket="oo-local-registry", Key=answer["report"])
    return str(found["Body"].read().decode())


def test_an_empty_log_makes_a_report_that_says_so(world: World) -> None:
    answer = night()
    assert (answer["step"], answer["rewards"], answer["manifest"]) == ("stay", 0, 0)
    page = page_of(world, answer)
    assert "serves everybody" in page
    assert "nothing yet" in page
    assert "0 settled rewards of 0 people" in page


@heavy
def test_the_shadow_is_vetoed_while_the_log_is_worth_little_and_then_not(world: World) -> None:
    manifest = challenged()
    live(world, manifest, 30)
    answer = night()
    assert answer["step"] == "stay"
    assert "vetoed" in answer["reason"]
    assert ManifestTable().current().manifest.version == 1  # type: ignore[union-attr]
    live(world, manifest, 220, better=0.3)
    answer = night()
    assert (answer["step"], answer["manifest"]) == ("start canary", 2)
    published = ManifestTable().current()
    assert published is not None
    assert published.manifest.experiment is not None
    assert (published.manifest.experiment.phase, published.manifest.experiment.rho) == ("canary", 0.1)
    with registry(settings().mlflow_tracking_uri) as opened:
        challenger = opened.aliased("challenger")
        assert challenger is not None
        assert challenger.spec.id == "mixed_ts"
    # Again in the same night: nothing is known yet of the canary, so nothing more happens.
    assert night()["step"] == "stay"


def test_a_share_that_is_raised_keeps_its_evidence(world: World) -> None:
    live(world, challenged(1), 310)
    answer = night()
    assert (answer["step"], answer["observed"]) == ("raise the share", 310)
    assert "serves at 20%: 310 rewards observed, evidence" in answer["state"]


def test_a_night_observes_once_and_what_came_late_later(world: World) -> None:
    manifest = challenged(1)
    live(world, manifest, 40)
    late = made(
        999, world.person(3), NOW - timedelta(days=9), champion=OLD, challenger=NEW, rho=0.1,
        challenger_id="mixed_ts", experiment=manifest.experiment.name, phase="canary", arm="canary",  # type: ignore[union-attr]
    )  # fmt: skip
    world.log(late)
    assert night()["observed"] == 40
    first = ManifestTable().gate("mixed_ts-1")
    assert night()["observed"] == 0
    assert ManifestTable().gate("mixed_ts-1") == first
    world.reward(late, 1.0)
    assert night()["observed"] == 1


@heavy
def test_cut_off_before_the_promotion_the_next_run_promotes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(world, challenged(2), 300, better=0.6, vectors=APART)
    publish = Publisher.publish

    def cut_off(*_: Any) -> Manifest:
        raise ConnectionError("the power went")

    monkeypatch.setattr(Publisher, "publish", cut_off)
    with pytest.raises(ConnectionError):
        night()
    state = ManifestTable().gate("mixed_ts-1")
    assert state is not None
    assert state.verdict == "promote"
    monkeypatch.setattr(Publisher, "publish", publish)
    answer = night()
    assert (answer["step"], answer["observed"], answer["manifest"]) == ("promote", 0, 4)
    now = ManifestTable().current()
    assert now is not None
    assert (now.manifest.champion, now.manifest.holdback) == ("mixed_ts", settings().champion)
    with registry(settings().mlflow_tracking_uri) as opened:
        champion = opened.aliased("champion")
        assert champion is not None
        assert champion.spec.id == "mixed_ts"
        assert opened.aliased("challenger") is None
    numbers = json.loads(reports.ReportStore().latest("evaluate.json") or "{}")
    assert numbers["history"][-1]["observed"] == state.decisions
    assert (numbers["step"], numbers["champion"]) == ("promote", settings().champion)
    assert night()["step"] == "stay"


def test_two_nights_at_once_do_not_both_observe(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    live(world, challenged(1), 20)
    asked = ManifestTable.observed

    def overtaken(self: ManifestTable, experiment: str) -> Any:
        marks = asked(self, experiment)
        monkeypatch.setattr(ManifestTable, "observed", asked)
        night()
        return marks

    monkeypatch.setattr(ManifestTable, "observed", overtaken)
    with pytest.raises(ManifestConflict):
        night()
    state = ManifestTable().gate("mixed_ts-1")
    assert state is not None
    assert state.decisions == 20


@heavy
def test_who_withdrew_is_in_no_number(world: World) -> None:
    live(world, challenged(), 40)
    world.person(3, granted=["tasks"])
    answer = night()
    assert (answer["decisions"], answer["people"]) == (38, 19)
    assert "2 decisions left out" in page_of(world, answer)


@heavy
def test_a_report_names_nobody(world: World) -> None:
    decisions = live(world, challenged(1), 40)
    page = page_of(world, night())
    numbers = reports.ReportStore().latest("evaluate.json") or ""
    for decision in decisions:
        assert decision.person_id not in page + numbers
        assert decision.decision_id not in page + numbers


def test_a_person_names_a_challenger_and_rolls_back(world: World) -> None:
    def step(**event: str) -> dict[str, Any]:
        answer: dict[str, Any] = evaluate.handler({"reason": "a test", **event}, None)
        return answer

    assert "no policy 'mixed_tx'" in step(step="challenge", policy="mixed_tx")["refused"]
    assert ManifestTable().current() is None
    with pytest.raises(ValueError, match="step"):
        step(step="deploy", policy="mixed_ts")
    assert step(step="challenge", policy="square_cb")["manifest"] == 1
    now = ManifestTable().current()
    assert now is not None
    assert now.manifest.experiment is not None
    assert (now.manifest.experiment.challenger, now.manifest.experiment.phase) == ("square_cb", "shadow")
    with registry(settings().mlflow_tracking_uri) as opened:
        challenger = opened.aliased("challenger")
        assert challenger is not None
        assert challenger.lineage.reason == "a test"
    again = step(step="challenge", policy="mixed_ts")
    assert "challenging already" in again["refused"]
    assert (again["manifest"], "square_cb only says" in again["state"]) == (1, True)
    back = step(step="roll back")
    assert (back["refused"], back["manifest"], "serves everybody" in back["state"]) == ("", 2, True)
    assert "nothing was promoted" in step(step="roll back")["refused"]


def by_hand(step: str) -> str:
    """What an operator is answered."""
    answer: dict[str, Any] = evaluate.handler({"reason": "a test", "step": step}, None)
    return str(answer["refused"] or answer["state"])


def test_a_person_splits_a_canary_and_promotes_nobody_unseen(world: World) -> None:
    challenged()
    assert "follows a canary" in by_hand("start a/b")
    ManifestTable().publish(transitions.start_canary(ManifestTable().current().manifest, NOW))  # type: ignore[union-attr]
    assert "only an A/B test" in by_hand("promote")
    assert "mixed_ts serves 50% of people" in by_hand("start a/b")
    assert "A/B test ends by hand" in page_of(world, night())
    assert "in an A/B test already" in by_hand("start a/b")
    assert "no night has compared the two sides" in by_hand("promote")


def split(world: World, people: int, *, better: float) -> None:
    """An A/B test under way, three decisions a person; the challenger's people are `better` off."""
    manifest = transitions.start_ab(challenged(1), NOW - timedelta(days=9))
    ManifestTable().publish(manifest)
    assert manifest.experiment is not None
    for number in range(3 * people):
        who = world.person(number % people)
        side = assign(manifest, who).arm
        decision = made(
            number, who, NOW - timedelta(days=1, minutes=9 * number % 9000), champion=OLD,
            experiment=manifest.experiment.name, phase="ab", arm=side,
        )  # fmt: skip
        world.log(decision)
        world.reward(decision, 0.1 + (better if side == "challenger" else 0.0) + 0.1 * (number % 2))


def test_an_ab_test_is_reported_side_by_side(world: World) -> None:
    split(world, 40, better=0.8)
    for night_of in range(2):
        page = page_of(world, night())
        numbers = json.loads(reports.ReportStore().latest("evaluate.json") or "{}")
        [point] = numbers["split"]
        assert point["lift"] == pytest.approx(0.8, abs=0.05), night_of
        assert point["low"] > 0.0
        sides = {s["arm"]: s["n"] for s in numbers["arms"]}
        assert point["n"] == sides["challenger"] + sides["champion"]
        assert "Are people better off with mixed_ts?" in page
        assert "more than chance explains" in page
    assert f"compared {point['n']} people, and it takes 200" in by_hand("promote")


@heavy
@pytest.mark.parametrize("better", [0.8, 0.0])
def test_an_ab_test_promotes_whom_people_are_better_off_with(world: World, better: float) -> None:
    split(world, 240, better=better)
    night()
    if better:
        assert by_hand("promote") == "mixed_ts serves 95% of people, epsilon_greedy_v2 the 5% held back."
    else:
        assert "not certain that people are better off" in by_hand("promote")
    now = ManifestTable().current()
    assert now is not None
    assert now.manifest.champion == ("mixed_ts" if better else "epsilon_greedy_v2")
    assert (now.manifest.experiment is None) is bool(better)
