"""What is believed of a model's answer: a JSON object that has the asked schema, nothing by benefit of doubt.

Checks the part of JSON Schema that answers are asked in. A schema with any other keyword is refused: what is
not checked must not look as if it were.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_MATCHED: Final = 1000
_SAID: Final = frozenset({"title", "description"})
_KNOWN: Final = _SAID | {
    "type", "enum", "required", "properties", "additionalProperties", "items", "minItems", "maxItems",
    "minLength", "maxLength", "pattern", "minimum", "maximum",
}  # fmt: skip


class NotTheSchema(Exception):
    """The text is not what was asked for; the message says where, never what stood there."""


def parse(text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The object in `text`. Raises NotTheSchema; ValueError for a schema that asks what nobody checks."""
    try:
        value = json.loads(text, parse_constant=_no_number)
        # A lone surrogate is a string to Python alone, and 1e999 a number: nobody could store or send them.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    # A number of very many digits is a ValueError, very deep nesting a RecursionError.
    except (ValueError, RecursionError):
        raise NotTheSchema("not JSON") from None
    check(value, schema)
    if not isinstance(value, dict):
        raise NotTheSchema("not an object")
    return value


def check(value: object, schema: Mapping[str, Any], at: str = "answer") -> None:
    """Raises NotTheSchema when the value is not of the schema."""
    if unknown := schema.keys() - _KNOWN:
        raise ValueError(f"keywords that are not checked: {', '.join(sorted(unknown))}")
    _typed(value, schema, at)
    if "enum" in schema and not any(type(value) is type(one) and value == one for one in schema["enum"]):
        raise NotTheSchema(f"{at}: none of those allowed")
    match value:
        case dict():
            _object(value, schema, at)
        case list():
            _within(len(value), schema, "minItems", "maxItems", at)
            for number, one in enumerate(value):
                check(one, schema.get("items", {}), f"{at}[{number}]")
        case str():
            _within(len(value), schema, "minLength", "maxLength", at)
            _of_pattern(value, schema.get("pattern", ""), at)
        case bool():
            pass
        case int() | float():
            _within(value, schema, "minimum", "maximum", at)


def _typed(value: object, schema: Mapping[str, Any], at: str) -> None:
    if "type" not in schema:
        return
    named = schema["type"]
    kinds = {kind for name in ([named] if isinstance(named, str) else named) for kind in _TYPES[name]}
    # `True` is an int to Python.
    if type(value) not in kinds:
        raise NotTheSchema(f"{at}: not of its type")


def _object(value: Mapping[str, Any], schema: Mapping[str, Any], at: str) -> None:
    properties = schema.get("properties", {})
    if missing := [name for name in schema.get("required", ()) if name not in value]:
        raise NotTheSchema(f"{at}: without {missing[0]}")
    more = schema.get("additionalProperties", True)
    for name, one in value.items():
        if name in properties:
            check(one, properties[name], f"{at}.{name}")
        elif more is False:
            raise NotTheSchema(f"{at}: more than was asked for")
        elif isinstance(more, Mapping):
            check(one, more, f"{at}.*")


def _within(value: float, schema: Mapping[str, Any], least: str, most: str, at: str) -> None:
    if not schema.get(least, -math.inf) <= value <= schema.get(most, math.inf):
        raise NotTheSchema(f"{at}: too little or too much")


def _of_pattern(value: str, pattern: str, at: str) -> None:
    # How long matching takes is the pattern's business, for words as long as a tip's; not for a megabyte.
    if pattern and (len(value) > _MATCHED or not re.search(pattern, value)):
        raise NotTheSchema(f"{at}: not as it was asked")


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
