"""The recommender's stores keep their promises in memory, on moto and on the emulator."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from chalicelib.contracts.consents import ConsentState
from chalicelib.contracts.events import moment, type_of
from chalicelib.contracts.http import Profile
from chalicelib.contracts.ml import Decision, ItemBlock, ReactionRecord
from chalicelib.contracts.pool import Pool
from chalicelib.contracts.stores import physical_name
from chalicelib.profile.contract import ConsentsDocument
from chalicelib.recommender.contract import (
    DueTip,
    LostRace,
    MadeAhead,
    OpenTip,
    StoredDecision,
    TipState,
    TipStore,
    Words,
    due_hour,
)
from chalicelib.recommender.log import DecisionLog
from chalicelib.recommender.personal import personal_stores
from chalicelib.recommender.reacting import remembered
from chalicelib.recommender.relay import events_of
from chalicelib.recommender.store import RecommenderTables
from tests.conftest import Cloud
from tests.unit.recommender.fakes import NOW, OTHER, PERSON, MemoryTips, candidate, choice, snapshot, task


def stored(number: int = 1, person: str = PERSON, **more: Any) -> StoredDecision:
    decision = Decision(
        decision_id=f"0190a000-0000-7000-8000-{number:012d}",
        person_id=person,
        decided_at=NOW,
        expires_at=NOW + timedelta(hours=6),
        settle_at=NOW + timedelta(hours=6),
        choice=choice([candidate(), candidate(angle="plan_slot", anchor_ref="cal:1")], seed=2**62),
        source="template",
    )
    values: dict[str, Any] = {
        "lang": "en",
        "granted": ["habits", "tasks"],
        "words": bytes(range(256)),
        "words_expire_at": NOW + timedelta(days=1),
        "due_at": decision.settle_at,
        "trace_id": "trace-1",
        "changed_at": NOW,
    }
    return StoredDecision(decision, **{**values, **more})


def pointing(to: StoredDecision, version: int = 1) -> TipState:
    decision = to.decision
    return TipState(
        person_id=decision.person_id,
        version=version,
        open=OpenTip(
            decision_id=decision.decision_id,
            kind="todo",
            angle="do_now",
            source="template",
            lang="en",
            words="AAEC",
            words_expire_at=NOW + timedelta(days=1),
            decided_at=NOW,
            expires_at=decision.expires_at,
            granted=["tasks"],
            item_ref="todoist:1",
        ),
        recent=[remembered(decision)],
        blocks=[ItemBlock(item_ref="todoist:9", kind="not_mine", since=NOW)],
    )


def seen(before: StoredDecision) -> StoredDecision:
    changed = before.decision.model_copy(update={"exposed_at": NOW, "revision": before.decision.revision + 1})
    return replace(before, decision=changed)


def reacted(before: StoredDecision, kind: str) -> StoredDecision:
    record = ReactionRecord.model_validate({"kind": kind, "at": NOW + timedelta(minutes=1)})
    changed = before.decision.model_copy(
        update={
            "reactions": [*before.decision.reactions, record],
            "revision": before.decision.revision + 1,
            "exposed_at": before.decision.exposed_at or NOW,
        }
    )
    return replace(before, decision=changed)


class TipStores:
    """What every implementation does."""

    def test_a_decision_reads_as_it_was_written(self, tips: TipStore) -> None:
        one = stored()
        tips.decide(one, pointing(one))
        assert tips.decision(PERSON, one.decision.decision_id) == one
        assert tips.tip(PERSON, one.decision.decision_id) == (one, pointing(one))
        assert tips.state(PERSON) == pointing(one)

    def test_what_is_not_there_is_none(self, tips: TipStore) -> None:
        assert tips.decision(PERSON, "x") is None
        assert tips.tip(PERSON, "x") == (None, TipState(person_id=PERSON))
        assert tips.state(PERSON).version == 0
        assert tips.made_ahead(PERSON) == MadeAhead()
        assert tips.item_words(PERSON, ["todoist:1"]) == {}
        assert tips.history(PERSON, 10, None) == []

    def test_another_persons_decision_is_not_there(self, tips: TipStore) -> None:
        one = stored()
        tips.decide(one, pointing(one))
        assert tips.tip(OTHER, one.decision.decision_id) == (None, TipState(person_id=OTHER))
        assert tips.history(OTHER, 10, None) == []

    def test_of_two_first_decisions_one_is_kept_with_its_state(self, tips: TipStore) -> None:
        one, two = stored(1), stored(2)
        tips.decide(one, pointing(one))
        with pytest.raises(LostRace):
            tips.decide(two, pointing(two))
        assert tips.decision(PERSON, two.decision.decision_id) is None
        assert tips.state(PERSON) == pointing(one)

    def test_a_later_decision_needs_the_version_that_was_read(self, tips: TipStore) -> None:
        one, two, three = stored(1), stored(2), stored(3)
        tips.decide(one, pointing(one))
        tips.decide(two, pointing(two, version=2))
        with pytest.raises(LostRace):
            tips.decide(three, pointing(three, version=2))
        with pytest.raises(LostRace):
            tips.decide(three, pointing(three, version=4))
        assert tips.state(PERSON) == pointing(two, version=2)

    def test_a_change_needs_the_revisions_that_were_read(self, tips: TipStore) -> None:
        one = stored()
        tips.decide(one, pointing(one))
        tips.change(one, seen(one))
        with pytest.raises(LostRace):
            tips.change(one, reacted(one, "done"))
        rewarded = replace(
            seen(one), decision=seen(one).decision.model_copy(update={"reward": 1.0, "reward_revision": 1})
        )
        tips.change(seen(one), rewarded)
        with pytest.raises(LostRace):
            tips.change(seen(one), reacted(seen(one), "done"))
        assert tips.decision(PERSON, one.decision.decision_id) == rewarded

    def test_a_change_writes_decision_and_state_or_neither(self, tips: TipStore) -> None:
        one = stored()
        tips.decide(one, pointing(one))
        closed = pointing(one, version=2).model_copy(update={"open": None})
        with pytest.raises(LostRace):
            tips.change(one, seen(one), closed.model_copy(update={"version": 3}))
        assert tips.decision(PERSON, one.decision.decision_id) == one
        tips.change(one, seen(one), closed)
        assert tips.tip(PERSON, one.decision.decision_id) == (seen(one), closed)

    def test_a_change_does_not_bring_back_words_that_went_meanwhile(self, tips: TipStore) -> None:
        one = stored()
        tips.decide(one, pointing(one))
        wordless = replace(one, words=None, due_at=None, changed_at=NOW + timedelta(minutes=1))
        tips.change(one, wordless)
        with pytest.raises(LostRace):
            tips.change(one, seen(one))
        assert tips.decision(PERSON, one.decision.decision_id) == wordless

    def test_a_change_makes_no_decision(self, tips: TipStore) -> None:
        with pytest.raises(LostRace):
            tips.change(stored(), seen(stored()))
        assert tips.decision(PERSON, stored().decision.decision_id) is None

    def test_a_state_is_written_on_its_version(self, tips: TipStore) -> None:
        tips.write_state(TipState(person_id=PERSON, version=1))
        with pytest.raises(LostRace):
            tips.write_state(TipState(person_id=PERSON, version=1))
        tips.write_state(TipState(person_id=PERSON, version=2))
        assert tips.state(PERSON).version == 2

    def test_of_writers_at_once_one_wins(self, tips: TipStore, request: pytest.FixtureRequest) -> None:
        if "[moto]" in request.node.name:
            pytest.skip("moto checks a condition and writes without a lock between")
        one = stored()
        tips.decide(one, pointing(one))
        won: list[str] = []
        barrier = threading.Barrier(4)

        def write(kind: str) -> None:
            barrier.wait()
            try:
                tips.change(one, reacted(one, kind), pointing(one, version=2))
            except LostRace:
                return
            won.append(kind)

        kinds = ("done", "snooze", "dismiss", "helpful")
        threads = [threading.Thread(target=write, args=(kind,)) for kind in kinds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (winner,) = won
        kept = tips.decision(PERSON, one.decision.decision_id)
        assert kept is not None
        assert [r.kind for r in kept.decision.reactions] == [winner]

    def test_history_is_newest_first(self, tips: TipStore) -> None:
        for number in range(1, 6):
            one = stored(number)
            tips.decide(one, pointing(one, version=number))
        page = tips.history(PERSON, 2, None)
        assert [s.decision.decision_id[-1] for s in page] == ["5", "4"]
        page = tips.history(PERSON, 10, page[-1].decision.decision_id)
        assert [s.decision.decision_id[-1] for s in page] == ["3", "2", "1"]

    def test_due_by_hour_soonest_first_until_a_moment(self, tips: TipStore) -> None:
        due = NOW + timedelta(hours=6)
        moments = [due + timedelta(minutes=m) for m in (20, 5, 50, 70)]
        for number, at in enumerate(moments, 1):
            one = stored(number, due_at=at)
            tips.decide(one, pointing(one, version=number))
        found = self.all_due(tips, due_hour(due), due + timedelta(minutes=30))
        assert [(t.person_id, t.decision_id[-1], t.due_at) for t in found] == [
            (PERSON, "2", moments[1]),
            (PERSON, "1", moments[0]),
        ]

    def test_what_was_settled_leaves_the_index(self, tips: TipStore) -> None:
        one = stored()
        tips.decide(one, pointing(one))
        tips.change(one, replace(one, due_at=None, words=None))
        assert self.all_due(tips, due_hour(NOW + timedelta(hours=6)), NOW + timedelta(days=9)) == []
        kept = tips.decision(PERSON, one.decision.decision_id)
        assert kept is not None
        assert (kept.words, kept.due_at) == (None, None)

    def test_due_pages_without_a_gap(self, tips: TipStore) -> None:
        for number in range(1, 106):
            one = stored(number)
            tips.decide(one, pointing(one, version=number))
        found = self.all_due(tips, due_hour(NOW + timedelta(hours=6)), NOW + timedelta(hours=6))
        assert len({t.decision_id for t in found}) == len(found) == 105

    def all_due(self, tips: TipStore, hour: str, until: datetime) -> list[DueTip]:
        found: list[DueTip] = []
        start = None
        while True:
            page = tips.due(hour, until, start)
            found += page.tips
            if (start := page.next) is None:
                assert all(a.due_at <= b.due_at for a, b in pairwise(found))
                return found


class TestInMemory(TipStores):
    @pytest.fixture
    def tips(self) -> TipStore:
        return MemoryTips()


class TestInDynamoDB(TipStores):
    @pytest.fixture
    def tips(self, aws: Cloud) -> TipStore:
        return RecommenderTables()

    @pytest.fixture
    def put(self, aws: Cloud) -> Callable[..., None]:
        from boto3.dynamodb.types import TypeSerializer

        def put(store: str, **row: Any) -> None:
            item = {name: TypeSerializer().serialize(value) for name, value in row.items()}
            aws.client("dynamodb").put_item(TableName=physical_name("local", store), Item=item)

        return put

    def test_one_read_knows_the_person(self, tips: TipStore, put: Callable[..., None]) -> None:
        consents = ConsentsDocument(
            consents={
                "tasks": ConsentState(granted=True, at=NOW, text_version="1"),
                "mood": ConsentState(granted=False, at=NOW, text_version="1"),
            }
        )
        profile = Profile(timezone="Asia/Tokyo", locale="de-DE")
        put("profiles", person_id=PERSON, part="profile", body=profile.model_dump_json())
        put("profiles", person_id=PERSON, part="consents", body=consents.model_dump_json(), granted={"tasks"})
        put("person-keys", person_id=PERSON, wrapped=b"\x00\x01wrapped")
        one = stored()
        tips.decide(one, pointing(one))
        person = tips.read(PERSON)
        assert person.profile == profile
        assert person.granted == {"tasks"}
        assert (person.erased, person.wrapped_key) == (False, b"\x00\x01wrapped")
        assert person.state == pointing(one)

    def test_an_unknown_person_has_granted_nothing(self, tips: TipStore) -> None:
        person = tips.read(PERSON)
        assert (person.granted, person.erased, person.wrapped_key) == (frozenset(), False, None)
        assert person.state == TipState(person_id=PERSON)

    def test_the_tombstone_is_read(self, tips: TipStore, put: Callable[..., None]) -> None:
        put("profiles", person_id=PERSON, part="erased", body="{}")
        person = tips.read(PERSON)
        assert (person.erased, person.granted, person.wrapped_key) == (True, frozenset(), None)

    def test_the_snapshot_pool_and_words_of_others_are_read(
        self, tips: TipStore, put: Callable[..., None]
    ) -> None:
        given, pool = snapshot(task()), Pool(person_id=PERSON, version=2, themes={"todoist:1": "t1"})
        put("pools", person_id=PERSON, part="ready", version=2, body=pool.model_dump_json())
        put("pools", person_id=PERSON, part="worded")
        put("snapshots", person_id=PERSON, feature_version=1, body=given.model_dump_json())
        until = int((NOW + timedelta(days=30)).timestamp())
        put("item-words", person_id=PERSON, item_ref="todoist:1", sealed=b"\xffone", expires=until)
        put("item-words", person_id=PERSON, item_ref="todoist:2", sealed=b"two", title_hash="0a" * 32)
        put("item-words", person_id=OTHER, item_ref="todoist:3", sealed=b"three")
        assert tips.made_ahead(PERSON) == MadeAhead(given, pool)
        assert tips.item_words(PERSON, ["todoist:1", "todoist:2", "todoist:3"]) == {
            "todoist:1": Words(b"\xffone", NOW + timedelta(days=30)),
            "todoist:2": Words(b"two", None, "0a" * 8),
        }

    def test_health_asks_for_the_table(self, tips: TipStore, aws: Cloud) -> None:
        tips.check()

    def test_erasure_takes_everything_of_one_person_and_no_change_brings_it_back(self, aws: Cloud) -> None:
        tips = RecommenderTables()
        for number in range(1, 31):
            one = stored(number)
            tips.decide(one, pointing(one, version=number))
        other = stored(40, OTHER)
        tips.decide(other, pointing(other))
        exported = {s.name: list(s.export(PERSON)) for s in personal_stores()}
        assert [len(exported[n]) for n in ("tip-states", "decisions")] == [1, 30]
        assert exported["decisions"][0]["words"].purpose == f"tip:{stored(30).decision.decision_id}"
        assert {s.name: s.erase(PERSON) for s in personal_stores()} == {"tip-states": 1, "decisions": 30}
        assert {s.erase(PERSON) for s in personal_stores()} == {0}
        assert tips.history(PERSON, 10, None) == []
        assert tips.tip(OTHER, other.decision.decision_id) == (other, pointing(other))
        late = stored(30)
        with pytest.raises(LostRace):
            tips.change(late, reacted(late, "done"), pointing(late, version=31))
        with pytest.raises(LostRace):
            tips.decide(stored(31), pointing(stored(31), version=31))

    def test_nothing_begins_anew_for_who_is_erased(self, aws: Cloud, put: Callable[..., None]) -> None:
        tips = RecommenderTables()
        one = stored()
        tips.decide(one, pointing(one))
        put("profiles", person_id=PERSON, part="erased", body="{}")
        personal_stores()[0].erase(PERSON)
        with pytest.raises(LostRace):
            tips.change(one, reacted(one, "dismiss"), pointing(one))
        with pytest.raises(LostRace):
            tips.decide(stored(2), pointing(stored(2)))
        assert tips.state(PERSON).version == 0

    def test_a_silence_is_told_by_the_stream_and_is_no_decision(self, aws: Cloud) -> None:
        tips, one = RecommenderTables(), stored()
        records = stream_of(aws) if aws.kind != "moto" else list
        tips.decide(one, pointing(one))
        tips.note_silence(PERSON, NOW, None, "trace-1")
        tips.note_silence(PERSON, NOW, None, "trace-1")  # twice at once
        tips.note_silence(PERSON, NOW + timedelta(hours=2), NOW, "trace-2")
        assert tips.history(PERSON, 10, None) == [one]
        assert len(list(personal_stores()[1].export(PERSON))) == 1
        told = [event for record in records() for event in events_of(record)]
        if aws.kind != "moto":
            silences = [e for e in told if type_of(e) == "silence_answered"]
            assert [e.trace_id for e in silences] == ["trace-1", "trace-2"]
            assert len({e.event_id for e in silences}) == 2
            assert not silences[0].silence_answered.HasField("snapshot_at")
            assert moment(silences[1].silence_answered.snapshot_at) == NOW
            assert moment(silences[1].occurred_at) == NOW + timedelta(hours=2)
        assert personal_stores()[1].erase(PERSON) == 2

    def test_no_silence_is_noted_of_an_erased_person(self, put: Callable[..., None]) -> None:
        put("profiles", person_id=PERSON, part="erased", body="{}")
        RecommenderTables().note_silence(PERSON, NOW, None, "")
        assert personal_stores()[1].erase(PERSON) == 0

    def test_what_was_made_ahead_in_another_shape_is_none(
        self, tips: TipStore, put: Callable[..., None]
    ) -> None:
        put("snapshots", person_id=PERSON, body='{"tasks": 7}')
        put("pools", person_id=PERSON, part="ready", body='{"entries": 7}')
        assert tips.made_ahead(PERSON) == MadeAhead()

    def test_the_stream_of_real_writes_becomes_events(self, aws: Cloud) -> None:
        if aws.kind == "moto":
            pytest.skip("moto serves no streams to clients")
        tips = RecommenderTables()
        records = stream_of(aws)
        one = replace(stored(), trace_id="trace-9")
        tips.decide(one, pointing(one))
        done = reacted(one, "done")
        tips.change(one, done)
        again = reacted(done, "undo")
        tips.change(done, again)
        tips.change(again, replace(again, words=None))
        rewarded = replace(
            again,
            decision=again.decision.model_copy(update={"reward": 0.4, "reward_revision": 1}),
            changed_at=NOW + timedelta(hours=1),
        )
        tips.change(replace(again, words=None), rewarded)
        personal_stores()[1].erase(PERSON)
        told = [events_of(record) for record in records()]
        assert [[type_of(e) for e in events] for events in told] == [
            ["decision_made"],
            ["tip_exposed", "tip_reacted"],
            ["tip_reacted"],
            [],
            ["reward_settled"],
            [],
        ]
        flat = [e for events in told for e in events]
        assert len({e.event_id for e in flat}) == len(flat)
        assert {(e.person_id, e.trace_id) for e in flat} == {(PERSON, "trace-9")}
        assert flat[0].decision_made.policy == "linucb@3"
        assert [e.tip_reacted.kind for e in flat if type_of(e) == "tip_reacted"] == ["done", "undo"]
        assert (flat[-1].reward_settled.revision, flat[-1].reward_settled.reward) == (1, 0.4)


def stream_of(aws: Cloud) -> Callable[[], list[dict[str, Any]]]:
    """Follow the decisions table from here; call the result for what was written since."""
    arn = aws.client("dynamodb").describe_table(TableName=physical_name("local", "decisions"))["Table"][
        "LatestStreamArn"
    ]
    streams = aws.client("dynamodbstreams")
    shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterators = [
        streams.get_shard_iterator(StreamArn=arn, ShardId=s["ShardId"], ShardIteratorType="LATEST")[
            "ShardIterator"
        ]
        for s in shards
    ]

    def read() -> list[dict[str, Any]]:
        records = []
        for start in iterators:
            at: str | None = start
            while at is not None:
                answer = streams.get_records(ShardIterator=at)
                if not answer["Records"]:
                    break
                records += answer["Records"]
                at = answer.get("NextShardIterator")
        return [_as_lambda_gets_it(r) for r in records]

    return read


def _as_lambda_gets_it(record: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(record, default=str))  # type: ignore[no-any-return]


class TestDecisionLog:
    def test_a_line_is_found_by_its_day_and_by_its_person(self, aws: Cloud) -> None:
        log = DecisionLog()
        for _ in range(2):
            log.write("decisions", "2026-11-05", PERSON, "e1", {"decision_id": "d1"})
        log.write("rewards", "2026-11-05", PERSON, "e2", {"reward": 0.4})
        log.write("decisions", "2026-11-05", OTHER, "e3", {"decision_id": "d2"})
        assert keys(aws, "decisions/dt=2026-11-05/") == ["e1.json", "e3.json"]
        body = aws.client("s3").get_object(
            Bucket="oo-local-decision-log", Key="decisions/dt=2026-11-05/e1.json"
        )["Body"]
        assert json.loads(body.read()) == {"event_id": "e1", "decision_id": "d1"}
        assert sorted(row["line"] for row in log.export(PERSON)) == [
            "decisions/dt=2026-11-05/e1.json",
            "rewards/dt=2026-11-05/e2.json",
        ]
        assert log.erase(PERSON) == 2
        assert log.erase(PERSON) == 0
        assert keys(aws, "decisions/") == ["dt=2026-11-05/e3.json"]
        assert keys(aws, "rewards/") == []
        assert keys(aws, f"people/{PERSON}") == []
        assert log.erase(OTHER) == 1
        assert keys(aws, "") == []

    def test_a_line_taken_away_leaves_nothing(self, aws: Cloud) -> None:
        log = DecisionLog()
        log.write("decisions", "2026-11-05", PERSON, "e1", {})
        log.remove("decisions", "2026-11-05", PERSON, "e1")
        log.remove("decisions", "2026-11-05", PERSON, "e1")
        assert keys(aws, "") == []

    def test_erasure_goes_through_every_page(self, aws: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("chalicelib.recommender.log._PAGE", 2)
        log = DecisionLog()
        for number in range(5):
            log.write("decisions", f"2026-11-0{number + 1}", PERSON, f"e{number}", {})
        assert log.erase(PERSON) == 5
        assert keys(aws, "") == []


def keys(aws: Cloud, prefix: str) -> list[str]:
    found = aws.client("s3").list_objects_v2(Bucket="oo-local-decision-log", Prefix=prefix)
    return [entry["Key"].removeprefix(prefix) for entry in found.get("Contents", [])]
