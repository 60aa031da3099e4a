"""The scoring function behind its port: every way of not answering is the same to the caller."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.contracts.ml import RankRequest
from chalicelib.contracts.ports import ScorerUnavailable
from chalicelib.recommender.scorer import LambdaScorer
from tests.unit.recommender.fakes import NOW, PERSON, FakeScorer, FakeSealer, candidate, response

REQUEST = RankRequest(person_id=PERSON, now=NOW, timezone="UTC", granted=["tasks"], seed=7)
GOOD = json.loads(
    response(FakeScorer(FakeSealer(), candidate(), candidate(angle="plan_slot")), REQUEST).model_dump_json()
)


class FakeLambda:
    def __init__(self) -> None:
        self.payload: bytes = json.dumps(GOOD).encode()
        self.error: Exception | None = None
        self.function_error: str | None = None
        self.calls: list[dict[str, Any]] = []

    def invoke(self, **call: Any) -> dict[str, Any]:
        self.calls.append(call)
        if self.error is not None:
            raise self.error
        answer: dict[str, Any] = {"Payload": io.BytesIO(self.payload)}
        return answer | ({"FunctionError": self.function_error} if self.function_error else {})


class Setup:
    def __init__(self) -> None:
        self.client, self.time = FakeLambda(), 0.0
        self.scorer = LambdaScorer(
            "oo-local-rank", 0.8, client=lambda: self.client, monotonic=lambda: self.time
        )

    def fails(self) -> str:
        with pytest.raises(ScorerUnavailable) as failed:
            self.scorer.rank(REQUEST)
        return str(failed.value)


@pytest.fixture
def setup() -> Setup:
    return Setup()


def test_a_good_answer_is_parsed(setup: Setup) -> None:
    answer = setup.scorer.rank(REQUEST)
    assert answer.choice.chosen == 0
    (call,) = setup.client.calls
    assert (call["FunctionName"], call["InvocationType"]) == ("oo-local-rank", "RequestResponse")
    assert RankRequest.model_validate_json(call["Payload"]) == REQUEST


def broken(change: Callable[[dict[str, Any]], Any]) -> bytes:
    answer = json.loads(json.dumps(GOOD))
    change(answer)
    return json.dumps(answer).encode()


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b"not json",
        b'{"choice": 1}',
        broken(lambda a: a["choice"].update(chosen=2)),
        broken(lambda a: a["choice"].update(chosen=-1)),
        broken(lambda a: a["choice"].update(probabilities=[0.5])),
        broken(lambda a: a["choice"].update(probabilities=[0.5, 0.4])),
        broken(lambda a: a["choice"].update(probabilities=[0.0, 1.0])),
        broken(lambda a: a["choice"].update(probabilities=[2.0, -1.0])),
        broken(lambda a: a["choice"]["candidates"][0]["candidate"].update(expires_at=NOW.isoformat())),
        broken(lambda a: a.pop("next_look_at")),
    ],
    ids=lambda p: p[-60:].decode(errors="replace"),
)
def test_nonsense_is_no_answer(setup: Setup, payload: bytes) -> None:
    setup.client.payload = payload
    setup.fails()


def test_an_error_inside_the_function_is_no_answer(setup: Setup) -> None:
    setup.client.function_error = "Unhandled"
    assert setup.fails() == "FunctionError"


def test_nothing_to_say_is_an_answer(setup: Setup) -> None:
    setup.client.payload = broken(lambda a: a["choice"].update(chosen=None, candidates=[], probabilities=[]))
    assert setup.scorer.rank(REQUEST).choice.chosen is None


def test_after_three_failures_in_a_row_nobody_waits_for_ten_seconds(setup: Setup) -> None:
    setup.client.error = TimeoutError()
    for _ in range(3):
        assert setup.fails() == "TimeoutError"
    setup.time = 9.9
    assert setup.fails() == "resting"
    assert setup.scorer.resting()
    assert len(setup.client.calls) == 3


def test_after_the_rest_one_try_decides(setup: Setup) -> None:
    setup.client.error = TimeoutError()
    for _ in range(3):
        setup.fails()
    setup.time = 10
    assert setup.fails() == "TimeoutError"
    assert setup.fails() == "resting"
    setup.time = 20
    setup.client.error = None
    setup.scorer.rank(REQUEST)
    setup.client.error = TimeoutError()
    setup.fails()
    setup.fails()
    assert not setup.scorer.resting()


def test_a_success_between_forgets_the_failures(setup: Setup) -> None:
    for _ in range(4):
        setup.client.error = TimeoutError()
        setup.fails()
        setup.fails()
        setup.client.error = None
        setup.scorer.rank(REQUEST)
    assert not setup.scorer.resting()


def test_an_expiry_in_the_past_is_caught_at_the_requests_time(setup: Setup) -> None:
    late = REQUEST.model_copy(update={"now": NOW + timedelta(hours=7)})
    with pytest.raises(ScorerUnavailable):
        setup.scorer.rank(late)
