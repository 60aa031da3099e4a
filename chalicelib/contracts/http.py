"""What goes over HTTP, beside signals: requests and answers of every route."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chalicelib.contracts.consents import Consent, ConsentState
from chalicelib.contracts.fields import Moment, Truth
from chalicelib.contracts.signals import Category
from chalicelib.contracts.tips import Angle, DismissReason, ReactionKind, RecommendContext, TipSource


class Strict(BaseModel):
    """A request body: unknown fields are an error that names them."""

    model_config = ConfigDict(extra="forbid")


class Principal(BaseModel):
    """Who is asking, as the gateway hands it to a view."""

    model_config = ConfigDict(frozen=True)

    person_id: str | None = None
    role: Literal["person", "admin"] = "person"
    session_id: str | None = Field(default=None, description="The session's public id, not the secret.")
    expires_at: datetime | None = None
    by: Literal["cookie", "token"] = "cookie"


class Problem(BaseModel):
    """RFC 9457 problem details; served as application/problem+json."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = Field(default=None, description="The trace id; quote it when you ask for help.")
    errors: list[dict[str, Any]] | None = None


# --- recommend ------------------------------------------------------------------------------

NoTipReason = Literal["consent_required", "nothing_now"]


class RecommendRequest(Strict):
    """The body of `POST /api/recommend`."""

    context: RecommendContext = RecommendContext()


class Tip(BaseModel):
    """The one tip. `id` is the decision's id."""

    id: str
    kind: Literal["advice", "todo"]
    text: str
    why: str
    source: TipSource
    angle: Angle
    expires_at: datetime
    lang: str = "en"


class Recommendation(BaseModel):
    """The answer of `POST /api/recommend`: a tip, or an honest nothing and when to look again."""

    tip: Tip | None
    reason: NoTipReason | None = None
    next_look_at: datetime | None = None


class ExposureRequest(Strict):
    """The body of `POST /api/tips/{id}/exposure`."""

    exposed_at: Moment | None = Field(default=None, description="When it was seen; default now.")


class ReactionRequest(Strict):
    """The body of `POST /api/tips/{id}/reaction`.

    `undo` takes the latest reaction back and opens the tip again while it has not expired.
    """

    kind: ReactionKind
    reason: DismissReason | None = Field(default=None, description="With `dismiss`: why not now.")
    until: Moment | None = Field(default=None, description="With `snooze`: default 3 h from now.")


class ReactionAccepted(BaseModel):
    """The answer to a reaction."""

    revision: int = Field(description="Counts the reactions that changed something.")
    kind: ReactionKind


class TipHistoryEntry(BaseModel):
    """A past tip. `text` is null once its words have expired or a source of theirs was withdrawn."""

    id: str
    decided_at: datetime
    angle: Angle
    category: str | None = None
    text: str | None = None
    why: str | None = None
    exposed_at: datetime | None = None
    reaction: ReactionKind | None = None
    reason: DismissReason | None = None


class TipHistory(BaseModel):
    """A page of past tips, newest first."""

    tips: list[TipHistoryEntry]
    next: str | None = Field(default=None, description="Pass as `cursor` for the next page.")


TipStage = Literal["open", "exposed", "reacted", "settled", "inactive"]


class TipDetail(TipHistoryEntry):
    """One tip of yours: where it stands, and why it was this one."""

    state: TipStage = Field(description="`inactive`: it ended without having been seen.")
    expires_at: datetime
    because: list[str] = Field(
        description="What spoke for it and against it beside the other ideas, strongest first; at most 4 "
        "sentences. Empty once a source that it may rest on was withdrawn."
    )


class PageQuery(Strict):
    """Query parameters of paged lists."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: str | None = Field(default=None, max_length=400)


# --- signals (the batch is in contracts/signals.py) -------------------------------------------


class StoredSignal(BaseModel):
    """A signal as its owner may see it again."""

    id: str
    type: str
    source: str
    occurred_at: datetime
    item_ref: str | None = None
    status: str | None = None
    due_at: datetime | None = None
    due_on: date | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    effort_minutes: int | None = None
    priority: int | None = None
    category: str | None = None
    valence: int | None = None
    energy: int | None = None
    place: str | None = None
    title: str | None = Field(default=None, description="While its words are kept.")


class StoredSignals(BaseModel):
    """A page of signals, newest first."""

    signals: list[StoredSignal]
    next: str | None = None


# --- profile, consents, account ---------------------------------------------------------------


class Profile(BaseModel):
    """What a person set for themselves."""

    timezone: str = Field(default="UTC", description="IANA name, e.g. Europe/Berlin.")
    locale: str = Field(default="en", description="BCP 47, e.g. en-GB.")
    display_name: str | None = None
    goals: list[str] = Field(default=[], description="The categories of things that matter most to you.")


def _each_once(goals: list[str]) -> list[str]:
    return list(dict.fromkeys(goals))


Goals = Annotated[list[Category], Field(max_length=5), AfterValidator(_each_once)]


class ProfilePatch(Strict):
    """The body of `PATCH /api/profile`; absent fields stay."""

    timezone: str | None = Field(default=None, max_length=64)
    locale: str | None = Field(default=None, max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    display_name: str | None = Field(default=None, max_length=80)
    goals: Goals | None = Field(default=None, description="Categories as your items name them; at most 5.")


class ConsentsAnswer(BaseModel):
    """Every consent as it stands."""

    consents: dict[Consent, ConsentState | None]
    text_version: str


class ConsentsPut(Strict):
    """The body of `PUT /api/profile/consents`: those named change, the others stay."""

    consents: dict[Consent, Truth] = Field(min_length=1)
    text_version: str = Field(
        min_length=1,
        max_length=40,
        pattern=r"^[0-9A-Za-z._-]+$",
        description="The version of the text the person saw.",
    )


class ErasureAccepted(BaseModel):
    """The answer of `DELETE /api/me`."""

    receipt_id: str


# --- auth -------------------------------------------------------------------------------------


class ProviderInfo(BaseModel):
    """A way to sign in."""

    name: str
    title: str
    login: str = Field(description="Where to send the browser, relative to the page.")


class Providers(BaseModel):
    """The answer of `GET /api/auth/providers`."""

    providers: list[ProviderInfo]


class SessionInfo(BaseModel):
    """The answer of `GET /api/auth/session`."""

    person_id: str | None
    role: Literal["person", "admin"]
    expires_at: datetime


class AdminTokenRequest(Strict):
    """The body of `POST /api/auth/token`."""

    token: str = Field(min_length=1, max_length=512)


# --- health -----------------------------------------------------------------------------------


class Health(BaseModel):
    """A module's health."""

    module: str
    status: Literal["ok", "degraded", "down"]
    detail: str = ""


class HealthReport(BaseModel):
    """Every module's health."""

    status: Literal["ok", "degraded", "down"]
    modules: list[Health]
