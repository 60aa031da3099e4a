"""Wrong types are refused, not guessed at; what is answered names the field and never the value."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from chalicelib.contracts.errors import field_errors
from chalicelib.contracts.fields import Day, Moment
from chalicelib.contracts.http import ConsentsPut, ReactionRequest, RecommendRequest
from chalicelib.contracts.signals import EventSignal, MoodSignal, TaskSignal

TASK = {"type": "task", "item_ref": "t", "occurred_at": "2026-11-22T10:00:00Z"}
EVENT = {
    "type": "event", "item_ref": "e", "occurred_at": "2026-11-22T10:00:00Z",
    "starts_at": "2026-11-22T10:00:00Z", "ends_at": "2026-11-22T11:00:00Z",
}  # fmt: skip
MOOD = {"type": "mood", "occurred_at": "2026-11-22T10:00:00Z"}


@pytest.mark.parametrize(
    ("model", "body", "pointer"),
    [
        (TaskSignal, {**TASK, "priority": True}, "/priority"),
        (TaskSignal, {**TASK, "effort_minutes": "5"}, "/effort_minutes"),
        (TaskSignal, {**TASK, "occurred_at": 1_790_000_000}, "/occurred_at"),
        (TaskSignal, {**TASK, "occurred_at": "1790000000"}, "/occurred_at"),
        (TaskSignal, {**TASK, "due_on": 20_000}, "/due_on"),
        (EventSignal, {**EVENT, "busy": "yes"}, "/busy"),
        (EventSignal, {**EVENT, "all_day": 1}, "/all_day"),
        (MoodSignal, {**MOOD, "valence": True}, "/valence"),
        (ConsentsPut, {"consents": {"tasks": "yes"}, "text_version": "1"}, "/consents/tasks"),
        (ConsentsPut, {"consents": {"tasks": 1}, "text_version": "1"}, "/consents/tasks"),
        (ConsentsPut, {"consents": {"tasks": False}, "text_version": "v" * 41}, "/text_version"),
        (ConsentsPut, {"consents": {"tasks": False}, "text_version": "a\x00"}, "/text_version"),
        (RecommendRequest, {"context": {"minutes_free": True}}, "/context/minutes_free"),
        (ReactionRequest, {"kind": "snooze", "until": 1_790_000_000}, "/until"),
    ],
)
def test_a_wrong_type_is_no_guess(model: Any, body: dict[str, Any], pointer: str) -> None:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(body)
    assert [error["pointer"] for error in field_errors(caught.value)] == [pointer]


def test_what_is_right_passes() -> None:
    at = datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert TypeAdapter(Moment).validate_python("2026-11-22T11:00:00+01:00") == at
    assert TypeAdapter(Moment).validate_python(at) == at
    assert TypeAdapter(Day).validate_python("2026-11-22") == date(2026, 11, 22)
    assert TypeAdapter(Day).validate_python(at.date()) == at.date()
    assert TaskSignal.model_validate({**TASK, "priority": 1, "effort_minutes": 5}).priority == 1


def errors_of(body: dict[str, Any]) -> list[dict[str, str]]:
    with pytest.raises(ValidationError) as caught:
        TaskSignal.model_validate(body)
    return field_errors(caught.value)


def test_a_pointer_is_a_json_pointer_and_short() -> None:
    [error] = errors_of({**TASK, "a/b~c": 1})
    assert error["pointer"] == "/a~1b~0c"
    [error] = errors_of({**TASK, "k" * 5000: 1})
    assert len(error["pointer"]) < 120


def test_no_value_comes_back() -> None:
    [error] = errors_of({**TASK, "id": "Zanzibar"})
    assert error == {"pointer": "/id", "detail": "send a UUID"}
    [error] = errors_of({**TASK, "due_on": "2026-11-23", "due_at": "2026-11-23T10:00:00Z"})
    assert error["detail"] == "give due_at or due_on, not both"
