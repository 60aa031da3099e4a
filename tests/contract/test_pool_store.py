"""The table `pools`: replaced by version, never for who left or withdrew, read by `rank`, exported, gone."""

from __future__ import annotations

from typing import Any

import ml_examples as me
import pytest

from chalicelib.contracts.pool import Pool, Worded
from chalicelib.contracts.ports import SealedWords
from ml_lambda.serving.pools import LostRace, PersonErased, PoolTable, parse_pool, parse_worded
from ml_lambda.serving.reads import Known, RankReads

WORDED = Worded(meanings={"m.1": [127, -127, 0, -1, 5]})


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


def test_of_two_writers_one_wins_and_both_rows_are_its(rows: me.Store) -> None:
    save(pool())
    save(pool(2, entries=[]), Worded())
    for version in (1, 2, 4):
        with pytest.raises(LostRace):
            save(pool(version))
    assert RankReads().person(me.PERSON).pool == pool(2, entries=[])
    assert parse_worded(kept(rows)["worded"]) == Worded()


def test_a_pool_that_went_begins_anew_and_a_late_writer_of_it_is_refused(rows: me.Store) -> None:
    save(pool())
    assert PoolTable().erase(me.PERSON) == 2
    with pytest.raises(LostRace):
        save(pool(2))
    assert kept(rows) == {}
    save(pool())


def test_nothing_is_written_about_who_was_erased(rows: me.Store) -> None:
    rows.erased()
    with pytest.raises(PersonErased):
        save(pool())
    assert kept(rows) == {}


def test_nothing_is_written_under_consents_that_changed_meanwhile(rows: me.Store) -> None:
    for now in (["tasks"], [], [*me.ALL, "research"]):
        rows.person(now)
        with pytest.raises(LostRace):
            save(pool())
    assert kept(rows) == {}
    rows.person([])
    save(pool(entries=[]), granted=[])


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


def test_a_row_of_another_shape_is_no_pool(rows: me.Store) -> None:
    rows.put("pools", part={"S": "ready"}, body={"S": '{"entries": 7}'}, version={"N": "1"})
    assert RankReads().person(me.PERSON).pool is None
    assert parse_pool(None) is None
