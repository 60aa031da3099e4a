"""Backfill: the same bytes as online, for everybody, going on where a run was cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chalicelib.contracts.events import SignalStored
from chalicelib.runtime.clock import SystemClock
from chalicelib.runtime.logging import logger
from ml_lambda.features.store import FeatureTables
from ml_lambda.pipelines import backfill
from ml_lambda.pipelines.backfill import Backfill, People, Position, PositionFile, Segment
from ml_lambda.serving import features
from ml_lambda.serving.refreshing import Refreshing
from tests import ml_examples as me

TABLE = "oo-local-snapshots"


class Clock:
    at = me.NOW

    def now(self) -> Any:
        return self.at


class Cut(Exception):
    """The run ends here."""


@pytest.fixture
def client(aws: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(SystemClock, "now", lambda self: me.NOW)
    features.refreshing.cache_clear()
    yield aws.client("dynamodb")
    features.refreshing.cache_clear()


def make_people(client: Any, count: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names = [f"0b0e3b6e-6d5b-4f55-9d2a-{n:012d}" for n in range(count)]
    for name in names:
        monkeypatch.setattr(me, "PERSON", name)
        store = me.Store(client)
        store.person(timezone="Asia/Tokyo" if name.endswith("1") else me.ZONE)
        store.items(me.items())
        store.signals(me.signals())
    return names


def online(*people: str) -> None:
    for number, person in enumerate(people):
        message = me.message(SignalStored(signal_id="s", type="task"), number, person)
        assert features.handler(me.batch(message), None) == {"batchItemFailures": []}


def rows(client: Any) -> dict[str, Any]:
    return {row["person_id"]["S"]: row for row in client.scan(TableName=TABLE)["Items"]}


def everybody(client: Any, folder: Path, **options: Any) -> Position:
    run = Backfill(People(client), Refreshing(FeatureTables(client), Clock(), logger("backfill")))
    return run.everybody(PositionFile(folder, "local", Segment()), Segment(), **options)


def test_the_same_bytes_as_online(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = make_people(client, 3, monkeypatch)
    online(*people)
    before = rows(client)
    assert set(before) == set(people)
    assert before[people[1]]["body"] != before[people[0]]["body"]
    for person in people:
        client.delete_item(TableName=TABLE, Key={"person_id": {"S": person}})
    assert everybody(client, tmp_path).outcomes == {"kept": 3}
    assert rows(client) == before


def test_a_run_that_is_cut_off_goes_on_where_it_was(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = make_people(client, 6, monkeypatch)
    monkeypatch.setattr(backfill, "PAGE", 4)
    seen: list[int] = []

    def cut(position: Position) -> None:
        seen.append(position.rows)
        raise Cut

    with pytest.raises(Cut):
        everybody(client, tmp_path, moved=cut)
    done = set(rows(client))
    assert 0 < len(done) < len(people)
    for person in done:
        client.delete_item(TableName=TABLE, Key={"person_id": {"S": person}})
    position = everybody(client, tmp_path)
    assert set(rows(client)) == set(people) - done  # those before the cut are not made again
    assert position.outcomes == {"kept": 6}
    assert position.rows == 12
    assert list(tmp_path.iterdir()) == []  # over: the next run begins anew


def test_segments_share_the_people(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = make_people(client, 5, monkeypatch)
    run = Backfill(People(client), Refreshing(FeatureTables(client), Clock(), logger("backfill")))
    parts = [Segment.parse(f"{n}/3") for n in range(3)]
    found = [run.everybody(PositionFile(tmp_path, "local", part), part) for part in parts]
    assert sum(position.outcomes.get("kept", 0) for position in found) == len(people)
    assert set(rows(client)) == set(people)


def test_what_was_made_online_meanwhile_stays_and_nobody_erased_comes_back(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = make_people(client, 3, monkeypatch)
    monkeypatch.setattr(SystemClock, "now", lambda self: me.ahead(minutes=1))
    online(people[0])
    before = rows(client)[people[0]]
    monkeypatch.setattr(me, "PERSON", people[1])
    me.Store(client).erased()
    assert everybody(client, tmp_path).outcomes == {"overtaken": 1, "erased": 1, "kept": 1}
    assert rows(client)[people[0]] == before
    assert people[1] not in rows(client)


def test_the_command_names_those_who_failed(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    people = make_people(client, 2, monkeypatch)
    store = me.Store(client)
    monkeypatch.setattr(me, "PERSON", people[1])
    store.put("items", item_ref={"S": "x"}, body={"S": "{"}, open_key={"S": "task#9999#x"})
    assert backfill.main(["--folder", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert f"--person {people[1]}" in said
    assert set(rows(client)) == {people[0]}
    assert backfill.main(["--person", people[0]]) == 0
