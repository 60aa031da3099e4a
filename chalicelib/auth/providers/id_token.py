"""Checking an ID token (OpenID Connect Core 1.0, section 3.1.3.7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from chalicelib.auth.contract import SignInRefused

# Asymmetric only: with HS256 or `none` anyone who knows a public value could sign.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
LEEWAY_SECONDS: Final = 60
_SUBJECT_LENGTH: Final = 255


def claims_of(
    token: str,
    *,
    keys: Callable[[bool], Mapping[str, Any]],
    issuers: Sequence[str],
    client_id: str,
    nonce: str,
    now: datetime,
) -> dict[str, Any]:
    """The claims of a token that holds; raises SignInRefused (reason `token`) otherwise.

    `keys(fresh)` gives the provider's JWK set; it is asked for a fresh one when no key fits. `issuers`
    are the ways in which this one provider spells its name.
    """
    from joserfc import jwt
    from joserfc.errors import BadSignatureError, ClaimError, InvalidKeyIdError, JoseError

    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "values": list(issuers)},
        aud={"essential": True, "value": client_id},
        sub={"essential": True},
        nonce={"essential": True, "value": nonce},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        try:
            claims = _claims(token, keys(False))
        except (InvalidKeyIdError, BadSignatureError):
            # Rotated: a new id, or, where keys carry no id, another key in its place.
            claims = _claims(token, keys(True))
        registry.validate(claims)
    except ClaimError as error:
        raise refused(str(error.claim)) from None
    except JoseError as error:
        raise refused(error.error) from None
    except ValueError:
        raise refused("unreadable") from None
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != client_id:
        raise refused("azp")
    if len(claims["sub"]) > _SUBJECT_LENGTH:
        raise refused("sub")
    return claims


def _claims(token: str, jwks: Mapping[str, Any]) -> dict[str, Any]:
    from joserfc import jwt
    from joserfc.jwk import KeySet

    keys = KeySet.import_key_set({"keys": jwks.get("keys") or []})
    claims: dict[str, Any] = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
    return claims


def refused(check: str) -> SignInRefused:
    """What a failed check becomes; `check` names it and never holds a value."""
    return SignInRefused("token", f"The provider's answer did not hold ({check}). Start the sign-in again.")
