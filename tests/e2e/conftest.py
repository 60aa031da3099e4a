"""The whole of oO, deployed once per run by the same code as `make dev`, on free ports in its own folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from oo_local.configuration import configure
from oo_local.ports import free_port, wait_until
from oo_local.progress import Quiet
from oo_local.signin import sign_in
from oo_local.stack import Stack

if TYPE_CHECKING:
    import httpx

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class RunningStack:
    """A deployed oO. Its emulator is its own: stores' tests make tables of the same names in the other."""

    inner: Stack
    _clients: list[httpx.Client] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where page and API are."""
        return self.inner.url

    @property
    def endpoint(self) -> str:
        """The emulated cloud."""
        return self.inner.endpoint

    @property
    def admin_token(self) -> str:
        """What `POST /api/auth/token` takes."""
        return self.inner.token

    def sign_in(self, subject: str) -> httpx.Client:
        """A client signed in through the real flow; closed when the run ends."""
        client = sign_in(self.url, subject)
        self._clients.append(client)
        return client

    def anonymous(self) -> httpx.Client:
        """A client without a session."""
        import httpx

        client = httpx.Client(base_url=self.url, timeout=30)
        self._clients.append(client)
        return client

    def client(self, service: str) -> Any:
        """A boto3 client of its cloud."""
        return self.inner.client(service)

    def wait_until(self, predicate: Callable[[], bool], timeout: float = 30) -> None:
        """Ask until it is true; fails the test when it never is."""
        if not wait_until(predicate, timeout, 0.1):
            pytest.fail(f"not true within {timeout:.0f} s: {getattr(predicate, '__name__', predicate)}")

    def wait_for_none(self, left: Callable[[], list[str]], timeout: float = 30) -> None:
        """Ask until nothing is left; fails the test with what still is."""
        seen: list[str] = []

        def none() -> bool:
            seen[:] = left()
            return not seen

        if not wait_until(none, timeout, 0.1):
            pytest.fail(f"still there after {timeout:.0f} s: {', '.join(seen)}")

    def close(self) -> None:
        """Close every client and stop everything."""
        for client in self._clients:
            client.close()
        self.inner.stop()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """The deployed stack."""
    ports: set[int] = set()
    while len(ports) < 4:
        ports.add(free_port())
    front, cloud, identity, sandbox = (str(port) for port in ports)
    configuration = configure(
        {
            "OO_PORT": front,
            "OO_EMULATOR_PORT": cloud,
            "OO_IDENTITY_PORT": identity,
            "OO_SANDBOX_PORT": sandbox,
            # Tests call faster than a person; the limits have tests of their own.
            "OO_CALLS_PER_MINUTE": "100000",
            "OO_ADDRESS_CALLS_PER_MINUTE": "100000",
            "OO_PERSON_CALLS_PER_MINUTE": "100000",
            "OO_MOBILE_REDIRECTS": "oo://signin",
        }
    )
    running = RunningStack(Stack(ROOT, tmp_path_factory.mktemp("stack"), configuration, persist=False))
    running.inner.start(Quiet())
    try:
        yield running
    finally:
        running.close()
