"""ProfileStore in memory, with the same conditions as the table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.http import Profile
from chalicelib.profile.contract import CONSENTS_PART, ERASED, PROFILE, ConsentsDocument, Tombstone
from chalicelib.profile.ports import Decision, Kept, Parts, history_part


@dataclass
class MemoryProfiles:
    """The parts of people, by (person, part); and the Consents port."""

    name = "profiles"
    rows: dict[tuple[str, str], str] = field(default_factory=dict)

    def read(self, person_id: str) -> Parts:
        """The three parts."""
        return Parts(*(self.rows.get((person_id, part)) for part in (PROFILE, CONSENTS_PART, ERASED)))

    def keep_profile(self, person_id: str, profile: Profile, seen: Parts) -> Kept:
        """Write the profile if it still is as seen."""
        body = profile.model_dump_json(exclude_unset=True)
        return self._keep(person_id, PROFILE, body, seen.profile)

    def keep_consents(
        self, person_id: str, document: ConsentsDocument, history: list[Decision], seen: Parts
    ) -> Kept:
        """Write the consents if they still are as seen, and add to their history."""
        kept = self._keep(person_id, CONSENTS_PART, document.model_dump_json(), seen.consents)
        if kept == "kept":
            for entry in history:
                self.rows[person_id, history_part(entry)] = entry.model_dump_json()
        return kept

    def _keep(self, person_id: str, part: str, body: str, seen: str | None) -> Kept:
        if (person_id, ERASED) in self.rows:
            return "erased"
        if self.rows.get((person_id, part)) != seen:
            return "changed"
        self.rows[person_id, part] = body
        return "kept"

    def history(self, person_id: str, limit: int, before: str | None) -> list[Decision]:
        """Decisions about consents, newest first."""
        parts = sorted(
            part
            for p, part in self.rows
            if p == person_id and part.startswith("consents#") and (before is None or part < before)
        )
        return [Decision.model_validate_json(self.rows[person_id, part]) for part in parts[::-1][:limit]]

    def entomb(self, person_id: str, receipt_id: str, at: datetime) -> str:
        """Write the tombstone unless there is one."""
        tombstone = Tombstone(receipt_id=receipt_id, at=at)
        standing = self.rows.setdefault((person_id, ERASED), tombstone.model_dump_json())
        return Tombstone.model_validate_json(standing).receipt_id

    def ping(self) -> None:
        """Memory always answers."""

    def export(self, person_id: str) -> Iterable[Mapping[str, Any]]:
        """Every part of the person."""
        return [
            {"part": part, "content": json.loads(body)}
            for (p, part), body in sorted(self.rows.items())
            if p == person_id
        ]

    def erase(self, person_id: str) -> int:
        """Delete all but the tombstone."""
        gone = [key for key in self.rows if key[0] == person_id and key[1] != ERASED]
        for key in gone:
            del self.rows[key]
        return len(gone)

    def granted(self, person_id: str) -> frozenset[Consent]:
        """The consents that the document says are in force."""
        body = self.rows.get((person_id, CONSENTS_PART))
        return ConsentsDocument.model_validate_json(body).granted() if body else frozenset()
