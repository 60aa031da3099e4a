"""Suites for what tokens, links and admins rest on: in memory, on moto, on the emulator."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.auth.admins.contract import AUDIT_DAYS, AuditStore, Entry, RoleStore
from chalicelib.auth.contract import APP, IdentityStore, PendingCode, Session, SessionStore
from chalicelib.auth.tokens.keys import KeyStore, SigningKey
from tests.unit.auth.memory import MemoryAudit, MemoryIdentities, MemoryKeys, MemoryRoles, MemorySessions

NOW = 1_800_000_000
DAY = 86_400
PERSON, OTHER = "person-1", "person-2"
CODE = PendingCode("c" * 64, "challenge", "oo://signin")
PENDING = Session("a" * 64, PERSON, "person", "oidc", NOW, NOW, NOW + 60, client=APP, pending=True)
KEY = SigningKey(1, "kid-1", b"p" * 32, b"w" * 40, NOW + DAY, NOW + 2 * DAY)


@dataclass(frozen=True)
class Stores:
    sessions: SessionStore
    identities: IdentityStore
    roles: RoleStore
    audit: AuditStore
    keys: KeyStore


class AccessStores:
    """What every implementation does."""

    def redeem(self, stores: Stores, code: PendingCode = CODE, now: int = NOW) -> Session | None:
        return stores.sessions.redeem(PENDING.key, code, refresh="r1", now=now, expires=now + DAY)

    def rotate(self, stores: Stores, refresh: str, fresh: str, now: int = NOW) -> Session | None:
        return stores.sessions.rotate(PENDING.key, refresh, fresh, now=now, idle_since=now - 1000)

    # --- codes and refresh tokens ---

    def test_a_code_is_redeemed_once(self, stores: Stores) -> None:
        stores.sessions.put(PENDING, CODE)
        assert stores.sessions.get(PENDING.key) == PENDING
        redeemed = self.redeem(stores)
        assert redeemed == replace(PENDING, pending=False, expires=NOW + DAY)
        assert self.redeem(stores) is None
        assert stores.sessions.get(PENDING.key) == redeemed

    @pytest.mark.parametrize(
        "other",
        [replace(CODE, code="x" * 64), replace(CODE, challenge="x"), replace(CODE, redirect_uri="oo://x")],
        ids=["code", "challenge", "redirect"],
    )
    def test_a_code_needs_all_of_its_proof(self, stores: Stores, other: PendingCode) -> None:
        stores.sessions.put(PENDING, CODE)
        assert self.redeem(stores, other) is None
        assert self.redeem(stores) is not None

    def test_a_code_is_over_with_its_session(self, stores: Stores) -> None:
        stores.sessions.put(PENDING, CODE)
        assert self.redeem(stores, now=PENDING.expires) is None

    def test_a_session_without_a_code_redeems_nothing(self, stores: Stores) -> None:
        stores.sessions.put(replace(PENDING, pending=False, client=""))
        assert self.redeem(stores) is None
        assert self.rotate(stores, "r1", "r2") is None

    def test_a_refresh_token_is_replaced(self, stores: Stores) -> None:
        stores.sessions.put(PENDING, CODE)
        assert self.rotate(stores, "r1", "r2") is None
        self.redeem(stores)
        assert self.rotate(stores, "r1", "r2", NOW + 5) == replace(
            PENDING, pending=False, expires=NOW + DAY, last_seen=NOW + 5
        )
        assert self.rotate(stores, "r1", "r3") is None
        assert self.rotate(stores, "r2", "r3", NOW + 5) is not None

    def test_an_idle_or_expired_family_rotates_no_more(self, stores: Stores) -> None:
        stores.sessions.put(PENDING, CODE)
        self.redeem(stores)
        assert self.rotate(stores, "r1", "r2", NOW + 1000) is None
        assert stores.sessions.rotate(PENDING.key, "r1", "r2", now=NOW + DAY, idle_since=0) is None

    # --- identities ---

    def test_an_identity_is_taken_away_while_another_is_left(self, stores: Stores) -> None:
        for identity in ("i1", "i2"):
            stores.identities.resolve(identity, new_person_id=PERSON, provider="oidc", now=NOW)
        stores.identities.resolve("i3", new_person_id=OTHER, provider="oidc", now=NOW)
        assert sorted(one.key for one in stores.identities.of_person(PERSON)) == ["i1", "i2"]
        assert not stores.identities.unlink("i1", person_id=PERSON, other="i3"), "that is another's"
        assert not stores.identities.unlink("i3", person_id=PERSON, other="i1")
        assert stores.identities.unlink("i1", person_id=PERSON, other="i2")
        assert not stores.identities.unlink("i2", person_id=PERSON, other="i1"), "the last one stays"
        assert stores.identities.person_of("i2") == PERSON

    def test_only_its_person_forgets_an_identity(self, stores: Stores) -> None:
        stores.identities.resolve("i1", new_person_id=PERSON, provider="oidc", now=NOW)
        stores.identities.forget("i1", person_id=OTHER)
        assert stores.identities.person_of("i1") == PERSON
        stores.identities.forget("i1", person_id=PERSON)
        stores.identities.forget("i1", person_id=PERSON)
        assert stores.identities.person_of("i1") is None

    # --- admins ---

    def test_a_role_is_given_and_taken(self, stores: Stores) -> None:
        stores.roles.grant(PERSON, NOW)
        stores.roles.grant(PERSON, NOW + 1)
        assert (stores.roles.is_admin(PERSON), stores.roles.is_admin(OTHER)) == (True, False)
        assert list(stores.roles.admins()) == [PERSON]
        assert [stores.roles.revoke(PERSON), stores.roles.revoke(PERSON)] == [True, False]
        assert not stores.roles.is_admin(PERSON)

    def test_an_entry_of_the_audit_stays_as_it_was(self, stores: Stores) -> None:
        first = Entry("e1", NOW, "token:x", "GET /a", "t1")
        stores.audit.append(first)
        stores.audit.append(replace(first, action="GET /forged"))
        stores.audit.append(replace(first, id="e2", at=NOW + 1))
        stores.audit.append(replace(first, id="e3", at=NOW + DAY))
        day = "2027-01-15"
        assert [e.id for e in stores.audit.day(day, "", 10)] == ["e1", "e2"]
        assert next(iter(stores.audit.day(day, "", 1))) == first
        assert [e.id for e in stores.audit.day(day, "e1", 10)] == ["e2"]

    # --- signing keys ---

    def test_a_serial_is_taken_once(self, stores: Stores) -> None:
        assert stores.keys.add(KEY)
        assert not stores.keys.add(replace(KEY, kid="another"))
        assert stores.keys.add(replace(KEY, serial=12, kid="kid-12"))
        assert stores.keys.add(replace(KEY, serial=2, kid="kid-2"))
        assert [key.serial for key in stores.keys.all()] == [1, 2, 12]
        assert stores.keys.all()[0] == KEY
        stores.keys.remove(1)
        stores.keys.remove(1)
        assert [key.kid for key in stores.keys.all()] == ["kid-2", "kid-12"]


class TestInMemory(AccessStores):
    @pytest.fixture
    def stores(self) -> Stores:
        return Stores(MemorySessions(), MemoryIdentities(), MemoryRoles(), MemoryAudit(), MemoryKeys())


class TestInDynamoDB(AccessStores):
    @pytest.fixture
    def stores(self, aws: Any) -> Stores:
        from chalicelib.auth.admins.store import AuditTable, RoleTable
        from chalicelib.auth.store import IdentityTable, SessionTable
        from chalicelib.auth.tokens.store import SigningKeyTable

        return Stores(SessionTable(), IdentityTable(), RoleTable(), AuditTable(), SigningKeyTable())

    def only_one(self, aws: Any, attempt: Callable[[int], bool]) -> None:
        if aws.kind == "moto":
            pytest.skip("moto checks conditions without a lock")
        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(attempt, range(4))) == [False, False, False, True]

    def test_of_many_at_once_one_redeems(self, stores: Stores, aws: Any) -> None:
        stores.sessions.put(PENDING, CODE)
        self.only_one(aws, lambda _: self.redeem(stores) is not None)

    def test_of_many_at_once_one_refreshes(self, stores: Stores, aws: Any) -> None:
        stores.sessions.put(PENDING, CODE)
        self.redeem(stores)
        self.only_one(aws, lambda n: self.rotate(stores, "r1", f"fresh-{n}") is not None)

    def test_of_many_at_once_one_makes_a_key(self, stores: Stores, aws: Any) -> None:
        self.only_one(aws, lambda n: stores.keys.add(replace(KEY, kid=f"kid-{n}")))

    def test_of_two_that_take_each_others_identity_away_one_does(self, stores: Stores, aws: Any) -> None:
        for identity in ("i1", "i2"):
            stores.identities.resolve(identity, new_person_id=PERSON, provider="oidc", now=NOW)
        pairs = [("i1", "i2"), ("i2", "i1")]
        with ThreadPoolExecutor(2) as pool:
            list(
                pool.map(
                    lambda pair: stores.identities.unlink(pair[0], person_id=PERSON, other=pair[1]), pairs
                )
            )
        assert len(stores.identities.of_person(PERSON)) >= 1

    def test_an_entry_of_the_audit_goes_after_its_days(self, stores: Stores, aws: Any) -> None:
        stores.audit.append(Entry("e1", NOW, "token:x", "GET /a", "t1"))
        (row,) = aws.client("dynamodb").scan(TableName="oo-local-audit")["Items"]
        assert row["expires"] == {"N": str(NOW + AUDIT_DAYS * DAY)}

    def test_a_seed_is_opened_for_its_own_key_alone(self, stores: Stores, aws: Any) -> None:
        from chalicelib.auth.tokens.store import KmsSeeds
        from chalicelib.contracts.errors import Unavailable

        seeds = KmsSeeds("alias/oo-local-persons")
        seed, wrapped = seeds.generate("kid-1")
        assert len(seed) == 32
        assert seed not in wrapped
        assert seeds.unwrap("kid-1", wrapped) == seed
        with pytest.raises(Unavailable):
            seeds.unwrap("kid-2", wrapped)
        with pytest.raises(Unavailable):
            KmsSeeds("alias/not-there").generate("kid-1")

    def test_the_operators_commands(self, stores: Stores, aws: Any) -> None:
        from infra.access import run

        said: list[str] = []
        assert run("grant", PERSON, said.append) == 0
        assert run("admins", "", said.append) == 0
        assert said[-1] == PERSON
        assert [run("revoke", PERSON, said.append), run("revoke", PERSON, said.append)] == [0, 1]
        assert run("new-signing-key", "", said.append) == 1, "there was none"
        stores.keys.add(KEY)
        assert run("new-signing-key", "", said.append) == 0
        assert stores.keys.all() == []
