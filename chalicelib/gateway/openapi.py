"""The OpenAPI document, generated from the endpoints' specs.

docs/api/openapi.json is committed (scripts/generate_openapi.py); CI fails when it differs from what
the code promises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from chalicelib.contracts.http import Problem
from chalicelib.contracts.signals import SignalBatch, SignalEntry
from chalicelib.gateway.call import FORM, Access, Spec
from chalicelib.gateway.problems import PROBLEM

_REF: Final = "#/components/schemas/{model}"

_TEXT: Final[dict[int, str]] = {
    200: "Done.",
    202: "Accepted; it is worked on after the answer.",
    204: "Done; nothing to say.",
    303: "Go there.",
    304: "Not changed.",
    400: "The request could not be read.",
    401: "Sign in first.",
    403: "Not allowed, or consent is required first.",
    404: "No such thing for you.",
    409: "It changed meanwhile.",
    410: "Its time is over.",
    413: "Too large.",
    415: "Not this content type.",
    422: "Some fields need changing; `errors` lists them.",
    429: "Too many calls; see Retry-After.",
    500: "Something failed on our side.",
    503: "Not available right now; nothing was kept, try again.",
}
# What stands in the lists are roles (OpenAPI 3.1, security requirement).
_SECURITY: Final[dict[Access, list[dict[str, list[str]]]]] = {
    "anyone": [],
    "person": [{"session": ["person"]}, {"token": ["person"]}],
    "admin": [{"session": ["admin"]}],
    "session": [{"session": []}, {"token": []}],
}


def document(specs: Iterable[Spec]) -> dict[str, Any]:
    """OpenAPI 3.1 for the endpoints, in a stable order."""
    ordered = sorted(specs, key=lambda s: (s.path, s.method))
    models: dict[type[BaseModel], None] = {Problem: None}
    for spec in ordered:
        for model in (spec.body, spec.form, spec.query, *spec.answers.values()):
            if isinstance(model, type):
                models[model] = None
    mapping, schemas = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    names = {model: mapping[(model, "validation")]["$ref"] for model in models}
    components = schemas.get("$defs", {})
    components |= _entries(components)
    paths: dict[str, dict[str, Any]] = {}
    for spec in ordered:
        paths.setdefault(spec.path, {})[spec.method.lower()] = _operation(spec, names, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "oO",
            "version": "1",
            "description": "One perfectly timed tip from the signals of a person's life. "
            "Errors are RFC 9457 problem details; quote `instance` when you ask for help.",
        },
        "servers": [{"url": "/", "description": "Same origin as the page."}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "sid"},
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
        },
    }


def _entries(components: dict[str, Any]) -> dict[str, Any]:
    """Entries of a batch are checked one by one, so the batch's own schema cannot carry theirs."""
    schema = TypeAdapter(SignalEntry).json_schema(ref_template=_REF)
    extra: dict[str, Any] = schema.pop("$defs")
    extra["SignalEntry"] = schema
    if batch := components.get(SignalBatch.__name__):
        batch["properties"]["signals"]["items"] = {"$ref": _REF.format(model="SignalEntry")}
    return extra


def _operation(spec: Spec, names: dict[type[BaseModel], Any], components: dict[str, Any]) -> dict[str, Any]:
    errors = _problems(spec)
    responses = {str(status): _answer(status, model, names) for status, model in spec.answers.items()}
    for status in sorted(errors):
        responses.setdefault(
            str(status),
            {
                "description": _TEXT[status],
                "content": {PROBLEM: {"schema": {"$ref": names[Problem]}}},
            },
        )
    operation: dict[str, Any] = {
        "operationId": f"{spec.tag}_{spec.name}",
        "tags": [spec.tag],
        "summary": spec.summary,
        "responses": responses,
    }
    if spec.description:
        operation["description"] = spec.description
    if spec.access != "anyone":
        operation["security"] = _SECURITY[spec.access]
    if (content := _content(spec)) is not None:
        media, model = content
        operation["requestBody"] = {
            # No body is an empty object.
            "required": spec.form is not None or any(f.is_required() for f in model.model_fields.values()),
            "content": {media: {"schema": {"$ref": names[model]}}},
        }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", spec.path)
    ]
    if spec.query is not None:
        schema = components[names[spec.query].rsplit("/", 1)[-1]]
        parameters += [
            {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", []),
                "schema": value,
            }
            for name, value in schema["properties"].items()
        ]
    if parameters:
        operation["parameters"] = parameters
    return operation


def _problems(spec: Spec) -> set[int]:
    """The statuses of problems: the view's own, and what the gateway may answer before it."""
    errors = {*spec.problems, 500}
    if spec.limit == "address":
        errors |= {429, 503}
    if spec.access != "anyone":
        errors |= {401, 429, 503}
    if spec.access == "admin":
        errors |= {403}
    if spec.method != "GET":
        errors |= {403, 413, 415}
    if _content(spec) is not None:
        errors |= {400, 422}
    if spec.query is not None:
        errors |= {422}
    if "{" in spec.path:
        errors |= {404}
    return errors


def _content(spec: Spec) -> tuple[str, type[BaseModel]] | None:
    if spec.form is not None:
        return FORM, spec.form
    return ("application/json", spec.body) if spec.body is not None else None


def _answer(status: int, model: type[BaseModel] | str | None, names: dict[type[BaseModel], Any]) -> Any:
    answer: dict[str, Any] = {"description": _TEXT.get(status, "Done.")}
    if isinstance(model, str):
        answer["content"] = {model: {}}
    elif model is not None:
        answer["content"] = {"application/json": {"schema": {"$ref": names[model]}}}
    return answer
