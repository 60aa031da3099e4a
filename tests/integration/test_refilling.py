"""One refill of a person at a time, stored on its way: two calls side by side, a signal meanwhile, a kill."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.contracts.events import ItemClosed, SignalStored
from chalicelib.runtime.clock import SystemClock
from ml_lambda.llm.draft import Draft
from ml_lambda.llm.wording import Rejected, Worder, Wording
from ml_lambda.serving.refilling import STORE_EVERY
from tests import ml_examples as me
from tests import openai_server as script
from tests.integration.words_world import World, dynamodb_calls, worlds


@pytest.fixture
def set_up(
    aws: Any, openai_server: script.OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., World]]:
    with worlds(aws, openai_server, monkeypatch) as made:
        yield made


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
