"""A model's words on the deployed stack: ready before they are asked for; nobody waits for one that hangs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests import openai_server as script
from tests.e2e.conftest import RunningStack
from tests.e2e.people import Person, person, task

TITLE = "Send the invoice to Mira"
GIVEN = ("oo-local", "oo-local-generate", "oo-local-features")
PATIENT = {"OO_MODEL_TIMEOUT_MS": "20000", "OO_RANK_DEADLINE_MS": "10000"}
"""A scorer that wakes on a busy machine: rules would decide instead, and the whole path is meant."""
AWHILE = 90
"""Seconds: the queue waits ten, and a cold start on a busy machine takes its time."""


def beginning(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A model that can write: the draft with another beginning."""
    asked = json.loads(body["messages"][-1]["content"])
    return {"text": f"Start with this: {asked['draft']}", "why": asked["why"]}


@pytest.fixture
def models(stack: RunningStack, openai_server: script.OpenAIServer) -> Iterator[script.OpenAIServer]:
    """The functions that call or tell of models, given an address of one; as they were afterwards."""
    functions = stack.client("lambda")
    before = {name: functions.get_function_configuration(FunctionName=name)["Environment"] for name in GIVEN}
    given = {"LITELLM_URL": openai_server.url, **PATIENT}
    for name, environment in before.items():
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": {**environment["Variables"], **given}}
        )
    openai_server.write = beginning
    yield openai_server
    for name, environment in before.items():
        functions.update_function_configuration(FunctionName=name, Environment=environment)


def ask(who: Person) -> dict[str, Any]:
    answer = who.client.post("/api/recommend", json={"context": {"minutes_free": 60}})
    assert answer.status_code == 200, answer.text
    tip: dict[str, Any] = answer.json()["tip"]
    return tip


def entries(who: Person) -> list[dict[str, Any]]:
    """The wordings that lie ready."""
    rows = [json.loads(row["body"]["S"]) for row in who.rows("pools") if row["part"]["S"] == "ready"]
    return [entry for row in rows for entry in row.get("entries", [])]


def chats(models: script.OpenAIServer) -> int:
    return sum(asked.path == script.CHAT for asked in models.asked)


def test_words_are_ready_before_they_are_asked_for_and_go_with_their_task(
    stack: RunningStack, models: script.OpenAIServer
) -> None:
    ada = person(stack)
    ada.send(task("mira", TITLE))

    def ready() -> bool:
        return any(entry.get("item_ref") == "mira" for entry in entries(ada))

    stack.wait_until(ready, AWHILE)
    asked = chats(models)
    tip = ask(ada)
    assert (tip["source"], tip["text"][:16]) == ("model", "Start with this:"), (tip, entries(ada))
    assert "end the invoice to Mira" in tip["text"]
    assert chats(models) == asked, "the one who waits asks no model"
    assert "Mira" not in str(ada.rows("pools"))
    ada.send(task("mira", TITLE, status="done"))
    stack.wait_until(lambda: not ready(), AWHILE)


def test_while_a_model_hangs_a_person_is_answered_by_a_template(
    stack: RunningStack, models: script.OpenAIServer
) -> None:
    models.then(*[script.hang] * 100)
    ben = person(stack)
    ben.send(task("mira", TITLE))
    stack.wait_until(lambda: bool(models.asked), AWHILE)
    tip = ask(ben)
    assert tip["source"] == "template", tip
    assert "end the invoice to Mira" in tip["text"]
    assert entries(ben) == [], "it hangs still"
