"""What other modules may use of profile: how its rows read. Imports no PynamoDB.

    keys = profile_keys(person_id)       # plain keys for one BatchGetItem on `profiles`
    file = decode(rows)                  # plain rows as they come back, in any order, absent ones left out
    file.profile, file.granted, file.erased

The table `profiles` (key person_id, part) holds three documents of a person, each JSON in `body`:
`profile` (`Profile`), `consents` (`ConsentsDocument`, beside a string set `granted` for conditions) and
`erased` (the tombstone; nothing may be written about the person once it is there).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from chalicelib.contracts.consents import CONSENTS, Consent, ConsentState
from chalicelib.contracts.http import Profile

PROFILE: Final = "profile"
CONSENTS_PART: Final = "consents"
ERASED: Final = "erased"
PARTS: Final = (PROFILE, CONSENTS_PART, ERASED)
GRANTED: Final = "granted"
"""On the part `consents`: a string set of the consents in force, absent when there is none."""


class ConsentsDocument(BaseModel):
    """The part `consents`. `revision` counts changes."""

    model_config = ConfigDict(extra="ignore")

    consents: dict[str, ConsentState] = {}
    revision: int = 0

    def granted(self) -> frozenset[Consent]:
        """The consents in force; a name that this version does not know is none."""
        return frozenset(c for c in CONSENTS if c in self.consents and self.consents[c].granted)

    def withdrawn(self) -> frozenset[Consent]:
        """The consents that were decided on and are not in force, since whenever."""
        return frozenset(c for c in CONSENTS if c in self.consents and not self.consents[c].granted)


class Tombstone(BaseModel):
    """The part `erased`: all that is left of a person."""

    receipt_id: str
    at: datetime


@dataclass(frozen=True)
class PersonFile:
    """What the profile says of a person."""

    profile: Profile
    granted: frozenset[Consent]
    erased: bool


def profile_keys(person_id: str) -> list[dict[str, str]]:
    """The plain keys of the three parts, for a BatchGetItem on `profiles`."""
    return [{"person_id": person_id, "part": part} for part in PARTS]


def decode(rows: Iterable[Mapping[str, Any]]) -> PersonFile:
    """Read plain rows (`part` and `body` as strings). An erased person has granted nothing."""
    bodies = {str(row["part"]): row.get("body") for row in rows}
    erased = ERASED in bodies
    profile, consents = bodies.get(PROFILE), bodies.get(CONSENTS_PART)
    return PersonFile(
        profile=Profile.model_validate_json(profile) if profile else Profile(),
        granted=ConsentsDocument.model_validate_json(consents).granted()
        if consents and not erased
        else frozenset(),
        erased=erased,
    )
