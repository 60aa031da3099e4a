"""Drafts as `generate` makes them: through the real wordings."""

from __future__ import annotations

from datetime import UTC, datetime

from chalicelib.contracts.ml import Candidate, Reason
from chalicelib.contracts.tips import Angle
from chalicelib.domain.wordings import render
from ml_lambda.llm.draft import Draft

EXPIRES = datetime(2026, 11, 3, tzinfo=UTC)
SLOT = "2026-11-02T12:45:00+00:00"
TOMORROW = "2026-11-03T09:00:00+00:00"


def draft(
    wording: str = "do_now.1",
    title: str = "Send the invoice to Mira",
    *,
    anchor: str = "",
    minutes: int = 5,
    reason: str = "due_today",
    lang: str = "en",
    **params: int | str,
) -> Draft:
    """A draft of a template; `title` empty for an angle without an item."""
    angle: Angle = wording.split(".", maxsplit=1)[0]  # type: ignore[assignment]
    candidate = Candidate(
        angle=angle,
        kind="todo",
        wording=wording,
        reason=Reason(code=reason, params=dict(params)),
        minutes=minutes,
        expires_at=EXPIRES,
        item_ref="item" if title else None,
        anchor_ref="event" if anchor else None,
        score=0.5,
    )
    words = {"item": title, "event": anchor}
    shown = render(candidate, words, timezone="UTC", locale=lang)
    forms = [own for own in shown.own_words if own in shown.text]
    event = next((own for own in shown.own_words if anchor and own.casefold() == anchor.casefold()), "")
    return Draft(
        angle=angle,
        lang=shown.lang,
        text=shown.text,
        why=shown.why,
        title=next((own for own in forms if own != event), "") if title else "",
        anchor=event,
        own_words=shown.own_words,
    )
