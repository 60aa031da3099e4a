"""A person's world in memory: the tip store, the scorer, sealing, time and ids that a test sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from chalicelib.contracts.events import Envelope
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
from chalicelib.contracts.records import ItemRecord
from chalicelib.recommender.contract import (
    MadeAhead,
    PersonNow,
    StoredDecision,
    TipState,
    Words,
)
from ml_lambda.simulation.memory import tips

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
class MemoryTips(tips.MemoryTips):
    """Remembers which calls were made, and lets another writer be first."""

    calls: list[str] = field(default_factory=list)
    before_write: Callable[[], None] | None = None
    """Runs once, just before the next write."""

    def read(self, person_id: str) -> PersonNow:
        self.calls.append("read")
        return super().read(person_id)

    def made_ahead(self, person_id: str) -> MadeAhead:
        self.calls.append("made_ahead")
        return super().made_ahead(person_id)

    def item_words(self, person_id: str, item_refs: Iterable[str]) -> Mapping[str, Words]:
        self.calls.append("item_words")
        return super().item_words(person_id, item_refs)

    def decide(self, stored: StoredDecision, state: TipState) -> None:
        self.calls.append("decide")
        self._interrupt()
        super().decide(stored, state)

    def change(self, before: StoredDecision, after: StoredDecision, state: TipState | None = None) -> None:
        self._interrupt()
        super().change(before, after, state)

    def write_state(self, state: TipState) -> None:
        self._interrupt()
        super().write_state(state)

    def note_silence(self, person_id: str, at: datetime, snapshot_at: datetime | None, trace: str) -> None:
        self.calls.append("note_silence")
        super().note_silence(person_id, at, snapshot_at, trace)

    def _interrupt(self) -> None:
        if (other := self.before_write) is not None:
            self.before_write = None
            other()


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
