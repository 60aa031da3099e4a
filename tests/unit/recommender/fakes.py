"""A person's world in memory: the tip store, the scorer, sealing, time and ids that a test sets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.events import Envelope
from chalicelib.contracts.http import Profile
from chalicelib.contracts.ml import (
    Candidate,
    Choice,
    PolicyRef,
    RankRequest,
    RankResponse,
    Reason,
    ScoredCandidate,
    Snapshot,
)
from chalicelib.contracts.ports import BusError, KeyDestroyed, ScorerUnavailable, Unsealable
from chalicelib.contracts.signals import ItemRecord
from chalicelib.recommender.contract import (
    DueTip,
    LostRace,
    Page,
    PersonNow,
    StoredDecision,
    TipState,
    Words,
    due_hour,
)

NOW = datetime(2026, 11, 5, 10, 0, tzinfo=UTC)
PERSON = "0d3b6a0e-8c55-4f0f-9f0e-5a3f6f4f9a10"
OTHER = "9f1c2d3e-0000-4f0f-9f0e-5a3f6f4f9a11"


class FakeClock:
    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def forward(self, **delta: float) -> None:
        self.at += timedelta(**delta)


class FakeIds:
    def __init__(self) -> None:
        self.count = 0

    def new(self) -> str:
        self.count += 1
        return str(UUID(int=0x0190 << 112 | 0x7 << 76 | 0x2 << 62 | self.count))

    def person(self) -> str:
        return self.new()

    def secret(self) -> str:
        return self.new()


class FakeSealer:
    """Reversible, bound to person and purpose like the real one."""

    def __init__(self) -> None:
        self.destroyed: set[str] = set()
        self.primed: list[tuple[str, bytes | None]] = []

    def seal(self, person_id: str, purpose: str, plaintext: str) -> bytes:
        if person_id in self.destroyed:
            raise KeyDestroyed
        return f"{person_id}|{purpose}|{plaintext}".encode()[::-1]

    def prime(self, person_id: str, wrapped: bytes | None) -> None:
        self.primed.append((person_id, wrapped))

    def open(self, person_id: str, purpose: str, sealed: bytes) -> str:
        if person_id in self.destroyed:
            raise KeyDestroyed
        text = sealed[::-1].decode()
        if not text.startswith(f"{person_id}|{purpose}|"):
            raise Unsealable
        return text.removeprefix(f"{person_id}|{purpose}|")

    def digest(self, person_id: str, purpose: str, plaintext: str) -> str:
        raise NotImplementedError

    def destroy(self, person_id: str) -> None:
        self.destroyed.add(person_id)


class FakeBus:
    def __init__(self) -> None:
        self.events: list[Envelope] = []
        self.refuses = False

    def publish(self, events: Sequence[Envelope]) -> None:
        if self.refuses:
            raise BusError("refused")
        self.events.extend(events)


@dataclass
class MemoryTips:
    """TipStore in memory, with the same conditions as the tables."""

    granted: frozenset[Consent] = frozenset({"tasks", "calendar", "habits", "mood", "context"})
    erased: bool = False
    profile: Profile = field(default_factory=lambda: Profile(timezone="Europe/Berlin"))
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    words: dict[tuple[str, str], Words] = field(default_factory=dict)
    decisions: dict[tuple[str, str], StoredDecision] = field(default_factory=dict)
    states: dict[str, TipState] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    silences: list[tuple[str, datetime, datetime | None, str]] = field(default_factory=list)
    before_write: Callable[[], None] | None = None
    """Runs once, just before the next write: another writer who is first."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def read(self, person_id: str) -> PersonNow:
        self.calls.append("read")
        return PersonNow(self.profile, self.granted, self.erased, b"wrapped", self._state(person_id))

    def state(self, person_id: str) -> TipState:
        self.calls.append("state")
        return self._state(person_id)

    def snapshot(self, person_id: str) -> Snapshot | None:
        self.calls.append("snapshot")
        return self.snapshots.get(person_id)

    def item_words(self, person_id: str, item_refs: Iterable[str]) -> Mapping[str, Words]:
        self.calls.append("item_words")
        return {r: self.words[person_id, r] for r in item_refs if (person_id, r) in self.words}

    def tip(self, person_id: str, decision_id: str) -> tuple[StoredDecision | None, TipState]:
        return self.decisions.get((person_id, decision_id)), self._state(person_id)

    def decision(self, person_id: str, decision_id: str) -> StoredDecision | None:
        return self.decisions.get((person_id, decision_id))

    def decide(self, stored: StoredDecision, state: TipState) -> None:
        self.calls.append("decide")
        self._interrupt()
        key = (stored.decision.person_id, stored.decision.decision_id)
        with self._lock:
            if key in self.decisions:
                raise LostRace
            self._check(state)
            self.decisions[key] = stored
            self.states[state.person_id] = state

    def change(self, before: StoredDecision, after: StoredDecision, state: TipState | None = None) -> None:
        self._interrupt()
        key = (before.decision.person_id, before.decision.decision_id)
        with self._lock:
            there = self.decisions.get(key)
            if there is None or _version(there) != _version(before):
                raise LostRace
            if state is not None:
                self._check(state)
                self.states[state.person_id] = state
            self.decisions[key] = after

    def write_state(self, state: TipState) -> None:
        self._interrupt()
        with self._lock:
            self._check(state)
            self.states[state.person_id] = state

    def note_silence(self, person_id: str, at: datetime, snapshot_at: datetime | None, trace: str) -> None:
        self.calls.append("note_silence")
        self.silences.append((person_id, at, snapshot_at, trace))

    def history(self, person_id: str, limit: int, before: str | None) -> Sequence[StoredDecision]:
        mine = sorted((i for p, i in self.decisions if p == person_id), reverse=True)
        return [self.decisions[person_id, i] for i in mine if before is None or i < before][:limit]

    def due(self, hour: str, until: datetime, start: Mapping[str, Any] | None) -> Page:
        found = sorted(
            (s.due_at, key)
            for key, s in self.decisions.items()
            if s.due_at is not None and due_hour(s.due_at) == hour and s.due_at <= until
        )
        begin = int(start["from"]) if start else 0
        page = found[begin : begin + 2]
        more = {"from": begin + 2} if begin + 2 < len(found) else None
        return Page([DueTip(person, tip, at) for at, (person, tip) in page], more)

    def check(self) -> None:
        """Memory always answers."""

    def _state(self, person_id: str) -> TipState:
        return self.states.get(person_id) or TipState(person_id=person_id)

    def _check(self, state: TipState) -> None:
        if self._state(state.person_id).version != state.version - 1:
            raise LostRace
        if self.erased and state.version == 1:
            raise LostRace

    def _interrupt(self) -> None:
        if (other := self.before_write) is not None:
            self.before_write = None
            other()


