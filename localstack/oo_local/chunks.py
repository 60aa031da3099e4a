"""Bodies that come in chunks (RFC 9112, section 7.1), which API Gateway takes and its emulators do not."""

from __future__ import annotations

import re
from io import BufferedIOBase
from typing import Final

_SIZE: Final = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
_LONGEST_LINE: Final = 1024
_TRAILERS: Final = 20


class TooLong(Exception):
    """The chunks are more than is taken."""


def read_chunked(stream: BufferedIOBase, most: int) -> bytes:
    """The whole body, at most `most` bytes. Raises TooLong, and ValueError for what is no chunk."""
    body = bytearray()
    while size := _size(stream):
        if len(body) + size > most:
            raise TooLong
        chunk = stream.read(size)
        if len(chunk) < size or stream.read(2) != b"\r\n":
            raise ValueError("a chunk that does not end where it says")
        body += chunk
    for _ in range(_TRAILERS):
        if stream.readline(_LONGEST_LINE) == b"\r\n":
            return bytes(body)
    raise ValueError("no end")


def _size(stream: BufferedIOBase) -> int:
    found = _SIZE.fullmatch(stream.readline(_LONGEST_LINE))
    if found is None:
        raise ValueError("no size of a chunk")
    return int(found.group(1), 16)
