"""Where a call to another host may go, and how much it may bring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest

from chalicelib.runtime.outbound import (
    Barred,
    GuardedTransport,
    Outbound,
    OutboundError,
    TooMuch,
    is_public,
)

PUBLIC = "93.184.216.34"


class Wire(httpx.BaseTransport):
    """What would go out, and what comes back."""

    def __init__(self, *answers: Any) -> None:
        self.sent: list[httpx.Request] = []
        self.answers = list(answers)
        self.closed = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        answer = self.answers.pop(0) if self.answers else httpx.Response(200, json={"ok": True})
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, httpx.Response)
        return answer

    def close(self) -> None:
        self.closed += 1


class Names:
    """A name service that answers as it was told, in order; the last answer stands."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def client(wire: Wire, names: Names, **options: Any) -> httpx.Client:
    return httpx.Client(transport=GuardedTransport(inner=lambda: wire, resolve=names, **options))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "10.0.0.7", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
        "::ffff:169.254.169.254", "::ffff:10.0.0.1", "2002:a9fe:a9fe::1", "64:ff9b::a9fe:a9fe",
        "64:ff9b::10.0.0.1", "2001:0:a9fe:a9fe:0:0:f5ff:fffe", "not an address", "",
    ],
)  # fmt: skip
def test_what_is_not_the_public_internet_is_not_called(address: str) -> None:
    assert not is_public(address)
    wire = Wire()
    for one_machine in (False, True):
        if one_machine and address.startswith(("127.", "::1")):
            continue
        with pytest.raises(Barred):
            client(wire, Names([address]), one_machine=one_machine).get("https://calendar.example/feed")
    assert wire.sent == []


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_the_public_internet_is_called(address: str) -> None:
    assert is_public(address)
    wire = Wire()
    assert client(wire, Names([address])).get("https://calendar.example/feed").json() == {"ok": True}
    assert wire.sent[0].url.host == address


def test_a_name_with_one_public_and_one_private_address_is_a_trap() -> None:
    for addresses in ([PUBLIC, "10.0.0.1"], ["10.0.0.1", PUBLIC], []):
        with pytest.raises(Barred):
            client(Wire(), Names(addresses)).get("https://calendar.example/")


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    """A name that points inside a moment later (rebinding) is resolved once, and by nobody else."""
    wire, names = Wire(), Names([PUBLIC], ["169.254.169.254"])
    client(wire, names).get("https://calendar.example:8443/feed?a=1")
    assert names.asked == [("calendar.example", 8443)]
    (sent,) = wire.sent
    assert str(sent.url) == f"https://{PUBLIC}:8443/feed?a=1"
    assert sent.headers["Host"] == "calendar.example:8443"
    assert sent.extensions["sni_hostname"] == "calendar.example"
    with pytest.raises(Barred):
        client(wire, names).get("https://calendar.example:8443/feed?a=1")


@pytest.mark.parametrize(
    "url", ["http://calendar.example/", "https://me:secret@calendar.example/", "ftp://calendar.example/"]
)
def test_only_https_and_no_password_in_the_address(url: str) -> None:
    with pytest.raises((Barred, httpx.UnsupportedProtocol)):
        client(Wire(), Names([PUBLIC])).get(url)


def test_one_machine_adds_loopback_and_nothing_else() -> None:
    wire = Wire()
    client(wire, Names(["127.0.0.1"]), one_machine=True).get("http://localhost:9400/")
    client(wire, Names([PUBLIC]), one_machine=True).get("https://calendar.example/")
    assert len(wire.sent) == 2
    with pytest.raises(Barred):
        client(wire, Names([PUBLIC]), one_machine=True).get("http://calendar.example/")


