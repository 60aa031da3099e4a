"""What stands in a proxy's answer, and what it cost. Pure.

A token is at least one byte of text, so the bytes are a bound on what a prompt can cost; three bytes a token
is the estimate where the proxy does not say what it was.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeGuard

from ml_lambda.llm import schema as schemas
from ml_lambda.llm.contract import ModelUnavailable, Usage

_AROUND: Final = 16  # what a chat's template writes around a message
_BYTES_A_TOKEN: Final = 3
_MOST_TOKENS: Final = 10_000_000
_MOST_NUMBERS: Final = 8_192


def most_tokens(texts: Sequence[str], schema: Mapping[str, Any] | None = None) -> int:
    """At most so many tokens these texts are; some providers put the schema into the prompt, too."""
    asked = len(json.dumps(schema)) if schema else 0
    return asked + sum(_AROUND + _size(text) for text in texts)


def estimate(texts: Sequence[str]) -> int:
    """About so many tokens these texts are."""
    return sum(math.ceil(_size(text) / _BYTES_A_TOKEN) for text in texts)


def chat(answer: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The object that was asked for. Raises ModelUnavailable("malformed")."""
    content = _content(answer)
    if content is None:
        raise ModelUnavailable("malformed", "no content")
    try:
        return schemas.parse(content, schema)
    except schemas.NotTheSchema as error:
        raise ModelUnavailable("malformed", str(error)) from None


def vectors(answer: Mapping[str, Any], texts: int) -> list[list[float]]:
    """One vector a text, in the texts' order. Raises ModelUnavailable("malformed")."""
    try:
        found = {one["index"]: [_number(value) for value in one["embedding"]] for one in answer["data"]}
        inside = [found[number] for number in range(texts)]
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ModelUnavailable("malformed", "not one vector a text") from None
    lengths = {len(vector) for vector in inside}
    if len(found) != texts or len(lengths) != 1 or not 0 < max(lengths) <= _MOST_NUMBERS:
        raise ModelUnavailable("malformed", "not one vector a text")
    return inside


def usage(answer: Mapping[str, Any], texts: Sequence[str]) -> Usage:
    """What an answer to these texts cost: as it says, or about."""
    told = answer.get("usage")
    if isinstance(told, Mapping):
        read, written = told.get("prompt_tokens"), told.get("completion_tokens", 0)
        if _count(read) and _count(written):
            return Usage(read, written)
    return Usage(estimate(texts), estimate([_content(answer) or ""]))


def _content(answer: Mapping[str, Any]) -> str | None:
    try:
        content = answer["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        return None
    return content if isinstance(content, str) else None


def _count(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= _MOST_TOKENS


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("not a number")
    return float(value)


def _size(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))