def _version(stored: StoredDecision) -> tuple[int, int, datetime | None]:
    return stored.decision.revision, stored.decision.reward_revision, stored.changed_at


class FakeScorer:
    """Answers the candidates given, the first one chosen; or what `fails` says."""

    def __init__(self, sealer: FakeSealer, *candidates: Candidate) -> None:
        self.sealer = sealer
        self.candidates = list(candidates)
        self.fails: str | None = None
        self.requests: list[RankRequest] = []
        self.titles = {"todoist:1": "Send the invoice to Mira", "cal:1": "Budget call"}
        self.words_expire_at: datetime | None = None
        self.outdated = False

    def rank(self, request: RankRequest) -> RankResponse:
        self.requests.append(request)
        if self.fails is not None:
            raise ScorerUnavailable(self.fails)
        return response(self, request)


def response(scorer: FakeScorer, request: RankRequest) -> RankResponse:
    """What a healthy scorer answers."""
    from base64 import b64encode

    count = len(scorer.candidates)
    return RankResponse(
        choice=choice(scorer.candidates, seed=request.seed),
        words={
            ref: b64encode(scorer.sealer.seal(request.person_id, f"item:{ref}", title)).decode()
            for ref, title in scorer.titles.items()
            if count
        },
        words_expire_at=scorer.words_expire_at,
        next_look_at=request.now + timedelta(hours=2),
        outdated=scorer.outdated,
    )


def choice(candidates: Sequence[Candidate], seed: int = 1) -> Choice:
    count = len(candidates)
    return Choice(
        candidates=[ScoredCandidate(candidate=c, features=[0.5] * 12) for c in candidates],
        chosen=0 if count else None,
        context=[0.0] * 6,
        feature_version=1,
        probabilities=[1 / max(count, 1)] * count,
        policy=PolicyRef(name="linucb", version="3"),
        seed=seed,
    )


def candidate(**changes: Any) -> Candidate:
    values: dict[str, Any] = {
        "angle": "do_now",
        "kind": "todo",
        "wording": "do_now.1",
        "reason": Reason(code="due_today"),
        "minutes": 5,
        "expires_at": NOW + timedelta(hours=6),
        "item_ref": "todoist:1",
        "category": "work",
        "score": 0.6,
    }
    return Candidate(**{**values, **changes})


def task(ref: str = "todoist:1", **changes: Any) -> ItemRecord:
    values: dict[str, Any] = {
        "item_ref": ref,
        "type": "task",
        "status": "open",
        "as_of": NOW - timedelta(days=1),
        "first_seen_at": NOW - timedelta(days=3),
        "title_words": 4,
        "title_chars": 24,
        "due_on": NOW.date(),
        "effort_minutes": 5,
        "category": "work",
        "words_expire_at": NOW + timedelta(days=20),
    }
    return ItemRecord(**{**values, **changes})


def snapshot(*tasks: ItemRecord) -> Snapshot:
    return Snapshot(
        person_id=PERSON,
        feature_version=1,
        computed_at=NOW,
        timezone="Europe/Berlin",
        as_of={"tasks": NOW},
        tasks=list(tasks),
    )
