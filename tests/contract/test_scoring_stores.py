"""The stores behind scoring, in memory, on moto and on the emulator: what the other modules' stores wrote
is read, what is kept is kept on the same conditions. The simulation rests on this."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.contracts.consents import CONSENT_OF_TYPE, TEXT_VERSION, Consent, ConsentState
from chalicelib.contracts.events import to_json
from chalicelib.contracts.http import Profile
from chalicelib.contracts.ml import Decision, ReactionRecord
from chalicelib.contracts.records import SignalRecord
from chalicelib.events.planning import plan
from chalicelib.events.ports import SignalStore
from chalicelib.profile.contract import ConsentsDocument
from chalicelib.profile.ports import ProfileStore
from chalicelib.recommender.contract import (
    DecisionLogStore,
    DueTip,
    LostRace,
    MadeAhead,
    StoredDecision,
    TipState,
    TipStore,
    due_hour,
)
from chalicelib.recommender.log import DecisionLog
from chalicelib.recommender.reacting import remembered
from chalicelib.recommender.relay import events_of
from chalicelib.runtime.logging import logger
from ml_lambda.features.snapshot import WINDOW, build
from ml_lambda.features.store import FeatureTables, Person
from ml_lambda.policies import store as policies
from ml_lambda.policies.markers import Marker
from ml_lambda.policies.store import Applied, PersonErased, StatisticsTable, StoredState
from ml_lambda.serving.configuration import Configuration, Serving
from ml_lambda.serving.learning import LearningStore
from ml_lambda.serving.ranking import Reads
from ml_lambda.serving.reads import Known, RankReads
from ml_lambda.serving.refreshing import FeatureStore
from ml_lambda.serving.titles import SealedTitle
from ml_lambda.simulation.memory.keys import MemoryKeyTable
from ml_lambda.simulation.memory.linked import LinkedTips
from ml_lambda.simulation.memory.log import MemoryLog
from ml_lambda.simulation.memory.profiles import MemoryProfiles
from ml_lambda.simulation.memory.scoring import MemoryFeatures, MemoryReads, MemoryStatistics
from ml_lambda.simulation.memory.signals import MemorySignals
from tests.conftest import Cloud
from tests.contract.test_recommender_store import stream_of
from tests.unit.recommender.fakes import candidate, choice

NOW = datetime.fromisoformat("2026-11-18T09:00:00+00:00")
ANN, BOB = "0d3b6a0e-8c55-4f0f-9f0e-5a3f6f4f9a10", "9f1c2d3e-0000-4f0f-9f0e-5a3f6f4f9a11"
APPLIED = Applied(1, 0.4, frozenset({"a"}), 3, "digest")


@dataclass(frozen=True)
class Stores:
    profiles: ProfileStore
    signals: SignalStore
    tips: TipStore
    features: FeatureStore
    statistics: LearningStore
    reads: Reads
    markers: Any

    def agree(self, *consents: Consent, person: str = ANN) -> None:
        state = ConsentState(granted=True, at=NOW - timedelta(days=9), text_version=TEXT_VERSION)
        document = ConsentsDocument(consents=dict.fromkeys(consents, state))
        assert self.profiles.keep_consents(person, document, [], self.profiles.read(person)) == "kept"

    def erase(self, person: str = ANN) -> None:
        self.profiles.entomb(person, "receipt", NOW)

    def take(self, number: int, kind: str, ref: str | None = None, person: str = ANN, **fields: Any) -> None:
        record = SignalRecord.model_validate(
            {
                "signal_id": f"00000000-0000-4000-8000-{number:012d}",
                "type": kind,
                "source": "manual",
                "origin": fields.pop("origin", "typed"),
                "occurred_at": NOW - timedelta(hours=number),
                "item_ref": ref,
                **fields,
            }
        )
        seen = self.signals.item(person, ref) if ref else None
        sealed = b"\x01sealed" + str(ref).encode() if record.title_hash else None
        received = fields.get("occurred_at", NOW)
        assert (
            self.signals.write(person, plan(record, sealed, received, seen, CONSENT_OF_TYPE[kind]))
            == "stored"
        )


def stored(number: int = 1, person: str = ANN, **changes: Any) -> StoredDecision:
    decision = Decision(
        decision_id=f"0190a000-0000-7000-8000-{number:012d}",
        person_id=person,
        decided_at=NOW,
        expires_at=NOW + timedelta(hours=6),
        settle_at=NOW + timedelta(hours=6),
        choice=choice([candidate()]),
        source="template",
        **changes,
    )
    return StoredDecision(
        decision, granted=["tasks"], due_at=decision.settle_at, trace_id="t", changed_at=NOW
    )


def state(of: StoredDecision, version: int = 1) -> TipState:
    return TipState(person_id=of.decision.person_id, version=version, recent=[remembered(of.decision)])


class ScoringStores:
    """What every implementation does."""

    def test_a_person_is_read_as_the_profile_has_them(self, stores: Stores) -> None:
        assert stores.features.person(ANN) == Person("UTC", frozenset(), False)
        profile = Profile(timezone="Asia/Tokyo", goals=["health"])
        assert stores.profiles.keep_profile(ANN, profile, stores.profiles.read(ANN)) == "kept"
        stores.agree("tasks", "learning")
        known = Person("Asia/Tokyo", frozenset({"tasks", "learning"}), False, ("health",))
        assert stores.features.person(ANN) == known
        stores.erase()
        assert stores.features.person(ANN) == replace(known, granted=frozenset(), erased=True)

    def test_items_come_in_the_order_in_which_they_matter(self, stores: Stores) -> None:
        stores.agree("tasks", "calendar", "habits")
        for number, days in enumerate((30, -40, 2, -20), 1):
            due = (NOW + timedelta(days=days)).date()
            stores.take(number, "task", f"t{days}", status="open", due_on=due)
        stores.take(10, "task", "t-none", status="open")
        stores.take(11, "task", "t-done", status="done")
        for number, days in enumerate((1, 9, -40), 20):
            at = NOW + timedelta(days=days)
            stores.take(
                number, "event", f"e{days}", status="confirmed", starts_at=at, ends_at=at + timedelta(hours=1)
            )
        stores.take(30, "habit", "h1", status="active")
        stores.take(31, "habit", "h0", status="done")
        stores.agree("tasks", person=BOB)
        stores.take(1, "task", "bobs", person=BOB, status="open")
        found = [i.item_ref for i in stores.features.items(ANN, NOW)]
        assert found == ["t2", "t30", "t-none", "t-20", "t-40", "e1", "h0", "h1"]

    def test_signals_since_a_moment_newest_first(self, stores: Stores) -> None:
        stores.agree("mood")
        for number in (5, 1, 30, 8):
            stores.take(number, "mood", energy=3)
        found = stores.features.signals(ANN, NOW - timedelta(hours=8))
        assert [int(s.signal_id[-2:]) for s in found] == [1, 5, 8]
        assert list(stores.features.signals(BOB, NOW - timedelta(days=9))) == []

    def test_what_is_read_makes_one_snapshot_for_rank_and_rules(self, stores: Stores) -> None:
        stores.agree("tasks", "habits")
        stores.take(1, "task", "t1", status="open", title_hash="h", title_words=2, title_chars=8)
        stores.take(3, "habit", "h1", status="done", category="health")
        made = build(
            stores.features.items(ANN, NOW),
            stores.features.signals(ANN, NOW - WINDOW),
            "Europe/Berlin",
            NOW,
            person_id=ANN,
        )
        assert stores.features.computed_at(ANN) is None
        assert stores.features.save(made)
        assert not stores.features.save(made.model_copy(update={"computed_at": NOW - timedelta(minutes=1)}))
        assert stores.features.save(made)
        assert stores.features.computed_at(ANN) == NOW
        assert stores.reads.person(ANN) == Known(made, StoredState())
        assert stores.tips.made_ahead(ANN) == MadeAhead(made)
        assert stores.tips.made_ahead(BOB) == MadeAhead()

    def test_nothing_is_kept_of_an_erased_person(self, stores: Stores) -> None:
        stores.agree("tasks", "learning")
        stores.erase()
        assert not stores.features.save(build([], [], "UTC", NOW, person_id=ANN))
        with pytest.raises(PersonErased):
            stores.statistics.apply(ANN, "d", APPLIED, NOW, StoredState(), {"a": b"1"})
        with pytest.raises(LostRace):
            stores.tips.decide(stored(), state(stored()))
        assert stores.reads.person(ANN) == Known()
        assert stores.tips.read(ANN).erased

    def test_titles_are_read_until_they_expire(self, stores: Stores) -> None:
        stores.agree("tasks")
        titled = {"status": "open", "title_hash": "h", "title_words": 1, "title_chars": 5}
        stores.take(1, "task", "typed", **titled)
        stores.take(2, "task", "theirs", origin="connector", **titled)
        both = ["typed", "theirs", "none"]
        assert stores.reads.words(ANN, both, NOW) == {
            "typed": SealedTitle(b"\x01sealedtyped", "h"),
            "theirs": SealedTitle(b"\x01sealedtheirs", "h"),
        }
        later = NOW + timedelta(hours=24)
        assert stores.reads.words(ANN, both, later) == {"typed": SealedTitle(b"\x01sealedtyped", "h")}
        kept = stores.tips.item_words(ANN, both)
        assert {ref: w.expires_at for ref, w in kept.items()} == {"typed": None, "theirs": later}

    def test_the_fast_path_reads_who_the_profile_says(self, stores: Stores) -> None:
        unknown = stores.tips.read(ANN)
        assert (unknown.granted, unknown.erased, unknown.wrapped_key) == (frozenset(), False, None)
        profile = Profile(timezone="Asia/Tokyo")
        assert stores.profiles.keep_profile(ANN, profile, stores.profiles.read(ANN)) == "kept"
        stores.agree("tasks")
        one = stored()
        stores.tips.decide(one, state(one))
        read = stores.tips.read(ANN)
        assert (read.profile, read.granted, read.state) == (profile, {"tasks"}, state(one))

    def test_statistics_and_marker_are_written_together(self, stores: Stores) -> None:
        stores.agree("tasks", "learning")
        one = stored()
        key = one.decision.decision_id
        stores.tips.decide(one, state(one))
        read = stores.statistics.read(ANN, key)
        assert (read.decision, read.state, read.applied) == (one.decision, StoredState(), None)
        assert (read.consented, read.erased) == (True, False)
        stores.statistics.apply(ANN, key, APPLIED, NOW, StoredState(), {"a": b"1"})
        for before, revision in ((StoredState(), 2), (StoredState(2), 2), (StoredState(1), 1)):
            with pytest.raises(policies.LostRace):
                stores.statistics.apply(ANN, key, replace(APPLIED, revision=revision), NOW, before, {})
        again = replace(APPLIED, revision=2, reward=1.0)
        stores.statistics.apply(ANN, key, again, NOW, StoredState(1), {"a": b"2"})
        read = stores.statistics.read(ANN, key)
        assert (read.state, read.applied) == (StoredState(2, {"a": b"2"}), again)
        assert stores.reads.person(ANN).state == read.state
        assert list(stores.markers(ANN)) == [
            Marker(key, 1, 0.4, NOW, 1, 3, "digest"),
            Marker(key, 2, 1.0, NOW, 2, 3, "digest"),
        ]
        assert stores.statistics.read(ANN, "other").decision is None

    def test_without_the_consent_to_learn_nothing_is_applied(self, stores: Stores) -> None:
        stores.agree("tasks")
        one = stored()
        stores.tips.decide(one, state(one))
        assert not stores.statistics.read(ANN, one.decision.decision_id).consented
        with pytest.raises(policies.LostRace):
            stores.statistics.apply(ANN, one.decision.decision_id, APPLIED, NOW, StoredState(), {})

    def test_due_tips_by_hour(self, stores: Stores) -> None:
        one = stored()
        stores.tips.decide(one, state(one))
        at = one.decision.settle_at
        assert stores.tips.due(due_hour(at), at - timedelta(seconds=1), None).tips == []
        due = stores.tips.due(due_hour(at), at, None).tips
        assert list(due) == [DueTip(ANN, one.decision.decision_id, at)]
        stores.tips.change(one, replace(one, due_at=None))
        assert list(stores.tips.due(due_hour(at), at, None).tips) == []

    def write(self, tips: TipStore) -> None:
        """What a tip goes through, and a silence."""
        one = stored()
        tips.decide(one, state(one))
        before = one
        for number, kind in enumerate(("done", "undo"), 1):
            record = ReactionRecord.model_validate({"kind": kind, "at": NOW + timedelta(minutes=number)})
            update = {
                "reactions": [*before.decision.reactions, record],
                "revision": number,
                "exposed_at": NOW,
            }
            after = replace(before, decision=before.decision.model_copy(update=update), changed_at=record.at)
            tips.change(before, after)
            before = after
        settled = {"reward": 0.4, "reward_revision": 1}
        at = NOW + timedelta(hours=1)
        tips.change(
            before, replace(before, decision=before.decision.model_copy(update=settled), changed_at=at)
        )
        tips.note_silence(ANN, NOW, None, "trace-1")
        tips.note_silence(ANN, NOW, None, "trace-1")
        tips.note_silence(ANN, at, NOW, "trace-2")


class TestInMemory(ScoringStores):
    @pytest.fixture
    def stores(self) -> Stores:
        return in_memory()


class TestInDynamoDB(ScoringStores):
    @pytest.fixture
    def stores(self, aws: Cloud) -> Stores:
        from chalicelib.events.store import SignalTable
        from chalicelib.profile.store import ProfileTable
        from chalicelib.recommender.store import RecommenderTables

        table = StatisticsTable()
        return Stores(
            ProfileTable(),
            SignalTable(),
            RecommenderTables(),
            FeatureTables(),
            table,
            RankReads(Serving(Configuration.of("lin_ts"), logger("rank"))),
            table.history,
        )

    def test_the_stream_in_memory_tells_what_the_tables_tells(self, stores: Stores, aws: Cloud) -> None:
        if aws.kind == "moto":
            pytest.skip("moto serves no streams to clients")
        records = stream_of(aws)
        self.write(stores.tips)
        told = [to_json(event) for record in records() for event in events_of(record)]
        memory = in_memory()
        self.write(memory.tips)
        assert isinstance(memory.tips, LinkedTips)
        assert [to_json(e) for record in memory.tips.stream for e in events_of(record)] == told
        assert len(told) == 7


Lines = Callable[[], dict[str, Any]]


class Logs:
    """A line is under its key, replaced by itself, and goes."""

    def test_lines(self, log: tuple[DecisionLogStore, Lines]) -> None:
        store, lines = log
        for reward in (0.1, 0.4):
            store.write("rewards", "2026-11-05", ANN, "e1", {"reward": reward})
        store.write("decisions", "2026-11-05", BOB, "e2", {"decision_id": "d"})
        assert lines() == {
            "rewards/dt=2026-11-05/e1.json": {"event_id": "e1", "reward": 0.4},
            "decisions/dt=2026-11-05/e2.json": {"event_id": "e2", "decision_id": "d"},
        }
        for _ in range(2):
            store.remove("rewards", "2026-11-05", ANN, "e1")
        store.remove("decisions", "2026-11-05", BOB, "e2")
        assert lines() == {}


class TestLogInMemory(Logs):
    @pytest.fixture
    def log(self) -> tuple[DecisionLogStore, Lines]:
        kept = MemoryLog()
        return kept, lambda: kept.lines


class TestLogInS3(Logs):
    @pytest.fixture
    def log(self, aws: Cloud) -> tuple[DecisionLogStore, Lines]:
        s3, bucket = aws.client("s3"), "oo-local-decision-log"

        def lines() -> dict[str, Any]:
            keys = [k["Key"] for k in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
            named = [k for k in keys if not k.startswith("people/")]
            return {k: json.loads(s3.get_object(Bucket=bucket, Key=k)["Body"].read()) for k in named}

        return DecisionLog(), lines


def in_memory() -> Stores:
    profiles = MemoryProfiles()
    signals = MemorySignals(profiles)
    features = MemoryFeatures(profiles, signals)
    tips = LinkedTips(snapshots=features.snapshots, profiles=profiles, signals=signals, keys=MemoryKeyTable())
    statistics = MemoryStatistics(profiles, tips)
    reads = MemoryReads(features, statistics)
    return Stores(profiles, signals, tips, features, statistics, reads, statistics.history)
