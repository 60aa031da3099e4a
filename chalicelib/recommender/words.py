"""A tip's rendered words: sealed together, opened together, gone together."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import datetime

from chalicelib.contracts.ports import KeyDestroyed, Sealer, Unsealable
from chalicelib.recommender.contract import OpenTip, StoredDecision


def purpose(decision_id: str) -> str:
    """What the sealed words are bound to."""
    return f"tip:{decision_id}"


def seal(sealer: Sealer, person_id: str, decision_id: str, text: str, why: str) -> bytes:
    """Text and why as one sealed value. Raises KeyDestroyed."""
    plain = json.dumps({"text": text, "why": why}, ensure_ascii=False)
    return sealer.seal(person_id, purpose(decision_id), plain)


def unseal(sealer: Sealer, person_id: str, decision_id: str, sealed: bytes) -> tuple[str, str] | None:
    """Text and why; None when nothing opens them any more."""
    try:
        plain = json.loads(sealer.open(person_id, purpose(decision_id), sealed))
        return str(plain["text"]), str(plain["why"])
    except (KeyDestroyed, Unsealable, ValueError, KeyError, TypeError):
        return None


def open_tip(stored: StoredDecision, now: datetime) -> OpenTip | None:
    """The pointer that shows this decision as the open tip; None when its words are gone."""
    if stored.words is None or stored.words_expire_at is None or stored.words_expire_at <= now:
        return None
    decision, candidate = stored.decision, stored.decision.candidate
    return OpenTip(
        decision_id=decision.decision_id,
        kind=candidate.kind,
        angle=candidate.angle,
        source=decision.source,
        lang=stored.lang,
        words=b64encode(stored.words).decode(),
        words_expire_at=stored.words_expire_at,
        decided_at=decision.decided_at,
        expires_at=decision.expires_at,
        granted=list(stored.granted),
        item_ref=candidate.item_ref,
        anchor_ref=candidate.anchor_ref,
    )


def sealed_words(tip: OpenTip) -> bytes:
    """The open tip's words as they were sealed."""
    return b64decode(tip.words)
