"""What is believed of an answer: objects of the asked schema, one finite vector a text, possible counts."""

from __future__ import annotations

import json
import math
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ml_lambda.llm import reading
from ml_lambda.llm.contract import ModelUnavailable, Usage
from ml_lambda.llm.draft import Draft
from ml_lambda.llm.prompts import Mode, request
from ml_lambda.llm.schema import NotTheSchema, check, parse

SCHEMA = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "minLength": 1, "maxLength": 20, "description": "the tip"},
        "why": {"type": ["string", "null"]},
        "score": {"type": "integer", "minimum": 1, "maximum": 5},
        "tags": {"type": "array", "items": {"enum": ["a", "b", 1]}, "maxItems": 2},
        "sure": {"type": "boolean"},
        "share": {"type": "number"},
    },
    "required": ["text"],
    "additionalProperties": False,
}

NAMES = ["text", "why", "score", "tags", "sure", "share", "x"]
jsons = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=25) | st.sampled_from(["a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def matches(value: Any) -> bool:
    try:
        check(value, SCHEMA)
    except NotTheSchema:
        return False
    return True


likely = st.fixed_dictionaries(
    {"text": st.text(min_size=1, max_size=20)}, optional=dict.fromkeys(NAMES[1:6], jsons)
)


@given(jsons | likely)
def test_it_allows_no_more_than_a_validator_of_the_standard(value: Any) -> None:
    """And refuses no more, but for two kindnesses of the standard: 1.0 is no integer here, nor 1 True."""
    if matches(value):
        Draft202012Validator(SCHEMA).validate(value)
    elif Draft202012Validator(SCHEMA).is_valid(value):
        assert isinstance(
            value["score"] if isinstance(value.get("score"), float) else value["tags"][0], float
        )


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", '"text"', "5", "{", '{"text": "Open', '{"text": "ok"} and more',
        '```json\n{"text": "ok"}\n```',
        '{"text": 5}', '{"text": null}', '{"why": "x"}', '{"text": ""}', '{"text": "ok", "more": 1}',
        '{"text": "ok", "score": NaN}', '{"text": "ok", "share": Infinity}', '{"text": "ok", "score": true}',
        '{"text": "ok", "score": 6}', '{"text": "ok", "tags": ["c"]}', '{"text": "ok", "tags": [true]}',
        '{"text": "\\ud800"}', '{"text": "ok", "share": 1e999}',
        '{"text": "ok", "score": ' + "9" * 5000 + "}", "[" * 60_000, '{"a":' * 10_000,
    ],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_what_is_not_the_asked_object_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(NotTheSchema) as refused:
        parse(text, SCHEMA)
    assert len(str(refused.value)) < 60


def test_an_object_of_the_schema_is_taken() -> None:
    value = {
        "text": "Öffne „den“ Brief",
        "why": None,
        "score": 5,
        "tags": ["a", 1],
        "sure": True,
        "share": 0.5,
    }
    assert parse(json.dumps(value), SCHEMA) == value


def test_what_nobody_checks_may_not_be_asked() -> None:
    with pytest.raises(ValueError, match="format"):
        check("x", {"type": "string", "format": "date"})


def test_a_pattern_is_held_to() -> None:
    schema = {"type": "string", "pattern": "^(Take|Give it) [0-9]+ minutes\\.$"}
    check("Take 5 minutes.", schema)
    for other in (
        "Take five minutes.",
        "take 5 minutes.",
        "Take 5 minutes. And more.",
        "Take 5 minutes.\n\n",
        "a" * 5000,
    ):
        with pytest.raises(NotTheSchema):
            check(other, schema)


@pytest.mark.parametrize("mode", get_args(Mode))
def test_what_drafts_are_asked_in_is_checked(mode: Mode) -> None:
    draft = Draft(
        "do_now", "en", "Call Anna. 5 minutes.", "Due today.", "Call Anna", "", ("Call Anna", "call Anna")
    )
    asked = request(draft, mode)
    assert asked is not None
    with pytest.raises(NotTheSchema):
        check({"text": 5}, asked.schema)


def chat(content: Any, **more: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": content}}], **more}


@pytest.mark.parametrize(
    "answer",
    [{}, {"choices": []}, {"choices": None}, {"choices": [{}]}, {"choices": ["x"]}, {"choices": {"0": 1}},
     chat(None), chat(["text"]), chat({"text": "ok"}), chat("not json")],
)  # fmt: skip
def test_a_chat_without_the_object_is_malformed(answer: dict[str, Any]) -> None:
    with pytest.raises(ModelUnavailable) as failed:
        reading.chat(answer, SCHEMA)
    assert failed.value.reason == "malformed"


def vectors(*embeddings: Any, index: Any = None) -> dict[str, Any]:
    return {
        "data": [
            {"index": n if index is None else index[n], "embedding": e} for n, e in enumerate(embeddings)
        ]
    }


def test_vectors_come_in_the_order_of_the_texts() -> None:
    assert reading.vectors(vectors([1, 2], [3.5, 4], index=[1, 0]), 2) == [[3.5, 4.0], [1.0, 2.0]]


@pytest.mark.parametrize(
    "answer",
    [
        {}, {"data": None}, {"data": []}, {"data": [1]}, vectors([1.0]), vectors([1.0], [2.0], [3.0]),
        vectors([1.0], [1.0, 2.0]), vectors([], []), vectors([1.0], [math.nan]), vectors([1.0], [math.inf]),
        vectors([1.0], [True]), vectors([1.0], ["1"]), vectors([1.0], "1"), vectors([1.0], [10**400]),
        vectors([1.0], [2.0], index=[0, 0]), vectors([1.0], [2.0], index=[1, 2]),
        vectors([1.0] * 9000, [1.0] * 9000),
        vectors([1.0], [2.0], index=[[], {}]),
    ],
)  # fmt: skip
def test_what_is_not_one_finite_vector_a_text_is_malformed(answer: dict[str, Any]) -> None:
    with pytest.raises(ModelUnavailable) as failed:
        reading.vectors(answer, 2)
    assert failed.value.reason == "malformed"


def test_a_call_costs_what_the_answer_says_or_about_what_its_texts_are() -> None:
    told = {"prompt_tokens": 70, "completion_tokens": 9}
    assert reading.usage(chat("x", usage=told), ["a"]) == Usage(70, 9)
    assert reading.usage({"usage": {"prompt_tokens": 4, "total_tokens": 4}}, ["a"]) == Usage(4, 0)
    odds: list[Any] = [
        None, {}, [], {"prompt_tokens": "7"}, {"prompt_tokens": -1}, {"prompt_tokens": True},
        {"prompt_tokens": 10**12}, {"prompt_tokens": 5, "completion_tokens": None},
    ]  # fmt: skip
    for odd in odds:
        assert reading.usage(chat("x" * 30, usage=odd), ["abc", "ü" * 6]) == Usage(5, 10)


@given(st.lists(st.text(), max_size=5))
def test_the_estimate_is_never_above_the_bound(texts: list[str]) -> None:
    assert reading.estimate(texts) <= reading.most_tokens(texts)


def test_the_bound_holds_for_text_that_a_tokenizer_splits_to_bytes() -> None:
    """One token per byte is the worst that there is; the schema may be put into the prompt."""
    assert reading.most_tokens(["🙂" * 10]) >= 40
    assert reading.most_tokens(["a"], SCHEMA) >= len(json.dumps(SCHEMA))
