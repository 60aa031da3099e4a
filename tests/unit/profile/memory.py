"""The store of profile in memory; tests/contract/test_profile_store.py holds it to the real one."""

from __future__ import annotations

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
    name = "profiles"
    rows: dict[tuple[str, str], str] = field(default_factory=dict)

    def read(self, person_id: str) -> Parts:
        return Parts(*(self.rows.get((person_id, part)) for part in (PROFILE, CONSENTS_PART, ERASED)))

    def keep_profile(self, person_id: str, profile: Profile, seen: Parts) -> Kept:
        body = profile.model_dump_json(exclude_unset=True)
        return self._keep(person_id, PROFILE, body, seen.profile)

    def keep_consents(
        self, person_id: str, document: ConsentsDocument, history: list[Decision], seen: Parts
    ) -> Kept:
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

    def entomb(self, person_id: str, receipt_id: str, at: datetime) -> str:
        tombstone = Tombstone(receipt_id=receipt_id, at=at)
        standing = self.rows.setdefault((person_id, ERASED), tombstone.model_dump_json())
        return Tombstone.model_validate_json(standing).receipt_id

    def ping(self) -> None:
        pass

    def export(self, person_id: str) -> Iterable[Mapping[str, Any]]:
        return [
            {"part": part, "body": body} for (p, part), body in sorted(self.rows.items()) if p == person_id
        ]

    def erase(self, person_id: str) -> int:
        gone = [key for key in self.rows if key[0] == person_id and key[1] != ERASED]
        for key in gone:
            del self.rows[key]
        return len(gone)

    def granted(self, person_id: str) -> frozenset[Consent]:
        body = self.rows.get((person_id, CONSENTS_PART))
        return ConsentsDocument.model_validate_json(body).granted() if body else frozenset()
