"""What the profile services need behind them; the real one is in `store.py`, the fake with the tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.http import Profile
from chalicelib.contracts.ml import Snapshot
from chalicelib.contracts.ports import SealedWords
from chalicelib.contracts.records import SignalRecord, storable
from chalicelib.profile.contract import ConsentsDocument

Kept = Literal["kept", "changed", "erased"]
"""`changed`: someone else was first, read again; `erased`: nothing may be written about this person."""


@dataclass(frozen=True)
class Parts:
    """The parts of a person as they were read; None where there is none."""

    profile: str | None
    consents: str | None
    erased: str | None

    def rows(self) -> list[dict[str, Any]]:
        """As `contract.decode` takes them."""
        parts = (("profile", self.profile), ("consents", self.consents), ("erased", self.erased))
        return [{"part": part, "body": body} for part, body in parts if body is not None]


class Decision(BaseModel):
    """One entry of the history of consents."""

    model_config = ConfigDict(frozen=True)

    consent: Consent
    granted: bool
    at: datetime
    text_version: str


@dataclass(frozen=True)
class Receipt:
    """What is noted of an erasure; never of whom."""

    requested_at: datetime
    expires_at: datetime
    stores: Sequence[str]
    """Which were to be emptied."""
    done: Mapping[str, datetime]
    """When each was."""


def history_part(decision: Decision) -> str:
    """The sort key of a history entry: in order of time."""
    return f"consents#{storable(decision.at)}#{decision.consent}"


class ProfileStore(Protocol):
    """The table `profiles`."""

    name: str

    def read(self, person_id: str) -> Parts:
        """The three parts, strongly consistent, in one call."""

    def keep_profile(self, person_id: str, profile: Profile, seen: Parts) -> Kept:
        """Write the profile if it still is as seen and the person is not erased."""

    def keep_consents(
        self, person_id: str, document: ConsentsDocument, history: list[Decision], seen: Parts
    ) -> Kept:
        """Write the consents and add to their history, all or nothing, likewise."""

    def history(self, person_id: str, limit: int, before: str | None) -> list[Decision]:
        """Decisions about consents, newest first, those before that part."""

    def entomb(self, person_id: str, receipt_id: str, at: datetime) -> str:
        """Write the tombstone unless there is one; the receipt id that stands in it."""

    def ping(self) -> None:
        """Raises when the store does not answer."""

    def export(self, person_id: str) -> Iterable[Mapping[str, Any]]:
        """Every part and the history of consents."""

    def erase(self, person_id: str) -> int:
        """Everything but the tombstone, which keeps late messages from writing again."""


class Receipts(Protocol):
    """The table `erasures`, by receipt id."""

    def begin(self, receipt_id: str, at: datetime, stores: Sequence[str]) -> None:
        """Note the request unless it is noted."""

    def done(self, receipt_id: str, store: str, at: datetime) -> None:
        """Note that a store was emptied; the first time stands. Nothing when there is no such receipt."""

    def read(self, receipt_id: str) -> Receipt | None:
        """The receipt."""


class Knowledge(Protocol):
    """What other owners know about a person, as the profile card needs it."""

    def snapshot(self, person_id: str) -> Snapshot | None:
        """The features."""

    def signals(self, person_id: str, limit: int | None) -> Iterable[SignalRecord]:
        """Signals, newest first; None: all."""

    def words(self, person_id: str, item_refs: Sequence[str]) -> Mapping[str, SealedWords]:
        """Sealed titles, by ref."""

    def learned(self, person_id: str) -> int:
        """How many answers were learned from."""
