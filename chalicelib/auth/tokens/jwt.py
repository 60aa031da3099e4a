"""Access tokens: JWTs (RFC 9068) signed with Ed25519 (RFC 8037), written and checked here.

One algorithm, one shape, no option. A general JOSE library would cost every cold start of a call with a
token its import; the signature is `cryptography`'s. Tests hold this against joserfc, both ways round.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeGuard

ALGORITHM: Final = "EdDSA"
TYPE: Final = "at+jwt"
LONGEST: Final = 2048
SKEW_SECONDS: Final = 5
"""How far the clocks of two machines that run this may differ."""
_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")
_KID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class BadToken(Exception):
    """Not one of ours, or not in force; the message says which check, never what was sent."""


def encode(claims: Mapping[str, Any], kid: str, seed: bytes) -> str:
    """The signed token; `seed` is the 32 bytes of an Ed25519 private key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    head = {"alg": ALGORITHM, "typ": TYPE, "kid": kid}
    signed = f"{_encoded(_dumped(head))}.{_encoded(_dumped(claims))}"
    return f"{signed}.{_encoded(Ed25519PrivateKey.from_private_bytes(seed).sign(signed.encode()))}"


def decode(
    token: str, key_of: Callable[[str], bytes | None], *, issuer: str, audience: str, now: int
) -> dict[str, Any]:
    """The claims of a token in force. `key_of` gives the public key of a key id. Raises BadToken."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if len(token) > LONGEST or not _SHAPE.fullmatch(token):
        raise BadToken("shape")
    signed, _, last = token.rpartition(".")
    head, body = (_object(part) for part in signed.split("."))
    kid = head.get("kid")
    if head.keys() != {"alg", "typ", "kid"} or head["alg"] != ALGORITHM or head["typ"] != TYPE:
        raise BadToken("header")
    if not isinstance(kid, str) or not _KID.fullmatch(kid) or (public := key_of(kid)) is None:
        raise BadToken("key")
    raw = _decoded(last)
    if _encoded(raw) != last:
        raise BadToken("shape")  # its last character has bits to spare
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(raw, signed.encode())
    except InvalidSignature:
        raise BadToken("signature") from None
    if body.get("iss") != issuer or body.get("aud") != audience:
        raise BadToken("audience")
    issued, expires = body.get("iat"), body.get("exp")
    if not (_whole(issued) and _whole(expires) and issued <= now + SKEW_SECONDS and now < expires):
        raise BadToken("time")
    return body


def public_key(seed: bytes) -> bytes:
    """The 32 bytes of the public key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _object(part: str) -> dict[str, Any]:
    try:
        value = json.loads(_decoded(part))
    except (ValueError, RecursionError):
        raise BadToken("shape") from None
    if not isinstance(value, dict):
        raise BadToken("shape")
    return value


def _dumped(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise BadToken("shape") from None
