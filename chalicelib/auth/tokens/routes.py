"""Tokens of apps over HTTP: RFC 6749 and 7009, with the errors of oO."""

from __future__ import annotations

from chalice.app import Blueprint

from chalicelib import wiring
from chalicelib.auth.http import Jwks, RevokeRequest, TokenRequest, Tokens
from chalicelib.gateway.call import Call, Reply
from chalicelib.wiring import api

bp = Blueprint(__name__)


@api.endpoint(
    bp, "POST", "/api/auth/oauth/token", access="anyone", limit="address",
    form=TokenRequest, answers={200: Tokens},
    problems=(503,),
)  # fmt: skip
def oauth_token(call: Call[TokenRequest]) -> Tokens:
    """Get tokens for an app, by its code or by a refresh token.

    A refresh token works once; used again, it ends the whole sign-in. Problems carry `error` as RFC 6749.
    """
    return wiring.tokens().exchange(call.body)


@api.endpoint(
    bp, "POST", "/api/auth/oauth/revoke", access="anyone", limit="address",
    form=RevokeRequest, answers={200: None},
)  # fmt: skip
def oauth_revoke(call: Call[RevokeRequest]) -> Reply:
    """Sign an app out: end the sign-in of an access or refresh token; harmless with any other."""
    wiring.tokens().revoke(call.body.token)
    return Reply()


@api.endpoint(
    bp, "GET", "/.well-known/jwks.json", access="anyone", answers={200: Jwks}, problems=(503,)
)  # fmt: skip
def jwks(call: Call[None]) -> Reply:
    """The public keys of access tokens."""
    return Reply(body=wiring.tokens().jwks(), headers={"Cache-Control": "public, max-age=300"})
