"""Health, the contract and its page, the tip page and its assets."""

from __future__ import annotations

import json

from chalice.app import Blueprint

from chalicelib import wiring
from chalicelib.contracts.errors import NotFound
from chalicelib.contracts.http import Health, HealthReport
from chalicelib.gateway.call import Call, Reply
from chalicelib.gateway.health import answer_of, report
from chalicelib.gateway.openapi import document
from chalicelib.gateway.pages import AssetQuery, page
from chalicelib.wiring import api

bp = Blueprint(__name__)


@api.endpoint(bp, "GET", "/api/health", access="anyone", answers={200: HealthReport, 503: HealthReport})
def health(call: Call[bytes]) -> Reply:
    """Every module's health."""
    return report(wiring.health_checks())


@api.endpoint(bp, "GET", "/api/health/{module}", access="anyone", answers={200: Health, 503: Health})
def module_health(call: Call[bytes]) -> Reply:
    """One module's health; `gateway` calls nothing and is the no-op of the benchmarks."""
    check = wiring.health_checks().get(call.path["module"])
    if check is None:
        raise NotFound("Modules: " + ", ".join(sorted(wiring.health_checks())) + ".")
    answer = answer_of(call.path["module"], check)
    return Reply(body=answer, status=503 if answer.status == "down" else 200)


@api.endpoint(bp, "GET", "/api/openapi.json", access="anyone", answers={200: "application/json"})
def openapi(call: Call[bytes]) -> Reply:
    """This contract."""
    return Reply(body=json.dumps(document(api.specs)))


@api.endpoint(bp, "GET", "/api/docs", access="anyone", answers={200: "text/html"})
def docs(call: Call[bytes]) -> Reply:
    """A page to read the contract."""
    return page("docs.html", call.headers)


@api.endpoint(bp, "GET", "/", access="anyone", answers={200: "text/html", 304: None})
def index(call: Call[bytes]) -> Reply:
    """The tip page."""
    return page("index.html", call.headers)


@api.endpoint(
    bp, "GET", "/assets/{name}", access="anyone", query=AssetQuery,
    answers={200: "*/*", 304: None},
)  # fmt: skip
def asset(call: Call[bytes]) -> Reply:
    """A file of the page."""
    return page(call.path["name"], call.headers, call.query.v)


@api.endpoint(bp, "GET", "/sw.js", access="anyone", answers={200: "text/javascript", 304: None})
def service_worker(call: Call[bytes]) -> Reply:
    """The service worker, at the root so that its scope is the page."""
    return page("sw.js", call.headers)


@api.endpoint(
    bp, "GET", "/manifest.webmanifest", access="anyone",
    answers={200: "application/manifest+json", 304: None},
)  # fmt: skip
def manifest(call: Call[bytes]) -> Reply:
    """The web app manifest."""
    return page("manifest.webmanifest", call.headers)
