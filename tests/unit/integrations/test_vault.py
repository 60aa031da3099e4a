"""The vault: a token that works, renewed by one, and what a failure on the way leaves behind."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import httpx
import pytest

from chalicelib.contracts.errors import NotFound, Unavailable
from chalicelib.contracts.ports import Unsealable
from chalicelib.integrations.contract import (
    EARLY_SECONDS,
    LEASE_SECONDS,
    REST_SECONDS,
    USABLE_SECONDS,
    WAIT_SECONDS,
    NeedsReconnect,
    NotConnected,
    Tokens,
)
from oo_local.third_party import ACCESS_SECONDS
from tests.unit.events.world import ANN, BOB
from tests.unit.integrations.world import World

SANDBOX = "sandbox"


@pytest.fixture
def world() -> World:
    return World()


def token(world: World) -> str:
    return world.vault.access_token(ANN, SANDBOX)


def row(world: World) -> Any:
    return world.store.get(ANN, SANDBOX)


def test_a_token_is_handed_out_without_asking_anyone_while_it_lives(world: World) -> None:
    world.connect()
    asked = len(world.wire.sent)
    assert world.works(token(world))
    world.later(ACCESS_SECONDS - EARLY_SECONDS - 1)
    assert world.works(token(world))
    assert len(world.wire.sent) == asked


def test_one_near_its_end_is_renewed_and_what_came_is_kept(world: World) -> None:
    before = world.connect()
    first = token(world)
    world.later(ACCESS_SECONDS - EARLY_SECONDS)
    second = token(world)
    assert second != first
    assert world.works(second)
    assert token(world) == second
    assert world.party.calls["refresh_token"] == 1
    after = row(world)
    assert after.version == before.version + 1
    assert after.holder is None
    assert after.refreshed_at == int(world.clock.now().timestamp())
    for _ in range(3):
        world.later(ACCESS_SECONDS)
        assert world.works(token(world)), "each refresh token worked once, and each was the newest"


def test_tokens_rest_sealed_for_their_person_and_source(world: World) -> None:
    kept = world.connect().sealed
    assert kept is not None
    access = token(world)
    assert access.encode() not in kept
    world.store.put(replace(row(world), person_id=BOB))
    with pytest.raises(NeedsReconnect):
        world.vault.access_token(BOB, SANDBOX)
    with pytest.raises(Unsealable):
        world.sealer.open(ANN, "tokens:todoist", kept)


def test_without_a_connection_or_a_source_there_is_no_token(world: World) -> None:
    with pytest.raises(NotConnected):
        token(world)
    with pytest.raises(NotFound):
        world.vault.access_token(ANN, "todoist")


def test_a_grant_that_ended_at_the_provider_asks_for_a_new_one_and_keeps_no_tokens(world: World) -> None:
    world.connect()
    world.party._state.grants.clear()
    world.later(ACCESS_SECONDS)
    for _ in range(2):
        with pytest.raises(NeedsReconnect):
            token(world)
    assert world.party.calls["refresh_token"] == 1
    assert (row(world).status, row(world).sealed, row(world).holder) == ("needs_reconnect", None, None)
    world.connect()
    assert world.works(token(world))


def test_one_that_cannot_be_renewed_ends(world: World) -> None:
    world.connect()
    bare = Tokens("access", None, int(world.clock.now().timestamp()) + 61, ("tasks:read",))
    world.store.put(
        replace(row(world), sealed=world.vault.seal(ANN, SANDBOX, bare), expires_at=bare.expires_at)
    )
    assert token(world) == "access"
    world.later(1)
    with pytest.raises(NeedsReconnect):
        token(world)
    assert world.party.calls["refresh_token"] == 0


# --- a provider that does not answer ----------------------------------------------------------------


def test_a_provider_that_does_not_answer_is_not_asked_by_everyone(world: World) -> None:
    world.connect()
    world.later(ACCESS_SECONDS)
    world.wire.cut = True
    with pytest.raises(Unavailable):
        token(world)
    sent = len(world.wire.sent)
    # The next one waits for its rest to end, and then asks once more.
    with pytest.raises(Unavailable):
        token(world)
    assert world.waited == pytest.approx(REST_SECONDS, abs=0.5)
    assert len(world.wire.sent) == sent + 1
    world.wire.cut = False
    world.later(REST_SECONDS)
    assert world.works(token(world))


def test_a_token_that_still_lives_is_used_when_the_provider_does_not_answer(world: World) -> None:
    world.connect()
    first = token(world)
    world.later(ACCESS_SECONDS - EARLY_SECONDS)
    world.wire.cut = True
    assert token(world) == first
    # Also by those who wait while it rests.
    assert token(world) == first
    assert world.works(first)


def test_a_secret_that_cannot_be_read_leaves_no_lease(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.connect()
    world.later(ACCESS_SECONDS)
    way = world.sources.by_name[SANDBOX]

    def unreadable(*_: Any, **__: Any) -> Any:
        raise Unavailable("SSM")

    with monkeypatch.context() as patch:
        patch.setattr(way, "refresh", unreadable)
        with pytest.raises(Unavailable):
            token(world)
    world.later(REST_SECONDS)
    assert world.works(token(world))


def test_what_a_lost_answer_cost_is_told_at_the_next_renewal(world: World) -> None:
    """The provider rotated, its answer was lost: with reuse detection the grant is over, and we say so."""
    world.connect()
    world.later(ACCESS_SECONDS)

    def lost(request: httpx.Request) -> httpx.Response:
        world.wire._inner.handle_request(request).read()
        raise httpx.ReadTimeout("lost", request=request)

    world.wire.answers.append(lost)
    with pytest.raises(Unavailable):
        token(world)
    world.later(REST_SECONDS)
    with pytest.raises(NeedsReconnect):
        token(world)


# --- many at once -----------------------------------------------------------------------------------


def test_others_wait_for_the_one_who_renews(world: World) -> None:
    world.connect()
    world.later(ACCESS_SECONDS)
    seen = row(world)
    now = int(world.clock.now().timestamp())
    assert world.store.hold(seen, "another", now=now, until=now + LEASE_SECONDS)
    fresh = Tokens("fresh", "refresh", now + 3600, seen.scopes)

    def renewed() -> None:
        held = replace(seen, holder="another")
        world.store.change(
            held, held.changed(sealed=world.vault.seal(ANN, SANDBOX, fresh), expires_at=fresh.expires_at)
        )

    world.during_pause = renewed
    assert token(world) == "fresh"
    assert world.party.calls["refresh_token"] == 0
    assert world.waited < 0.1


def test_others_do_not_wait_while_the_token_of_now_lives(world: World) -> None:
    world.connect()
    first = token(world)
    world.later(ACCESS_SECONDS - EARLY_SECONDS)
    seen, now = row(world), int(world.clock.now().timestamp())
    world.store.hold(seen, "another", now=now, until=now + 10 * LEASE_SECONDS)
    assert token(world) == first
    world.later(EARLY_SECONDS - USABLE_SECONDS - 1)
    assert token(world) == first
    assert world.waited == 0
    world.later(1)
    # It lives, barely: who has waited in vain takes it.
    assert token(world) == first
    assert world.waited >= WAIT_SECONDS


def test_a_lease_whose_holder_died_ends_by_itself(world: World) -> None:
    world.connect()
    world.later(ACCESS_SECONDS)
    seen, now = row(world), int(world.clock.now().timestamp())
    world.store.hold(seen, "died", now=now, until=now + LEASE_SECONDS)
    with pytest.raises(Unavailable):
        token(world)
    assert world.waited == pytest.approx(WAIT_SECONDS, abs=0.5)
    world.later(LEASE_SECONDS - WAIT_SECONDS)
    assert world.works(token(world))
    assert world.party.calls["refresh_token"] == 1


def test_who_comes_back_after_their_lease_ended_overwrites_nothing(world: World) -> None:
    """Longer than any refresh can take; should it happen, the later one's tokens stand."""
    world.connect()
    world.later(ACCESS_SECONDS)

    def slow(request: httpx.Request) -> httpx.Response:
        answer = world.wire._inner.handle_request(request)
        seen, now = row(world), int(world.clock.now().timestamp())
        later = now + LEASE_SECONDS
        assert world.store.hold(seen, "next", now=later, until=later + LEASE_SECONDS)
        held = replace(seen, holder="next")
        newer = Tokens("newer", "refresh", now + 3600, seen.scopes)
        world.store.change(
            held, held.changed(sealed=world.vault.seal(ANN, SANDBOX, newer), expires_at=newer.expires_at)
        )
        return answer

    world.wire.answers.append(slow)
    assert token(world) == "newer"
    assert world.bus.events == []


