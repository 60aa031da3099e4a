"""One suite for the store of profile: in memory, on moto, on the emulator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.contracts.consents import TEXT_VERSION, Consent, ConsentState
from chalicelib.contracts.http import Profile
from chalicelib.profile.contract import ConsentsDocument, decode, profile_keys
from chalicelib.profile.ports import Decision, ProfileStore, history_part
from tests.unit.profile.memory import MemoryProfiles

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
ANN, BOB = "person-ann", "person-bob"


def document(*consents: Consent) -> ConsentsDocument:
    state = ConsentState(granted=True, at=NOW, text_version=TEXT_VERSION)
    return ConsentsDocument(consents=dict.fromkeys(consents, state))


def entry(consent: Consent) -> Decision:
    return Decision(consent=consent, granted=True, at=NOW, text_version=TEXT_VERSION)


class ProfileStores:
    """What every implementation does."""

    def test_a_person_begins_empty(self, store: ProfileStore) -> None:
        assert store.read(ANN).rows() == []

    def test_what_is_kept_is_read_by_that_person_alone(self, store: ProfileStore) -> None:
        assert store.keep_profile(ANN, Profile(timezone="Asia/Tokyo"), store.read(ANN)) == "kept"
        assert store.keep_consents(ANN, document("tasks"), [entry("tasks")], store.read(ANN)) == "kept"
        file = decode(store.read(ANN).rows())
        assert (file.profile.timezone, file.granted, file.erased) == ("Asia/Tokyo", {"tasks"}, False)
        assert store.read(BOB).rows() == []

    def test_a_stale_writer_is_told(self, store: ProfileStore) -> None:
        stale = store.read(ANN)
        store.keep_profile(ANN, Profile(locale="de"), stale)
        store.keep_consents(ANN, document("mood"), [], stale)
        assert store.keep_profile(ANN, Profile(locale="fr"), stale) == "changed"
        assert store.keep_consents(ANN, document("tasks"), [entry("tasks")], stale) == "changed"
        assert decode(store.read(ANN).rows()).granted == {"mood"}
        assert len(list(store.export(ANN))) == 2, "the history of a change that was not kept"

    def test_the_first_tombstone_stands_and_nothing_is_written_after_it(self, store: ProfileStore) -> None:
        store.keep_consents(ANN, document("mood"), [entry("mood")], store.read(ANN))
        assert store.entomb(ANN, "one", NOW) == "one"
        assert store.entomb(ANN, "two", NOW) == "one"
        seen = store.read(ANN)
        assert decode(seen.rows()).erased
        assert store.keep_profile(ANN, Profile(), seen) == "erased"
        assert store.keep_consents(ANN, document("tasks"), [entry("tasks")], seen) == "erased"

    def test_erasure_leaves_the_tombstone_alone(self, store: ProfileStore) -> None:
        for who in (ANN, BOB):
            store.keep_profile(who, Profile(locale="de"), store.read(who))
            store.keep_consents(who, document("mood"), [entry("mood"), entry("tasks")], store.read(who))
        store.entomb(ANN, "receipt", NOW)
        assert len(list(store.export(ANN))) == 5
        assert store.erase(ANN) == 4
        assert store.erase(ANN) == 0
        assert [row["part"] for row in store.export(ANN)] == ["erased"]
        assert len(list(store.export(BOB))) == 4

    def test_the_history_is_read_backwards_from_any_place(self, store: ProfileStore) -> None:
        told = [
            Decision(consent=c, granted=g, at=NOW + timedelta(minutes=n), text_version=TEXT_VERSION)
            for n, (c, g) in enumerate([("tasks", True), ("mood", True), ("tasks", False), ("mood", False)])
        ]
        for one in told:
            assert store.keep_consents(ANN, document("tasks"), [one], store.read(ANN)) == "kept"
        store.keep_consents(BOB, document("habits"), [entry("habits")], store.read(BOB))
        assert store.history(ANN, 10, None) == told[::-1]
        assert store.history(ANN, 2, None) == told[:1:-1]
        assert store.history(ANN, 1, history_part(told[2])) == [told[1]]
        assert store.history(ANN, 9, history_part(told[0])) == []

    def test_it_answers(self, store: ProfileStore) -> None:
        store.ping()


class TestInMemory(ProfileStores):
    @pytest.fixture
    def store(self) -> ProfileStore:
        return MemoryProfiles()


class TestInDynamo(ProfileStores):
    @pytest.fixture
    def store(self, aws: Any) -> ProfileStore:
        from chalicelib.profile.store import ProfileTable

        return ProfileTable()

    def test_the_fast_path_reads_the_rows_with_the_plain_client(self, store: ProfileStore, aws: Any) -> None:
        store.keep_profile(ANN, Profile(timezone="Asia/Tokyo"), store.read(ANN))
        store.keep_consents(ANN, document("tasks", "mood"), [], store.read(ANN))
        keys = [{name: {"S": value} for name, value in key.items()} for key in profile_keys(ANN)]
        answer = aws.client("dynamodb").batch_get_item(RequestItems={"oo-local-profiles": {"Keys": keys}})
        rows = answer["Responses"]["oo-local-profiles"]
        file = decode({name: row[name]["S"] for name in ("part", "body")} for row in rows)
        assert (file.profile.timezone, file.granted) == ("Asia/Tokyo", {"tasks", "mood"})
        [granted] = [row["granted"]["SS"] for row in rows if "granted" in row]
        assert sorted(granted) == ["mood", "tasks"]
