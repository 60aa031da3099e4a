"""The recommender: decides on one tip, shows it again while it is open, hears what the person says."""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from chalicelib.contracts.consents import CONSENT_OF_TYPE, Consent
from chalicelib.contracts.errors import Invalid, NotFound, RateLimited, Unavailable
from chalicelib.contracts.http import (
    Health,
    ReactionAccepted,
    ReactionRequest,
    Recommendation,
    Tip,
    TipDetail,
    TipHistory,
)
from chalicelib.contracts.ml import Decision
from chalicelib.contracts.ports import Clock, Ids, KeyDestroyed, Scorer, Sealer
from chalicelib.contracts.tips import RecommendContext
from chalicelib.recommender import reacting, words
from chalicelib.recommender.contract import (
    Breakable,
    LostRace,
    OpenTip,
    PersonNow,
    StoredDecision,
    TipState,
    TipStore,
)
from chalicelib.recommender.deciding import Decider, Draft
from chalicelib.recommender.looking_back import Opened, detail, entry
from chalicelib.runtime.logging import logger

if TYPE_CHECKING:
    from chalicelib.runtime.settings import Settings

SOURCES: Final[frozenset[Consent]] = frozenset(CONSENT_OF_TYPE.values())
ATTEMPTS: Final = 6
HOUR: Final = timedelta(hours=1)
SETTLES_WITHIN: Final = timedelta(hours=24)
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Change = tuple[StoredDecision, TipState | None] | None

_log = logger("recommender")


