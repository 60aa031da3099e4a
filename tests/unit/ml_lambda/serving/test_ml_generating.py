"""Batches of the queue `generate`: once per person, what is a failure and what is none, what is told."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

import pytest

from chalicelib.contracts.events import DecisionMade, FeaturesRefreshed, ItemClosed, timestamp
from chalicelib.runtime.logging import logger
from ml_lambda.serving.generating import Generating
from ml_lambda.serving.writing import RESERVE, Refilled
from tests import ml_examples as me

OTHER = "11111111-1111-4111-8111-111111111111"
REFRESHED = FeaturesRefreshed(computed_at=timestamp(me.NOW))


class Refills:
    def __init__(self, *said: Refilled | Exception) -> None:
        self.said = list(said)
        self.asked: list[tuple[str, set[str]]] = []

    def refill(self, person_id: str, closed: Collection[str], time_left: Callable[[], float]) -> Refilled:
        self.asked.append((person_id, set(closed)))
        said = self.said.pop(0) if self.said else Refilled("fresh", 3)
        if isinstance(said, Exception):
            raise said
        return said


def handle(refills: Refills | None, *messages: dict[str, Any], left: float = 100.0) -> set[str]:
    make = (lambda: refills) if refills is not None else None
    generating = Generating(make, logger("generate"))
    answer = generating.handle_batch(me.batch(*messages), lambda: left)
    return {f["itemIdentifier"] for f in answer["batchItemFailures"]}


def refreshed(number: int, person: str = me.PERSON) -> dict[str, str]:
    return me.message(REFRESHED, number, person)


def test_a_pool_is_filled_once_for_many_messages() -> None:
    refills = Refills()
    closed = me.message(ItemClosed(item_ref="t1", status="done"), 3)
    decided = me.message(DecisionMade(decision_id="d", angle="do_now"), 4)
    assert handle(refills, refreshed(1), refreshed(2), closed, decided, refreshed(5, OTHER)) == set()
    assert refills.asked == [(me.PERSON, {"t1"}), (OTHER, set())]


def test_a_model_that_is_down_fails_no_message() -> None:
    refills = Refills(
        Refilled("kept", 2, 2, unavailable="timeout"), Refilled("nothing", unavailable="budget")
    )
    assert handle(refills, refreshed(1), refreshed(2, OTHER)) == set()


def test_only_the_messages_of_who_failed_come_back() -> None:
    broken = {"messageId": "message-9", "body": "{"}
    refills = Refills(RuntimeError("no table"))
    failed = handle(refills, refreshed(1), broken, refreshed(2), refreshed(3, OTHER))
    assert failed == {"message-1", "message-2", "message-9"}
    assert [person for person, _ in refills.asked] == [me.PERSON, OTHER]


def test_whose_turn_would_come_too_late_comes_back_and_the_first_always_has_its_turn() -> None:
    refills = Refills()
    assert handle(refills, refreshed(1), refreshed(2, OTHER), left=RESERVE - 1) == {"message-2"}
    assert [person for person, _ in refills.asked] == [me.PERSON]


def test_without_a_model_nothing_is_done() -> None:
    broken = {"messageId": "message-9", "body": "{"}
    assert handle(None, refreshed(1), broken) == {"message-9"}


def test_what_was_written_and_why_not_is_counted_without_a_word_or_a_person(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = Refilled("kept", 7, 4, Counter({"numbers": 2, "style": 1}), unavailable="timeout")
    handle(Refills(said), refreshed(1))
    text = capsys.readouterr().out
    lines = [json.loads(line) for line in text.splitlines()]
    pool = next(line for line in lines if line["message"] == "pool")
    assert (pool["outcome"], pool["ready"], pool["written"]) == ("kept", 7, 4)
    assert pool["rejected"] == {"numbers": 2, "style": 1}
    metrics = [line for line in lines if line["message"] == "metric"]
    told = [(m["outcome"], m.get("wordings"), m.get("refills")) for m in metrics]
    assert told == [("written", 4, None), ("numbers", 2, None), ("style", 1, None), ("timeout", None, 1)]
    assert me.PERSON not in text
