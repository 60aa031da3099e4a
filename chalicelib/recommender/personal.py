"""The recommender's tables as export, erasure and withdrawal see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from chalicelib.contracts.consents import CONSENT_OF_TYPE, SOURCES, Consent
from chalicelib.contracts.ports import Clock, PersonalStore, SealedWords
from chalicelib.recommender.contract import LostRace, StoredDecision, TipState
from chalicelib.recommender.store import DecisionRow, RecommenderTables
from chalicelib.recommender.words import purpose, sealed_words
from chalicelib.runtime import aws
from chalicelib.runtime.clock import SystemClock
from chalicelib.runtime.dynamodb import table_name
from chalicelib.runtime.spanning import read_rows

ATTEMPTS: Final = 6
_KEYS: Final = 100
"""A BatchGetItem takes no more."""


class TipStates:
    """The tip-states table as a store about a person."""

    name = "tip-states"

    def __init__(self, tables: RecommenderTables, clock: Clock) -> None:
        self._tables = tables
        self._clock = clock

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        """The one row."""
        state = self._tables.state(person_id)
        if state.version:
            row = state.model_dump(mode="json")
            if state.open:
                row["open"]["words"] = _words(
                    state.open.decision_id, sealed_words(state.open), state.open.words_expire_at
                )
            yield row

    def erase(self, person_id: str) -> int:
        """Deletes the row."""
        answer = aws.dynamodb().delete_item(
            TableName=table_name(self.name), Key={"person_id": {"S": person_id}}, ReturnValues="ALL_OLD"
        )
        return int("Attributes" in answer)

    def withdraw(self, person_id: str, consent: Consent) -> int:
        """Close a tip that may rest on the source; forget which of its items were shown or put off."""
        if consent not in SOURCES:
            return 0
        for _ in range(ATTEMPTS):
            state = self._tables.state(person_id)
            after = self._without(state, consent)
            if after is None:
                return 0
            try:
                self._tables.write_state(after)
            except LostRace:
                continue
            return 1
        raise LostRace("tip state")

    def _without(self, state: TipState, consent: Consent) -> TipState | None:
        """The state without the source; None when it holds nothing of it, or is not there."""
        refs = {t.item_ref for t in state.recent if t.item_ref} | {b.item_ref for b in state.blocks}
        gone = refs - _kept(state.person_id, sorted(refs), consent)
        rests = state.open is not None and consent in state.open.granted
        if not state.version or not (gone or rests):
            return None
        return state.next(
            self._clock.now(),
            open=None if rests else state.open,
            recent=[
                tip.model_copy(update={"item_ref": None, "category": None}) if tip.item_ref in gone else tip
                for tip in state.recent
            ],
            blocks=[block for block in state.blocks if block.item_ref not in gone],
        )


class Decisions:
    """The decisions table as a store about a person."""

    name = "decisions"

    def __init__(self, tables: RecommenderTables, clock: Clock) -> None:
        self._tables = tables
        self._clock = clock

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        """Every decision, with what it said while its words are kept."""
        for stored in self._all(person_id):
            words = None
            if stored.words is not None and stored.words_expire_at is not None:
                words = _words(stored.decision.decision_id, stored.words, stored.words_expire_at)
            yield {
                **stored.decision.model_dump(mode="json"),
                "lang": stored.lang,
                "granted": list(stored.granted),
                "words": words,
            }

    def erase(self, person_id: str) -> int:
        """Deletes row by row in batches; what a broken run leaves the next one finds."""
        gone = 0
        with DecisionRow.batch_write() as batch:
            for row in DecisionRow.query(
                person_id, consistent_read=True, attributes_to_get=["person_id", "decision_id"]
            ):
                batch.delete(row)
                gone += 1
        return gone

    def withdraw(self, person_id: str, consent: Consent) -> int:
        """Drop the words of decisions that may rest on the source; angle, times and numbers stay."""
        if consent not in SOURCES:
            return 0
        return sum(
            self._silence(person_id, stored)
            for stored in self._all(person_id)
            if stored.words is not None and consent in stored.granted
        )

    def _silence(self, person_id: str, stored: StoredDecision | None) -> bool:
        for _ in range(ATTEMPTS):
            if stored is None or stored.words is None:
                return False
            after = replace(stored, words=None, words_expire_at=None, changed_at=self._clock.now())
            try:
                self._tables.change(stored, after)
            except LostRace:
                stored = self._tables.decision(person_id, stored.decision.decision_id)
            else:
                return True
        raise LostRace("decision")

    def _all(self, person_id: str) -> Iterator[StoredDecision]:
        before: str | None = None
        while page := self._tables.history(person_id, _KEYS, before):
            yield from page
            before = page[-1].decision.decision_id


def _words(decision_id: str, sealed: bytes, until: datetime) -> SealedWords:
    return SealedWords(purpose(decision_id), sealed, until, document=True)


def _kept(person_id: str, refs: list[str], consent: Consent) -> set[str]:
    """Which of these items are of another source; one that is not there any more is of none."""
    kept: set[str] = set()
    for start in range(0, len(refs), _KEYS):
        keys = [{"person_id": person_id, "item_ref": ref} for ref in refs[start : start + _KEYS]]
        rows = read_rows({"items": keys})["items"]
        kept |= {r["item_ref"]["S"] for r in rows if CONSENT_OF_TYPE[r["type"]["S"]] != consent}
    return kept


def personal_stores() -> list[PersonalStore]:
    """What export and erasure walk. The state first: without it no change of a tip goes through."""
    tables, clock = RecommenderTables(), SystemClock()
    return [TipStates(tables, clock), Decisions(tables, clock)]
