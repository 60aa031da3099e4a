"""A browser over `chalice.test.Client`: keeps cookies, follows nothing."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from chalice.test import Client

from chalicelib.gateway.app import create_app
from chalicelib.wiring import api


def make_client() -> tuple[Client, Any]:
    """A client of the auth routes alone, and the module of sign-in.

    A blueprint can be registered once, so these are copies of the modules: the app keeps its own.
    """
    app, modules = create_app(), []
    for name in ("auth", "auth.tokens", "auth.admins"):
        spec = importlib.util.find_spec(f"chalicelib.{name}.routes")
        assert spec is not None
        assert spec.loader is not None
        module, known = importlib.util.module_from_spec(spec), list(api.specs)
        try:
            spec.loader.exec_module(module)
        finally:
            api.specs[:] = known
        app.register_blueprint(module.bp)
        modules.append(module)
    # A folder without .chalice: the environment stays the test's own.
    return Client(app, project_dir=str(Path(__file__).parent)), modules[0]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    cookies: dict[str, str]
    """Name -> the whole Set-Cookie value."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def location(self) -> str:
        return self.headers["Location"]


@dataclass
class Browser:
    """Sends its cookies; `accept` makes it a browser or an API client."""

    client: Client
    cookies: dict[str, str] = field(default_factory=dict)
    accept: str = "text/html"

    def get(self, url: str, **query: str) -> Answer:
        return self._send("GET", url, query)

    def delete(self, url: str) -> Answer:
        return self._send("DELETE", url, {})

    def post(self, url: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        sent = {"Content-Type": "application/json", **(headers or {})}
        return self._send("POST", url, {}, json.dumps(body or {}).encode(), sent)

    def post_form(self, url: str, fields: dict[str, str], headers: dict[str, str] | None = None) -> Answer:
        sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return self._send("POST", url, {}, urlencode(fields).encode(), sent)

    def _send(
        self,
        method: str,
        url: str,
        query: dict[str, str],
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        parts = urlsplit(url)
        path = parts.path + ("?" + (parts.query or urlencode(query)) if parts.query or query else "")
        sent = {"Accept": self.accept, **(headers or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        response = self.client.http.request(method, path, headers=sent, body=body)
        listed = response.headers.get("Set-Cookie", [])
        cookies = {c.partition("=")[0]: c for c in ([listed] if isinstance(listed, str) else listed)}
        for name, cookie in cookies.items():
            value = cookie.partition(";")[0].partition("=")[2]
            if "Max-Age=0;" in cookie:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return Answer(response.status_code, response.headers, response.body, cookies)
