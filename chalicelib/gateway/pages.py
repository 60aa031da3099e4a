"""The pages: static files of chalicelib/web, by flat name, with ETags and content-hashed addresses.

There is no build step. While reading, each file's references to other files (`assets/name` and
`./name.js`) get the hash of the whole set as `?v=`; what is asked for by that address never changes
and is cached for a year, everything else is revalidated.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel, ConfigDict

from chalicelib.contracts.errors import NotFound
from chalicelib.gateway.call import Reply

FOLDER: Final = Path(__file__).resolve().parent.parent / "web"

_JS: Final = "text/javascript; charset=utf-8"
_CSS: Final = "text/css; charset=utf-8"

# Every file that may leave this folder, and what it is. A new file is one line here.
TYPES: Final[dict[str, str]] = {
    "index.html": "text/html; charset=utf-8",
    "sw.js": _JS,
    "manifest.webmanifest": "application/manifest+json",
    "tokens.css": _CSS,
    "tip.css": _CSS,
    "tip.js": _JS,
    "api.js": _JS,
    "face.js": _JS,
    "outbox.js": _JS,
    "gate.js": _JS,
    "capture.js": _JS,
    "settings.js": _JS,
    "frame.js": _JS,
    "screens.css": _CSS,
    "words-screens.js": _JS,
    "consents.js": _JS,
    "knows.js": _JS,
    "leaving.js": _JS,
    "access.js": _JS,
    "opening.js": _JS,
    "timers.js": _JS,
    "words.js": _JS,
    "docs.html": "text/html; charset=utf-8",
    "docs.css": _CSS,
    "docs.js": _JS,
    "icon.svg": "image/svg+xml",
    "icon-180.png": "image/png",
    "icon-192.png": "image/png",
    "icon-512.png": "image/png",
    "icon-maskable.png": "image/png",
}

# API Gateway turns base64 back into bytes only when the FIRST type of the request's Accept header is
# registered as binary; browsers ask for images with one of these first. Chalice registers image/png itself.
BINARY_TYPES: Final = ("image/avif", "image/webp")

_REFERENCE: Final = re.compile(r"(?<=[\"'(])((?:\./|(?:\.\./)?assets/))([a-z0-9-]+\.[a-z]+)(?=[\"')])")
_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_REVALIDATE: Final = "no-cache"


class AssetQuery(BaseModel):
    """The query of an asset: `v`, the hash that makes its address immutable. Others are ignored."""

    model_config = ConfigDict(extra="ignore")

    v: str = ""


@dataclass(frozen=True)
class _File:
    content: str | bytes
    content_type: str
    etag: str


def page(name: str, headers: Mapping[str, str] = MappingProxyType({}), version: str = "") -> Reply:
    """The file of that name, or 304 when the request's `if-none-match` has its ETag.

    `headers` are the request's, names in lower case; `version` is the query's `v` (see AssetQuery).
    Raises NotFound for a name that is not listed above.
    """
    known, files = _files()
    file = files.get(name)
    if file is None:
        raise NotFound("There is no such file.")
    answer = {
        "Cache-Control": _IMMUTABLE if version == known else _REVALIDATE,
        "ETag": file.etag,
    }
    if _matches(headers.get("if-none-match", ""), file.etag):
        # Chalice wants bytes for a binary type, even when there are none.
        empty: str | bytes = b"" if isinstance(file.content, bytes) else ""
        return Reply(body=empty, status=304, content_type=file.content_type, headers=answer)
    return Reply(body=file.content, content_type=file.content_type, headers=answer)


def current_version() -> str:
    """The hash of all files together."""
    return _files()[0]


def _matches(header: str, etag: str) -> bool:
    """Weak comparison (RFC 9110, 13.1.2)."""
    given = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return "*" in given or etag in given


@cache
def _files() -> tuple[str, dict[str, _File]]:
    raw = {name: (FOLDER / name).read_bytes() for name in sorted(TYPES)}
    together = hashlib.sha256()
    for name, content in raw.items():
        together.update(f"{name}\0{len(content)}\0".encode())
        together.update(content)
    known = together.hexdigest()[:12]
    return known, {name: _file(name, content, known) for name, content in raw.items()}


def _file(name: str, raw: bytes, known: str) -> _File:
    content_type = TYPES[name]
    if content_type == "image/png":
        return _File(raw, content_type, _etag(raw))
    text = _REFERENCE.sub(lambda match: _versioned(match, known), raw.decode())
    return _File(text, content_type, _etag(text.encode()))


def _versioned(match: re.Match[str], known: str) -> str:
    folder, name = match.groups()
    if name not in TYPES:
        return match.group()
    return f"{folder}{name}?v={known}"


def _etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:20]}"'
