"""What a person sets for themselves, what they agree to, and how they leave."""

from __future__ import annotations

from chalice.app import Blueprint

from chalicelib import wiring, wiring_privacy
from chalicelib.contracts.http import (
    ConsentsAnswer,
    ConsentsPut,
    ErasureAccepted,
    PageQuery,
    Profile,
    ProfilePatch,
)
from chalicelib.contracts.privacy import (
    ConsentHistory,
    ConsentTexts,
    ErasureReceipt,
    ExportStatus,
    LineDeleted,
    ProfileCard,
)
from chalicelib.gateway.call import Call
from chalicelib.profile.texts import texts
from chalicelib.wiring import api

bp = Blueprint(__name__)


@api.endpoint(bp, "GET", "/api/profile", answers={200: Profile})
def get_profile(call: Call[None]) -> Profile:
    """Your time zone, language and name."""
    return wiring.profile().profile(call.person_id)


@api.endpoint(
    bp, "PATCH", "/api/profile", body=ProfilePatch, answers={200: Profile}, problems=(400, 409, 410, 422, 503)
)
def change_profile(call: Call[ProfilePatch]) -> Profile:
    """Change what you name; the rest stays."""
    return wiring.profile().change(call.person_id, call.body, call.trace_id)


@api.endpoint(bp, "GET", "/api/profile/consents", answers={200: ConsentsAnswer})
def get_consents(call: Call[None]) -> ConsentsAnswer:
    """Every consent as it stands, and the version of the text in force."""
    return wiring.profile().consents(call.person_id)


@api.endpoint(
    bp,
    "PUT",
    "/api/profile/consents",
    body=ConsentsPut,
    answers={200: ConsentsAnswer},
    problems=(400, 409, 410, 422, 503),
)
def put_consents(call: Call[ConsentsPut]) -> ConsentsAnswer:
    """Agree or withdraw; those not named stay.

    Withdrawing a source removes its signals, items and words within moments.
    """
    return wiring.profile().decide(call.person_id, call.body, call.trace_id)


@api.endpoint(
    bp,
    "GET",
    "/api/profile/consents/history",
    query=PageQuery,
    answers={200: ConsentHistory},
    problems=(422,),
)
def consent_history(call: Call[None]) -> ConsentHistory:
    """What you agreed to and withdrew, when, and by which text; newest first."""
    return wiring.profile().history(call.person_id, call.query.limit, call.query.cursor)


@api.endpoint(
    bp,
    "GET",
    "/api/profile/consents/texts/{version}",
    access="anyone",
    answers={200: ConsentTexts},
    problems=(404,),
)
def consent_texts(call: Call[None]) -> ConsentTexts:
    """The text of a version, so that what was agreed to stays readable."""
    return texts(call.path["version"])


@api.endpoint(bp, "GET", "/api/me/profile-card", answers={200: ProfileCard}, problems=(503,))
def profile_card(call: Call[None]) -> ProfileCard:
    """What oO knows about you in plain words, with the signals and the consents behind it."""
    return wiring_privacy.card().card(call.person_id)


@api.endpoint(
    bp,
    "DELETE",
    "/api/me/profile-card/{line}",
    answers={202: LineDeleted},
    problems=(404, 409, 410, 503),
)
def delete_line(call: Call[None]) -> LineDeleted:
    """Delete a line of it: what `removes` says goes within moments."""
    return wiring_privacy.card().delete(call.person_id, call.path["line"], call.trace_id)


@api.endpoint(bp, "POST", "/api/me/export", answers={202: ExportStatus}, problems=(404, 410, 429, 503))
def export_me(call: Call[None]) -> ExportStatus:
    """Ask for a copy of everything; five a day. While one is being prepared, it is that one."""
    return wiring_privacy.exporting().request(call.person_id, call.trace_id)


@api.endpoint(bp, "GET", "/api/me/export/{export_id}", answers={200: ExportStatus}, problems=(404,))
def export_status(call: Call[None]) -> ExportStatus:
    """How your copy stands. The link is to a zip: JSON with its schemas, and a page to read.

    It lives an hour from when the copy was ready.
    """
    return wiring_privacy.exporting().status(call.person_id, call.path["export_id"])


@api.endpoint(bp, "DELETE", "/api/me", answers={202: ErasureAccepted}, problems=(503,))
def erase_me(call: Call[None]) -> ErasureAccepted:
    """Erase everything about you.

    Before the answer your words are made unreadable and your sessions end; the rest follows within moments.
    """
    return ErasureAccepted(receipt_id=wiring_privacy.erasure().request(call.person_id, call.trace_id))


@api.endpoint(
    bp,
    "GET",
    "/api/erasures/{receipt_id}",
    access="anyone",
    limit="address",
    answers={200: ErasureReceipt},
    problems=(404,),
)
def erasure_receipt(call: Call[None]) -> ErasureReceipt:
    """What an erasure did: what is gone, and until when backups last. Whoever holds the id may ask."""
    return wiring_privacy.erasure().receipt(call.path["receipt_id"])
