"""Connections through the routes, on a cloud, to the third party over a real socket."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from chalice.test import Client

from chalicelib import wiring, wiring_integrations
from chalicelib.contracts.consents import CONSENTS, TEXT_VERSION
from chalicelib.contracts.events import from_json, type_of
from chalicelib.contracts.http import ConsentsPut
from chalicelib.integrations.contract import LEASE_SECONDS
from chalicelib.integrations.revoking import Revoking
from chalicelib.integrations.store import ConnectionTable
from chalicelib.integrations.vault import TokenVault
from chalicelib.runtime import aws as runtime_aws
from chalicelib.runtime.person_keys import KmsKeyWrapper, make_sealer
from chalicelib.runtime.settings import settings
from infra.keys import run
from oo_local.third_party import ACCESS_SECONDS, ThirdParty
from oo_local.third_party_web import make_app
from tests.unit.auth.browser import Answer, Browser
from tests.unit.integrations.world import SECRET, third_party

ROOT = Path(__file__).resolve().parents[2]
HERE = "http://127.0.0.1:8000"


class Gate:
    """Before the third party: `shut` makes it unreachable, `hold` keeps the next renewal waiting, in vain."""

    def __init__(self, party: ThirdParty) -> None:
        self.inner = make_app(party)
        self.shut = False
        self.hold: threading.Event | None = None
        self.held = threading.Event()

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        if self.hold is not None and environ["PATH_INFO"] == "/token":
            hold, self.hold = self.hold, None
            self.held.set()
            hold.wait(30)
            start("503 Service Unavailable", [])
            return [b""]
        if self.shut:
            start("503 Service Unavailable", [])
            return [b""]
        return self.inner(environ, start)


@dataclass
class Site:
    cloud: Any
    party: ThirdParty
    gate: Gate
    client: Client
    browser: Browser
    person: str
    published: list[str]

    def another(self, *, same_person: bool = False) -> Browser:
        return Browser(self.client, {"sid": sid(self.person if same_person else wiring.ids().person())})

    def leave(self, browser: Browser | None = None) -> dict[str, str]:
        answer = (browser or self.browser).post("/api/integrations/sandbox/connect")
        assert answer.status == 200, answer.body
        return {n: v for n, [v] in parse_qs(urlsplit(answer.json["location"]).query).items()}

    def back(self, browser: Browser | None = None, **query: str) -> Answer:
        return (browser or self.browser).get(f"/api/integrations/sandbox/callback?{urlencode(query)}")

    def connect(self) -> None:
        asked = self.leave()
        answer = self.back(code=self.party.allow(asked, "ada"), state=asked["state"])
        assert answer.status == 303, answer.body
        assert answer.location == f"{HERE}/?connected=sandbox"

    def status(self, browser: Browser | None = None) -> str:
        [one] = (browser or self.browser).get("/api/integrations").json["integrations"]
        return str(one["status"])

    def token(self) -> str:
        return wiring_integrations.vault().access_token(self.person, "sandbox")

    def works(self, access: str) -> bool:
        url = settings().sandbox_url
        answer = httpx.get(f"{url}/tasks", headers={"Authorization": f"Bearer {access}"})
        return answer.status_code == 200

    def orphans(self) -> list[str]:
        return [body for body in self.published if type_of(from_json(body)) == "grant_orphaned"]

    def rows(self) -> list[dict[str, Any]]:
        found = self.cloud.client("dynamodb").scan(TableName="oo-local-provider-tokens")
        rows: list[dict[str, Any]] = found["Items"]
        return rows

    def expire(self, seconds: int = 5) -> None:
        """The access token of now has so long to live."""
        soon = int(time.time()) + seconds
        self.cloud.client("dynamodb").update_item(
            TableName="oo-local-provider-tokens",
            Key={"person_id": {"S": self.person}, "source": {"S": "sandbox"}},
            UpdateExpression="SET expires_at = :soon",
            ExpressionAttributeValues={":soon": {"N": str(soon)}},
        )


def sid(person: str) -> str:
    """A session of someone who agreed to everything."""
    put = ConsentsPut(consents=dict.fromkeys(CONSENTS, True), text_version=TEXT_VERSION)
    wiring.profile().decide(person, put, "trace-0001")
    return wiring.sessions().start(person_id=person, role="person", provider="oidc", previous={}).secret


def forget() -> None:
    settings.cache_clear()
    for made in vars(wiring_integrations).values():
        if hasattr(made, "cache_clear"):
            made.cache_clear()


@pytest.fixture
def site(aws: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    from werkzeug.serving import make_server

    from app import app

    party = third_party(time.time, HERE)
    gate = Gate(party)
    server = make_server("127.0.0.1", 0, gate, threaded=True)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    aws.client("ssm").put_parameter(
        Name="/oo/local/sandbox-client-secret", Value=SECRET, Type="SecureString", Overwrite=True
    )
    monkeypatch.setenv("OO_SANDBOX_URL", f"http://127.0.0.1:{server.server_port}")
    forget()
    published: list[str] = []
    publish = runtime_aws.sns().publish_batch

    def noted(**request: Any) -> Any:
        published.extend(entry["Message"] for entry in request["PublishBatchRequestEntries"])
        return publish(**request)

    monkeypatch.setattr(runtime_aws.sns(), "publish_batch", noted)
    client = Client(app, project_dir=str(Path(__file__).parent))
    person = wiring.ids().person()
    try:
        yield Site(aws, party, gate, client, Browser(client, {"sid": sid(person)}), person, published)
    finally:
        server.shutdown()
        serving.join(10)
        server.server_close()
        monkeypatch.undo()
        forget()


def test_there_and_back_and_gone(site: Site) -> None:
    assert site.status() == "available"
    site.connect()
    assert site.status() == "connected"
    assert site.status(site.another()) == "available"
    access = site.token()
    assert site.works(access)
    [row] = site.rows()
    assert access not in repr(row)
    gone = site.browser.delete("/api/integrations/sandbox")
    assert (gone.status, gone.body) == (204, b"")
    assert not site.works(access)
    assert site.party.grants == 0
    assert site.rows() == []
    assert site.browser.delete("/api/integrations/sandbox").status == 404


def test_many_processes_renew_once(site: Site) -> None:
    """Each asker has its own clients, keys and vault, as functions have."""
    site.connect()
    first = site.token()
    site.expire()
    many = 8 if site.cloud.kind == "emulator" else 1  # moto checks conditions and writes in two steps
    start, got, lock = threading.Barrier(many), list[str](), threading.Lock()

    def ask() -> None:
        vault = TokenVault(
            wiring_integrations.sources(), ConnectionTable(), make_sealer(),
            wiring_integrations.revoking(), wiring.clock(), wiring.ids(),
        )  # fmt: skip
        start.wait(10)
        mine = vault.access_token(site.person, "sandbox")
        with lock:
            got.append(mine)

    threads = [threading.Thread(target=ask) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(got) == many
    assert len(set(got)) == 1
    assert got[0] != first
    assert site.works(got[0])
    assert site.party.calls["refresh_token"] == 1


KILLED = """
import sys
from chalicelib import wiring_integrations
wiring_integrations.vault().access_token(sys.argv[1], "sandbox")
"""


@pytest.mark.parametrize("aws", ["emulator"], indirect=True)
def test_a_refresher_that_is_killed_holds_nobody_up_for_longer_than_its_lease(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.connect()
    site.expire(45)
    go = site.gate.hold = threading.Event()
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'localstack'}"}
    process = subprocess.Popen([sys.executable, "-c", KILLED, site.person], env=environment, cwd=ROOT)
    try:
        assert site.gate.held.wait(30), "it never asked the third party"
    finally:
        process.kill()
        process.wait(10)
        go.set()
    [row] = site.rows()
    assert int(row["held_until"]["N"]) > time.time()
    first = site.token()
    assert site.works(first), "the token of before still lives, and is used"
    assert site.party.calls["refresh_token"] == 0
    later = datetime.now(UTC) + timedelta(seconds=LEASE_SECONDS)
    monkeypatch.setattr(wiring.clock(), "now", lambda: later)
    assert site.works(site.token())
    assert site.party.calls["refresh_token"] == 1


def test_disconnecting_while_the_provider_is_down_is_finished_by_the_queue(site: Site) -> None:
    site.connect()
    site.gate.shut = True
    assert site.browser.delete("/api/integrations/sandbox").status == 204
    assert site.rows() == []
    assert site.party.grants == 1
    [body] = site.orphans()
    assert site.person not in body
    record = {"messageId": "m", "body": body, "receiptHandle": "r", "attributes": {}}
    consumer = site.client._app.handler_map["integrations-revoke"]
    assert consumer({"Records": [record]}, None) == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    site.gate.shut = False
    for _ in range(2):
        assert consumer({"Records": [record]}, None) == {"batchItemFailures": []}
    assert site.party.grants == 0


def test_tokens_are_sealed_again_under_a_newer_key_while_they_are_used(site: Site) -> None:
    site.connect()
    access = site.token()
    assert run("local", "rotate", [site.person], lambda _: None) == 0
    said: list[str] = []
    assert run("local", "reseal", [site.person], said.append) == 0
    assert said[-1].endswith("1 texts sealed again")
    assert site.token() == access
    site.expire()
    assert site.works(site.token())


def test_a_grant_that_waits_for_the_queue_opens_after_another_kms_key_took_over(site: Site) -> None:
    site.connect()
    wiring_integrations.integrations().surrender(site.person)
    kms = site.cloud.client("kms")
    alias = "alias/oo-local-persons"
    before = kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName=alias, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    try:
        queue = Revoking(
            wiring_integrations.sources(), KmsKeyWrapper(alias), wiring.bus(), wiring.clock(), wiring.ids()
        )
        queue.revoke(from_json(site.orphans()[0]))
    finally:
        kms.update_alias(AliasName=alias, TargetKeyId=before)
    assert site.party.grants == 0


# --- what is refused --------------------------------------------------------------------------------


def test_a_way_back_is_of_its_session_and_works_once(site: Site) -> None:
    asked = site.leave()
    code = site.party.allow(asked, "ada")
    for stranger in (site.another(), site.another(same_person=True), Browser(site.client)):
        answer = site.back(stranger, code=code, state=asked["state"])
        assert answer.status in {303, 401}
        if answer.status == 303:
            assert answer.location == f"{HERE}/?connect=failed&source=sandbox&reason=state"
    assert site.party.calls["authorization_code"] == 0
    assert site.back(code=code, state=asked["state"]).location == f"{HERE}/?connected=sandbox"
    again = site.back(code=code, state=asked["state"])
    assert again.location.endswith("reason=state")
    assert site.status() == "connected"


def test_a_client_that_is_no_browser_gets_a_problem(site: Site) -> None:
    site.browser.accept = "application/json"
    asked = site.leave()
    for query, reason in (
        ({"code": "c", "state": "guess"}, "state"),
        ({"error": "access_denied", "state": asked["state"]}, "denied"),
        ({}, "state"),
    ):
        answer = site.back(**query)
        assert answer.status == 400
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert (answer.json["type"], answer.json["reason"]) == ("urn:oo:problem:connect-refused", reason)


BAD = [
    ("post", "/api/integrations/nothing/connect", 404),
    ("post", "/api/integrations/%00/connect", 404),
    ("delete", "/api/integrations/sandbox", 404),
    ("delete", "/api/integrations/" + "x" * 3000, 404),
    ("get", "/api/integrations/nothing/callback", 404),
    ("get", "/api/integrations/sandbox/callback?state=" + "s" * 513, 422),
    ("get", "/api/integrations/sandbox/callback?code=" + "c" * 4097, 422),
    ("get", "/api/integrations/sandbox/callback?error=" + "e" * 257, 422),
]


@pytest.mark.parametrize("aws", ["moto"], indirect=True)
@pytest.mark.parametrize(("method", "path", "status"), BAD)
def test_what_cannot_be_is_a_problem(site: Site, method: str, path: str, status: int) -> None:
    answer = getattr(site.browser, method)(path)
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert site.browser.get("/api/integrations").status == 200


@pytest.mark.parametrize("aws", ["moto"], indirect=True)
def test_what_a_provider_adds_or_repeats_is_no_error_of_ours(site: Site) -> None:
    asked = site.leave()
    code = site.party.allow(asked, "ada")
    query = {"code": code, "state": asked["state"], "iss": "x", "session_state": "y", "scope": "tasks:read"}
    assert site.back(**query).location == f"{HERE}/?connected=sandbox"
    assert ACCESS_SECONDS > 60
