"""The local OpenID Connect provider: `oidc-provider-mock` with one pinned client and PKCE enforced.

    python -m oo_local.identity PORT CLIENT_ID REDIRECT_URI      (the client secret comes by OO_OIDC_SECRET)

The mock takes any client, any redirect and any verifier; a provider in the world does not, so neither
does this one: what works here must not fail there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from oo_local.ports import HOST

if TYPE_CHECKING:
    from flask import Flask

_PAGES: Final = Path(__file__).with_name("pages")


def make_app(client_id: str, secret: str, redirect_uri: str) -> Flask:
    """The provider as a WSGI application."""
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # plain HTTP, on 127.0.0.1 only
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import flask
        import jinja2
        import oidc_provider_mock
        from oidc_provider_mock._storage import Client

    app: Flask = oidc_provider_mock.app(require_client_registration=True, require_nonce=True)
    app.debug = False
    # The mock's own page asks a network of others for its style.
    loaders = (jinja2.FileSystemLoader(_PAGES), app.jinja_loader)
    app.jinja_loader = jinja2.ChoiceLoader([loader for loader in loaders if loader is not None])
    # The mock wraps itself in a debugger, which has no place here.
    app.wsgi_app = app.wsgi_app.app  # type: ignore[attr-defined, method-assign]
    pinned = Client(
        id=client_id,
        secret=secret,
        redirect_uris=[redirect_uri],
        allowed_scopes=Client.SCOPES_SUPPORTED,
        token_endpoint_auth_method="client_secret_basic",  # noqa: S106 - a method, not a secret
    )
    challenges: dict[str, str] = {}

    def pin() -> Any:
        storage = flask.g.oidc_provider_mock_storage
        if storage.get_client(client_id) is None:
            storage.store_client(pinned)
        request = flask.request
        if request.path == "/oauth2/authorize" and (
            not request.args.get("code_challenge") or request.args.get("code_challenge_method") != "S256"
        ):
            return _refuse("invalid_request", "send code_challenge with code_challenge_method=S256")
        if request.path == "/oauth2/token" and request.form.get("grant_type") == "authorization_code":
            challenge = challenges.pop(request.form.get("code", ""), None)
            if challenge is not None and not _matches(request.form.get("code_verifier", ""), challenge):
                return _refuse("invalid_grant", "code_verifier does not fit the code_challenge")
        return None

    def remember(response: Any) -> Any:
        """Which challenge belongs to the code that was just given out."""
        if flask.request.path == "/oauth2/authorize" and "Location" in response.headers:
            for code in parse_qs(urlsplit(response.headers["Location"]).query).get("code", []):
                challenges[code] = flask.request.args["code_challenge"]
        return response

    def _refuse(error: str, description: str) -> Any:
        return flask.jsonify({"error": error, "error_description": description}), 400

    app.before_request(pin)
    app.after_request(remember)
    return app


def _matches(verifier: str, challenge: str) -> bool:
    """RFC 7636, section 4.6."""
    hashed = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(hashed, challenge)


def main(arguments: list[str]) -> None:
    """Serve until SIGINT."""
    port, client_id, redirect_uri = arguments
    app = make_app(client_id, os.environ["OO_OIDC_SECRET"], redirect_uri)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from werkzeug.serving import make_server
    server = make_server(HOST, int(port), app, threaded=True)
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


if __name__ == "__main__":
    main(sys.argv[1:])
