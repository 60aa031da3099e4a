"""The whole path of a model's words: a signal, features, a filled pool, a tip; and every way it can fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.contracts.events import ConsentsChanged, ErasureRequested, ItemClosed, SignalStored, type_of
from chalicelib.recommender.store import RecommenderTables
from ml_lambda.serving import erase
from tests import ml_examples as me
from tests import openai_server as script
from tests.integration.words_world import INVOICE, World, dynamodb_calls, worlds


@pytest.fixture
def set_up(
    aws: Any, openai_server: script.OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., World]]:
    with worlds(aws, openai_server, monkeypatch) as made:
        yield made


def test_a_signal_becomes_a_tip_in_a_models_words_that_names_the_item(set_up: Callable[..., World]) -> None:
    world = set_up()
    world.fill()
    assert world.chats()
    before = len(world.server.asked)
    tip = world.tip()
    assert len(world.server.asked) == before, "nobody who waits asks a model"
    assert tip.source == "model"
    assert tip.text.startswith("Start with this: ")
    assert "end the invoice to Mira" in tip.text
    assert tip.why
    decision = RecommenderTables().decision(me.PERSON, tip.id)
    assert decision is not None
    wording = decision.decision.candidate.wording
    assert (decision.decision.source, wording[:2]) == ("model", "m.")
    assert world.pool
    assert wording in {e.wording for e in world.pool.entries}


def test_a_late_scorer_costs_no_wording_and_no_call_more(set_up: Callable[..., World]) -> None:
    world = set_up()
    world.fill()
    world.scorer.late = True
    with dynamodb_calls() as calls:
        tip = world.tip()
    assert (tip.source, tip.text.startswith("Start with this: ")) == ("model", True)
    assert calls == ["BatchGetItem", "BatchGetItem", "BatchGetItem", "TransactWriteItems"]


def test_who_words_is_told_no_title_and_nobody_a_person_and_none_rests_in_the_clear(
    set_up: Callable[..., World],
) -> None:
    world = set_up()
    world.fill()
    assert "Mira" not in json.dumps([a.body for a in world.chats()])
    assert me.PERSON not in json.dumps([[dict(a.headers), a.body] for a in world.server.asked])
    rows = world.rows.client.scan(TableName="oo-local-pools")["Items"]
    assert len(rows) == 2
    assert "Mira" not in str(rows)


def test_without_a_model_nothing_is_asked_and_the_template_serves(set_up: Callable[..., World]) -> None:
    world = set_up(LITELLM_URL="")
    world.refresh()
    assert world.published == [], "nobody would listen"
    occasion = me.message(SignalStored(signal_id="s", type="task"))
    assert world.generate(occasion) == {"batchItemFailures": []}
    assert (world.pool, world.server.asked) == (None, [])
    assert world.tip().source == "template"


def test_a_done_tasks_wordings_vanish_at_once(set_up: Callable[..., World]) -> None:
    world = set_up()
    world.fill()
    assert world.pool
    assert any(e.item_ref == "task-invoice" for e in world.pool.entries)
    closed = me.message(ItemClosed(item_ref="task-invoice", status="done"), 7)
    assert world.generate(closed) == {"batchItemFailures": []}
    assert world.pool
    assert not any(e.item_ref == "task-invoice" for e in world.pool.entries)


def test_a_renamed_task_is_shown_under_its_new_name_at_once(set_up: Callable[..., World]) -> None:
    world = set_up()
    world.fill()
    world.tell(INVOICE, "Pay the plumber")
    tip = world.tip()
    assert tip.source == "template"
    assert "ay the plumber" in tip.text


def test_a_withdrawn_source_takes_the_pool_along(set_up: Callable[..., World]) -> None:
    world = set_up()
    world.fill()
    world.rows.person([c for c in me.ALL if c != "mood"])
    changed = me.message(ConsentsChanged(granted=["tasks"], withdrawn=["mood"]))
    assert erase.handler(me.batch(changed), None) == {"batchItemFailures": []}
    assert world.pool is None


def test_of_who_leaves_nothing_stays_and_nothing_comes_back(set_up: Callable[..., World]) -> None:
    world = set_up()
    world.fill()
    world.rows.erased()
    left = me.message(ErasureRequested(receipt_id="r"))
    assert erase.handler(me.batch(left), None) == {"batchItemFailures": []}
    gone = {
        e.erasure_done.store: e.erasure_done.rows for e in world.published if type_of(e) == "erasure_done"
    }
    assert (gone["pools"], gone["model-usage"]) == (2, 1)
    world.published.clear()
    asked = len(world.server.asked)
    late = me.message(ItemClosed(item_ref="task-invoice", status="done"), 8)
    assert world.generate(late) == {"batchItemFailures": []}
    assert len(world.server.asked) == asked
    for table in ("pools", "model-usage"):
        rows = world.rows.client.scan(TableName=f"oo-local-{table}")["Items"]
        assert not [row for row in rows if row["person_id"]["S"] == me.PERSON]


FAILURES = {
    "429": script.status(429, retry_after="60"),
    "500": script.status(500),
    "hangs": script.hang,
    "closed": script.closed,
    "truncated": script.truncated,
    "not JSON": script.text("<html>"),
    "wrong schema": script.answer({"words": 7}),
    "1 MB": script.huge(),
    "slow drip": script.drip(),
    "another task": script.answer({"text": "Call Anna. 5 minutes.", "why": "It is due today."}),
}


WAITED_FOR = {"hangs", "slow drip"}
"""These alone end by the deadline; for the others it is long, so that a busy machine does not meet it."""


@pytest.mark.parametrize("failure", FAILURES)
def test_a_model_that_fails_is_no_failure_of_a_message_and_a_template_serves(
    set_up: Callable[..., World], failure: str
) -> None:
    world = set_up(OO_MODEL_TIMEOUT_MS="900" if failure in WAITED_FOR else "8000")
    # The first asked is the embedder, about themes.
    world.server.then(script.Exchange.default, *[FAILURES[failure]] * 100)
    world.fill()
    assert world.chats()
    tip = world.tip()
    assert tip.source == "template"
    assert "end the invoice to Mira" in tip.text


def test_what_lies_ready_serves_while_the_model_is_down(set_up: Callable[..., World]) -> None:
    world = set_up()
    world.fill()
    ready = world.pool
    world.server.then(*[script.status(500)] * 100)
    world.fill()
    assert world.pool == ready
    assert world.tip().source == "model"


def test_a_spent_budget_asks_for_nothing_and_templates_serve(set_up: Callable[..., World]) -> None:
    world = set_up(OO_PERSON_TOKENS_PER_DAY="10")
    world.fill()
    assert (world.server.asked, world.pool) == ([], None)
    assert world.tip().source == "template"


def test_a_model_that_hangs_keeps_nobody_waiting(set_up: Callable[..., World]) -> None:
    world = set_up()
    world.refresh()
    world.server.then(script.hang)
    assert world.tip().source == "template"
    assert world.server.asked == []
    assert world.server.left == 1
