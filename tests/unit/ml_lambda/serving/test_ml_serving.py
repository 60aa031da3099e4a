"""What serves: the manifest as learners, arms and mixtures, picked up while the process runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from chalicelib.contracts.experiments import Experiment, Manifest, Phase, PolicySpec
from chalicelib.contracts.ml import Choice, RankRequest
from chalicelib.runtime.logging import logger
from ml_lambda.experiments.assignment import held_back
from ml_lambda.experiments.manifests import Published
from ml_lambda.features.snapshot import build
from ml_lambda.pipelines.evidence import vector_of
from ml_lambda.policies.priors import load_prior
from ml_lambda.policies.store import StoredState
from ml_lambda.serving.configuration import RENEW_AFTER, Configuration, Serving
from ml_lambda.serving.ranking import Ranker
from ml_lambda.serving.reads import Known
from ml_lambda.serving.titles import SealedTitle
from tests import ml_examples as me

HELD = next(p for p in (f"person-{i}" for i in range(1000)) if held_back(p, 0.05))
SPECS = [
    PolicySpec(id="old", policy="epsilon_greedy_v1"),
    PolicySpec(id="now", policy="epsilon_greedy_v2"),
    PolicySpec(id="new", policy="lin_ts", hyper={"draws": 32}),
    PolicySpec(id="beside", policy="square_cb"),
]


def manifest(
    phase: Phase | None = None,
    rho: float = 0.0,
    *,
    holdback: str = "",
    version: int = 1,
    champion: str = "now",
) -> Manifest:
    experiment = (
        Experiment(name="new-1", phase=phase, challenger="new", rho=rho, started_at=me.NOW) if phase else None
    )
    return Manifest(
        version=version,
        policies=SPECS,
        champion=champion,
        shadows=["beside"],
        holdback=holdback,
        experiment=experiment,
    )


def row(of: Manifest, priors: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {
        "version": {"N": str(of.version)},
        "body": {"S": of.model_dump_json()},
        "priors": {"M": {version: {"S": text} for version, text in (priors or {}).items()}},
    }


class Reads:
    """One person's rows; `states` as learned."""

    def __init__(self, states: Mapping[str, bytes] | None = None) -> None:
        self.state = StoredState(3, states) if states else StoredState()

    def person(self, person_id: str) -> Known:
        return Known(build(me.items(), me.signals(), me.ZONE, me.NOW, person_id=person_id), self.state)

    def words(self, person_id: str, refs: Any, now: Any) -> dict[str, SealedTitle]:
        return {}


def rank(of: Manifest, person: str = me.PERSON, seed: int = 7, reads: Reads | None = None) -> Choice:
    request = {"person_id": person, "now": me.NOW, "timezone": me.ZONE, "granted": me.ALL, "seed": seed}
    ranker = Ranker(reads or Reads(), Configuration(of), logger("rank"))
    return ranker.rank(RankRequest.model_validate(request)).choice


def test_a_canary_is_the_mixture_and_all_that_made_it_is_logged() -> None:
    choice = rank(manifest("canary", 0.2))
    champion, challenger = np.array(choice.champion), np.array(choice.challenger)
    assert choice.probabilities == pytest.approx(0.8 * champion + 0.2 * challenger, abs=1e-15)
    assert not np.allclose(champion, challenger)
    assert (choice.arm, choice.rho, choice.experiment) == ("canary", 0.2, "new-1")
    assert (choice.champion_id, choice.challenger_id, choice.policy.name) == ("now", "new", "now")
    assert set(choice.shadow) == {"beside"}
    assert all(
        sum(v) == pytest.approx(1) for v in (*choice.shadow.values(), choice.champion, choice.challenger)
    )
    assert choice.manifest_version == 1
    for policy_id, vector in {"now": champion, "new": challenger, "beside": choice.shadow["beside"]}.items():
        assert vector_of(choice, policy_id) == pytest.approx(vector)
    assert vector_of(choice, "old") is None


def test_draws_follow_the_mixture() -> None:
    of = manifest("canary", 0.5)
    choices = [rank(of, seed=seed) for seed in range(300)]
    counts = np.bincount([c.chosen or 0 for c in choices], minlength=len(choices[0].probabilities))
    # lin_ts draws its normals from the seed: vectors differ a little from one request to the next.
    expected = np.sum([c.probabilities for c in choices], axis=0)
    assert counts == pytest.approx(expected, abs=4 * np.sqrt(300 * 0.25))


def test_the_same_request_over_the_same_rows_is_the_same_answer() -> None:
    for of in (manifest(), manifest("canary", 0.2), manifest("ab", 0.5), manifest(holdback="old")):
        assert rank(of, seed=11).model_dump_json() == rank(of, seed=11).model_dump_json()


def test_a_shadow_challenger_only_says_what_it_would_do() -> None:
    choice, alone = rank(manifest("shadow")), rank(manifest())
    assert choice.probabilities == choice.champion == alone.probabilities
    assert choice.chosen == alone.chosen
    assert len(choice.challenger) == len(choice.champion)
    assert (choice.arm, choice.rho, alone.challenger) == ("champion", 0.0, [])


