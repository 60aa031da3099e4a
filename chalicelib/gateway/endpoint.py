"""The one decorator of every route: size, authentication, validation, errors, headers, one log line.

    bp = Blueprint(__name__)

    @api.endpoint(bp, "POST", "/api/recommend", body=RecommendRequest, answers={200: Recommendation})
    def recommend(call: Call[RecommendRequest]) -> Recommendation:
        \"\"\"Summary line for the OpenAPI.\"\"\"
        return wiring.recommender().recommend(call.person_id, call.body.context)

Chalice answers for an exception before any middleware sees it, so all of this lives here.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from chalice.app import Blueprint, Response
from pydantic import BaseModel, ValidationError

from chalicelib.contracts.errors import (
    Forbidden,
    Invalid,
    Malformed,
    OoError,
    TooLarge,
    Unauthenticated,
    field_errors,
)
from chalicelib.contracts.http import Principal
from chalicelib.contracts.ports import Authenticator, Ids, Limiter
from chalicelib.gateway.call import FORM, NO_PERSON, Access, Call, Limit, Reply, Spec
from chalicelib.gateway.limits import caller
from chalicelib.gateway.problems import problem_document
from chalicelib.runtime.logging import Logger, trace
from chalicelib.runtime.settings import settings

MAX_BODY: Final = 64 * 1024
_MOST_FIELDS: Final = 20
_SAFE: Final = frozenset({"GET", "HEAD"})
NOBODY: Final = Principal()
TRACE_HEADER: Final = "X-Trace-Id"
_TRACE: Final = re.compile(r"^[0-9A-Za-z=:;_-]{8,128}$")

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}


class Gateway:
    """Holds what endpoints share: who authenticates, and the specs that make the OpenAPI."""

    def __init__(
        self,
        authenticator: Callable[[], Authenticator],
        limiter: Callable[[], Limiter],
        ids: Ids,
        log: Logger,
        proxies: Callable[[], int] = lambda: settings().trusted_proxies,
    ) -> None:
        """`authenticator` and `limiter` are called at the first request that needs one, never at import.

        `proxies`: how many of our own stand before the API (see `limits.caller`).
        """
        self._authenticator = authenticator
        self._limiter = limiter
        self._proxies = proxies
        self._ids = ids
        self._log = log
        self.specs: list[Spec] = []

    def endpoint(
        self,
        bp: Blueprint,
        method: str,
        path: str,
        *,
        answers: Mapping[int, type[BaseModel] | str | None],
        access: Access = "person",
        body: type[BaseModel] | None = None,
        query: type[BaseModel] | None = None,
        problems: tuple[int, ...] = (),
        max_bytes: int = MAX_BODY,
        content_types: tuple[str, ...] = ("application/json",),
        cross_site: bool = False,
        limit: Limit | None = None,
        form: type[BaseModel] | None = None,
    ) -> Callable[[Callable[[Call[Any]], BaseModel | Reply]], Callable[..., Response]]:
        """Register a view. `answers`: status -> model (the first is the default); `problems`: extra statuses.

        `cross_site`: for what another site must send (a provider's form post); it needs its own proof.
        `limit`: whose calls are counted; by default the person's, where they change something.
        `form`: the body is a form, not JSON.

        The view's docstring becomes summary and description, the module's name the tag.
        """

        def decorate(view: Callable[[Call[Any]], BaseModel | Reply]) -> Callable[..., Response]:
            doc = (view.__doc__ or view.__name__).strip().splitlines()
            spec = Spec(
                method=method, path=path, access=access, body=body, query=query, answers=answers,
                problems=problems, name=view.__name__,
                tag=view.__module__.removeprefix("chalicelib.").split(".")[0],
                summary=doc[0].rstrip("."), description="\n".join(line.strip() for line in doc[1:]).strip(),
                cross_site=cross_site, form=form,
                limit=limit or ("person" if access == "person" and method not in _SAFE else "none"),
            )  # fmt: skip
            self.specs.append(spec)

            def wrapped(**path_values: str) -> Response:
                return self._serve(spec, view, bp.current_request, path_values, max_bytes)

            wrapped.__name__ = view.__name__
            wrapped.__doc__ = view.__doc__
            accepted = [FORM] if form else list(content_types)
            bp.route(path, methods=[method], content_types=accepted)(wrapped)
            return wrapped

        return decorate

    def _serve(
        self, spec: Spec, view: Callable[[Call[Any]], BaseModel | Reply], request: Any,
        path_values: Mapping[str, str], max_bytes: int,
    ) -> Response:  # fmt: skip
        started = time.perf_counter()
        headers = {name.lower(): value for name, value in (request.headers or {}).items()}
        given = headers.get("x-trace-id", "")
        trace_id = given if _TRACE.match(given) else self._ids.new()
        default_status = next(iter(spec.answers))
        fields: dict[str, Any] = {}
        with trace(trace_id):
            try:
                call = self._call(spec, request, headers, path_values, trace_id, max_bytes)
                reply = view(call)
                if isinstance(reply, BaseModel):
                    reply = Reply(body=reply, status=default_status)
            except OoError as error:
                fields["problem"] = error.slug
                reply = problem_document(error, trace_id)
            except Exception as error:
                self._log.exception("request failed", error, route=f"{spec.method} {spec.path}")
                reply = problem_document(OoError("Try again; if it stays, quote `instance`."), trace_id)
            self._log.info(
                "request",
                route=f"{spec.method} {spec.path}",
                status=reply.status,
                milliseconds=round(1000 * (time.perf_counter() - started), 1),
                **fields,
            )
        return _response(reply, trace_id)

    def _call(
        self, spec: Spec, request: Any, headers: Mapping[str, str],
        path_values: Mapping[str, str], trace_id: str, max_bytes: int,
    ) -> Call[Any]:  # fmt: skip
        if spec.method not in _SAFE and not spec.cross_site:
            _same_origin(headers)
        if spec.limit == "address":
            self._limiter().address(self._caller(request, headers))
        principal = NOBODY
        if spec.access != "anyone":
            principal = self._authenticator().authenticate(headers)
            if spec.access == "admin":
                self._authenticator().admit(principal, f"{spec.method} {spec.path}", trace_id)
            if spec.access == "person" and principal.person_id is None:
                raise Unauthenticated(NO_PERSON)
        if spec.limit == "person" and principal.person_id is not None:
            self._limiter().person(principal.person_id)
        raw: bytes = request.raw_body or b""
        if len(raw) > max_bytes:
            raise TooLarge(f"Send at most {max_bytes} bytes; this was {len(raw)}.", limit=max_bytes)
        return Call(
            body=_parse(spec.body, raw) if spec.body else _parse_form(spec.form, raw) if spec.form else raw,
            query=_validate(spec.query, dict(request.query_params or {})) if spec.query else None,
            path=path_values,
            headers=headers,
            principal=principal,
            trace_id=trace_id,
        )

    def _caller(self, request: Any, headers: Mapping[str, str]) -> str:
        source = str((request.context.get("identity") or {}).get("sourceIp") or "")
        return caller(source, headers.get("x-forwarded-for", ""), self._proxies())


def _same_origin(headers: Mapping[str, str]) -> None:
    """Refuse what another site's page makes a browser send, a sibling domain's too.

    The second of three walls: SameSite=Lax before it, behind it a content type that no form can send.
    What is no browser sends neither header and holds no cookie that it was not given on purpose.
    """
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden("Call this from oO's own page.")
    origin = headers.get("origin")
    if origin is not None and _host_of(origin) != (headers.get("x-forwarded-host") or headers.get("host")):
        raise Forbidden("The Origin header does not match this site.")


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc or "null"
    except ValueError:  # e.g. half an IPv6 address
        return ""


def _parse(model: type[BaseModel], raw: bytes) -> BaseModel:
    try:
        value = json.loads(raw or b"{}", object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:  # also a number of too many digits
        where = (
            f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise Malformed(f"The body must be JSON in UTF-8{where}.") from None
    if not isinstance(value, dict):
        raise Malformed("The body must be a JSON object.")
    return _validate(model, value)


def _parse_form(model: type[BaseModel], raw: bytes) -> BaseModel:
    """A form, each field of it once (RFC 6749, 3.2)."""
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Malformed(f"The body must be a form in UTF-8 with at most {_MOST_FIELDS} fields.") from None
    if len(dict(pairs)) < len(pairs):
        raise Malformed("The form has two fields of the same name; name each once.")
    return _validate(model, dict(pairs))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. Of two fields of one name JSON readers keep one: what the other said would be lost."""
    value = dict(pairs)
    if len(value) < len(pairs):
        raise Malformed("An object of the body has two fields of the same name; name each once.")
    return value


def _validate(model: type[BaseModel], value: Mapping[str, Any]) -> BaseModel:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Invalid("See `errors` for each field.", errors=field_errors(error)) from None


def _response(reply: Reply, trace_id: str) -> Response:
    body: str | bytes
    if isinstance(reply.body, BaseModel):
        body = reply.body.model_dump_json()
    else:
        body = reply.body if reply.body is not None else ""
    headers: dict[str, str | list[str]] = {
        **SECURITY_HEADERS,
        "Cache-Control": "no-store",
        "Content-Type": reply.content_type,
        TRACE_HEADER: trace_id,
        **reply.headers,
    }
    if reply.cookies:
        headers["Set-Cookie"] = list(reply.cookies)
    return Response(body=body, status_code=reply.status, headers=headers)