def test_an_unknown_name_is_no_connection() -> None:
    def nobody(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    with pytest.raises(httpx.ConnectError):
        httpx.Client(transport=GuardedTransport(inner=Wire, resolve=nobody)).get("https://x.example/")


def test_the_next_address_is_tried_when_the_first_does_not_connect() -> None:
    wire = Wire(httpx.ConnectError("no"), httpx.Response(200, json={"ok": True}))
    client(wire, Names([PUBLIC, "1.1.1.1"])).get("https://calendar.example/")
    assert [request.url.host for request in wire.sent] == [PUBLIC, "1.1.1.1"]
    with pytest.raises(httpx.ConnectError):
        client(Wire(httpx.ConnectError("no")), Names([PUBLIC])).get("https://calendar.example/")


def test_connections_of_one_name_are_never_anothers() -> None:
    made: list[Wire] = []

    def inner() -> Wire:
        made.append(Wire())
        return made[-1]

    transport = GuardedTransport(inner=inner, resolve=Names([PUBLIC]))
    with httpx.Client(transport=transport) as one:
        for url in ("https://a.example/", "https://b.example/", "https://a.example/2"):
            one.get(url)
        assert [len(wire.sent) for wire in made] == [2, 1]
    assert [wire.closed for wire in made] == [1, 1]


def test_a_redirect_is_an_answer_and_not_an_order() -> None:
    wire = Wire(httpx.Response(302, headers={"Location": "http://169.254.169.254/"}))
    answer = client(wire, Names([PUBLIC])).get("https://calendar.example/")
    assert answer.status_code == 302
    assert len(wire.sent) == 1


class Endless(httpx.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield b"x" * 1000


def test_an_answer_is_never_larger_than_is_taken() -> None:
    for answer in (
        httpx.Response(200, stream=Endless()),
        httpx.Response(200, headers={"Content-Length": "10001"}, stream=Endless()),
        httpx.Response(200, headers={"Content-Length": "-1"}, stream=Endless()),
        httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Endless()),
    ):
        wire = Wire(answer)
        with pytest.raises(TooMuch):
            client(wire, Names([PUBLIC]), max_bytes=10_000).get("https://calendar.example/")
        assert wire.sent[0].headers["Accept-Encoding"] == "identity"
    exact = httpx.Response(200, content=b"x" * 10_000)
    got = client(Wire(exact), Names([PUBLIC]), max_bytes=10_000).get("https://calendar.example/")
    assert len(got.content) == 10_000


def test_an_answer_that_drips_ends() -> None:
    seconds = iter(range(0, 10_000, 3))
    wire = Wire(httpx.Response(200, stream=Endless()))
    with pytest.raises(TooMuch):
        client(wire, Names([PUBLIC]), total_seconds=10, monotonic=lambda: float(next(seconds))).get(
            "https://calendar.example/"
        )


# --- trying again ---------------------------------------------------------------------------------


def outbound(wire: Wire, pauses: list[float]) -> Outbound:
    return Outbound(
        transport=lambda: GuardedTransport(inner=lambda: wire, resolve=Names([PUBLIC])), pause=pauses.append
    )


@pytest.mark.parametrize(
    "failure", [httpx.Response(503), httpx.Response(429), httpx.ReadTimeout("slow"), httpx.ConnectError("no")]
)
def test_what_may_pass_is_tried_again(failure: Any) -> None:
    wire, pauses = Wire(failure), list[float]()
    assert outbound(wire, pauses).document("GET", "https://a.example/") == {"ok": True}
    assert len(wire.sent) == 2
    assert len(pauses) == 1
    assert 0.1 <= pauses[0] <= 0.3


def test_what_stays_broken_is_given_up() -> None:
    wire, pauses = Wire(*[httpx.Response(500) for _ in range(9)]), list[float]()
    with pytest.raises(OutboundError, match="status 500"):
        outbound(wire, pauses).request("GET", "https://a.example/", attempts=3)
    assert len(wire.sent) == 3
    assert len(pauses) == 2


def test_what_may_happen_once_is_sent_once() -> None:
    wire, pauses = Wire(httpx.Response(503)), list[float]()
    with pytest.raises(OutboundError):
        outbound(wire, pauses).request("POST", "https://a.example/token", attempts=1, data={"code": "x"})
    assert len(wire.sent) == 1
    assert pauses == []


def test_a_wait_is_as_long_as_was_asked_for_but_bounded() -> None:
    busy = [httpx.Response(429, headers={"Retry-After": after}) for after in ("1", "3600")]
    wire, pauses = Wire(*busy), list[float]()
    outbound(wire, pauses).request("GET", "https://a.example/", attempts=3)
    assert pauses == [1.0, 2.0]


def test_what_is_barred_is_not_tried_again() -> None:
    wire = Wire()
    pauses: list[float] = []
    barred = Outbound(
        transport=lambda: GuardedTransport(inner=lambda: wire, resolve=Names(["10.0.0.1"])),
        pause=pauses.append,
    )
    with pytest.raises(OutboundError, match="Barred"):
        barred.request("GET", "https://a.example/", attempts=3)
    assert (pauses, wire.sent) == ([], [])


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_a_document_is_a_json_object(body: bytes) -> None:
    with pytest.raises(OutboundError):
        outbound(Wire(httpx.Response(200, content=body)), []).document("GET", "https://a.example/")
