"""Integrations over stores in memory, and the third party of one machine behind them, without a socket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.http import Principal
from chalicelib.integrations.contract import ConnectCallback, Connection
from chalicelib.integrations.revoking import Revoking
from chalicelib.integrations.service import IntegrationsService, Sources
from chalicelib.integrations.sources.sandbox import CLIENT_ID, SandboxSource, make_source
from chalicelib.integrations.vault import TokenVault
from chalicelib.runtime.clock import RandomIds
from oo_local.third_party import ThirdParty
from oo_local.third_party_web import make_app
from tests.unit.events.world import ANN, MemoryBus, StandingClock
from tests.unit.integrations.memory import MemoryConnections
from tests.unit.runtime.memory_keys import MemoryWrapper, memory_sealer

URL = "http://third.party"
HERE = "https://oo.example"
SECRET = "a secret of the client"
ME = Principal(person_id=ANN, session_id="session-1")


@dataclass
class Agreed:
    """Who has agreed to what."""

    by_person: dict[str, frozenset[Consent]] = field(default_factory=lambda: {ANN: frozenset({"tasks"})})

    def granted(self, person_id: str) -> frozenset[Consent]:
        return self.by_person.get(person_id, frozenset())


class Wire:
    """The way to the third party: everything that is sent is kept, and it can be cut or answered by hand."""

    def __init__(self, party: ThirdParty) -> None:
        self.sent: list[httpx.Request] = []
        self.cut = False
        self.answers: list[Callable[[httpx.Request], httpx.Response | None]] = []
        """Each is asked once, before the third party is; what it returns is the answer."""
        self._inner = httpx.WSGITransport(make_app(party))

    def transport(self) -> httpx.BaseTransport:
        return httpx.MockTransport(self._handle)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        if self.cut:
            raise httpx.ConnectError("cut", request=request)
        if self.answers and (answer := self.answers.pop(0)(request)) is not None:
            return answer
        return self._inner.handle_request(request)

    def form(self, index: int = -1) -> dict[str, str]:
        """What a request sent as a form."""
        return {name: value for name, [value] in parse_qs(self.sent[index].content.decode()).items()}


def sandbox(transport: Callable[[], httpx.BaseTransport], secret: Callable[[], str]) -> SandboxSource:
    return make_source(URL, secret, transport)


def third_party(now: Callable[[], float], here: str = HERE) -> ThirdParty:
    return ThirdParty(CLIENT_ID, SECRET, f"{here}/api/integrations/sandbox/callback", now=now)


class World:
    def __init__(self, here: str = HERE) -> None:
        self.clock = StandingClock()
        self.party = third_party(lambda: self.clock.now().timestamp(), here)
        self.wire = Wire(self.party)
        self.sealer = memory_sealer()
        self.store = MemoryConnections()
        self.bus = MemoryBus()
        self.agreed = Agreed()
        self.ids = RandomIds()
        self.waited = 0.0
        self.during_pause: Callable[[], None] = lambda: None
        self.sources = Sources({"sandbox": sandbox(self.wire.transport, lambda: SECRET)})
        self.revoking = Revoking(self.sources, MemoryWrapper(), self.bus, self.clock, self.ids)
        self.vault = TokenVault(
            self.sources, self.store, self.sealer, self.revoking, self.clock, self.ids,
            pause=self._pause, monotonic=lambda: self.waited,
        )  # fmt: skip
        self.service = IntegrationsService(
            self.sources, self.store, self.vault, self.revoking, self.agreed, self.sealer, self.clock,
            self.ids, here,
        )  # fmt: skip

    def _pause(self, seconds: float) -> None:
        self.waited += seconds
        self.later(seconds)
        self.during_pause()

    def later(self, seconds: float) -> None:
        self.clock.at += timedelta(seconds=seconds)

    def begin(self, principal: Principal = ME) -> dict[str, str]:
        """Leave for the third party; what was asked of it."""
        started = self.service.begin(principal, "sandbox")
        return {name: value for name, [value] in parse_qs(urlsplit(started.location).query).items()}

    def allowed(self, principal: Principal = ME) -> ConnectCallback:
        """Leave and allow it; the way back, not gone yet."""
        asked = self.begin(principal)
        return ConnectCallback(code=self.party.allow(asked, "ada"), state=asked["state"])

    def connect(self, principal: Principal = ME) -> Connection:
        """The whole way."""
        self.service.finish(principal, "sandbox", self.allowed(principal))
        connection = self.store.get(principal.person_id or "", "sandbox")
        assert connection is not None
        return connection

    def works(self, access: str) -> bool:
        """Whether the third party takes the token."""
        answer = httpx.Client(transport=httpx.WSGITransport(make_app(self.party))).get(
            f"{URL}/tasks", headers={"Authorization": f"Bearer {access}"}
        )
        return answer.status_code == 200

    def deliver(self) -> None:
        """Hand what waits to the queue `revoke`."""
        events, self.bus.batches = self.bus.events, []
        for event in events:
            self.revoking.revoke(event)
