"""A person with a task, and all that words tips of it: the functions' handlers, tables, a scripted model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import httpx  # noqa: F401 - loading it is no part of a call's time
import pytest

from chalicelib.contracts.events import Envelope, SignalStored, to_json
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
from ml_lambda.serving import erase, features, generate, rank
from ml_lambda.serving.reads import RankReads
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


@contextmanager
def worlds(
    aws: Any, openai_server: script.OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., World]]:
    """What makes a world, with further settings as variables; on either cloud, with a scripted model."""
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
