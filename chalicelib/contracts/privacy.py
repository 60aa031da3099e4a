"""What goes over HTTP about a person's own data: consents and their texts, receipts, exports, the card."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from chalicelib.contracts.consents import Consent

# --- consents -----------------------------------------------------------------------------------


class ConsentDecision(BaseModel):
    """One decision of the past."""

    consent: Consent
    granted: bool
    at: datetime
    text_version: str


class ConsentHistory(BaseModel):
    """A page of decisions about consents, newest first."""

    decisions: list[ConsentDecision]
    next: str | None = Field(default=None, description="Pass as `cursor` for the next page.")


class ConsentText(BaseModel):
    """What a person reads before they agree."""

    title: str
    what: str


class ConsentTexts(BaseModel):
    """A version of the text, whether in force or not: what was agreed to stays readable."""

    text_version: str
    in_force: bool
    texts: dict[Consent, ConsentText]


# --- erasure ------------------------------------------------------------------------------------


class ErasedStore(BaseModel):
    """What became of one store."""

    store: str
    holds: str = Field(description="What was held there.")
    gone_at: datetime | None = Field(description="When it was emptied; null: not yet.")
    backups_until: datetime | None = Field(
        description="When the last backup that may hold it ends; null: there is none, or it is not known yet."
    )
    unreadable: bool = Field(
        description="All that those backups say was sealed under the key that is destroyed: noise. Where "
        "it is false, sealed words in them are noise all the same."
    )


class ErasureReceipt(BaseModel):
    """What an erasure did. It says nothing about who was erased."""

    receipt_id: str
    requested_at: datetime
    key_destroyed: bool = Field(description="From that moment no sealed word opens, backups included.")
    complete: bool
    stores: list[ErasedStore]
    backups_until: datetime | None = Field(description="When the last backup ends; null until complete.")
    messages_until: datetime = Field(
        description="When the last message that was under way is gone, even one that could not be handled. "
        "Whichever arrives before is dropped."
    )


# --- export -------------------------------------------------------------------------------------


class ExportStatus(BaseModel):
    """A copy of everything, as it stands."""

    export_id: str
    state: Literal["preparing", "ready", "failed", "expired"]
    requested_at: datetime
    link: str | None = Field(default=None, description="Where the zip is, for whoever has this address.")
    link_expires_at: datetime | None = Field(default=None, description="An hour after it was ready.")


# --- what oO knows ------------------------------------------------------------------------------


class Behind(BaseModel):
    """The signals that a line rests on."""

    count: int
    newest: datetime | None = None
    more: bool = Field(default=False, description="There are older ones that were not counted.")


class CardLine(BaseModel):
    """One thing that oO knows, in plain words."""

    id: str = Field(description="Names the line while it says the same; letters, digits and dashes.")
    text: str
    consents: list[Consent] = Field(description="The consents that it rests on; none: you set it yourself.")
    signals: Behind
    removes: str = Field(description="What goes when the line is deleted, in plain words.")


class ProfileCard(BaseModel):
    """What oO knows about a person, and why."""

    lines: list[CardLine]
    as_of: datetime | None = Field(default=None, description="When it was worked out; null: never yet.")


class LineDeleted(BaseModel):
    """The answer to deleting a line: it goes within moments."""

    id: str
    removes: str
