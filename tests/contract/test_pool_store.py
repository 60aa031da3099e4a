"""The table `pools`: replaced by version, never for who left or withdrew, read by `rank`, exported, gone.

Also what `generate` reads, who refills (its leases), and the memory that its unit tests rest on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.contracts.consents import ConsentState
from chalicelib.contracts.http import Profile
from chalicelib.contracts.ml import ItemBlock, RecentTip
from chalicelib.contracts.pool import Pool, Worded
from chalicelib.contracts.ports import SealedWords
from chalicelib.profile.contract import ConsentsDocument
from ml_lambda.serving.leases import Lease, LeaseTable
from ml_lambda.serving.leasing import Leases
from ml_lambda.serving.pool_reads import Person, PoolReads, TipMemory
from ml_lambda.serving.pools import LostRace, PersonErased, PoolTable, parse_pool, parse_worded
from ml_lambda.serving.reads import Known, RankReads
from ml_lambda.serving.refilling import PoolStore, Reads
from ml_lambda.serving.titles import SealedTitle
from tests import ml_examples as me
from tests.unit.ml_lambda.serving.pool_memory import MemoryLeases, MemoryPools

WORDED = Worded(
    meanings={"m.1": [127, -127, 0, -1, 5], "m.2": []},
    refused={"d": me.ahead(hours=5)},
    themed={"task-tax": "3.20"},
    themed_at=me.NOW,
)


@pytest.fixture
def rows(aws: Any) -> me.Store:
    store = me.Store(aws.client("dynamodb"))
    store.person()
    return store


def pool(version: int = 1, **fields: Any) -> Pool:
    values = {"person_id": me.PERSON, "entries": [me.entry()], "themes": {"task-tax": "t1"}, **fields}
    return Pool(version=version, **values)


def save(of: Pool, worded: Worded = WORDED, granted: list[str] | None = None) -> None:
    PoolTable().save(of, worded, me.ALL if granted is None else granted, me.NOW)  # type: ignore[arg-type]


def kept(rows: me.Store) -> dict[str, Any]:
    found = rows.client.scan(TableName="oo-local-pools", ConsistentRead=True)["Items"]
    return {row["part"]["S"]: row for row in found}


def test_what_was_saved_is_what_rank_reads(rows: me.Store) -> None:
    assert RankReads().person(me.PERSON) == Known()
    save(pool())
    assert RankReads().person(me.PERSON).pool == pool()
    assert parse_worded(kept(rows)["worded"]) == WORDED


@pytest.mark.parametrize("consent", ["tasks", "calendar", "habits", "mood", "context", "learning"])
def test_a_withdrawal_takes_all_of_it(rows: me.Store, consent: Any) -> None:
    save(pool())
    assert PoolTable().withdraw(me.PERSON, consent) == 2
    assert kept(rows) == {}


@pytest.mark.parametrize("consent", ["notifications", "research"])
def test_what_no_wording_rests_on_takes_nothing(rows: me.Store, consent: Any) -> None:
    save(pool())
    assert PoolTable().withdraw(me.PERSON, consent) == 0
    assert RankReads().person(me.PERSON).pool == pool()


def test_rows_go_by_themselves(rows: me.Store) -> None:
    save(pool())
    ends = {part: int(row["expires"]["N"]) - int(me.NOW.timestamp()) for part, row in kept(rows).items()}
    assert ends == {"ready": 3 * 86_400, "worded": 14 * 86_400}


def test_an_export_has_the_words_and_says_what_is_remembered(rows: me.Store) -> None:
    save(pool())
    ready, themes, lately = PoolTable().export(me.PERSON)
    words = SealedWords("pool:m.1", b"sealed m.1", until=me.ahead(days=2), document=True)
    assert (ready["words"], ready["wording"], ready["item_ref"]) == (words, "m.1", "task-invoice")
    assert (themes, lately) == ({"themes": {"task-tax": "t1"}}, {"meanings": WORDED.meanings})
    assert PoolTable().erase(me.PERSON) == 2
    assert (PoolTable().erase(me.PERSON), list(PoolTable().export(me.PERSON))) == (0, [])


def test_a_lease_is_exported_to_nobody_and_goes_by_itself_and_with_the_person(rows: me.Store) -> None:
    LeaseTable().claim(me.PERSON, [], me.NOW, me.ahead(seconds=180))
    assert LeaseTable().claim(me.PERSON, ["t1"], me.NOW, me.ahead(seconds=180)) is None
    assert int(kept(rows)["lease"]["expires"]["N"]) == int(me.ahead(seconds=180).timestamp())
    assert list(PoolTable().export(me.PERSON)) == []
    assert PoolTable().withdraw(me.PERSON, "tasks") == 1
    assert kept(rows) == {}


def test_a_row_of_another_shape_is_no_pool(rows: me.Store) -> None:
    rows.put("pools", part={"S": "ready"}, body={"S": '{"entries": 7}'}, version={"N": "1"})
    assert RankReads().person(me.PERSON).pool is None
    assert parse_pool(None) is None


@dataclass
class Pools:
    """What is read and kept, who refills, and a person behind it."""

    reads: Reads
    store: PoolStore
    leases: Leases
    agree: Callable[[list[str]], None]
    erase: Callable[[], None]

    def save(self, of: Pool, worded: Worded = WORDED, granted: Collection[str] = me.ALL) -> None:
        self.store.save(of, worded, granted, me.NOW)  # type: ignore[arg-type]

    def claim(self, *closed: str, after: float = 0) -> Lease | None:
        """`after` seconds; for a minute."""
        now = me.ahead(seconds=after)
        return self.leases.claim(me.PERSON, closed, now, now + timedelta(minutes=1))

    @property
    def kept(self) -> tuple[Pool | None, int, Worded]:
        person = self.reads.person(me.PERSON)
        return person.pool, person.version, person.worded


class PoolStores:
    """What every implementation does."""

    def test_of_two_writers_one_wins_and_both_rows_are_its(self, pools: Pools) -> None:
        assert pools.kept == (None, 0, Worded())
        pools.save(pool())
        assert pools.kept == (pool(), 1, WORDED)
        pools.save(pool(2, entries=[]), Worded())
        for version in (1, 2, 4):
            with pytest.raises(LostRace):
                pools.save(pool(version))
        assert pools.kept == (pool(2, entries=[]), 2, Worded())

    def test_nothing_is_written_about_who_was_erased(self, pools: Pools) -> None:
        pools.erase()
        with pytest.raises(PersonErased):
            pools.save(pool())
        person = pools.reads.person(me.PERSON)
        assert (person.erased, person.granted, person.pool) == (True, frozenset(), None)

    def test_nothing_is_written_under_consents_that_changed_meanwhile(self, pools: Pools) -> None:
        for now in (["tasks"], [], [*me.ALL, "research"]):
            pools.agree(now)
            with pytest.raises(LostRace):
                pools.save(pool())
        assert pools.kept == (None, 0, Worded())
        pools.agree([])
        pools.save(pool(entries=[]), granted=[])

    def test_titles_are_read_sealed_with_their_marks_until_they_expire(self, pools: Pools) -> None:
        assert pools.reads.titles(me.PERSON, ["a", "b", "gone"], me.NOW) == {
            "a": SealedTitle(b"sealed a", "0" * 16),
            "b": SealedTitle(b"sealed b", "0" * 16),
        }
        assert pools.reads.titles(me.PERSON, [], me.NOW) == {}

    def test_a_lease_is_held_by_one_who_hears_of_the_others_when_giving_it_back(self, pools: Pools) -> None:
        lease = pools.claim("mine")
        assert lease
        assert [pools.claim("a"), pools.claim(), pools.claim("b", after=59)] == [None] * 3
        assert pools.leases.end(lease) == {"a", "b"}
        assert pools.claim() is None, "it is still held"
        assert pools.leases.end(lease) == frozenset(), "somebody came, and closed nothing"
        assert pools.leases.end(lease) is None
        assert pools.claim() not in {None, lease}

    def test_a_lapsed_lease_is_taken_over_and_its_holder_is_told_nothing(self, pools: Pools) -> None:
        dead, heir = pools.claim(), pools.claim(after=60)
        assert dead
        assert heir
        assert pools.claim("a", after=61) is None
        assert pools.leases.end(dead) is None
        pools.leases.drop(dead)
        assert pools.leases.end(heir) == {"a"}

    def test_what_is_dropped_is_free_whoever_came(self, pools: Pools) -> None:
        lease = pools.claim()
        assert lease
        assert pools.claim("a") is None
        pools.leases.drop(lease)
        other = pools.claim()
        assert other
        assert pools.leases.end(other) is None

    def test_nobody_refills_for_who_was_erased(self, pools: Pools) -> None:
        pools.erase()
        with pytest.raises(PersonErased):
            pools.claim()

    def test_of_many_at_once_one_works_and_of_the_others_none_is_forgotten(
        self, pools: Pools, request: pytest.FixtureRequest
    ) -> None:
        if "[moto]" in request.node.name:
            pytest.skip("moto checks a condition and writes without a lock between")
        many, heard, failed = 6, set[str](), list[BaseException]()
        start, working = threading.Barrier(many), threading.Lock()

        def come(ref: str) -> None:
            try:
                start.wait()
                if (lease := pools.claim(ref)) is None:
                    return
                news: frozenset[str] | None = frozenset({ref})
                while news is not None:
                    assert working.acquire(blocking=False), "two work at once"
                    heard.update(news)
                    working.release()
                    news = pools.leases.end(lease)
            except BaseException as error:
                failed.append(error)

        refs = {f"t{n}" for n in range(many)}
        threads = [threading.Thread(target=come, args=(ref,)) for ref in refs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (failed, heard) == ([], refs)
        assert pools.claim(), "nobody holds it any more"


class TestInMemory(PoolStores):
    @pytest.fixture
    def pools(self) -> Pools:
        memory = MemoryPools({me.PERSON: Person(granted=frozenset(me.ALL))})  # type: ignore[arg-type]
        for ref in ("a", "b"):
            memory.sealed[me.PERSON, ref] = SealedTitle(f"sealed {ref}".encode(), "0" * 16)

        def agree(granted: list[str]) -> None:
            memory.change(me.PERSON, granted=frozenset(granted))

        def erase() -> None:
            memory.change(me.PERSON, erased=True, granted=frozenset())

        return Pools(memory, memory, MemoryLeases(memory), agree, erase)


class TestInDynamoDB(PoolStores):
    @pytest.fixture
    def pools(self, rows: me.Store) -> Pools:
        for ref, ends in (("a", None), ("b", me.ahead(seconds=60)), ("over", me.ago(seconds=60))):
            expires = {"expires": {"N": str(int(ends.timestamp()))}} if ends else {}
            sealed = {"sealed": {"B": f"sealed {ref}".encode()}, "title_hash": {"S": "0" * 64}}
            rows.put("item-words", item_ref={"S": ref}, **sealed, **expires)
        return Pools(PoolReads(), PoolTable(), LeaseTable(), rows.person, rows.erased)

    def test_a_pool_that_went_begins_anew_and_a_late_writer_of_it_is_refused(self, pools: Pools) -> None:
        pools.save(pool())
        assert PoolTable().erase(me.PERSON) == 2
        with pytest.raises(LostRace):
            pools.save(pool(2))
        assert pools.kept == (None, 0, Worded())
        pools.save(pool())

    def test_a_pool_of_another_shape_is_replaced(self, pools: Pools, rows: me.Store) -> None:
        rows.put("pools", part={"S": "ready"}, body={"S": '{"entries": 7}'}, version={"N": "4"})
        assert pools.kept == (None, 4, Worded())
        pools.save(pool(5))
        assert pools.kept == (pool(5), 5, WORDED)

    def test_more_titles_than_one_call_takes(self, pools: Pools, rows: me.Store) -> None:
        refs = [f"t{n}" for n in range(130)]
        rows.words(*refs)
        assert set(PoolReads().titles(me.PERSON, refs, me.NOW)) == set(refs)

    def test_a_person_is_read_as_the_other_modules_wrote_them(self, aws: Any) -> None:
        from chalicelib.profile.store import ProfileTable
        from chalicelib.recommender.contract import TipState
        from chalicelib.recommender.store import RecommenderTables
        from chalicelib.runtime.person_keys import make_sealer
        from ml_lambda.features.snapshot import build
        from ml_lambda.features.store import FeatureTables

        assert PoolReads().person(me.PERSON) == Person()
        profiles, seen = ProfileTable(), ProfileTable().read(me.PERSON)
        profile = Profile(timezone="Asia/Tokyo", locale="de-AT")
        profiles.keep_profile(me.PERSON, profile, seen)
        agreed = {"tasks": ConsentState(granted=True, at=me.NOW, text_version="1")}
        profiles.keep_consents(me.PERSON, ConsentsDocument(consents=agreed), [], seen)  # type: ignore[arg-type]
        sealed = make_sealer().seal(me.PERSON, "item:t1", "Call Zoë")
        snapshot = build([], [], "Asia/Tokyo", me.NOW, person_id=me.PERSON)
        assert FeatureTables().save(snapshot)
        recent = RecentTip(decision_id="d", decided_at=me.NOW, angle="rest", wording="m.1")
        block = ItemBlock(item_ref="t1", kind="snoozed", since=me.NOW)
        state = TipState(person_id=me.PERSON, version=1, recent=[recent], blocks=[block])
        RecommenderTables().write_state(state)
        person = PoolReads().person(me.PERSON)
        assert (person.profile, person.granted, person.erased) == (profile, {"tasks"}, False)
        assert (person.snapshot, person.tips) == (snapshot, TipMemory(recent=[recent], blocks=[block]))
        again = make_sealer()
        again.prime(me.PERSON, person.wrapped_key)
        assert again.open(me.PERSON, "item:t1", sealed) == "Call Zoë"
        profiles.entomb(me.PERSON, "receipt", me.NOW)
        assert PoolReads().person(me.PERSON).erased
