"""Receipts, exports and what the profile card reads: in memory, on moto, on the emulator."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.contracts.ports import SealedWords
from chalicelib.contracts.records import SignalRecord, storable
from chalicelib.profile.exporting import Exports
from chalicelib.profile.knowledge import KnowledgeTables
from chalicelib.profile.ports import Knowledge, Receipts
from chalicelib.profile.receipts import ReceiptTable
from chalicelib.runtime.exports import ExportBucket
from ml_lambda.features.snapshot import build
from tests.unit.profile.memory import MemoryExports, MemoryKnowledge, MemoryReceipts

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
ANN, BOB = "person-ann", "person-bob"
ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


# --- receipts -----------------------------------------------------------------------------------


class ReceiptStores:
    """What every implementation does."""

    def test_what_was_begun_is_read_and_begun_once(self, receipts: Receipts) -> None:
        assert receipts.read(ONE) is None
        receipts.begin(ONE, NOW, ["signals", "items"])
        receipts.begin(ONE, NOW + timedelta(hours=1), ["signals"])
        found = receipts.read(ONE)
        assert found is not None
        assert (found.requested_at, found.expires_at) == (NOW, NOW + timedelta(days=90))
        assert (list(found.stores), found.done) == (["items", "signals"], {})

    def test_reports_add_up_in_any_order_and_the_first_stands(self, receipts: Receipts) -> None:
        receipts.begin(ONE, NOW, ["signals", "items"])
        for store, minute in (("signals", 2), ("items", 1), ("signals", 3)):
            receipts.done(ONE, store, NOW + timedelta(minutes=minute))
        found = receipts.read(ONE)
        assert found is not None
        assert found.done == {
            "signals": NOW + timedelta(minutes=2),
            "items": NOW + timedelta(minutes=1),
        }

    def test_a_report_without_a_receipt_makes_none(self, receipts: Receipts) -> None:
        receipts.done(ONE, "signals", NOW)
        assert receipts.read(ONE) is None


class TestReceiptsInMemory(ReceiptStores):
    @pytest.fixture
    def receipts(self) -> Receipts:
        return MemoryReceipts()


class TestReceiptsInDynamo(ReceiptStores):
    @pytest.fixture
    def receipts(self, aws: Any) -> Receipts:
        return ReceiptTable()


# --- exports ------------------------------------------------------------------------------------


@dataclass
class Rows:
    """A store with these rows of everybody."""

    name: str
    rows: list[Mapping[str, Any]]

    def export(self, person_id: str) -> Iterable[Mapping[str, Any]]:
        return self.rows

    def erase(self, person_id: str) -> int:
        raise NotImplementedError


def opened(words: SealedWords) -> Any:
    return words.sealed.decode()


class ExportStores:
    """What every implementation does."""

    def test_an_export_begins_is_written_and_is_ready(self, exports: Exports) -> None:
        assert exports.all(ANN) == []
        assert exports.get(ANN, ONE) is None
        exports.begin(ANN, ONE)
        begun = exports.get(ANN, ONE)
        assert begun is not None
        assert (begun.ready_at, begun.parts) == (None, frozenset())
        rows: list[Mapping[str, Any]] = [
            {"title": SealedWords("item:a", b"Zahnarzt"), "at": NOW},
            {"deep": [{"words": SealedWords("item:b", b"two")}]},
        ]
        exports.write_parts(ANN, ONE, [Rows("item-words", rows), Rows("signals", [])], opened)
        exports.write_parts(ANN, ONE, [Rows("signals", [])], opened)
        written = exports.get(ANN, ONE)
        assert written is not None
        assert written.parts == {"item-words", "signals"}
        whole = b"".join(exports.part(ANN, ONE, "item-words"))
        told = json.loads(whole)
        assert told["store"] == "item-words"
        assert told["rows"][0]["title"] == "Zahnarzt"
        assert told["rows"][1] == {"deep": [{"words": "two"}]}
        assert json.loads(b"".join(exports.part(ANN, ONE, "signals")))["rows"] == []
        # A reader of lines finds one row on each.
        assert [line.startswith(b"{") for line in whole.splitlines()[1:3]] == [True, True]

        exports.finish(ANN, ONE, io.BytesIO(b"zip"))
        ready = exports.get(ANN, ONE)
        assert ready is not None
        assert ready.ready_at is not None
        assert ready.ready_at >= ready.requested_at
        assert ready.parts == frozenset()
        with pytest.raises(KeyError):
            list(exports.part(ANN, ONE, "signals"))

    def test_people_are_apart_and_all_of_one_goes(self, exports: Exports) -> None:
        exports.begin(ANN, ONE)
        exports.begin(ANN, TWO)
        exports.begin(BOB, TWO)
        exports.write_parts(ANN, ONE, [Rows("signals", [])], opened)
        exports.finish(ANN, TWO, io.BytesIO(b"zip"))
        assert {one.export_id for one in exports.all(ANN)} == {ONE, TWO}
        assert exports.get(BOB, ONE) is None
        assert exports.erase(ANN) == 4
        assert exports.erase(ANN) == 0
        assert exports.all(ANN) == []
        assert [one.export_id for one in exports.all(BOB)] == [TWO]

    def test_a_link_says_how_long_it_lives(self, exports: Exports) -> None:
        exports.begin(ANN, ONE)
        exports.finish(ANN, ONE, io.BytesIO(b"zip"))
        query = parse_qs(urlsplit(exports.link(ANN, ONE, 42)).query)
        assert query["X-Amz-Expires"] == ["42"]


class TestExportsInMemory(ExportStores):
    @pytest.fixture
    def exports(self) -> Exports:
        return MemoryExports(lambda: NOW)


class TestExportsInS3(ExportStores):
    @pytest.fixture
    def exports(self, aws: Any) -> Exports:
        return ExportBucket()

    def test_the_link_gives_the_zip_to_whoever_has_it(self, exports: Exports, aws: Any) -> None:
        if aws.kind == "moto":
            pytest.skip("moto answers no address of its own")
        import httpx

        exports.begin(ANN, ONE)
        exports.finish(ANN, ONE, io.BytesIO(b"the zip"))
        answer = httpx.get(exports.link(ANN, ONE, 60))
        assert (answer.status_code, answer.content) == (200, b"the zip")
        assert 'filename="oo-export.zip"' in answer.headers["Content-Disposition"]

    def test_what_a_broken_erasure_left_the_next_one_finds(
        self, exports: Exports, aws: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for n in range(3):
            exports.begin(ANN, f"0000000{n}-1111-4111-8111-111111111111")
        with monkeypatch.context() as broken:
            broken.setattr(ExportBucket, "_delete", lambda *_: (_ for _ in ()).throw(ConnectionError))
            with pytest.raises(ConnectionError):
                exports.erase(ANN)
        assert exports.erase(ANN) == 3


# --- what the card reads ------------------------------------------------------------------------


def signal(number: int, hours: float, **fields: Any) -> SignalRecord:
    return SignalRecord(
        signal_id=f"{number:08d}-0000-4000-8000-000000000000",
        type="mood",
        source="manual",
        origin="typed",
        occurred_at=NOW - timedelta(hours=hours),
        **fields,
    )


SIGNALS = [signal(n, hours=n, valence=3) for n in range(25)]
SNAPSHOT = build([], SIGNALS, "Europe/Berlin", NOW, person_id=ANN, granted=["mood"], goals=())
REFS = [f"item-{n}" for n in range(130)]


class KnownThings:
    """What every implementation does; `known` holds SIGNALS, SNAPSHOT, words of REFS and 7 answers of Ann."""

    def test_the_snapshot_and_how_much_was_learned(self, known: Knowledge) -> None:
        assert known.snapshot(ANN) == SNAPSHOT
        assert known.learned(ANN) == 7
        assert (known.snapshot(BOB), known.learned(BOB)) == (None, 0)

    def test_signals_come_newest_first_and_only_as_many_as_asked(self, known: Knowledge) -> None:
        assert list(known.signals(ANN, 10)) == SIGNALS[:10]
        assert list(known.signals(ANN, None)) == SIGNALS
        assert list(known.signals(BOB, None)) == []

    def test_more_titles_than_one_read_takes(self, known: Knowledge) -> None:
        found = known.words(ANN, [*REFS, "none"])
        assert set(found) == set(REFS)
        assert found["item-0"] == SealedWords("item:item-0", b"sealed", None)
        assert found["item-1"] == SealedWords("item:item-1", b"sealed", NOW)
        assert known.words(BOB, REFS) == {}
        assert known.words(ANN, []) == {}


class TestKnownInMemory(KnownThings):
    @pytest.fixture
    def known(self) -> Knowledge:
        sealed = {
            (ANN, ref): SealedWords(f"item:{ref}", b"sealed", NOW if ref == "item-1" else None)
            for ref in REFS
        }
        return MemoryKnowledge({ANN: SNAPSHOT}, {ANN: SIGNALS}, sealed, {ANN: 7})


class TestKnownInDynamo(KnownThings):
    @pytest.fixture
    def known(self, aws: Any) -> Knowledge:
        from chalicelib.events.rows import SignalRow, WordsRow
        from ml_lambda.features.store import FeatureTables

        assert FeatureTables().save(SNAPSHOT)
        with SignalRow.batch_write() as signals:
            for one in SIGNALS:
                signals.save(
                    SignalRow(
                        ANN, one.signal_id, type=one.type, occurred_at=storable(one.occurred_at),
                        body=one.model_dump_json(exclude_none=True),
                    )
                )  # fmt: skip
            # What was taken back is no signal any more.
            gone = "99999999-0000-4000-8000-000000000000"
            signals.save(SignalRow(ANN, gone, type="mood", taken_back_at=storable(NOW), told=True))
        with WordsRow.batch_write() as words:
            for ref in REFS:
                ends = int(NOW.timestamp()) if ref == "item-1" else None
                words.save(
                    WordsRow(
                        ANN, ref, type="task", sealed=b"sealed", title_hash="0", expires=ends,
                        expires_at=storable(NOW),
                    )
                )  # fmt: skip
        aws.client("dynamodb").put_item(
            TableName="oo-local-statistics",
            Item={"person_id": {"S": ANN}, "sequence": {"N": "7"}, "states": {"M": {}}},
        )
        return KnowledgeTables()
