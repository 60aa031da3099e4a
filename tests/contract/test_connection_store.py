"""One suite for the store of connections: in memory, on moto, on the emulator."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.contracts.exports import schema
from chalicelib.integrations.contract import Attempt, Connection, ConnectionStore
from tests.unit.integrations.memory import MemoryConnections

NOW = 1_800_000_000
ANN, BOB = "person-ann", "person-bob"
CONNECTION = Connection(
    person_id=ANN, source="todoist", version=1, status="connected", sealed=b"\x02sealed \xff",
    scopes=("data:read",), expires_at=NOW + 3600, connected_at=NOW,
)  # fmt: skip
ATTEMPT = Attempt(ANN, "todoist", "s" * 64, "c" * 64, b"\x02verifier", NOW + 600)


class ConnectionStoreSuite:
    """What every implementation does."""

    erase: Callable[[str], None]
    at_once = True
    """moto checks conditions and writes in two steps, so there the many come one after the other."""

    def test_a_connection_is_kept_as_it_was_given(self, store: ConnectionStore) -> None:
        assert store.get(ANN, "todoist") is None
        assert store.put(CONNECTION)
        assert store.get(ANN, "todoist") == CONNECTION
        assert store.get(ANN, "other") is None
        assert store.get(BOB, "todoist") is None

    def test_one_without_an_end_and_without_tokens_is_kept(self, store: ConnectionStore) -> None:
        bare = replace(
            CONNECTION, status="needs_reconnect", sealed=None, expires_at=None, scopes=(), refreshed_at=NOW
        )
        store.put(bare)
        assert store.get(ANN, "todoist") == bare

    def test_a_new_one_takes_the_place_of_any_before(self, store: ConnectionStore) -> None:
        store.put(CONNECTION)
        store.hold(CONNECTION, "h", now=NOW, until=NOW + 20)
        again = replace(CONNECTION, version=2, sealed=b"other", connected_at=NOW + 5)
        assert store.put(again)
        assert store.get(ANN, "todoist") == again

    def test_a_persons_connections_are_theirs_alone_and_attempts_are_none(
        self, store: ConnectionStore
    ) -> None:
        other = replace(CONNECTION, source="google_calendar")
        for connection in (CONNECTION, other, replace(CONNECTION, person_id=BOB)):
            store.put(connection)
        store.begin(ATTEMPT)
        assert sorted(store.of_person(ANN), key=lambda c: c.source) == [other, CONNECTION]

    def test_one_holds_at_a_time_and_a_lease_ends(self, store: ConnectionStore) -> None:
        store.put(CONNECTION)
        assert store.hold(CONNECTION, "a", now=NOW, until=NOW + 20)
        assert not store.hold(CONNECTION, "b", now=NOW + 19, until=NOW + 39)
        assert store.hold(CONNECTION, "b", now=NOW + 20, until=NOW + 40)
        held = store.get(ANN, "todoist")
        assert held == replace(CONNECTION, holder="b", held_until=NOW + 40)

    def test_what_is_not_there_or_changed_is_not_held(self, store: ConnectionStore) -> None:
        assert not store.hold(CONNECTION, "a", now=NOW, until=NOW + 20)
        store.put(replace(CONNECTION, version=2))
        assert not store.hold(CONNECTION, "a", now=NOW, until=NOW + 20)
        assert store.get(ANN, "todoist") == replace(CONNECTION, version=2)

    def test_only_the_holder_changes(self, store: ConnectionStore) -> None:
        store.put(CONNECTION)
        store.hold(CONNECTION, "a", now=NOW, until=NOW + 20)
        fresh = CONNECTION.changed(sealed=b"fresh", expires_at=NOW + 7200, refreshed_at=NOW + 1)
        assert not store.change(CONNECTION, fresh)
        assert not store.change(replace(CONNECTION, holder="b"), fresh)
        assert store.change(replace(CONNECTION, holder="a"), fresh)
        assert store.get(ANN, "todoist") == fresh
        assert (fresh.version, fresh.holder, fresh.held_until) == (2, None, 0)

    def test_a_change_of_what_is_gone_or_another_does_nothing(self, store: ConnectionStore) -> None:
        after = CONNECTION.changed(sealed=b"fresh")
        assert not store.change(CONNECTION, after)
        assert store.get(ANN, "todoist") is None
        # Disconnected and connected again meanwhile: the same version, another connection.
        another = replace(CONNECTION, sealed=b"another", connected_at=NOW + 60)
        store.put(another)
        assert not store.change(CONNECTION, after)
        assert not store.hold(CONNECTION, "a", now=NOW, until=NOW + 20)
        assert not store.delete(CONNECTION)
        assert store.get(ANN, "todoist") == another

    def test_a_change_can_take_tokens_away_and_keep_a_lease(self, store: ConnectionStore) -> None:
        store.put(CONNECTION)
        ended = CONNECTION.changed(status="needs_reconnect", sealed=None, expires_at=None)
        assert store.change(CONNECTION, ended)
        assert store.get(ANN, "todoist") == ended
        resting = ended.changed(holder="a", held_until=NOW + 5)
        assert store.change(ended, resting)
        assert store.get(ANN, "todoist") == resting
        assert not store.hold(resting, "b", now=NOW + 4, until=NOW + 24)
        assert store.hold(resting, "b", now=NOW + 5, until=NOW + 25)

    def test_deleting_is_of_what_was_seen(self, store: ConnectionStore) -> None:
        assert store.delete(CONNECTION), "it is not there, which is what was wanted"
        store.put(CONNECTION)
        store.change(CONNECTION, CONNECTION.changed(sealed=b"fresh"))
        assert not store.delete(CONNECTION)
        fresh = store.get(ANN, "todoist")
        assert fresh is not None
        # A lease keeps nobody from disconnecting.
        store.hold(fresh, "a", now=NOW, until=NOW + 20)
        assert store.delete(fresh)
        assert store.get(ANN, "todoist") is None

    def test_one_of_many_holds(self, store: ConnectionStore) -> None:
        store.put(CONNECTION)
        won = self.together(6, lambda n: store.hold(CONNECTION, f"h{n}", now=NOW, until=NOW + 20))
        assert sorted(won) == [False] * 5 + [True]

    def test_how_far_it_was_read_is_remembered_beside_what_a_renewal_changes(
        self, store: ConnectionStore
    ) -> None:
        store.put(CONNECTION)
        fresh = CONNECTION.changed(sealed=b"fresh")
        store.change(CONNECTION, fresh)
        assert store.read_up_to(CONNECTION, "c1", NOW + 1, NOW)
        assert store.get(ANN, "todoist") == replace(fresh, cursor="c1", synced_at=NOW + 1, listed_at=NOW)
        store.change(fresh, fresh.changed(sealed=b"fresher"))
        assert store.read_up_to(fresh, "c2", NOW + 2, None)
        after = store.get(ANN, "todoist")
        assert after is not None
        assert (after.sealed, after.cursor, after.synced_at, after.listed_at) == (
            b"fresher", "c2", NOW + 2, NOW
        )  # fmt: skip
        store.put(replace(CONNECTION, connected_at=NOW + 60))
        assert not store.read_up_to(CONNECTION, "c3", NOW + 3, NOW)
        assert store.get(ANN, "todoist") == replace(CONNECTION, connected_at=NOW + 60)
        assert not store.read_up_to(replace(CONNECTION, source="x"), "c", NOW, None)

    def test_an_attempt_is_kept_until_one_of_many_uses_it(self, store: ConnectionStore) -> None:
        assert store.attempt(ANN, "todoist") is None
        assert store.begin(ATTEMPT)
        assert store.attempt(ANN, "todoist") == ATTEMPT
        assert store.attempt(BOB, "todoist") is None
        won = self.together(6, lambda _: store.finish(ATTEMPT))
        assert sorted(won) == [False] * 5 + [True]
        assert store.attempt(ANN, "todoist") is None

    def test_a_newer_attempt_takes_the_place_of_the_one_before(self, store: ConnectionStore) -> None:
        newer = replace(ATTEMPT, state="n" * 64)
        store.begin(ATTEMPT)
        store.begin(newer)
        assert not store.finish(ATTEMPT)
        assert store.attempt(ANN, "todoist") == newer
        assert store.finish(newer)

    def test_nothing_is_kept_of_who_is_erased(self, store: ConnectionStore) -> None:
        self.erase(ANN)
        assert not store.put(CONNECTION)
        assert not store.begin(ATTEMPT)
        assert store.of_person(ANN) == []
        assert store.attempt(ANN, "todoist") is None
        assert store.put(replace(CONNECTION, person_id=BOB))

    def test_an_export_tells_facts_and_no_token(self, store: ConnectionStore) -> None:
        import jsonschema  # type: ignore[import-untyped]

        store.put(CONNECTION)
        store.begin(ATTEMPT)
        rows = list(store.export(ANN))
        assert rows == [
            {
                "source": "todoist", "status": "connected", "scopes": ["data:read"], "connected_at": NOW,
                "refreshed_at": None, "synced_at": None, "access_expires_at": NOW + 3600,
            }
        ]  # fmt: skip
        whole = {"store": "provider-tokens", "holds": "", "rows": rows}
        jsonschema.validate(whole, schema("provider-tokens"))

    def test_everything_of_a_person_can_be_cleared(self, store: ConnectionStore) -> None:
        for connection in (CONNECTION, replace(CONNECTION, source="x"), replace(CONNECTION, person_id=BOB)):
            store.put(connection)
        store.begin(ATTEMPT)
        assert (store.clear(ANN), store.clear(ANN)) == (3, 0)
        assert store.of_person(ANN) == []
        assert store.attempt(ANN, "todoist") is None
        assert store.get(BOB, "todoist") is not None

    def together(self, many: int, call: Callable[[int], bool]) -> list[bool]:
        """What each of many got."""
        if not self.at_once:
            return [call(n) for n in range(many)]
        start, got = threading.Barrier(many), list[bool]()

        def run(n: int) -> None:
            start.wait(10)
            got.append(call(n))

        threads = [threading.Thread(target=run, args=(n,)) for n in range(many)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(got) == many
        return got

    def test_it_answers(self, store: ConnectionStore) -> None:
        store.ping()


class TestMemory(ConnectionStoreSuite):
    @pytest.fixture
    def store(self) -> MemoryConnections:
        made = MemoryConnections()
        self.erase = made.erased.add
        return made


class TestCloud(ConnectionStoreSuite):
    @pytest.fixture
    def store(self, aws: Any) -> ConnectionStore:
        from chalicelib.integrations.store import ConnectionTable
        from chalicelib.profile.store import ProfileTable

        def erase(person_id: str) -> None:
            ProfileTable().entomb(person_id, "receipt", datetime.now(UTC))

        self.erase = erase
        self.at_once = aws.kind != "moto"
        return ConnectionTable()

    def test_tokens_that_were_sealed_again_meanwhile_stay_so(self, aws: Any, store: ConnectionStore) -> None:
        """`infra keys reseal` changes the bytes of a row and not its version."""
        store.put(CONNECTION)
        aws.client("dynamodb").update_item(
            TableName="oo-local-provider-tokens",
            Key={"person_id": {"S": ANN}, "source": {"S": "todoist"}},
            UpdateExpression="SET sealed = :again",
            ExpressionAttributeValues={":again": {"B": b"sealed again"}},
        )
        assert store.change(CONNECTION, CONNECTION.changed(expires_at=0))
        after = store.get(ANN, "todoist")
        assert after is not None
        assert (after.sealed, after.expires_at) == (b"sealed again", 0)

    def test_only_attempts_expire(self, aws: Any, store: ConnectionStore) -> None:
        store.put(CONNECTION)
        store.begin(ATTEMPT)
        rows = aws.client("dynamodb").scan(TableName="oo-local-provider-tokens")["Items"]
        assert {row["source"]["S"]: row.get("expires") for row in rows} == {
            "todoist": None,
            "attempt#todoist": {"N": str(NOW + 600)},
        }
