"""The way to a third party and back, and the end of a connection."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.contracts.errors import ConsentRequired, Gone, NotFound, Unauthenticated, Unavailable
from chalicelib.contracts.events import MalformedEvent, TipDue, wrap
from chalicelib.contracts.http import Principal
from chalicelib.contracts.ports import ConsentBound, PersonalStore, Surrendering
from chalicelib.contracts.stores import store as listed
from chalicelib.integrations.contract import (
    CONNECT_SECONDS,
    AlreadyConnected,
    Attempt,
    ConnectCallback,
    ConnectRefused,
    NeedsReconnect,
    NotConnected,
    SourceFailed,
)
from chalicelib.integrations.vault import purpose
from oo_local.third_party import ACCESS_SECONDS
from tests.unit.events.world import ANN, BOB, NOW
from tests.unit.integrations.world import HERE, ME, World

SANDBOX = "sandbox"


@pytest.fixture
def world() -> World:
    return World()


def refused(world: World, reason: str, callback: ConnectCallback, principal: Principal = ME) -> None:
    with pytest.raises(ConnectRefused) as caught:
        world.service.finish(principal, SANDBOX, callback)
    assert caught.value.reason == reason
    assert world.store.get(principal.person_id or "", SANDBOX) is None


def shown(world: World) -> Any:
    [only] = world.service.list(ANN).integrations
    return only


# --- there and back ---------------------------------------------------------------------------------


def test_what_can_be_connected_is_shown_and_how_it_stands(world: World) -> None:
    assert (shown(world).status, shown(world).connected_at) == ("available", None)
    world.connect()
    one = shown(world)
    assert (one.source, one.title, one.consent) == (SANDBOX, "Sandbox tasks", "tasks")
    assert (one.status, one.connected_at, one.scopes) == ("connected", NOW, ["tasks:read"])
    world.party._state.grants.clear()
    world.later(ACCESS_SECONDS)
    with pytest.raises(NeedsReconnect):
        world.vault.access_token(ANN, SANDBOX)
    assert shown(world).status == "needs_reconnect"
    assert world.service.list(BOB).integrations[0].status == "available"


def test_the_browser_is_sent_with_a_challenge_and_a_state_that_rest_only_as_digests(world: World) -> None:
    asked = world.begin()
    assert asked["redirect_uri"] == f"{HERE}/api/integrations/sandbox/callback"
    assert asked["code_challenge_method"] == "S256"
    [attempt] = world.store.attempts.values()
    assert asked["state"] not in repr(attempt)
    assert asked["code_challenge"] not in repr(attempt)
    assert str(ME.session_id) not in repr(attempt)


def test_each_way_has_its_own_state_and_challenge(world: World) -> None:
    first, second = world.begin(), world.begin()
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]


def test_a_way_back_works_once(world: World) -> None:
    callback = world.allowed()
    world.service.finish(ME, SANDBOX, callback)
    with pytest.raises(ConnectRefused):
        world.service.finish(ME, SANDBOX, callback)
    assert shown(world).status == "connected"
    assert world.party.calls["authorization_code"] == 1


@pytest.mark.parametrize("state", [None, "", "guess", "x" * 512])
def test_a_wrong_state_is_refused_and_uses_nothing_up(world: World, state: str | None) -> None:
    callback = world.allowed()
    refused(world, "state", callback.model_copy(update={"state": state}))
    assert world.wire.sent == []
    world.service.finish(ME, SANDBOX, callback)


def test_another_session_and_another_person_cannot_come_back(world: World) -> None:
    world.agreed.by_person[BOB] = frozenset({"tasks"})
    callback = world.allowed()
    refused(world, "state", callback, Principal(person_id=ANN, session_id="session-2"))
    refused(world, "state", callback, Principal(person_id=BOB, session_id="session-1"))
    assert world.wire.sent == []


def test_who_takes_too_long_begins_again(world: World) -> None:
    callback = world.allowed()
    world.later(CONNECT_SECONDS)
    refused(world, "state", callback)


def test_a_newer_way_closes_the_older(world: World) -> None:
    older, newer = world.allowed(), world.allowed()
    refused(world, "state", older)
    world.service.finish(ME, SANDBOX, newer)


def test_a_no_at_the_provider_is_told_and_its_words_are_not(world: World) -> None:
    state = world.begin()["state"]
    with pytest.raises(ConnectRefused) as caught:
        world.service.finish(ME, SANDBOX, ConnectCallback(error="<script>", state=state))
    assert caught.value.reason == "denied"
    assert "script" not in caught.value.detail
    refused(world, "state", ConnectCallback(code="c", state=state))


def test_without_a_code_or_with_a_foreign_one_there_is_no_connection(world: World) -> None:
    refused(world, "code", ConnectCallback(state=world.begin()["state"]))
    refused(world, "code", ConnectCallback(code="guess", state=world.begin()["state"]))


def test_a_provider_that_does_not_answer_connects_nothing(world: World) -> None:
    callback = world.allowed()
    world.wire.cut = True
    with pytest.raises(Unavailable):
        world.service.finish(ME, SANDBOX, callback)
    world.wire.cut = False
    refused(world, "state", callback)


def test_less_than_was_asked_for_is_given_back(world: World) -> None:
    import httpx

    def less(request: httpx.Request) -> httpx.Response:
        answer = world.wire._inner.handle_request(request)
        answer.read()
        return httpx.Response(200, json={**answer.json(), "scope": "profile:read"})

    world.wire.answers.append(less)
    with pytest.raises(ConnectRefused, match="tasks:read") as caught:
        world.service.finish(ME, SANDBOX, world.allowed())
    assert caught.value.reason == "scope"
    assert world.store.rows == {}
    assert world.party.grants == 1
    world.deliver()
    assert world.party.grants == 0


def test_it_needs_consent_to_go_and_to_come_back(world: World) -> None:
    callback = world.allowed()
    world.agreed.by_person[ANN] = frozenset({"calendar"})
    with pytest.raises(ConsentRequired):
        world.begin()
    with pytest.raises(ConsentRequired):
        world.service.finish(ME, SANDBOX, callback)
    assert world.wire.sent == []


def test_an_unknown_source_and_a_connected_one_cannot_be_connected(world: World) -> None:
    with pytest.raises(NotFound):
        world.service.begin(ME, "nothing")
    with pytest.raises(NotFound):
        world.service.finish(ME, "nothing", ConnectCallback())
    world.connect()
    with pytest.raises(AlreadyConnected):
        world.begin()
    world.service.disconnect(ANN, SANDBOX)
    world.connect()


@pytest.mark.parametrize("who", [Principal(), Principal(person_id=ANN), Principal(session_id="s")])
def test_without_person_and_session_nobody_connects(world: World, who: Principal) -> None:
    with pytest.raises(Unauthenticated):
        world.service.begin(who, SANDBOX)


def test_who_was_erased_on_the_way_there_begins_nothing(world: World) -> None:
    world.store.erased.add(ANN)
    with pytest.raises(Gone):
        world.begin()
    world.sealer.destroy(ANN)
    with pytest.raises(Gone):
        world.begin()
    assert world.store.attempts == {}


def test_who_was_erased_on_the_way_back_keeps_nothing_and_the_grant_is_revoked(world: World) -> None:
    callback = world.allowed()
    world.store.erased.add(ANN)
    with pytest.raises(Gone):
        world.service.finish(ME, SANDBOX, callback)
    assert world.store.rows == {}
    assert world.party.grants == 1
    world.deliver()
    assert world.party.grants == 0
    assert all(event.person_id != ANN for event in world.bus.events)


# --- the end ----------------------------------------------------------------------------------------


def test_disconnecting_revokes_at_the_provider(world: World) -> None:
    world.connect()
    access = world.vault.access_token(ANN, SANDBOX)
    world.service.disconnect(ANN, SANDBOX)
    assert world.party.grants == 0
    assert not world.works(access)
    assert world.store.rows == {}
    assert world.bus.events == []
    assert shown(world).status == "available"
    with pytest.raises(NotConnected):
        world.service.disconnect(ANN, SANDBOX)


def test_when_the_provider_is_down_the_queue_tells_it_later(world: World) -> None:
    world.connect()
    world.wire.cut = True
    world.service.disconnect(ANN, SANDBOX)
    assert world.store.rows == {}
    assert world.party.grants == 1
    [event] = world.bus.events
    assert event.person_id != ANN
    assert ANN not in str(event)
    with pytest.raises(SourceFailed):
        world.revoking.revoke(event)
    world.wire.cut = False
    world.revoking.revoke(event)
    world.revoking.revoke(event)
    assert world.party.grants == 0


def test_disconnecting_works_even_when_nobody_can_be_told(world: World) -> None:
    world.connect()
    world.wire.cut = world.bus.down = True
    world.service.disconnect(ANN, SANDBOX)
    assert world.store.rows == {}


def test_a_connection_that_ended_at_the_provider_is_only_removed(world: World) -> None:
    world.connect()
    world.party._state.grants.clear()
    world.later(ACCESS_SECONDS)
    with pytest.raises(NeedsReconnect):
        world.vault.access_token(ANN, SANDBOX)
    world.service.disconnect(ANN, SANDBOX)
    assert world.store.rows == {}
    assert world.party.calls["revoke"] == 0


def test_a_renewal_that_came_in_between_is_revoked_too(world: World) -> None:
    """Disconnecting saw the old tokens; a renewal wrote new ones before the row went."""
    world.connect()
    world.later(ACCESS_SECONDS)

    def revoked(request: Any) -> None:
        world.vault.access_token(ANN, SANDBOX)

    world.wire.answers.append(revoked)
    world.service.disconnect(ANN, SANDBOX)
    assert world.store.rows == {}
    world.deliver()
    assert world.party.grants == 0
    assert world.party.calls["refresh_token"] == 1


def test_surrender_hands_every_grant_over_and_can_be_asked_again(world: World) -> None:
    world.connect()
    world.bus.down = True
    with pytest.raises(Unavailable):
        world.service.surrender(ANN)
    assert shown(world).status == "connected", "not handed over, so it stays"
    world.bus.down = False
    for _ in range(2):
        world.service.surrender(ANN)
    assert world.store.rows == {}
    world.sealer.destroy(ANN)
    assert world.party.grants == 1
    world.deliver()
    assert world.party.grants == 0


def test_erasing_leaves_no_row_and_revokes_what_can_be_opened(world: World) -> None:
    world.connect()
    world.store.begin(Attempt(ANN, "other", "state", "session", b"sealed", 1))
    assert world.service.erase(ANN) == 2
    assert (world.store.rows, world.store.attempts) == ({}, {})
    assert world.service.erase(ANN) == 0
    world.deliver()
    assert world.party.grants == 0


def test_erasing_after_the_key_was_destroyed_removes_the_rows(world: World) -> None:
    world.connect()
    world.sealer.destroy(ANN)
    assert world.service.erase(ANN) == 1
    assert world.store.rows == {}
    assert world.bus.events == []


def test_a_withdrawn_consent_ends_what_rests_on_it(world: World) -> None:
    world.connect()
    assert world.service.withdraw(ANN, "calendar") == 0
    assert shown(world).status == "connected"
    assert world.service.withdraw(ANN, "tasks") == 1
    assert world.service.withdraw(ANN, "tasks") == 0
    assert world.store.rows == {}
    world.deliver()
    assert world.party.grants == 0


def test_an_export_tells_what_is_connected_and_no_token(world: World) -> None:
    world.connect()
    access = world.vault.access_token(ANN, SANDBOX)
    [row] = world.service.export(ANN)
    assert (row["source"], row["status"]) == (SANDBOX, "connected")
    assert access not in repr(row)
    assert "sealed" not in row


def test_it_is_the_store_that_the_list_names(world: World) -> None:
    service = world.service
    assert isinstance(service, ConsentBound)
    assert isinstance(service, Surrendering)
    personal: PersonalStore = service
    assert listed(personal.name).owner == "integrations"
    [sealed] = listed(personal.name).sealed
    assert sealed.purpose(SANDBOX) == purpose(SANDBOX)


def test_health_asks_no_third_party(world: World) -> None:
    world.wire.cut = True
    assert world.service.health().status == "ok"
    world.store.down = True
    health = world.service.health()
    assert (health.status, health.detail) == ("down", "ConnectionError")
    assert world.wire.sent == []


# --- the queue --------------------------------------------------------------------------------------


def test_a_grant_on_its_way_is_sealed_and_opens_for_nothing_else(world: World) -> None:
    world.connect()
    access = world.vault.access_token(ANN, SANDBOX)
    world.service.surrender(ANN)
    [event] = world.bus.events
    assert access.encode() not in event.SerializeToString()
    event.person_id = ANN
    with pytest.raises(MalformedEvent):
        world.revoking.revoke(event)


def test_what_never_will_be_right_is_malformed(world: World) -> None:
    world.connect()
    world.service.surrender(ANN)
    [event] = world.bus.events
    event.grant_orphaned.source = "nothing"
    with pytest.raises(MalformedEvent):
        world.revoking.revoke(event)
    event.grant_orphaned.source, event.grant_orphaned.sealed = SANDBOX, b"\x00"
    with pytest.raises(MalformedEvent):
        world.revoking.revoke(event)
    other = wrap(TipDue(decision_id="d"), person_id=ANN, event_id="e", at=NOW, trace_id="t")
    with pytest.raises(MalformedEvent):
        world.revoking.revoke(other)