class RecommenderService:
    """One person's tip, from the decision to the last reaction."""

    def __init__(
        self, store: TipStore, scorer: Scorer, sealer: Sealer, clock: Clock, ids: Ids, settings: Settings
    ) -> None:
        self._store = store
        self._scorer = scorer
        self._sealer = sealer
        self._clock = clock
        self._ids = ids
        self._decider = Decider(store, scorer, sealer)
        self._most = settings.decisions_per_hour

    def recommend(self, person_id: str, context: RecommendContext, trace: str = "") -> Recommendation:
        """The open tip, else a new one, else an honest nothing.

        On the fast path: one batch read, one invocation, one transaction. Of two concurrent calls one
        decides and the other answers that tip. Raises RateLimited over `decisions_per_hour`.
        """
        try:
            for _ in range(ATTEMPTS):
                person = self._store.read(person_id)
                sources, state = person.granted & SOURCES, person.state
                if person.erased or not sources:
                    return Recommendation(tip=None, reason="consent_required")
                self._sealer.prime(person_id, person.wrapped_key)
                now = self._clock.now()
                if (shown := self._still_open(person_id, state.open, sources, now)) is not None:
                    return Recommendation(tip=shown)
                self._not_too_often(state, now)
                draft = self._decider.draft(person, context, now, self._seed(), trace)
                if draft.rendered is None:
                    if draft.outdated:
                        # No decision will tell the features that they are old.
                        self._store.note_silence(person_id, now, draft.choice.snapshot_at, trace)
                    return Recommendation(tip=None, reason="nothing_now", next_look_at=draft.next_look_at)
                try:
                    return Recommendation(tip=self._decide(person, draft, now, trace))
                except LostRace:
                    # Another call was first, or an erasure: all that was read is old.
                    continue
        except KeyDestroyed:
            return Recommendation(tip=None, reason="consent_required")
        raise Unavailable("Too many calls at once for this person; try again.")

    def expose(self, person_id: str, decision_id: str, at: datetime | None, trace: str = "") -> None:
        """The person saw the tip. Raises NotFound, Gone, Invalid."""
        self._change(person_id, decision_id, trace, lambda s, state, now: reacting.expose(s, state, at, now))

    def react(
        self, person_id: str, decision_id: str, request: ReactionRequest, trace: str = ""
    ) -> ReactionAccepted:
        """The person reacted. Raises NotFound, Gone, Invalid, Conflict."""

        def apply(stored: StoredDecision, state: TipState, now: datetime) -> Change:
            reacting.validate(request)
            return reacting.react(stored, state, request, now)

        stored = self._change(person_id, decision_id, trace, apply)
        return ReactionAccepted(revision=stored.decision.revision, kind=request.kind)

    def history(self, person_id: str, limit: int, cursor: str | None) -> TipHistory:
        """A page of past tips, newest first; words only of sources that are still consented to.

        Raises Invalid for a cursor that is not ours.
        """
        page = self._store.history(person_id, limit + 1, _decoded(cursor) if cursor else None)
        shown, more = page[:limit], len(page) > limit
        person, now = self._store.read(person_id), self._clock.now()
        self._sealer.prime(person_id, person.wrapped_key)
        return TipHistory(
            tips=[entry(s.decision, self._opened(s, person.granted, now)) for s in shown],
            next=_encoded(shown[-1].decision.decision_id) if more else None,
        )

    def detail(self, person_id: str, decision_id: str) -> TipDetail:
        """One tip: where it stands, and why it was this one. Raises NotFound."""
        stored = self._store.decision(person_id, decision_id) if _ID.fullmatch(decision_id) else None
        if stored is None:
            raise NotFound("There is no such tip.")
        person, now = self._store.read(person_id), self._clock.now()
        self._sealer.prime(person_id, person.wrapped_key)
        return detail(stored, self._opened(stored, person.granted, now), person, now)

    def health(self) -> Health:
        """Down without its tables; degraded while rules decide because the scorer failed."""
        self._store.check()
        if isinstance(self._scorer, Breakable) and self._scorer.resting():
            return Health(module="recommender", status="degraded", detail="rules decide; the scorer rests")
        return Health(module="recommender", status="ok")

    # --- deciding -----------------------------------------------------------------------------------

    def _not_too_often(self, state: TipState, now: datetime) -> None:
        """Raises RateLimited for a person who was given as many tips within the hour as there may be.

        The state is written with each decision on condition of the version read: no call slips by.
        """
        lately = [tip.decided_at for tip in state.recent if tip.decided_at > now - HOUR]
        if self._most and len(lately) >= self._most:
            free = sorted(lately)[-self._most] + HOUR - now
            raise RateLimited(
                f"At most {self._most} new tips an hour.", retry_after=int(free.total_seconds()) + 1
            )

    def _still_open(
        self, person_id: str, tip: OpenTip | None, sources: frozenset[Consent], now: datetime
    ) -> Tip | None:
        """The open tip in words; None when it may not or cannot be shown any more."""
        if tip is None or tip.expires_at <= now or tip.words_expire_at <= now:
            return None
        if not sources.issuperset(tip.granted):
            return None
        opened = words.unseal(self._sealer, person_id, tip.decision_id, words.sealed_words(tip))
        if opened is None:
            return None
        return Tip(
            id=tip.decision_id,
            kind=tip.kind,
            text=opened[0],
            why=opened[1],
            source=tip.source,
            angle=tip.angle,
            expires_at=tip.expires_at,
            lang=tip.lang,
        )

    def _decide(self, person: PersonNow, draft: Draft, now: datetime, trace: str) -> Tip:
        assert draft.rendered is not None
        assert draft.choice.chosen is not None
        state = person.state
        person_id, decision_id = state.person_id, self._ids.new()
        candidate = draft.choice.candidates[draft.choice.chosen].candidate
        decision = Decision(
            decision_id=decision_id,
            person_id=person_id,
            decided_at=now,
            expires_at=candidate.expires_at,
            settle_at=min(candidate.expires_at, now + SETTLES_WITHIN),
            choice=draft.choice,
            source=draft.source,
        )
        text, why = draft.rendered.text, draft.rendered.why
        stored = StoredDecision(
            decision=decision,
            lang=draft.rendered.lang,
            granted=sorted(person.granted & SOURCES),
            words=words.seal(self._sealer, person_id, decision_id, text, why),
            words_expire_at=draft.words_expire_at,
            due_at=decision.settle_at,
            trace_id=trace,
            changed_at=now,
        )
        recent = [reacting.remembered(decision), *state.recent]
        self._store.decide(stored, state.next(now, open=words.open_tip(stored, now), recent=recent))
        _log.info(
            "tip decided",
            decision_id=decision_id,
            policy=draft.choice.policy.name,
            version=draft.choice.policy.version,
            candidates=len(draft.choice.candidates),
        )
        return Tip(
            id=decision_id,
            kind=candidate.kind,
            text=text,
            why=why,
            source=draft.source,
            angle=candidate.angle,
            expires_at=candidate.expires_at,
            lang=stored.lang,
        )

    def _seed(self) -> int:
        """A fresh 63-bit seed, logged with the decision."""
        return int.from_bytes(hashlib.sha256(self._ids.secret().encode()).digest()[:8], "big") >> 1

    # --- hearing ------------------------------------------------------------------------------------

    def _change(
        self,
        person_id: str,
        decision_id: str,
        trace: str,
        apply: Callable[[StoredDecision, TipState, datetime], Change],
    ) -> StoredDecision:
        """Read, apply, write on condition that nothing changed between; again when something did."""
        if not _ID.fullmatch(decision_id):
            raise NotFound("There is no such tip.")
        for _ in range(ATTEMPTS):
            now = self._clock.now()
            stored, state = self._store.tip(person_id, decision_id)
            if stored is None:
                raise NotFound("There is no such tip.")
            reacting.check_age(stored.decision, now)
            change = apply(stored, state, now)
            if change is None:
                return stored
            after = replace(change[0], trace_id=trace, changed_at=now)
            try:
                self._store.change(stored, after, change[1])
            except LostRace:
                continue
            return after
        raise Unavailable("Too many changes at once to this tip; try again.")

    def _opened(self, stored: StoredDecision, granted: frozenset[Consent], now: datetime) -> Opened:
        decision, ends = stored.decision, stored.words_expire_at
        if stored.words is None or ends is None or ends <= now or not granted.issuperset(stored.granted):
            return None
        return words.unseal(self._sealer, decision.person_id, decision.decision_id, stored.words)


def _encoded(decision_id: str) -> str:
    return urlsafe_b64encode(decision_id.encode()).decode().rstrip("=")


def _decoded(cursor: str) -> str:
    try:
        decision_id = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        decision_id = ""
    if not _ID.fullmatch(decision_id):
        raise Invalid(
            "Pass `next` of the page before as `cursor`.",
            errors=[{"pointer": "/cursor", "detail": "not a cursor of this list"}],
        )
    return decision_id
