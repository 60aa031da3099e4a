"""The three stores of events as export, erasure and withdrawal see them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from chalicelib.contracts.consents import CONSENT_OF_TYPE, Consent
from chalicelib.contracts.ports import PersonalStore, SealedWords
from chalicelib.events.contract import words_purpose
from chalicelib.events.rows import ItemRow, SignalRow, WordsRow


class _PersonalTable:
    """One of the tables as PersonalStore and ConsentBound."""

    name: str
    _row: Any
    _sort: str

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        """Every row, as its document."""
        for row in self._row.query(person_id, consistent_read=True):
            yield self._document(row)

    def _document(self, row: Any) -> Mapping[str, Any]:
        document: Mapping[str, Any] = json.loads(row.body)
        return document

    def erase(self, person_id: str) -> int:
        """Every row, in batches."""
        return self._delete(person_id, None)

    def withdraw(self, person_id: str, consent: Consent) -> int:
        """The rows of the types that rest on that consent."""
        types = [kind for kind, needed in CONSENT_OF_TYPE.items() if needed == consent]
        return self._delete(person_id, self._row.type.is_in(*types)) if types else 0

    def _delete(self, person_id: str, which: Any) -> int:
        rows: Iterable[Any] = self._row.query(
            person_id,
            filter_condition=which,
            consistent_read=True,
            attributes_to_get=["person_id", self._sort],
        )
        gone = 0
        with self._row.batch_write() as batch:
            for row in rows:
                batch.delete(row)
                gone += 1
        return gone


class Signals(_PersonalTable):
    """The store `signals`."""

    name, _row, _sort = "signals", SignalRow, "signal_id"

    def _document(self, row: SignalRow) -> Mapping[str, Any]:
        if row.body is None:
            return {"signal_id": row.signal_id, "type": row.type, "taken_back_at": row.taken_back_at}
        return super()._document(row)


class Items(_PersonalTable):
    """The store `items`."""

    name, _row, _sort = "items", ItemRow, "item_ref"


class ItemWords(_PersonalTable):
    """The store `item-words`."""

    name, _row, _sort = "item-words", WordsRow, "item_ref"

    def _document(self, row: WordsRow) -> Mapping[str, Any]:
        until = datetime.fromisoformat(row.expires_at)
        return {
            "item_ref": row.item_ref,
            "type": row.type,
            "title": SealedWords(words_purpose(row.item_ref), row.sealed, until),
            "title_hash": row.title_hash,
            "kept_until": None if row.expires is None else row.expires_at,
        }


def personal_stores() -> list[PersonalStore]:
    """All three."""
    return [Signals(), Items(), ItemWords()]
