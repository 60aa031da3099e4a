"""The whole path of a model's words: a signal, features, a filled pool, a tip; and every way it can fail."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx  # noqa: F401 - loading it is no part of a call's time
import pytest

from chalicelib.contracts.events import (
    ConsentsChanged,
    Envelope,
    ErasureRequested,
    ItemClosed,
    SignalStored,
    to_json,
    type_of,
)
from chalicelib.contracts.http import Tip
from chalicelib.contracts.ml import RankRequest, RankResponse
from chalicelib.contracts.pool import Pool
from chalicelib.contracts.ports import ScorerUnavailable
from chalicelib.contracts.records import ItemRecord
from chalicelib.contracts.tips import RecommendContext
from chalicelib.recommender.service import RecommenderService
from chalicelib.recommender.store import RecommenderTables
from chalicelib.runtime import aws as runtime_aws
from chalicelib.runtime.bus import SnsBus
from chalicelib.runtime.clock import RandomIds, SystemClock
from chalicelib.runtime.person_keys import make_sealer
from chalicelib.runtime.settings import settings
from ml_lambda.llm.draft import Draft
from ml_lambda.llm.wording import Rejected, Worder, Wording
from ml_lambda.serving import erase, features, generate, rank
from ml_lambda.serving.reads import RankReads
from ml_lambda.serving.refilling import STORE_EVERY
from tests import ml_examples as me
from tests import openai_server as script

TITLE = "Send the invoice to Mira"
INVOICE = me.item("task-invoice", due_at=me.ahead(hours=6), effort_minutes=5, category="admin", priority=1)
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 180_000)
HERE = RecommendContext(minutes_free=60)
CACHED = (rank.ranker, features.refreshing, erase.erasing, generate.generating, generate.models)


def beginning(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A model that can write: the draft with another beginning."""
    asked = json.loads(body["messages"][-1]["content"])
    return {"text": f"Start with this: {asked['draft']}", "why": asked["why"]}


class Inventive:
    """A model that can write and never begins alike; embedded, no two of its wordings are near each other."""

    BEGINNINGS = ("Start", "Begin", "Go on", "Continue", "Carry on", "Get going", "Go ahead", "Set out")

    def __init__(self, server: script.OpenAIServer) -> None:
        self.said: list[str] = []
        self.embedded: dict[str, int] = {}
        server.write, server.embed = self.write, self.embed

    def write(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        asked = json.loads(body["messages"][-1]["content"])
        turn = len(self.said)
        self.said.append(asked["draft"])
        beginning = f"{self.BEGINNINGS[turn % 8]} with this{' now' if turn >= 8 else ''}"
        return {"text": f"{beginning}: {asked['draft']}", "why": asked["why"]}

    def embed(self, text: str) -> list[float]:
        place = self.embedded.setdefault(text, len(self.embedded))
        return [float(n == place) for n in range(64)]


@contextmanager
def dynamodb_calls() -> Iterator[list[str]]:
    """The operations of this process's client meanwhile."""
    made: list[str] = []
    events = runtime_aws.dynamodb().meta.events
    events.register("before-call.dynamodb", lambda model, **_: made.append(model.name), unique_id="counted")
    try:
        yield made
    finally:
        events.unregister("before-call.dynamodb", unique_id="counted")


class InProcess:
    """The scorer, through its handler, as an invocation carries it; `late`: its answer does not come."""

    late = False

    def rank(self, request: RankRequest) -> RankResponse:
        if self.late:
            raise ScorerUnavailable("ReadTimeoutError")
        answer = rank.handler(json.loads(request.model_dump_json()), None)
        return RankResponse.model_validate(json.loads(json.dumps(answer)))


class World:
    def __init__(self, aws: Any, server: script.OpenAIServer, published: list[Envelope]) -> None:
        self.rows, self.server, self.published = me.Store(aws.client("dynamodb")), server, published
        self.sealer, self.scorer = make_sealer(), InProcess()
        self.service = RecommenderService(
            RecommenderTables(), self.scorer, self.sealer, SystemClock(), RandomIds(), settings()
        )
        self.rows.person()
        self.tell(INVOICE, TITLE)

    def tell(self, item: ItemRecord, title: str) -> None:
        """What the store of signals does with a task."""
        self.rows.items([item])
        sealed = self.sealer.seal(me.PERSON, f"item:{item.item_ref}", title)
        mark = {"S": self.sealer.digest(me.PERSON, "title", title)}
        self.rows.put("item-words", item_ref={"S": item.item_ref}, sealed={"B": sealed}, title_hash=mark)

    def tell_more(self) -> None:
        """Six tasks of 5 minutes that are due today: "Call number one"."""
        for number in ("one", "two", "three", "four", "five", "six"):
            due = me.item(f"task-{number}", due_at=me.ahead(hours=5), effort_minutes=5)
            self.tell(due, f"Call number {number}")

    def refresh(self) -> None:
        answer = features.handler(me.batch(me.message(SignalStored(signal_id="s", type="task"))), None)
        assert answer == {"batchItemFailures": []}

    def generate(self, *messages: dict[str, Any]) -> dict[str, Any]:
        """The queue: what was published, and more."""
        waiting = [{"messageId": str(n), "body": to_json(event)} for n, event in enumerate(self.published)]
        self.published.clear()
        return generate.handler(me.batch(*waiting, *messages), CONTEXT)

    def fill(self) -> None:
        self.refresh()
        assert self.generate() == {"batchItemFailures": []}

    @property
    def pool(self) -> Pool | None:
        return RankReads().person(me.PERSON).pool

    def tip(self) -> Tip:
        answer = self.service.recommend(me.PERSON, HERE)
        assert answer.tip is not None
        return answer.tip

    def ready(self) -> list[str]:
        """The items that a wording lies ready for."""
        return [e.item_ref for e in self.pool.entries if e.item_ref] if self.pool else []

    def chats(self) -> list[script.Asked]:
        return [asked for asked in self.server.asked if asked.path == script.CHAT]


@pytest.fixture
def set_up(
    aws: Any, openai_server: script.OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., World]]:
    published: list[Envelope] = []

    def publish(self: SnsBus, events: Sequence[Envelope]) -> None:
        published.extend(events)

    def made(**variables: str) -> World:
        for name, value in {"LITELLM_URL": openai_server.url, **variables}.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        return World(aws, openai_server, published)

    openai_server.write = beginning
    monkeypatch.setattr(SnsBus, "publish", publish)
    monkeypatch.setattr(SystemClock, "now", lambda self: me.NOW)
    for cached in CACHED:
        cached.cache_clear()
    yield made
    generate.models().close()
    for cached in CACHED:
        cached.cache_clear()
    monkeypatch.undo()
    settings.cache_clear()


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


