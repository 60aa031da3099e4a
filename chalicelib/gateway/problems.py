"""RFC 9457: the one shape of every error that leaves oO."""

from __future__ import annotations

import json
from typing import Final

from chalicelib.contracts.errors import (
    TYPE_BASE,
    Malformed,
    NotFound,
    OoError,
    RateLimited,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from chalicelib.gateway.call import Reply

PROBLEM: Final = "application/problem+json"

_BY_STATUS: Final[dict[int, tuple[str, str, str]]] = {
    401: (Unauthenticated.slug, Unauthenticated.title, "Sign in first."),
    403: (NotFound.slug, NotFound.title, "There is no such route; see /api/openapi.json."),
    404: (NotFound.slug, NotFound.title, "There is no such route; see /api/openapi.json."),
    405: (
        "method-not-allowed",
        "Not with this method",
        "See /api/openapi.json for the methods of this route.",
    ),
    415: (
        "unsupported-media-type",
        "Not this content type",
        "Send the content type that /api/openapi.json names for this route, mostly application/json.",
    ),
    413: (TooLarge.slug, TooLarge.title, "Send less at once; see /api/docs for the limits."),
    429: (RateLimited.slug, RateLimited.title, "Wait a minute, then try again."),
    503: (Unavailable.slug, Unavailable.title, "Nothing was kept; try again."),
    400: (Malformed.slug, Malformed.title, "The request could not be read."),
}


def problem_document(error: OoError, trace_id: str) -> Reply:
    """The whole answer for an error."""
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, RateLimited) else {}
    return Reply(
        body=json.dumps({**error.document(), "instance": trace_id}),
        status=error.status,
        content_type=PROBLEM,
        headers=headers,
    )


def problem_of_status(status: int, trace_id: str) -> str:
    """The document for an error that Chalice or API Gateway answered itself."""
    slug, title, detail = _BY_STATUS.get(status, (OoError.slug, OoError.title, "Try again later."))
    return json.dumps(
        {
            "type": TYPE_BASE + slug,
            "title": title,
            "status": status,
            "detail": detail,
            "instance": trace_id,
        }
    )
