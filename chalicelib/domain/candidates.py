"""Rule candidates: every tip that could be given now, grounded, worded by id, bounded.

Deterministic: the same input gives the same candidates in the same order. Pure: no clock, no I/O.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from zlib import crc32

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.ml import Candidate, ItemBlock, RecentTip, Snapshot
from chalicelib.contracts.tips import RecommendContext
from chalicelib.domain import calendar, wordings
from chalicelib.domain.angles import ANGLES, COMPLETING, Offer, next_look_at
from chalicelib.domain.angles.base import RESTS, clamp
from chalicelib.domain.situation import Situation, look

SAME_WORDING: Final = timedelta(days=14)
SAME_ANGLE: Final = timedelta(days=7)
MOST_OF_AN_ANGLE: Final = 2  # per item within SAME_ANGLE
PER_ITEM: Final = 2  # candidates of one item before every item had its turn
SHOWN_LATELY: Final = timedelta(hours=20)
# How much of its score an offer keeps when its item, or another of its theme, was shown within SHOWN_LATELY.
KEEPS: Final = 0.75
THEME_KEEPS: Final = 0.9


@dataclass(frozen=True, slots=True)
class Proposal:
    """What could be said now, best first; empty is silence. `next_look_at` says when to ask again."""

    candidates: list[Candidate]
    next_look_at: datetime


def propose(
    snapshot: Snapshot,
    *,
    now: datetime,
    timezone: str,
    locale: str,
    granted: Collection[Consent],
    context: RecommendContext,
    recent: Sequence[RecentTip],
    blocks: Sequence[ItemBlock],
    themes: Mapping[str, str] = {},
    limit: int = 30,
) -> Proposal:
    """The tips that the rules allow for this person at `now`.

    `granted` is checked here again, group by group. `context.minutes_free` overrides the gap that the
    calendar shows. `recent` are the tips of the last 14 days: no wording returns for an item within
    them, no angle more than twice a week. `themes` tells by ref which tasks are alike; a theme's id says
    nothing.
    """
    situation = look(
        snapshot,
        now=now,
        timezone=timezone,
        granted=granted,
        context=context,
        recent=recent,
        blocks=blocks,
        themes=themes,
    )
    look_again = next_look_at(situation)
    if situation.asleep() or situation.closed():
        return Proposal([], look_again)
    offers = [o for angle in ANGLES for o in angle.offers(situation) if o.expires_at > situation.now]
    memory = _Memory(situation)
    allowed = [_faded(o, memory) for o in offers if memory.allows(o)]
    candidates = (memory.candidate(o, locale) for o in _varied(allowed))
    chosen = [c for c, _ in zip((c for c in candidates if c is not None), range(limit), strict=False)]
    return Proposal(sorted(chosen, key=_order), look_again)


def _order(candidate: Candidate) -> tuple[float, str, str]:
    return (-candidate.score, candidate.item_ref or "", candidate.angle)


def _varied(offers: Iterable[Offer]) -> list[Offer]:
    """Best first, but each angle's best and no more than PER_ITEM of an item before all the rest."""
    ranked = sorted(offers, key=lambda o: (-o.score, o.item_ref or "", o.angle))
    of_angle: Counter[str] = Counter()
    of_item: Counter[str | None] = Counter()
    passes: tuple[list[Offer], list[Offer], list[Offer]] = ([], [], [])
    for offer in ranked:
        turn = 0 if not of_angle[offer.angle] else 1 if of_item[offer.item_ref] < PER_ITEM else 2
        passes[turn].append(offer)
        of_angle[offer.angle] += 1
        of_item[offer.item_ref] += 1
    return [offer for turn in passes for offer in turn]


class _Memory:
    """What was said lately, counted once per proposal."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        now = situation.now
        self.said: dict[str | None, set[str]] = {}
        self.angles: Counter[tuple[str | None, str]] = Counter()
        self.used: dict[str, datetime] = {}
        self.shown: set[str] = set()
        self.shown_themes: set[str] = set()
        self.answered: set[str] = set()
        self.resting: set[tuple[str | None, str]] = set()
        self.unwanted: set[str] = set()
        for tip in situation.recent:
            at = calendar.utc(tip.decided_at)
            if now - at < SAME_WORDING:
                self.said.setdefault(tip.item_ref, set()).add(tip.wording)
                self.used[tip.wording] = max(at, self.used.get(tip.wording, at))
            if now - at < SAME_ANGLE:
                self.angles[tip.item_ref, tip.angle] += 1
            if now - at < RESTS and (tip.exposed_at or tip.reaction):
                self.resting.add((tip.item_ref, tip.angle))
            if tip.item_ref is not None:
                self._remember(tip, tip.item_ref, at)
            elif tip.reason == "not_mine" or (tip.reason == "wrong_time" and situation.is_today(at)):
                # Without an item there is nothing to block: the angle itself stays away.
                self.unwanted.add(tip.angle)

    def _remember(self, tip: RecentTip, item_ref: str, at: datetime) -> None:
        today = self.situation.is_today(at)
        if self.situation.now - at < SHOWN_LATELY:
            self.shown.add(item_ref)
            if (theme := self.situation.themes.get(item_ref)) is not None:
                self.shown_themes.add(theme)
        # A "not now" without a reason leaves no block; a "not helpful" says as much. A task that was
        # done closes when its source says so: until then the answer counts.
        refused = tip.reaction == "not_helpful" or (tip.reaction == "dismiss" and not tip.reason)
        if today and (tip.reaction == "done" or refused):
            self.answered.add(item_ref)
        if tip.reaction == "done" and tip.angle in COMPLETING and item_ref not in self._changed_since(at):
            self.answered.add(item_ref)

    def _changed_since(self, at: datetime) -> set[str]:
        tasks = {t.item_ref for t in self.situation.tasks if calendar.utc(t.as_of) > at}
        return tasks | {h.item_ref for h in self.situation.habits}

    def allows(self, offer: Offer) -> bool:
        """Whether the item was not answered for now and the angle not used up on it."""
        return (
            offer.item_ref not in self.answered
            and not (offer.item_ref is None and offer.angle in self.unwanted)
            and (offer.item_ref, offer.angle) not in self.resting
            and self.angles[offer.item_ref, offer.angle] < MOST_OF_AN_ANGLE
        )

    def candidate(self, offer: Offer, locale: str) -> Candidate | None:
        """The offer with a wording that is new for its item; None when none is left."""
        said = self.said.get(offer.item_ref, set())
        fresh = [w for w in wordings.fitting(offer.angle, offer.traits, locale) if w not in said]
        if not fresh:
            return None
        seed = f"{self.situation.person_id}|{offer.item_ref}|{self.situation.today}"
        never = self.situation.now - SAME_WORDING
        wording = min(fresh, key=lambda w: (self.used.get(w, never), crc32(f"{seed}|{w}".encode()), w))
        return Candidate(
            angle=offer.angle,
            kind=offer.kind,
            wording=wording,
            reason=offer.reason,
            minutes=offer.minutes,
            expires_at=offer.expires_at,
            item_ref=offer.item_ref,
            anchor_ref=offer.anchor_ref,
            category=offer.category,
            score=offer.score,
        )


def _faded(offer: Offer, memory: _Memory) -> Offer:
    """What was shown lately gives way, and a little what is like it."""
    if offer.item_ref in memory.shown:
        keeps = KEEPS
    elif memory.situation.themes.get(offer.item_ref or "") in memory.shown_themes:
        keeps = THEME_KEEPS
    else:
        return offer
    return replace(offer, score=clamp(offer.score * keeps))
