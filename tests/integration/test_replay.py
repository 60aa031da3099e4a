"""`make replay` over tables and bucket: what was served is made again; a planted difference is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.contracts.decision_log import event_id, line_key
from chalicelib.contracts.events import RewardSettled, SignalStored, timestamp
from chalicelib.contracts.ml import Decision, RankRequest, RankResponse
from chalicelib.recommender.log import DecisionLog
from chalicelib.runtime.clock import SystemClock
from ml_lambda.pipelines import replay
from ml_lambda.serving import features, learn, rank
from tests import ml_examples as me

BUCKET = "oo-local-decision-log"
DAY = me.NOW.date().isoformat()


@pytest.fixture
def served(aws: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Decision]]:
    """Five decisions through the handlers; rewards come late, and one is replaced."""
    monkeypatch.setattr(SystemClock, "now", lambda self: me.NOW)
    monkeypatch.setenv("OO_CHAMPION", "mixed_ts")
    monkeypatch.setenv("OO_SHADOWS", "lin_ts")
    from chalicelib.runtime.settings import settings

    builders = (settings, rank.ranker, features.refreshing, learn.learning)
    for builder in builders:
        builder.cache_clear()
    store = me.Store(aws.client("dynamodb"))
    store.person()
    store.items(me.items())
    store.signals(me.signals())
    store.words(*(i.item_ref for i in me.items()))
    features.handler(me.batch(me.message(SignalStored(signal_id="s", type="task"))), None)
    made = [ask(store, 1), ask(store, 2)]
    settle(made[1], 1, 1.0)
    made.append(ask(store, 3))
    settle(made[0], 1, 0.4)
    settle(made[0], 2, 0.8)
    made += [ask(store, 4), ask(store, 5)]
    assert [d.choice.posterior_sequence for d in made] == [0, 0, 1, 3, 3]
    yield made
    for builder in builders:
        builder.cache_clear()


def ask(store: me.Store, number: int) -> Decision:
    request = RankRequest.model_validate(
        {"person_id": me.PERSON, "now": me.NOW, "timezone": me.ZONE, "granted": me.ALL, "seed": 90 + number}
    )
    answer = RankResponse.model_validate(rank.handler(json.loads(request.model_dump_json()), None))
    decision = me.decision(number, choice=answer.choice, decided_at=me.NOW)
    store.decision(decision)
    DecisionLog().write(
        "decisions",
        DAY,
        me.PERSON,
        event_id(decision.decision_id, "decision_made", 0),
        decision.model_dump(mode="json", exclude={"exposed_at", "reactions"}),
    )
    return decision


def settle(decision: Decision, revision: int, reward: float) -> None:
    settled = RewardSettled(
        decision_id=decision.decision_id,
        revision=revision,
        reward=reward,
        decided_at=timestamp(decision.decided_at),
    )
    assert learn.handler(me.batch(me.message(settled)), None) == {"batchItemFailures": []}


def run(*more: str) -> int:
    return replay.main(["--days", "2", "--until", DAY, *more])


def test_what_was_served_is_made_again_to_the_last_bit(
    served: list[Decision], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    said = capsys.readouterr().out
    assert "the same to the last bit" in said
    assert said.count("otherwise") == 2
    assert "not made again" not in said


def test_a_planted_difference_is_found_and_named(
    served: list[Decision], aws: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = served[3]
    key = line_key("decisions", DAY, event_id(wrong.decision_id, "decision_made", 0))
    s3 = aws.client("s3")
    line = json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    line["choice"]["probabilities"][0] += 1e-16
    line["choice"]["probabilities"][0] *= 1.0000000000000002
    s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(line).encode())
    assert run() == 1
    said = capsys.readouterr().out
    assert f"decision {wrong.decision_id}: probabilities" in said
    assert served[2].decision_id not in said


def test_what_cannot_be_made_again_is_counted(
    served: list[Decision], aws: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    key = line_key("decisions", DAY, event_id(served[4].decision_id, "decision_made", 0))
    aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    rows = aws.client("dynamodb").scan(TableName="oo-local-reward-markers")["Items"]
    second = next(r for r in rows if r["sequence"]["N"] == "2")
    aws.client("dynamodb").delete_item(
        TableName="oo-local-reward-markers",
        Key={k: second[k] for k in ("person_id", "revision_key")},
    )
    assert run() == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "a line that cannot be read" in said
    assert "what had been learned by then is gone" in said


def test_only_a_person_and_only_those_days(
    served: list[Decision], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--person", "somebody else") == 0
    later = datetime(2027, 1, 1, tzinfo=UTC).date().isoformat()
    assert replay.main(["--days", "2", "--until", later]) == 0
    assert capsys.readouterr().out.count("the same to the last bit") == 4
