"""The tip over HTTP: ask for it, say that it was seen, react, look back."""

from chalice.app import Blueprint

from chalicelib import wiring
from chalicelib.contracts.http import (
    ExposureRequest,
    PageQuery,
    ReactionAccepted,
    ReactionRequest,
    Recommendation,
    RecommendRequest,
    TipDetail,
    TipHistory,
)
from chalicelib.gateway.call import Call, Reply

bp = Blueprint(__name__)
api = wiring.api


# The person's new tips are counted by themselves, in the row that is read and written anyway.
@api.endpoint(
    bp, "POST", "/api/recommend", body=RecommendRequest, answers={200: Recommendation}, limit="none"
)
def recommend(call: Call[RecommendRequest]) -> Recommendation:
    """The one tip for now, or an honest nothing and when to look again.

    While a tip is open the same tip is answered again. Never fails because the scorer is down.
    """
    return wiring.recommender().recommend(call.person_id, call.body.context, call.trace_id)


@api.endpoint(
    bp, "POST", "/api/tips/{id}/exposure", body=ExposureRequest, answers={202: None}, problems=(404, 410)
)
def exposure(call: Call[ExposureRequest]) -> Reply:
    """Say that the tip was seen. The first time counts; sending it again changes nothing."""
    wiring.recommender().expose(call.person_id, call.path["id"], call.body.exposed_at, call.trace_id)
    return Reply(status=202)


@api.endpoint(
    bp,
    "POST",
    "/api/tips/{id}/reaction",
    body=ReactionRequest,
    answers={202: ReactionAccepted},
    problems=(404, 409, 410),
)
def reaction(call: Call[ReactionRequest]) -> ReactionAccepted:
    """React to the tip; accepted until 7 days after it was decided.

    The latest of done, snooze and dismiss wins; the same reaction twice counts once.
    """
    return wiring.recommender().react(call.person_id, call.path["id"], call.body, call.trace_id)


@api.endpoint(bp, "GET", "/api/tips", query=PageQuery, answers={200: TipHistory})
def tips(call: Call[None]) -> TipHistory:
    """Past tips, newest first.

    `text` and `why` are null once their words have expired, or a source that they may draw on was withdrawn.
    """
    return wiring.recommender().history(call.person_id, call.query.limit, call.query.cursor)


@api.endpoint(bp, "GET", "/api/tips/{id}", answers={200: TipDetail}, problems=(404,))
def tip(call: Call[None]) -> TipDetail:
    """One tip of yours: where it stands, and why it was this one and not another.

    `because` tells what the policy that chose it weighed, beside the other ideas of that moment.
    """
    return wiring.recommender().detail(call.person_id, call.path["id"])
