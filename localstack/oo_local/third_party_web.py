"""The third party of one machine over HTTP: the page where a person allows it, the token endpoint, the tasks.

GET  /                the board: each account's open tasks, to add and tick off
GET  /authorize       the page that asks; POST /authorize is its answer
POST /token, /revoke  RFC 6749 and RFC 7009
GET  /tasks           with a bearer token; `since` is the cursor of the call before
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from oo_local.third_party import OAuthError, ThirdParty

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request, Response

_PAGES: Final = Path(__file__).with_name("pages")
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_LONGEST: Final = 64


def make_app(party: ThirdParty) -> Callable[..., Any]:
    """The third party as a WSGI application."""
    import jinja2
    from werkzeug.wrappers import Request, Response

    pages = jinja2.Environment(loader=jinja2.FileSystemLoader(_PAGES), autoescape=True)

    def page(name: str, status: int = 200, **values: Any) -> Response:
        text = pages.get_template(name).render(**values)
        return Response(text, status, _HEADERS, content_type="text/html; charset=utf-8")

    def authorize(request: Request) -> Response:
        query = request.args.to_dict()
        try:
            party.check_request(query)
        except OAuthError as error:
            if error.error == "unknown_client":
                return page("refused.html", 400, why=error.description)
            return _back(party, query, error=error.error)
        if request.method == "GET":
            return page("allow.html", accounts=sorted(party.board()), scope=query["scope"])
        account = request.form.get("account", "").strip()[:_LONGEST]
        if request.form.get("answer") != "allow" or not account:
            return _back(party, query, error="access_denied")
        return _back(party, query, code=party.allow(query, account))

    def board(request: Request) -> Response:
        if request.method == "POST":
            if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
                return _json({"error": "only from its own page"}, 403)
            account, title = request.form.get("account", ""), request.form.get("title", "").strip()
            if title and account in party.board():
                party.add(account, title[:200])
            elif account:
                try:
                    party.close(account, request.form.get("done", ""))
                except KeyError:
                    return _json({"error": "no such task"}, 404)
            return Response(status=303, headers={"Location": "/"})
        return page("board.html", board=party.board())

    def answer(request: Request) -> Response:
        document: dict[str, Any] = {}
        match request.method, request.path:
            case (("GET" | "POST"), "/authorize"):
                return authorize(request)
            case (("GET" | "POST"), "/"):
                return board(request)
            case "POST", "/token":
                document = party.token(request.form.to_dict(), _client(request))
            case "POST", "/revoke":
                party.revoke(request.form.get("token", ""), _client(request))
            case "GET", "/tasks":
                since = request.args.get("since", "0")
                scheme, _, token = request.headers.get("Authorization", "").partition(" ")
                bearer = token if scheme.lower() == "bearer" else ""
                document = party.tasks(bearer, int(since) if since.isdecimal() else 0)
            case "GET", "/health":
                pass
            case _:
                return _json({"error": "not_found"}, 404)
        return _json(document)

    @Request.application
    def app(request: Request) -> Response:
        try:
            return answer(request)
        except OAuthError as error:
            return _json({"error": error.error, "error_description": error.description}, error.status)

    return app


def _client(request: Request) -> tuple[str, str]:
    """Who the client says it is: HTTP Basic, or in the form (RFC 6749, section 2.3.1)."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(value).decode().partition(":")
        except ValueError:
            return "", ""
        return name, secret
    return request.form.get("client_id", ""), request.form.get("client_secret", "")


def _back(party: ThirdParty, query: dict[str, str], **answer: str) -> Response:
    from werkzeug.wrappers import Response

    if "state" in query:
        answer["state"] = query["state"]
    joint = "&" if urlsplit(party.redirect_uri).query else "?"
    location = f"{party.redirect_uri}{joint}{urlencode(answer)}"
    return Response(status=302, headers={**_HEADERS, "Location": location})


def _json(document: dict[str, Any], status: int = 200) -> Response:
    from werkzeug.wrappers import Response

    return Response(json.dumps(document), status, _HEADERS, content_type="application/json")
