"""Chunked bodies: read whole, or refused."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oo_local.chunks import TooLong, read_chunked


def chunked(parts: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts if part) + b"0\r\n\r\n"


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_a_body_comes_out_as_it_went_in_and_nothing_more_is_read(parts: list[bytes]) -> None:
    stream = io.BytesIO(chunked(parts) + b"GET / HTTP/1.1")
    assert read_chunked(stream, 1000) == b"".join(parts)
    assert stream.read() == b"GET / HTTP/1.1"


def test_extensions_and_trailers_are_passed_over() -> None:
    stream = io.BytesIO(b"3;name=value\r\nabc\r\n0\r\nExpires: never\r\n\r\n")
    assert read_chunked(stream, 10) == b"abc"


def test_more_than_is_taken_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLong):
        read_chunked(io.BytesIO(b"ffffffff\r\n"), 10)
    with pytest.raises(TooLong):
        read_chunked(io.BytesIO(chunked([b"12345", b"67890", b"1"])), 10)


@pytest.mark.parametrize(
    "raw",
    [b"", b"x\r\n", b"-1\r\n", b"3\nabc\r\n0\r\n\r\n", b"0x3\r\nabc\r\n", b"3\r\nab",
     b"3\r\nabcd\r\n0\r\n\r\n", b"0\r\n", b"0\r\n" + b"a: b\r\n" * 30, b"3\r\nabc\r\n"],
)  # fmt: skip
def test_what_is_no_chunk_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"chunk|end"):
        read_chunked(io.BytesIO(raw), 1000)


@given(st.binary(max_size=60))
def test_nothing_else_happens(raw: bytes) -> None:
    try:
        read_chunked(io.BytesIO(raw), 1000)
    except (ValueError, TooLong):
        return
