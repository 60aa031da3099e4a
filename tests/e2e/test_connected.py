"""A third party, connected through the deployed stack: read, renewed, revoked at the end of each kind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx

from oo_local.connecting import connect
from tests.e2e.people import Person, person, problem, rows

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningStack

SANDBOX = "/api/integrations/sandbox"


def third_party(stack: RunningStack) -> dict[str, Any]:
    """What the third party keeps."""
    kept: dict[str, Any] = json.loads((stack.inner.home / "third-party.json").read_text())
    return kept


def granted(stack: RunningStack, account: str) -> bool:
    return any(grant["account"] == account for grant in third_party(stack)["grants"].values())


def connected(stack: RunningStack, *consents: str) -> tuple[Person, str]:
    """Someone who has connected an account of their own."""
    who, account = person(stack, *consents), f"account-{uuid4()}"
    connect(who.client, account)
    assert status(who) == "connected"
    assert granted(stack, account)
    return who, account


def status(who: Person) -> str:
    [one] = who.client.get("/api/integrations").json()["integrations"]
    assert one["source"] == "sandbox"
    return str(one["status"])


def test_what_it_tells_is_what_tips_are_made_of_and_it_is_gone_when_disconnected(stack: RunningStack) -> None:
    who, account = connected(stack)
    answer = who.client.post(f"{SANDBOX}/sync", json={})
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] == 3
    refs = {row["item_ref"]["S"] for row in who.rows("items")}

    def known() -> bool:
        """The features, which candidates are made of, have all three."""
        refs.update(row["item_ref"]["S"] for row in who.rows("items"))
        bodies = "".join(row["body"]["S"] for row in who.rows("snapshots"))
        return len(refs) == 3 and all(ref in bodies for ref in refs)

    stack.wait_until(known, 60)
    assert all(ref.startswith("sandbox:") for ref in refs)
    assert who.client.post("/api/recommend", json={}).status_code == 200
    told = json.dumps(who.client.get("/api/signals").json())
    assert "Water the plants" in told
    assert not any(b"plants" in bytes(value) for row in who.rows("item-words") for v in row.values()
                   if isinstance(value := v.get("B"), bytes | bytearray))  # fmt: skip
    again = who.client.post(f"{SANDBOX}/sync", json={}).json()
    assert (again["accepted"], again["rejected"]) == (0, 0)
    problem(who.client.post(f"{SANDBOX}/connect", json={}), 409, "already-connected")
    assert who.client.delete(SANDBOX).status_code == 204
    assert not granted(stack, account)
    assert status(who) == "available"
    problem(who.client.post(f"{SANDBOX}/sync", json={}), 404, "not-connected")
    problem(who.client.delete(SANDBOX), 404, "not-connected")


def test_its_token_is_renewed_when_its_life_is_over(stack: RunningStack) -> None:
    who, account = connected(stack)
    [row] = who.rows("provider-tokens")
    stack.client("dynamodb").update_item(
        TableName="oo-local-provider-tokens",
        Key={"person_id": row["person_id"], "source": row["source"]},
        UpdateExpression="SET expires_at = :over",
        ExpressionAttributeValues={":over": {"N": "1"}},
    )
    assert who.client.post(f"{SANDBOX}/sync", json={}).status_code == 202
    [renewed] = who.rows("provider-tokens")
    assert "refreshed_at" in renewed
    assert renewed["sealed"] != row["sealed"]
    assert granted(stack, account)


def test_a_withdrawn_consent_ends_the_connection_there_and_here(stack: RunningStack) -> None:
    who, account = connected(stack)
    version = who.client.get("/api/profile/consents").json()["text_version"]
    body = {"consents": {"tasks": False}, "text_version": version}
    assert who.client.put("/api/profile/consents", json=body).status_code == 200
    stack.wait_until(lambda: who.rows("provider-tokens") == [])
    stack.wait_until(lambda: not granted(stack, account))
    assert status(who) == "available"
    problem(who.client.post(f"{SANDBOX}/connect", json={}), 403, "consent-required")


def test_who_leaves_takes_their_grants_back(stack: RunningStack) -> None:
    who, account = connected(stack)
    assert who.client.delete("/api/me").status_code == 202
    assert rows(stack, "provider-tokens", who.id) == []
    stack.wait_until(lambda: not granted(stack, account))


def test_an_export_tells_the_connection_and_no_token(stack: RunningStack) -> None:
    import io
    import zipfile

    who, _ = connected(stack)
    export = who.client.post("/api/me/export", json={}).json()
    told: dict[str, Any] = {}

    def ready() -> bool:
        told.update(who.client.get(f"/api/me/export/{export['export_id']}").json())
        return bool(told["state"] == "ready")

    stack.wait_until(ready, 60)
    archive = zipfile.ZipFile(io.BytesIO(httpx.get(told["link"]).content))
    [row] = json.loads(archive.read("data/provider-tokens.json"))["rows"]
    assert (row["source"], row["scopes"]) == ("sandbox", ["tasks:read"])
    assert set(row) == {
        "source", "status", "scopes", "connected_at", "refreshed_at", "synced_at", "access_expires_at"
    }  # fmt: skip


def test_a_way_back_is_of_its_own_session(stack: RunningStack) -> None:
    mine, other = person(stack), person(stack)
    location = mine.client.post(f"{SANDBOX}/connect", json={}).json()["location"]
    form = {"account": f"account-{uuid4()}", "answer": "allow"}
    back = httpx.post(location, data=form).headers["Location"]
    stolen = other.client.get(back, headers={"Accept": "application/json"})
    assert problem(stolen, 400, "connect-refused")["reason"] == "state"
    no = other.client.get(back, headers={"Accept": "text/html"})
    assert no.headers["Location"] == f"{stack.url}/?connect=failed&source=sandbox&reason=state"
    assert mine.client.get(back, headers={"Accept": "text/html"}).status_code == 303
    assert (status(mine), status(other)) == ("connected", "available")
