"""The outbox: one poisoned record stops nothing, a bus that refuses stops everything."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.contracts.events import type_of
from chalicelib.contracts.ports import BusError
from chalicelib.contracts.records import storable
from tests.unit.recommender.fakes import NOW
from tests.unit.recommender.test_settlement import Settling


@pytest.fixture
def settling() -> Settling:
    return Settling()


def inserted(world: Settling) -> dict[str, Any]:
    """A stream record as the table writes it (tests/contract runs the relay on real ones)."""
    image = {
        "body": {"S": world.decision.model_dump_json()},
        "revision": {"N": "0"},
        "reward_revision": {"N": "0"},
        "reactions": {"N": "0"},
        "changed_at": {"S": storable(NOW)},
        "trace_id": {"S": "trace-1"},
    }
    return {"eventID": "r1", "eventName": "INSERT", "dynamodb": {"NewImage": image}}


@pytest.mark.parametrize(
    "poison",
    [
        {},
        {"eventName": "INSERT"},
        {"eventName": "INSERT", "dynamodb": {"NewImage": {}}},
        {"eventName": "INSERT", "dynamodb": {"NewImage": {"body": {"S": "{"}}}},
        {"eventName": "MODIFY", "dynamodb": {"NewImage": {"body": {"S": "{}"}}, "OldImage": {}}},
        {"eventName": "INSERT", "dynamodb": None},
    ],
    ids=str,
)
def test_a_poisoned_record_is_passed_over(settling: Settling, poison: dict[str, Any]) -> None:
    settling.settlement.relay([poison, inserted(settling), poison])
    assert [type_of(e) for e in settling.bus.events] == ["decision_made"]


def test_a_poisoned_record_tells_nothing_of_its_content(
    settling: Settling, capsys: pytest.CaptureFixture[str]
) -> None:
    body = {"S": '{"decision_id": "Send the invoice"}'}
    settling.settlement.relay([{"eventName": "INSERT", "dynamodb": {"NewImage": {"body": body}}}])
    printed = capsys.readouterr().out
    assert "stream record skipped" in printed
    assert "invoice" not in printed


def test_the_same_record_again_is_the_same_event(settling: Settling) -> None:
    settling.settlement.relay([inserted(settling)])
    settling.settlement.relay([inserted(settling)])
    first, second = settling.bus.events
    assert first == second


def test_a_bus_that_refuses_makes_the_stream_send_again(settling: Settling) -> None:
    settling.bus.refuses = True
    with pytest.raises(BusError):
        settling.settlement.relay([inserted(settling)])