def test_the_holdback_is_served_what_served_before() -> None:
    choice = rank(manifest("canary", 0.2, holdback="old"), HELD)
    assert (choice.arm, choice.rho, choice.policy.name) == ("holdback", 0.0, "old")
    assert choice.probabilities == choice.shadow["old"]
    assert choice.champion_id == "now"
    assert vector_of(choice, "now") == pytest.approx(choice.champion)


def test_each_side_of_an_ab_test_is_one_policy() -> None:
    by_arm = {}
    for number in range(40):
        choice = rank(manifest("ab", 0.5), f"someone-{number}")
        by_arm[choice.arm] = choice
    champion, challenger = by_arm["champion"], by_arm["challenger"]
    assert champion.probabilities == champion.champion
    assert challenger.probabilities == challenger.challenger
    assert (champion.policy.name, challenger.policy.name) == ("now", "new")


def test_why_this_tip_is_told_by_the_weights_of_the_mixture() -> None:
    learner = Configuration(manifest()).learner("now")
    draws = np.random.default_rng(0)
    for _ in range(30):
        learner.learn(draws.normal(size=6), draws.normal(size=12), float(draws.random() < 0.5))
    reads = Reads({"now": learner.to_bytes()})
    parts = {rho: rank(manifest("canary", rho), reads=reads) for rho in (0.0, 0.5, 1.0)}
    assert parts[0.0].chosen is not None
    mixed = parts[0.5]
    assert mixed.chosen is not None
    share = 0.5 * mixed.champion[mixed.chosen] / mixed.probabilities[mixed.chosen]
    by = {c.chosen: c.contributions for c in (parts[0.0], parts[1.0])}
    if set(by) == {mixed.chosen}:
        expected = share * np.array(parts[0.0].contributions) + (1 - share) * np.array(
            parts[1.0].contributions
        )
        assert mixed.contributions == pytest.approx(expected, abs=2e-6)
    assert mixed.posterior_sequence == 3


# --- picking a manifest up -----------------------------------------------------------------------------


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_process_asks_again_when_what_it_knows_is_a_minute_old() -> None:
    clock, rows = Clock(), [row(manifest()), row(manifest("canary", 0.1, version=2))]
    asked: list[float] = []

    def read() -> dict[str, Any]:
        asked.append(clock.now)
        return rows[0]

    serving = Serving(Configuration.of("epsilon_greedy_v1"), logger("learn"), read, clock)
    assert serving.current().manifest.version == 1
    rows.pop(0)
    clock.now = RENEW_AFTER - 1
    assert serving.current().manifest.version == 1
    clock.now = RENEW_AFTER
    assert serving.current().policies == ("now", "new", "beside")
    assert asked == [0.0, RENEW_AFTER]


def test_until_something_is_published_the_settings_serve() -> None:
    serving = Serving(Configuration.of("epsilon_greedy_v1"), logger("rank"))
    assert serving.due
    serving.take(None)
    assert not serving.due
    assert serving.current().manifest.champion == "epsilon_greedy_v1"


@pytest.mark.parametrize(
    "bad",
    [
        {"version": {"N": "2"}, "body": {"S": "{}"}},
        row(manifest(version=2).model_copy(update={"champion": "nobody"})),
        row(manifest(version=2).model_copy(update={"policies": [PolicySpec(id="now", policy="unheard_of")]})),
        row(
            manifest(version=2).model_copy(
                update={"policies": [*SPECS[2:], PolicySpec(id="now", policy="lin_ucb", hyper={"odd": 1.0})]}
            )
        ),
        row(
            manifest(version=2).model_copy(
                update={"policies": [*SPECS[2:], PolicySpec(id="now", policy="lin_ucb", prior="p-1")]}
            ),
            {"p-1": json.dumps({"version": "p-1", "feature_version": -1})},
        ),
    ],
)
def test_a_manifest_that_cannot_be_served_changes_nothing(bad: dict[str, Any]) -> None:
    clock = Clock()
    serving = Serving(Configuration.of("epsilon_greedy_v1"), logger("rank"), monotonic=clock)
    serving.take(row(manifest()))
    serving.take(bad)
    assert serving.current().manifest.version == 1
    assert not serving.due


def test_a_published_prior_is_what_its_policy_believes() -> None:
    prior = json.dumps({**load_prior().to_document(), "version": "p-1", "means": {"deadline": 0.9}})
    spec = PolicySpec(id="now", policy="epsilon_greedy_v2", prior="p-1")
    of = manifest().model_copy(update={"policies": [spec, *SPECS[3:]]})
    configuration = Configuration.published(Published(of, {"p-1": prior}))
    assert max(configuration.learner("now").weights()) == pytest.approx(0.9)
    assert configuration.prior_version("now") == "p-1"
    assert configuration.prior_version("beside") == "first-1"


def test_every_role_speaks_once_and_a_policy_without_one_does_not() -> None:
    of = Configuration(manifest("canary", 0.2, holdback="beside"))
    assert of.policies == ("now", "new", "beside")
