"""What a person sets for themselves, what they agree to, and how they leave."""

from __future__ import annotations

from chalice.app import Blueprint

from chalicelib import wiring
from chalicelib.contracts.http import ConsentsAnswer, ConsentsPut, ErasureAccepted, Profile, ProfilePatch
from chalicelib.gateway.call import Call
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


@api.endpoint(bp, "DELETE", "/api/me", answers={202: ErasureAccepted}, problems=(503,))
def erase_me(call: Call[None]) -> ErasureAccepted:
    """Erase everything about you.

    Before the answer your words are made unreadable and your sessions end; the rest follows within moments.
    """
    return ErasureAccepted(receipt_id=wiring.erasure().request(call.person_id, call.trace_id))
