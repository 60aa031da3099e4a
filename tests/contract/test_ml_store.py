"""The stores of ml_lambda, on moto and on the emulator, over rows as the other modules write them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.contracts.events import RewardSettled, from_json, timestamp
from chalicelib.contracts.pool import Pool, Worded
from chalicelib.contracts.records import storable
from chalicelib.runtime.logging import logger
from ml_lambda.features.snapshot import WINDOW, build
from ml_lambda.features.store import FeatureTables, Person
from ml_lambda.policies.store import Applied, LostRace, PersonErased, StatisticsTable, StoredState
from ml_lambda.serving.configuration import Configuration
from ml_lambda.serving.learning import Learning
from ml_lambda.serving.pools import PoolTable
from ml_lambda.serving.reads import Known, RankReads
from ml_lambda.serving.stores import RewardMarkers, Statistics, personal_stores
from ml_lambda.serving.titles import SealedTitle
from tests import ml_examples as me

CONFIGURATION = Configuration.of("epsilon_greedy_v2", "epsilon_greedy_v1")


@pytest.fixture
def rows(aws: Any) -> me.Store:
    return me.Store(aws.client("dynamodb"))


def snapshot(at: Any = me.NOW) -> Any:
    return build(me.items(), me.signals(), me.ZONE, at, person_id=me.PERSON)


def test_a_person_is_read_with_zone_and_consents(rows: me.Store) -> None:
    assert FeatureTables().person(me.PERSON) == Person("UTC", frozenset(), False)
    rows.person(["tasks", "learning"])
    assert FeatureTables().person(me.PERSON) == Person(me.ZONE, frozenset({"tasks", "learning"}), False)
    rows.person([])
    assert FeatureTables().person(me.PERSON).granted == frozenset()
    rows.person()
    rows.erased()
    assert FeatureTables().person(me.PERSON) == Person(me.ZONE, frozenset(), True)


def test_what_is_stored_makes_the_same_snapshot(rows: me.Store) -> None:
    rows.items(me.items())
    rows.signals(
        [*me.signals(), me.signal(90, "habit", me.ago(days=29), item_ref="habit-walk", status="done")]
    )
    store = FeatureTables()
    made = build(
        store.items(me.PERSON, me.NOW),
        store.signals(me.PERSON, me.NOW - WINDOW),
        me.ZONE,
        me.NOW,
        person_id=me.PERSON,
    )
    assert made == snapshot()


def test_reads_are_bounded_and_keep_what_matters(rows: me.Store) -> None:
    tasks = [me.item(f"t{n:03d}", due_at=me.ahead(hours=n + 1)) for n in range(110)]
    past = [
        me.item(f"e{n:03d}", "event", "confirmed", starts_at=me.ago(days=40 + n), ends_at=me.ago(days=40 + n))
        for n in range(5)
    ]
    far = me.item("far", "event", "confirmed", starts_at=me.ahead(days=9), ends_at=me.ahead(days=9))
    rows.items([*reversed(tasks), *past, far, *me.items()[3:]])
    found = FeatureTables().items(me.PERSON, me.NOW)
    assert [i.item_ref for i in found if i.type == "task"] == [f"t{n:03d}" for n in range(100)]
    assert [i.item_ref for i in found if i.type == "event"] == ["event-standup"]
    assert [i.item_ref for i in found if i.type == "habit"] == ["habit-walk"]


def test_long_past_tasks_take_only_the_room_that_is_left(rows: me.Store) -> None:
    old = [me.item(f"old{n:03d}", due_at=me.ago(days=20 + n)) for n in range(110)]
    rows.items([*old, *me.items()])
    found = [i.item_ref for i in FeatureTables().items(me.PERSON, me.NOW) if i.type == "task"]
    assert found[:3] == ["task-invoice", "task-tax", "task-shelf"]
    assert found[3:] == [f"old{n:03d}" for n in range(97)]


def test_signals_are_read_page_by_page(rows: me.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    rows.signals(me.signals())
    monkeypatch.setattr("ml_lambda.features.store._PAGE", 2)
    monkeypatch.setattr("ml_lambda.features.store.MOST_SIGNALS", 5)
    found = FeatureTables().signals(me.PERSON, me.NOW - WINDOW)
    newest = sorted(me.signals(), key=lambda s: s.occurred_at, reverse=True)[:5]
    assert [s.occurred_at for s in found] == [s.occurred_at for s in newest]


def test_a_refresh_that_began_earlier_never_overwrites(rows: me.Store) -> None:
    store = FeatureTables()
    assert store.computed_at(me.PERSON) is None
    assert store.save(snapshot())
    assert not store.save(snapshot(me.ago(minutes=1)))
    assert store.computed_at(me.PERSON) == me.NOW
    assert store.save(snapshot(me.ahead(minutes=1)))
    assert RankReads().person(me.PERSON).snapshot == snapshot(me.ahead(minutes=1))


def test_nothing_is_saved_about_an_erased_person(rows: me.Store) -> None:
    rows.erased()
    assert not FeatureTables().save(snapshot())
    assert RankReads().person(me.PERSON) == Known()
    with pytest.raises(PersonErased):
        StatisticsTable().apply(
            me.PERSON, "d", Applied(1, 1.0, frozenset({"p"})), me.NOW, StoredState(), {"p": b"1"}
        )
    assert StatisticsTable().statistics(me.PERSON) == StoredState()
    assert list(StatisticsTable().markers(me.PERSON)) == []


def test_a_snapshot_of_another_feature_version_is_read_as_such_and_made_anew(rows: me.Store) -> None:
    other = snapshot().model_copy(update={"feature_version": 0})
    body = {"S": other.model_dump_json()}
    rows.put("snapshots", computed_at={"S": storable(me.NOW)}, feature_version={"N": "0"}, body=body)
    assert RankReads().person(me.PERSON).snapshot == other
    assert FeatureTables().computed_at(me.PERSON) is None


def test_a_snapshot_of_another_shape_is_none(rows: me.Store) -> None:
    body = {"S": '{"person_id": "p", "tasks": "none"}'}
    rows.put("snapshots", computed_at={"S": storable(me.NOW)}, feature_version={"N": "9"}, body=body)
    assert RankReads().person(me.PERSON).snapshot is None


def test_statistics_and_marker_are_written_together(rows: me.Store) -> None:
    table, first = StatisticsTable(), me.decision(1)
    rows.person()
    rows.decision(first)
    applied = Applied(1, 0.1, frozenset({"a", "b"}))
    table.apply(
        me.PERSON, first.decision_id, applied, first.decided_at, StoredState(), {"a": b"1", "b": b"2"}
    )
    read = table.read(me.PERSON, first.decision_id)
    assert read.state == StoredState(1, {"a": b"1", "b": b"2"})
    assert (read.applied, read.decision, read.consented, read.erased) == (applied, first, True, False)
    for stale, revision in ((StoredState(), 2), (StoredState(2), 2), (read.state, 1)):
        with pytest.raises(LostRace):
            table.apply(
                me.PERSON, first.decision_id, Applied(revision, 1.0, applied.policies), me.NOW, stale, {}
            )
    assert table.read(me.PERSON, first.decision_id) == read
    assert RankReads().person(me.PERSON).state == read.state


def test_nothing_is_learned_after_learning_was_withdrawn(rows: me.Store) -> None:
    table, one = StatisticsTable(), Applied(1, 1.0, frozenset({"a"}))
    rows.person(["tasks"])
    with pytest.raises(LostRace):
        table.apply(me.PERSON, "d", one, me.NOW, StoredState(), {"a": b""})
    assert table.statistics(me.PERSON) == StoredState()
    assert list(table.markers(me.PERSON)) == []


def test_the_latest_of_many_markers_is_found(rows: me.Store) -> None:
    table = StatisticsTable()
    rows.person()
    for revision in range(1, 12):
        table.apply(
            me.PERSON,
            "d",
            Applied(revision, 0.4, frozenset({"a"})),
            me.NOW,
            table.statistics(me.PERSON),
            {"a": b""},
        )
    found = table.read(me.PERSON, "d")
    assert found.applied == Applied(11, 0.4, frozenset({"a"}))
    assert found.state.sequence == 11
    assert table.read(me.PERSON, "d1").applied is None


def test_rewards_through_the_real_tables_in_any_order(rows: me.Store) -> None:
    rows.person()
    decisions = [me.decision(n) for n in range(3)]
    for stored in decisions:
        rows.decision(stored)

    def deliver(*rewards: tuple[int, int, float]) -> StoredState:
        learning = Learning(StatisticsTable(), CONFIGURATION, logger("learn"))
        for number, revision, reward in rewards:
            settled = RewardSettled(
                decision_id=decisions[number].decision_id,
                revision=revision,
                reward=reward,
                decided_at=timestamp(decisions[number].decided_at),
            )
            learning.handle(from_json(me.message(settled)["body"]))
        return StatisticsTable().statistics(me.PERSON)

    one = deliver((0, 1, 0.4), (1, 1, 0.1), (0, 2, 0.8), (2, 1, 0.0), (1, 2, 1.0))
    assert one.sequence == 5
    for store in (Statistics(StatisticsTable()), RewardMarkers(StatisticsTable())):
        store.erase(me.PERSON)
    other = deliver((2, 1, 0.0), (1, 2, 1.0), (0, 2, 0.8), (0, 1, 0.4), (1, 1, 0.1), (0, 2, 0.8))
    assert other.sequence == 3
    assert other.states == one.states


def test_words_are_read_until_they_expire(rows: me.Store) -> None:
    rows.words("a")
    for ref, seconds in (("b", 60), ("c", -60)):
        expires = {"N": str(int((me.NOW + timedelta(seconds=seconds)).timestamp()))}
        rows.put("item-words", item_ref={"S": ref}, sealed={"B": b"x"}, expires=expires)
    found = RankReads().words(me.PERSON, ["a", "b", "c", "d", "a"], me.NOW)
    assert found == {"a": SealedTitle(b"sealed a"), "b": SealedTitle(b"x")}


def test_everything_is_exported_and_erased(rows: me.Store) -> None:
    rows.person()
    FeatureTables().save(snapshot())
    table = StatisticsTable()
    for revision in range(1, 31):
        before = table.statistics(me.PERSON)
        table.apply(me.PERSON, "d", Applied(revision, 1.0, frozenset({"a"})), me.NOW, before, {"a": b"\x01"})
    pool = Pool(person_id=me.PERSON, version=1, entries=[me.entry()], themes={"task-tax": "1"})
    PoolTable().save(pool, Worded(meanings={"m.1": [1]}), me.ALL, me.NOW)
    stores = personal_stores()
    assert [(s.name, len(list(s.export(me.PERSON)))) for s in stores] == [
        ("snapshots", 1),
        ("statistics", 1),
        ("reward-markers", 30),
        ("pools", 3),
        ("model-usage", 0),
    ]
    assert [s.erase(me.PERSON) for s in stores] == [1, 1, 30, 2, 0]
    assert [s.erase(me.PERSON) for s in stores] == [0, 0, 0, 0, 0]
    assert [list(s.export(me.PERSON)) for s in stores] == [[], [], [], [], []]
