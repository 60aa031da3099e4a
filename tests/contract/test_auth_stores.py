"""One suite for every store of auth: in memory, on moto, on the emulator."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.auth.contract import IdentityStore, Session, SessionStore, SignIn, SignInStore
from chalicelib.contracts.ports import PersonalStore
from chalicelib.runtime.counting import counters
from tests.unit.auth.memory import MemoryIdentities, MemorySessions, MemorySignIns

NOW = 1_800_000_000
PERSON, OTHER = "person-1", "person-2"
SESSION = Session("a" * 64, PERSON, "person", "oidc", NOW - 500, NOW - 100, NOW + 1000)
SIGN_IN = SignIn("s" * 64, "oidc", "b" * 64, "verifier", "nonce", "/", NOW + 600)


@dataclass(frozen=True)
class Stores:
    sessions: SessionStore
    identities: IdentityStore
    sign_ins: SignInStore


class AuthStores:
    """What every implementation does."""

    def touch(self, stores: Stores, at: int = NOW, minute: int = 0, key: str = SESSION.key) -> Any:
        return stores.sessions.touch(key, now=at, idle_since=at - 1000, counters=counters(minute))

    def test_a_session_is_read_slid_and_counted(self, stores: Stores) -> None:
        stores.sessions.put(SESSION)
        assert self.touch(stores) == (replace(SESSION, last_seen=NOW), 1)
        assert self.touch(stores, NOW + 7) == (replace(SESSION, last_seen=NOW + 7), 2)

    def test_another_minute_counts_from_one(self, stores: Stores) -> None:
        stores.sessions.put(SESSION)
        counts = [self.touch(stores, minute=m)[1] for m in (0, 0, 1, 1, 4, 5, 5, 1, 0, 64, 0)]
        assert counts == [1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1]

    def test_an_admins_session_has_no_person(self, stores: Stores) -> None:
        admin = replace(SESSION, person_id=None, role="admin")
        stores.sessions.put(admin)
        assert self.touch(stores) == (replace(admin, last_seen=NOW), 1)

    def test_a_missing_session_is_not_made(self, stores: Stores) -> None:
        assert self.touch(stores) is None
        assert self.touch(stores) is None
        assert not stores.sessions.end(SESSION.key)

    def test_an_expired_session_is_not_touched(self, stores: Stores) -> None:
        stores.sessions.put(replace(SESSION, last_seen=NOW + 900))
        assert self.touch(stores, SESSION.expires) is None
        assert self.touch(stores, SESSION.expires - 1) is not None

    def test_an_idle_session_is_not_touched(self, stores: Stores) -> None:
        stores.sessions.put(replace(SESSION, last_seen=NOW - 1000))
        assert self.touch(stores) is None
        stores.sessions.put(replace(SESSION, last_seen=NOW - 999))
        assert self.touch(stores) is not None

    def test_an_ended_session_stays_ended(self, stores: Stores) -> None:
        stores.sessions.put(SESSION)
        assert stores.sessions.end(SESSION.key)
        assert not stores.sessions.end(SESSION.key)
        assert self.touch(stores) is None

    def test_only_its_person_ends_it(self, stores: Stores) -> None:
        stores.sessions.put(SESSION)
        assert not stores.sessions.end(SESSION.key, person_id=OTHER)
        assert self.touch(stores) is not None
        assert stores.sessions.end(SESSION.key, person_id=PERSON)

    def test_sessions_are_found_by_person(self, stores: Stores) -> None:
        mine, also = SESSION, replace(SESSION, key="b" * 64)
        for session in (
            mine,
            also,
            replace(SESSION, key="c" * 64, person_id=OTHER),
            replace(SESSION, key="d" * 64, person_id=None, role="admin"),
        ):
            stores.sessions.put(session)
        assert sorted(stores.sessions.of_person(PERSON), key=lambda s: s.key) == [mine, also]

    def test_sessions_are_exported_without_keys_and_erased(self, stores: Stores) -> None:
        store = personal(stores.sessions)
        stores.sessions.put(SESSION)
        stores.sessions.put(replace(SESSION, key="c" * 64, person_id=OTHER))
        (row,) = store.export(PERSON)
        assert row["provider"] == "oidc"
        assert row["created_at"] == NOW - 500
        assert SESSION.key not in repr(row)
        assert (store.erase(PERSON), store.erase(PERSON)) == (1, 0)
        assert list(store.export(PERSON)) == []
        assert self.touch(stores) is None
        assert self.touch(stores, key="c" * 64) is not None

    def test_an_identity_keeps_its_person(self, stores: Stores) -> None:
        resolve = resolver(stores)
        assert resolve("i1", PERSON) == PERSON
        assert resolve("i1", OTHER) == PERSON
        assert resolve("i2", OTHER) == OTHER
        assert stores.identities.person_of("i1") == PERSON
        assert stores.identities.person_of("i3") is None

    def test_concurrent_first_sign_ins_make_one_person(self, stores: Stores) -> None:
        resolve = resolver(stores)
        start, got = threading.Barrier(6), list[str]()

        def sign_in(person: str) -> None:
            start.wait(10)
            got.append(resolve("same", person))

        threads = [threading.Thread(target=sign_in, args=(f"p{n}",)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(got) == 6
        assert len(set(got)) == 1

    def test_identities_are_exported_without_keys_and_erased(self, stores: Stores) -> None:
        resolve, store = resolver(stores), personal(stores.identities)
        resolve("i1", PERSON)
        resolve("i2", OTHER)
        assert list(store.export(PERSON)) == [{"provider": "oidc", "created_at": NOW}]
        assert (store.erase(PERSON), store.erase(PERSON)) == (1, 0)
        assert list(store.export(PERSON)) == []
        assert resolve("i1", "person-3") == "person-3"
        assert resolve("i2", "person-3") == OTHER

    def test_a_sign_in_is_kept_until_used(self, stores: Stores) -> None:
        stores.sign_ins.put(SIGN_IN)
        assert stores.sign_ins.get(SIGN_IN.state) == SIGN_IN
        assert stores.sign_ins.get("unknown") is None
        assert not stores.sign_ins.consume("unknown")

    def test_one_of_many_uses_a_sign_in(self, stores: Stores) -> None:
        stores.sign_ins.put(SIGN_IN)
        start, won = threading.Barrier(6), list[bool]()

        def use() -> None:
            start.wait(10)
            won.append(stores.sign_ins.consume(SIGN_IN.state))

        threads = [threading.Thread(target=use) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(won) == [False] * 5 + [True]
        assert stores.sign_ins.get(SIGN_IN.state) is None


class TestMemory(AuthStores):
    @pytest.fixture
    def stores(self) -> Stores:
        return Stores(MemorySessions(), MemoryIdentities(), MemorySignIns())


class TestCloud(AuthStores):
    @pytest.fixture
    def stores(self, aws: Any) -> Stores:
        from chalicelib.auth.store import IdentityTable, SessionTable, SignInTable

        return Stores(SessionTable(), IdentityTable(), SignInTable())

    def test_a_touch_is_one_update_and_nothing_else(self, stores: Stores) -> None:
        stores.sessions.put(SESSION)
        with recorded_calls() as calls:
            self.touch(stores)
        assert calls == ["UpdateItem"]


def personal(store: Any) -> PersonalStore:
    return store  # type: ignore[no-any-return]


def resolver(stores: Stores) -> Callable[[str, str], str]:
    def resolve(identity: str, person: str) -> str:
        return stores.identities.resolve(identity, new_person_id=person, provider="oidc", now=NOW)

    return resolve


class recorded_calls:  # noqa: N801
    """The DynamoDB operations that this process sends meanwhile."""

    def __enter__(self) -> list[str]:
        from pynamodb.connection.base import Connection

        self._connection, self._original = Connection, Connection.dispatch
        calls: list[str] = []
        original = self._original

        def dispatch(connection: Any, operation: str, operation_kwargs: Any) -> Any:
            calls.append(operation)
            return original(connection, operation, operation_kwargs)

        Connection.dispatch = dispatch
        return calls

    def __exit__(self, *_: object) -> None:
        self._connection.dispatch = self._original
