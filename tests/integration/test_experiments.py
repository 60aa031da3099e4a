"""A canary from the manifest to the stored decision, and on: published, served, learned, replaced."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from chalicelib.contracts.events import RewardSettled, SignalStored, timestamp
from chalicelib.contracts.experiments import Manifest, PolicySpec
from chalicelib.contracts.ml import Decision, RankRequest, RankResponse
from chalicelib.runtime import aws as runtime_aws
from chalicelib.runtime.clock import SystemClock
from ml_lambda.experiments.assignment import held_back
from ml_lambda.experiments.manifests import ManifestTable
from ml_lambda.pipelines.evidence import vector_of
from ml_lambda.policies.priors import load_prior
from ml_lambda.policies.store import StatisticsTable
from ml_lambda.registry import transitions
from ml_lambda.serving import features, learn, rank
from tests import ml_examples as me

PRIOR = json.dumps({**load_prior().to_document(), "version": "night-1"})
BEFORE = Manifest(
    version=0,
    policies=[
        PolicySpec(id="now", policy="epsilon_greedy_v2"),
        PolicySpec(id="new", policy="mixed_ts", prior="night-1"),
        PolicySpec(id="beside", policy="lin_ucb"),
    ],
    champion="now",
    shadows=["new", "beside"],
)


@pytest.fixture
def rows(aws: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[me.Store]:
    monkeypatch.setattr(SystemClock, "now", lambda self: me.NOW)
    builders = (rank.ranker, features.refreshing, learn.learning)
    for builder in builders:
        builder.cache_clear()
    store = me.Store(aws.client("dynamodb"))
    store.person()
    store.items(me.items())
    store.signals(me.signals())
    store.words(*(i.item_ref for i in me.items()))
    features.handler(me.batch(me.message(SignalStored(signal_id="s", type="task"))), None)
    yield store
    for builder in builders:
        builder.cache_clear()


def ask(seed: int = 5) -> RankResponse:
    request = RankRequest(
        person_id=me.PERSON,
        now=me.NOW,
        timezone=me.ZONE,
        granted=me.ALL,
        seed=seed,  # type: ignore[arg-type]
    )
    return RankResponse.model_validate(
        json.loads(json.dumps(rank.handler(json.loads(request.model_dump_json()), None)))
    )


def store_and_settle(rows: me.Store, response: RankResponse, number: int) -> Decision:
    decision = me.decision(number).model_copy(update={"choice": response.choice})
    rows.decision(decision)
    settled = RewardSettled(
        decision_id=decision.decision_id, revision=1, reward=1.0, decided_at=timestamp(decision.decided_at)
    )
    assert learn.handler(me.batch(me.message(settled, number)), None) == {"batchItemFailures": []}
    return decision


def test_a_canary_is_served_stored_learned_and_replaced(
    rows: me.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not held_back(me.PERSON, 0.05)
    calls: list[str] = []
    runtime_aws.dynamodb().meta.events.register(
        "before-call.dynamodb", lambda model, **_: calls.append(model.name)
    )
    table = ManifestTable()
    table.keep_prior("night-1", PRIOR)
    canary = transitions.start_canary(transitions.challenge(BEFORE, "new", me.NOW), me.NOW)
    canary = canary.model_copy(update={"version": 1})
    table.publish(canary)

    calls.clear()
    response = ask()
    assert calls == ["BatchGetItem", "BatchGetItem"]
    choice = response.choice
    assert (choice.arm, choice.rho, choice.experiment, choice.phase) == ("canary", 0.1, "new-1", "canary")
    assert choice.manifest_version == 1

    decision = store_and_settle(rows, response, 1)
    row = rows.client.get_item(
        TableName="oo-local-decisions",
        Key={"person_id": {"S": me.PERSON}, "decision_id": {"S": decision.decision_id}},
    )["Item"]
    stored = Decision.model_validate_json(row["body"]["S"]).choice
    assert stored == choice
    champion, challenger = (np.array(vector_of(stored, name)) for name in ("now", "new"))
    assert stored.probabilities == pytest.approx(0.9 * champion + 0.1 * challenger, abs=1e-15)
    assert vector_of(stored, "beside") == pytest.approx(stored.shadow["beside"])
    assert set(StatisticsTable().statistics(me.PERSON).states) == {"now", "new", "beside"}

    # The same process goes on with what it knows, for a minute; then it serves what was published.
    table.publish(transitions.promote(canary, me.NOW))
    assert ask().choice.manifest_version == 1
    monkeypatch.setattr("ml_lambda.serving.configuration.RENEW_AFTER", 0.0)
    calls.clear()
    after = ask().choice
    assert calls == ["BatchGetItem", "BatchGetItem"]
    assert (after.manifest_version, after.champion_id, after.policy.name) == (2, "new", "new")
    assert (after.arm, after.rho, after.prior_version) == ("champion", 0.0, "night-1")
    assert set(after.shadow) == {"now", "beside"}
    assert after.posterior_sequence == 1
    # And so does learn: all three go on from what they knew.
    store_and_settle(rows, RankResponse(choice=after, next_look_at=me.NOW), 2)
    assert StatisticsTable().statistics(me.PERSON).sequence == 2
    assert ask(7) == ask(7)