class Paused:
    """A model that answers the first question when it is told to, and whoever asks meanwhile at once."""

    def __init__(self, server: script.OpenAIServer) -> None:
        self.asked, self.go_on = threading.Event(), threading.Event()

        def wait(exchange: script.Exchange) -> None:
            self.asked.set()
            assert self.go_on.wait(30)
            exchange.default()

        # The first asked is the embedder, about themes.
        server.then(script.Exchange.default, wait)


def drafts(world: World) -> Counter[str]:
    """How often each draft was put to the model."""
    return Counter(asked.body["messages"][-1]["content"] for asked in world.chats())


def test_two_calls_at_once_ask_the_model_for_one(set_up: Callable[..., World]) -> None:
    world = set_up()
    world.refresh()
    world.published.clear()
    model = Paused(world.server)
    occasion = me.message(SignalStored(signal_id="s", type="task"))
    with ThreadPoolExecutor(1) as other:
        first = other.submit(world.generate, occasion)
        assert model.asked.wait(30)
        before = len(world.server.asked)
        assert world.generate(occasion) == {"batchItemFailures": []}
        assert len(world.server.asked) == before, "the second asks nothing"
        model.go_on.set()
        assert first.result(60) == {"batchItemFailures": []}
    assert "task-invoice" in world.ready()
    assert set(drafts(world).values()) == {1}


def test_a_signal_that_comes_during_a_refill_is_worded_afterwards(set_up: Callable[..., World]) -> None:
    world = set_up()
    world.refresh()
    world.published.clear()
    model = Paused(world.server)
    with ThreadPoolExecutor(1) as other:
        first = other.submit(world.generate, me.message(SignalStored(signal_id="s", type="task")))
        assert model.asked.wait(30)
        world.tell(me.item("task-shelf", effort_minutes=5, category="household"), "Sort the shelf")
        world.refresh()
        closed = me.message(ItemClosed(item_ref="task-invoice", status="done"), 7)
        assert world.generate(closed) == {"batchItemFailures": []}
        assert world.ready() == [], "who is told of it does not word it"
        model.go_on.set()
        assert first.result(60) == {"batchItemFailures": []}
    assert set(world.ready()) == {"task-shelf"}
    assert set(drafts(world).values()) == {1}


def test_who_is_killed_leaves_what_was_stored_and_is_followed_by_another(
    set_up: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = set_up()
    Inventive(world.server)
    world.tell_more()
    word, answers = Worder.word, list[Wording | Rejected]()

    def dying(worder: Worder, draft: Draft, **given: Any) -> Wording | Rejected:
        if len(answers) == STORE_EVERY + 2:
            raise KeyboardInterrupt
        answers.append(word(worder, draft, **given))
        return answers[-1]

    monkeypatch.setattr(Worder, "word", dying)
    with pytest.raises(KeyboardInterrupt):
        world.fill()
    assert len(world.ready()) == STORE_EVERY
    monkeypatch.setattr(Worder, "word", word)
    paid = drafts(world)
    occasion = me.message(SignalStored(signal_id="s", type="task"))
    assert world.generate(occasion) == {"batchItemFailures": []}
    assert drafts(world) == paid, "the one who was killed could still be at it"
    monkeypatch.setattr(SystemClock, "now", lambda self: me.NOW + timedelta(seconds=181))
    assert world.generate(occasion) == {"batchItemFailures": []}
    assert len(set(world.ready())) == 7, "each task"
    again = [draft for draft, count in drafts(world).items() if count > 1]
    assert len(again) <= 2, "the two that were not stored yet"


def test_a_refill_makes_few_calls(set_up: Callable[..., World]) -> None:
    world = set_up()
    Inventive(world.server)
    world.tell_more()
    world.refresh()
    with dynamodb_calls() as calls:
        world.generate()
        filled = Counter(calls)
        calls.clear()
        world.generate(me.message(SignalStored(signal_id="s", type="task"), 2))
    wordings = len(world.ready())
    assert wordings > STORE_EVERY
    # Each call of a model is reserved in a transaction; the others take the lease and store some wordings.
    assert filled["TransactWriteItems"] - len(world.server.asked) == 1 + -(-wordings // STORE_EVERY)
    assert (filled["BatchGetItem"], filled["DeleteItem"]) == (3, 1)
    assert calls == ["TransactWriteItems", "BatchGetItem", "BatchGetItem", "DeleteItem"]


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


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_a_model_that_fails_is_no_failure_of_a_message_and_a_template_serves(
    set_up: Callable[..., World], failure: script.Behaviour
) -> None:
    world = set_up(OO_MODEL_TIMEOUT_MS="600")
    # The first asked is the embedder, about themes.
    world.server.then(script.Exchange.default, *[failure] * 100)
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