def test_many_threads_ask_the_provider_once(world: World) -> None:
    world.connect()
    world.later(ACCESS_SECONDS)
    start, got = threading.Barrier(8), list[str]()
    lock = threading.Lock()

    def pause(_: float) -> None:
        threading.Event().wait(0.005)

    world.vault._pause = pause

    def ask() -> None:
        start.wait(10)
        mine = token(world)
        with lock:
            got.append(mine)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(got) == 8
    assert len(set(got)) == 1
    assert world.works(got[0])
    assert world.party.calls["refresh_token"] == 1


# --- an end while it renews -------------------------------------------------------------------------


def meanwhile(world: World, what: Any) -> None:
    """Do that when the provider has answered the next request, before the answer arrives."""

    def answer(request: httpx.Request) -> httpx.Response:
        answered = world.wire._inner.handle_request(request)
        what()
        return answered

    world.wire.answers.append(answer)


def test_disconnected_while_it_renews_nothing_stays_and_the_new_tokens_are_revoked(world: World) -> None:
    world.connect()
    world.later(ACCESS_SECONDS)
    meanwhile(world, lambda: world.service.disconnect(ANN, SANDBOX))
    with pytest.raises(NotConnected):
        token(world)
    assert row(world) is None
    world.deliver()
    assert world.party.grants == 0


