"""A copy of everything: complete by the store list, each part as its schema says, nothing of anybody else."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from chalicelib.contracts import exports as contract
from chalicelib.contracts.errors import Gone, NotFound, RateLimited, Unavailable
from chalicelib.contracts.events import ExportWritten, MalformedEvent, TipDue, wrap
from chalicelib.contracts.ports import SealedWords
from chalicelib.contracts.stores import STORES
from chalicelib.profile.exporting import LINK_LIVES, MOST_A_DAY, PATIENCE, ExportService
from chalicelib.profile.readable import SHOWN, Section, page
from chalicelib.runtime.clock import RandomIds
from infra.functions import function
from infra.queues import visibility_timeout
from tests.unit.events.world import ANN, BOB, NOW, MemoryBus, StandingClock
from tests.unit.profile.memory import MemoryExports, MemoryProfiles
from tests.unit.runtime.memory_keys import memory_sealer

TRACE = "trace-0001"
HOUSE = [name for name in contract.personal() if contract.writer(name) == contract.HOUSE]
ML = [name for name in contract.personal() if contract.writer(name) == contract.ML]


class Rows:
    def __init__(self, name: str, rows: dict[str, list[Mapping[str, Any]]] | None = None) -> None:
        self.name, self.rows = name, rows or {}

    def export(self, person_id: str) -> Iterable[Mapping[str, Any]]:
        return self.rows.get(person_id, [])

    def erase(self, person_id: str) -> int:
        raise NotImplementedError


class Copying:
    def __init__(self) -> None:
        self.clock = StandingClock()
        self.exports = MemoryExports(self.clock.now)
        self.profiles = MemoryProfiles()
        self.sealer = memory_sealer()
        self.bus = MemoryBus()
        self.stores = {name: Rows(name) for name in HOUSE}
        self.service = ExportService(
            self.exports, self.profiles, lambda: list(self.stores.values()), self.sealer, self.bus,
            self.clock, RandomIds(),
        )  # fmt: skip

    def words(self, name: str, ref: str, title: str, person: str = ANN, **more: Any) -> SealedWords:
        purpose = f"item:{ref}"
        return SealedWords(purpose, self.sealer.seal(person, purpose, title), **more)

    def scorer_writes(self, person: str, export_id: str) -> None:
        """What ml_lambda does."""
        self.exports.write_parts(person, export_id, [Rows(name) for name in ML], lambda _: None)
        written = ExportWritten(export_id=export_id, owner=contract.ML)
        self.service.handle(wrap(written, person_id=person, event_id="w", at=NOW, trace_id=TRACE))

    def copy(self, person: str = ANN) -> zipfile.ZipFile:
        """Ask, let everyone write, open the zip."""
        export_id = self.service.request(person, TRACE).export_id
        self.service.handle(self.bus.events[-1])
        self.scorer_writes(person, export_id)
        return zipfile.ZipFile(io.BytesIO(self.exports.zips[person, export_id][1]))


@pytest.fixture
def copying() -> Copying:
    return Copying()


def test_a_copy_has_every_personal_store_with_its_schema_and_a_page(copying: Copying) -> None:
    archive = copying.copy()
    assert archive.testzip() is None
    names = set(archive.namelist())
    for store in STORES:
        assert (f"data/{store.name}.json" in names) is store.personal
        if store.personal:
            schema = json.loads(archive.read(f"schemas/{store.name}.schema.json"))
            jsonschema.Draft202012Validator.check_schema(schema)
            jsonschema.validate(json.loads(archive.read(f"data/{store.name}.json")), schema)
    assert {"manifest.json", "index.html"} <= names
    manifest = json.loads(archive.read("manifest.json"))
    assert [s["store"] for s in manifest["stores"]] == contract.personal()
    assert all({s["file"], s["schema"]} <= names for s in manifest["stores"])


def test_words_are_opened_while_their_time_lasts_and_only_ones_own(copying: Copying) -> None:
    row = {"item_ref": "a", "type": "task", "title_hash": "0", "kept_until": None}
    copying.stores["item-words"].rows = {
        ANN: [
            {**row, "title": copying.words("item-words", "a", "Call Zoë")},
            {**row, "item_ref": "b", "title": copying.words("item-words", "b", "over", until=NOW)},
            {**row, "item_ref": "c", "title": copying.words("item-words", "c", "Bob's", person=BOB)},
        ],
        BOB: [{**row, "title": copying.words("item-words", "a", "of Bob", person=BOB)}],
    }
    archive = copying.copy()
    told = json.loads(archive.read("data/item-words.json"))["rows"]
    assert [one["title"] for one in told] == ["Call Zoë", None, None]
    everything = "".join(archive.read(name).decode() for name in archive.namelist())
    assert "Bob" not in everything
    assert "over" not in told[1].values()


def test_the_page_says_it_in_words_and_lets_nothing_in(copying: Copying) -> None:
    evil = "<script>alert(1)</script>"
    copying.stores["profiles"].rows = {
        ANN: [
            {"part": "profile", "content": {"display_name": evil, "timezone": "Asia/Tokyo"}},
            {
                "part": "consents#2026-11-05T12:00:00.000000Z#tasks",
                "content": {
                    "consent": "tasks", "granted": True, "at": "2026-11-05T12:00:00Z",
                    "text_version": "2026-11",
                },
            },
        ]
    }  # fmt: skip
    copying.stores["item-words"].rows = {
        ANN: [
            {
                "item_ref": "a", "type": "task", "title_hash": "0", "kept_until": None,
                "title": copying.words("item-words", "a", "Pay & go"),
            }
        ]
    }  # fmt: skip
    copying.stores["items"].rows = {
        ANN: [{"item_ref": "a", "type": "task", "status": "open", "as_of": "2026-11-05T12:00:00Z"}]
    }
    html = copying.copy().read("index.html").decode()
    assert "Pay &amp; go" in html
    assert "Asia/Tokyo" in html
    assert "&lt;script&gt;" in html
    assert evil not in html
    assert "agreed" in html
    for name in contract.personal():
        assert f"data/{name}.json" in html


def test_who_writes_last_makes_the_zip_in_whatever_order(copying: Copying) -> None:
    export_id = copying.service.request(ANN, TRACE).export_id
    [requested] = copying.bus.events
    copying.scorer_writes(ANN, export_id)
    assert (ANN, export_id) not in copying.exports.zips
    copying.service.handle(requested)
    made = copying.exports.zips[ANN, export_id]
    copying.service.handle(requested)
    copying.scorer_writes(ANN, export_id)
    assert copying.exports.zips[ANN, export_id] == made
    assert copying.service.status(ANN, export_id).state == "ready"


def test_of_two_that_come_last_at_once_one_makes_the_zip(copying: Copying) -> None:
    """The queue hands a function several messages, and several functions one each."""
    export_id = copying.service.request(ANN, TRACE).export_id
    copying.service.handle(copying.bus.events[-1])
    part, reads = copying.exports.part, []

    def overtaken(person: str, export: str, name: str) -> Iterable[bytes]:
        reads.append(name)
        if len(reads) == 2:
            copying.scorer_writes(ANN, export_id)
        return part(person, export, name)

    copying.exports.part = overtaken  # type: ignore[method-assign,assignment]
    copying.scorer_writes(ANN, export_id)
    assert len(reads) == 2 + len(contract.personal()), "the one that was overtaken read on"
    assert copying.service.status(ANN, export_id).state == "ready"
    made = zipfile.ZipFile(io.BytesIO(copying.exports.zips[ANN, export_id][1]))
    assert made.testzip() is None
    assert {f"data/{name}.json" for name in contract.personal()} <= set(made.namelist())


def test_a_part_that_was_lost_is_no_zip(copying: Copying) -> None:
    export_id = copying.service.request(ANN, TRACE).export_id
    copying.service.handle(copying.bus.events[-1])
    part = copying.exports.part

    def losing(person: str, export: str, name: str) -> Iterable[bytes]:
        copying.exports.parts[person, export].pop(HOUSE[1], None)
        return part(person, export, name)

    copying.exports.part = losing  # type: ignore[method-assign,assignment]
    with pytest.raises(KeyError):
        copying.scorer_writes(ANN, export_id)
    assert copying.service.status(ANN, export_id).state == "preparing"


def test_a_writer_that_died_is_made_up_for_by_the_retry(copying: Copying) -> None:
    export_id = copying.service.request(ANN, TRACE).export_id
    [requested] = copying.bus.events
    real, copying.exports.finish = copying.exports.finish, lambda *_: (_ for _ in ()).throw(ConnectionError)  # type: ignore[assignment,method-assign]
    copying.scorer_writes(ANN, export_id)
    with pytest.raises(ConnectionError):
        copying.service.handle(requested)
    assert copying.service.status(ANN, export_id).state == "preparing"
    copying.exports.finish = real  # type: ignore[method-assign]
    copying.service.handle(requested)
    assert copying.service.status(ANN, export_id).state == "ready"


def test_the_link_lives_an_hour_from_when_the_copy_was_ready(copying: Copying) -> None:
    copying.copy()
    [one] = copying.exports.all(ANN)
    copying.clock.at = NOW + timedelta(minutes=59)
    status = copying.service.status(ANN, one.export_id)
    assert (status.state, status.link_expires_at) == ("ready", NOW + LINK_LIVES)
    assert status.link is not None
    assert status.link.endswith("X-Amz-Expires=60"), "not an hour from each look"
    copying.clock.at = NOW + LINK_LIVES
    over = copying.service.status(ANN, one.export_id)
    assert (over.state, over.link, over.link_expires_at) == ("expired", None, None)


def test_a_copy_that_never_comes_has_failed_after_three_tries_of_each_writer(copying: Copying) -> None:
    export_id = copying.service.request(ANN, TRACE).export_id
    copying.clock.at = NOW + PATIENCE
    assert copying.service.status(ANN, export_id).state == "failed"
    assert copying.service.request(ANN, TRACE).export_id != export_id
    for name in ("profile-export", "export"):
        tries = 2 * visibility_timeout(function(name).timeout) + function(name).timeout
        assert timedelta(seconds=tries) <= PATIENCE


def test_asking_twice_is_one_copy_and_six_in_a_day_are_too_many(copying: Copying) -> None:
    first = copying.service.request(ANN, TRACE)
    assert copying.service.request(ANN, TRACE).export_id == first.export_id
    assert len({e.event_id for e in copying.bus.events}) == 1
    for _ in range(MOST_A_DAY):
        copying.copy()
        copying.clock.at += timedelta(minutes=1)
        if len(copying.exports.all(ANN)) == MOST_A_DAY:
            break
    with pytest.raises(RateLimited):
        copying.service.request(ANN, TRACE)
    copying.service.request(BOB, TRACE)


def test_a_request_that_failed_at_the_bus_begins_with_the_next(copying: Copying) -> None:
    copying.bus.down = True
    with pytest.raises(Unavailable):
        copying.service.request(ANN, TRACE)
    copying.bus.down = False
    copying.copy()
    assert len(copying.exports.all(ANN)) == 1


def test_another_persons_copy_is_not_there(copying: Copying) -> None:
    copying.copy()
    [one] = copying.exports.all(ANN)
    with pytest.raises(NotFound):
        copying.service.status(BOB, one.export_id)


def test_of_an_erased_person_no_copy_stays(copying: Copying) -> None:
    export_id = copying.service.request(ANN, TRACE).export_id
    [requested] = copying.bus.events
    copying.exports.write_parts(ANN, export_id, [Rows("signals")], lambda _: None)
    copying.profiles.entomb(ANN, "receipt", NOW)
    copying.service.handle(requested)
    assert copying.exports.all(ANN) == []
    with pytest.raises(Gone):
        copying.service.request(ANN, TRACE)
    assert copying.exports.erase(ANN) == 0


def test_who_is_erased_while_the_copy_is_written_keeps_none(copying: Copying) -> None:
    class Erasing(Rows):
        def export(self, person_id: str) -> Iterable[Mapping[str, Any]]:
            copying.profiles.entomb(ANN, "receipt", NOW)
            return []

    copying.stores["signals"] = Erasing("signals")
    copying.service.request(ANN, TRACE)
    copying.service.handle(copying.bus.events[-1])
    assert copying.exports.all(ANN) == []
    assert copying.exports.parts == {}


def test_another_event_does_not_belong_here(copying: Copying) -> None:
    with pytest.raises(MalformedEvent):
        copying.service.handle(
            wrap(TipDue(decision_id="d"), person_id=ANN, event_id="e", at=NOW, trace_id="t")
        )


def test_a_document_is_read_in_any_pieces() -> None:
    rows = [{"type": "mood", "n": n, "text": "a\\nb"} for n in range(SHOWN + 3)]
    whole = (
        b'{"store": "s", "holds": "h", "rows": ['
        + b",".join(b"\n" + json.dumps(row).encode() for row in rows)
        + b"\n]}\n"
    )
    for size in (1, 7, len(whole)):
        section = Section("signals", "h")
        for at in range(0, len(whole), size):
            section.feed(whole[at : at + size])
        section.end()
        assert section.count == len(rows)
        assert section.rows == rows[:SHOWN]
        html = page([section], NOW)
        assert f"The first {SHOWN}" in html
        assert f"<td>{len(rows)}</td>" in html
