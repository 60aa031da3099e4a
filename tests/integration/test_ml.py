"""The scoring functions from handler to tables: events in, a choice out, a reward, another choice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from chalicelib.contracts.events import ErasureRequested, RewardSettled, SignalStored, timestamp
from chalicelib.contracts.ml import Decision, RankRequest, RankResponse
from chalicelib.contracts.records import SignalRecord
from chalicelib.runtime import aws as runtime_aws
from chalicelib.runtime.clock import SystemClock
from ml_lambda.policies.base import draw
from ml_lambda.serving import erase, features, learn, rank
from tests import ml_examples as me


@pytest.fixture
def rows(aws: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[me.Store]:
    monkeypatch.setattr(SystemClock, "now", lambda self: me.NOW)
    builders = (rank.ranker, features.refreshing, learn.learning, erase.erasing)
    for builder in builders:
        builder.cache_clear()
    store = me.Store(aws.client("dynamodb"))
    store.person()
    store.items(me.items())
    store.signals(me.signals())
    store.words(*(i.item_ref for i in me.items()))
    yield store
    for builder in builders:
        builder.cache_clear()


@pytest.fixture
def calls() -> list[tuple[str, bool]]:
    """Every call that the functions make to DynamoDB, by operation."""
    made: list[tuple[str, bool]] = []

    def record(model: Any, **_: Any) -> None:
        made.append(
            (model.name, model.name.startswith(("Put", "Update", "Delete", "Transact", "BatchWrite")))
        )

    runtime_aws.dynamodb().meta.events.register("before-call.dynamodb", record)
    return made


def refresh() -> None:
    answer = features.handler(me.batch(me.message(SignalStored(signal_id="s", type="task"))), None)
    assert answer == {"batchItemFailures": []}


def ask(**fields: Any) -> RankResponse:
    request = RankRequest.model_validate(
        {"person_id": me.PERSON, "now": me.NOW, "timezone": me.ZONE, "granted": me.ALL, "seed": 5, **fields}
    )
    # Through JSON both ways, as an invocation carries it.
    answer = json.loads(json.dumps(rank.handler(json.loads(request.model_dump_json()), None)))
    return RankResponse.model_validate(answer)


def settle(response: RankResponse, number: int, reward: float) -> None:
    base = me.decision(number)
    stored = Decision.model_validate({**base.model_dump(), "choice": response.choice.model_dump()})
    me.Store(runtime_aws.dynamodb()).decision(stored)
    settled = RewardSettled(
        decision_id=stored.decision_id, revision=1, reward=reward, decided_at=timestamp(stored.decided_at)
    )
    assert learn.handler(me.batch(me.message(settled, number)), None) == {"batchItemFailures": []}


def test_ranking_reads_twice_and_writes_nothing(rows: me.Store, calls: list[tuple[str, bool]]) -> None:
    refresh()
    calls.clear()
    response = ask()
    assert response.choice.chosen is not None
    chosen = response.choice.candidates[response.choice.chosen].candidate
    assert chosen.item_ref is not None
    assert set(response.words) == {ref for ref in (chosen.item_ref, chosen.anchor_ref) if ref}
    ends = [item.words_expire_at for item in me.items() if item.item_ref in response.words]
    assert response.words_expire_at == min(end for end in ends if end is not None)
    assert [name for name, _ in calls] == ["BatchGetItem", "BatchGetItem"]
    assert not any(writes for _, writes in calls)


def test_a_person_without_a_snapshot_costs_one_read(rows: me.Store, calls: list[tuple[str, bool]]) -> None:
    response = ask()
    assert response.choice.chosen is None
    assert [name for name, _ in calls] == ["BatchGetItem"]


def test_the_seed_decides_as_the_logged_vector_says(rows: me.Store) -> None:
    refresh()
    vector = np.array(ask(seed=9).choice.probabilities)
    uniform = {seed: np.random.Generator(np.random.PCG64(seed)).random() for seed in range(500)}
    expected = {seed: draw(vector, value) for seed, value in uniform.items()}
    # One seed for each candidate that any of them draws: also for those that are seldom drawn.
    seeds = {index: seed for seed, index in expected.items()}
    assert len(seeds) > 2
    for index, seed in seeds.items():
        assert ask(seed=seed).choice.chosen == index
    assert ask(seed=9) == ask(seed=9)


def test_a_signal_changes_the_tip(rows: me.Store) -> None:
    refresh()
    before = ask().choice
    assert any(c.candidate.item_ref == "task-invoice" for c in before.candidates)
    closed = me.item("task-invoice", status="done")
    rows.put("items", item_ref={"S": "task-invoice"}, body={"S": closed.model_dump_json()})
    refresh()
    after = ask().choice
    assert after.candidates
    assert not any(c.candidate.item_ref == "task-invoice" for c in after.candidates)


def test_reactions_change_the_next_choice(rows: me.Store) -> None:
    refresh()
    first = ask()
    disliked = int(np.argmax(first.choice.probabilities))
    liked = next(i for i, c in enumerate(first.choice.candidates) if c.candidate.angle == "keep_streak")
    settle(first, 1, 0.0)
    assert ask().choice.posterior_sequence == 1
    for number in range(2, 14):
        index, reward = (disliked, 0.0) if number % 2 else (liked, 1.0)
        shown = first.choice.model_copy(update={"chosen": index})
        settle(first.model_copy(update={"choice": shown}), number, reward)
    last = ask().choice
    assert last.posterior_sequence == 13
    assert last.candidates == first.choice.candidates
    assert last.probabilities[disliked] < 0.1 < first.choice.probabilities[disliked]
    assert last.probabilities[liked] > first.choice.probabilities[liked]


def test_consent_withdrawn_takes_the_source_out(rows: me.Store) -> None:
    refresh()
    rows.person(["tasks", "learning"])
    refresh()
    refs = {c.candidate.item_ref for c in ask().choice.candidates}
    assert "task-invoice" in refs
    assert "habit-walk" not in refs


def test_an_erased_person_stays_erased(rows: me.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    refresh()
    first = ask()
    settle(first, 1, 1.0)
    rows.erased()
    published: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "chalicelib.runtime.bus.SnsBus.publish", lambda self, events: published.extend(events)
    )
    answer = erase.handler(me.batch(me.message(ErasureRequested(receipt_id="r"))), None)
    assert answer == {"batchItemFailures": []}
    done = {e.erasure_done.store: e.erasure_done.rows for e in published}  # type: ignore[attr-defined]
    assert done == {"snapshots": 1, "statistics": 1, "reward-markers": 1, "pools": 0, "model-usage": 0}
    # What was still under way when they left arrives now.
    refresh()
    settle(first, 2, 1.0)
    for table in ("snapshots", "statistics", "reward-markers"):
        assert rows.client.scan(TableName=f"oo-local-{table}")["Items"] == []


def test_a_poison_message_does_not_block_its_batch(rows: me.Store) -> None:
    poison = {"messageId": "poison", "body": "not an event"}
    good = me.message(SignalStored(signal_id="s", type="task"))
    for handler in (features.handler, learn.handler, erase.handler):
        answer = handler(me.batch(poison, good), None)
        assert answer == {"batchItemFailures": [{"itemIdentifier": "poison"}]}


def test_the_erasure_report_reaches_the_topic(rows: me.Store) -> None:
    rows.erased()
    answer = erase.handler(me.batch(me.message(ErasureRequested(receipt_id="r"))), None)
    assert answer == {"batchItemFailures": []}


def test_a_large_life_fits(rows: me.Store) -> None:
    rows.items([me.item(f"t{n:03d}", due_at=me.ahead(hours=n), effort_minutes=5) for n in range(100)])
    done: list[SignalRecord] = [
        me.signal(1000 + n, "habit", me.NOW - timedelta(hours=2 * n), item_ref="habit-walk", status="done")
        for n in range(200)
    ]
    rows.signals(done)
    refresh()
    response = ask()
    assert 2 <= len(response.choice.candidates) <= 30
    assert len(json.dumps(response.model_dump(mode="json"))) < 100_000


def test_the_rows_are_those_that_the_other_modules_write(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.contracts.consents import ConsentState
    from chalicelib.contracts.http import Profile
    from chalicelib.events.planning import plan
    from chalicelib.events.store import SignalTable
    from chalicelib.profile.contract import ConsentsDocument
    from chalicelib.profile.store import ProfileTable
    from ml_lambda.features.store import FeatureTables, Person
    from ml_lambda.serving.reads import RankReads
    from ml_lambda.serving.titles import SealedTitle

    profiles, signals = ProfileTable(), SignalTable()
    seen = profiles.read(me.PERSON)
    profiles.keep_profile(me.PERSON, Profile(timezone="Asia/Tokyo"), seen)
    agreed = {"tasks": ConsentState(granted=True, at=me.NOW, text_version="1")}
    profiles.keep_consents(me.PERSON, ConsentsDocument(consents=agreed), [], seen)
    assert FeatureTables().person(me.PERSON) == Person("Asia/Tokyo", frozenset({"tasks"}), False)

    task = me.signal(
        1, "task", me.ago(hours=1), item_ref="t1", status="open", title_hash="00", title_words=2,
        title_chars=9, due_at=me.ahead(hours=3), effort_minutes=5,
    )  # fmt: skip
    assert signals.write(me.PERSON, plan(task, b"sealed", me.NOW, None, "tasks")) == "stored"
    store = FeatureTables()
    found = store.items(me.PERSON, me.NOW)
    assert [(i.item_ref, i.due_at, i.status) for i in found] == [("t1", me.ahead(hours=3), "open")]
    assert store.signals(me.PERSON, me.ago(days=1)) == [task]
    assert RankReads().words(me.PERSON, ["t1"], me.NOW) == {"t1": SealedTitle(b"sealed", "00")}

    done = me.signal(2, "task", me.NOW, item_ref="t1", status="done")
    signals.write(me.PERSON, plan(done, None, me.NOW, signals.item(me.PERSON, "t1"), "tasks"))
    assert store.items(me.PERSON, me.NOW) == []
    profiles.entomb(me.PERSON, "receipt", me.NOW)
    assert store.person(me.PERSON) == Person("Asia/Tokyo", frozenset(), True)
