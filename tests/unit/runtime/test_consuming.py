"""A batch: good messages are handled, bad ones reported one by one, nothing personal logged."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.contracts.events import Envelope, TipExposed, to_json, wrap
from chalicelib.runtime.consuming import consume
from chalicelib.runtime.logging import logger, trace_id


def message(n: int) -> dict[str, str]:
    payload = TipExposed(decision_id=str(n), revision=1)
    text = to_json(wrap(payload, person_id="p", event_id=str(n), at=datetime.now(UTC), trace_id=f"trace-{n}"))
    return {"messageId": f"m{n}", "body": text}


def test_one_failure_does_not_block_its_batch(capsys: pytest.CaptureFixture[str]) -> None:
    handled = []

    def handle(event: Envelope) -> None:
        if event.event_id == "2":
            raise RuntimeError("title: call Mira")
        handled.append((event.event_id, trace_id()))

    bad = [{"messageId": "json", "body": "{"}, {"messageId": "alien", "body": '{"foo": 1}'}]
    answer = consume({"Records": [message(1), bad[0], message(2), bad[1], message(3)]}, handle, logger("t"))
    assert handled == [("1", "trace-1"), ("3", "trace-3")]
    assert [f["itemIdentifier"] for f in answer["batchItemFailures"]] == ["json", "m2", "alien"]
    assert "Mira" not in capsys.readouterr().out


def test_an_event_from_the_future_is_still_read() -> None:
    body = message(1)["body"].replace("{", '{"newField": [1, 2], ', 1)
    seen: list[Envelope] = []
    assert consume({"Records": [{"messageId": "m", "body": body}]}, seen.append, logger("t")) == {
        "batchItemFailures": []
    }
    assert seen[0].tip_exposed.decision_id == "1"


def test_what_a_batch_has_in_common_is_done_once_and_its_failure_is_everyones() -> None:
    seen: list[Envelope] = []
    done: list[int] = []

    def finish() -> None:
        done.append(len(seen))

    def fail() -> None:
        raise RuntimeError

    batch = {"Records": [message(1), message(2)]}
    assert consume(batch, seen.append, logger("t"), finish) == {"batchItemFailures": []}
    assert done == [2]
    failed = consume(batch, seen.append, logger("t"), fail)["batchItemFailures"]
    assert [f["itemIdentifier"] for f in failed] == ["m1", "m2"]