def test_erased_while_it_renews_nothing_stays_and_the_new_tokens_are_revoked(world: World) -> None:
    world.connect()
    world.later(ACCESS_SECONDS)
    meanwhile(world, lambda: world.sealer.destroy(ANN))
    with pytest.raises(NotConnected):
        token(world)
    assert world.bus.types() == ["grant_orphaned"]
    world.deliver()
    assert world.party.grants == 0


# --- a token that the provider refuses --------------------------------------------------------------


def test_a_refused_token_is_renewed_at_the_next_call(world: World) -> None:
    world.connect()
    first = token(world)
    world.party.expire()
    world.vault.rejected(ANN, SANDBOX, first)
    second = token(world)
    assert second != first
    assert world.works(second)
    # Told late, of a token that was renewed meanwhile, it changes nothing.
    world.vault.rejected(ANN, SANDBOX, first)
    assert token(world) == second
    assert world.party.calls["refresh_token"] == 1


def test_a_refused_token_that_is_being_renewed_is_left_to_who_renews(world: World) -> None:
    world.connect()
    first = token(world)
    world.later(ACCESS_SECONDS - EARLY_SECONDS)
    meanwhile(world, lambda: world.vault.rejected(ANN, SANDBOX, first))
    second = token(world)
    assert world.works(second)
    assert token(world) == second
    assert row(world).refreshed_at is not None


def test_a_refused_token_that_cannot_be_renewed_has_ended(world: World) -> None:
    world.connect()
    bare = Tokens("access", None, None, ("tasks:read",))
    world.store.put(replace(row(world), sealed=world.vault.seal(ANN, SANDBOX, bare), expires_at=None))
    world.later(10**7)
    assert token(world) == "access"
    world.vault.rejected(ANN, SANDBOX, "another")
    assert token(world) == "access"
    world.vault.rejected(ANN, SANDBOX, "access")
    with pytest.raises(NeedsReconnect):
        token(world)
    world.vault.rejected(ANN, SANDBOX, "access")
    world.vault.rejected(BOB, SANDBOX, "access")
