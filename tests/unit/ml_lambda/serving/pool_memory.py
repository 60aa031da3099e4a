"""A person whose tips are worded, in memory: what is read of them, where the pool is kept, who words.

`MemoryPools` and `MemoryLeases` are held to the tables by tests/contract/test_pool_store.py.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import uuid4

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.pool import Pool, Worded
from ml_lambda.llm.contract import Failure, ModelUnavailable, Usage
from ml_lambda.llm.draft import Draft
from ml_lambda.llm.meaning import mask
from ml_lambda.llm.wording import Rejected, Wording
from ml_lambda.serving.leases import Lease
from ml_lambda.serving.pool_reads import Person
from ml_lambda.serving.pools import LostRace, PersonErased
from ml_lambda.serving.titles import SealedTitle


@dataclass
class MemoryPools:
    """Reads and PoolStore: the rows of people, replaced on the same conditions as the tables' are."""

    people: dict[str, Person] = field(default_factory=dict)
    sealed: dict[tuple[str, str], SealedTitle] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    before_save: list[Callable[[], None]] = field(default_factory=list)
    """Each is done once, just before a save: another writer is first."""

    def person(self, person_id: str) -> Person:
        self.calls.append("person")
        return self.people.get(person_id, Person())

    def titles(self, person_id: str, refs: Collection[str], now: datetime) -> Mapping[str, SealedTitle]:
        self.calls.append("titles")
        return {ref: self.sealed[person_id, ref] for ref in refs if (person_id, ref) in self.sealed}

    def save(self, pool: Pool, worded: Worded, granted: Collection[Consent], now: datetime) -> None:
        if self.before_save:
            self.before_save.pop(0)()
        self.calls.append("save")
        known = self.people.get(pool.person_id, Person())
        if known.erased:
            raise PersonErased
        if known.granted != frozenset(granted) or known.version != pool.version - 1:
            raise LostRace
        self.people[pool.person_id] = replace(known, pool=pool, version=pool.version, worded=worded)

    def change(self, person_id: str, **changes: object) -> None:
        self.people[person_id] = replace(self.people[person_id], **changes)  # type: ignore[arg-type]


@dataclass
class MemoryLeases:
    """Leases of people whose rows are in `pools`: who has one until when, and what they were told."""

    pools: MemoryPools = field(default_factory=MemoryPools)
    held: dict[str, tuple[Lease, datetime, list[str] | None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def claim(self, person_id: str, closed: Collection[str], now: datetime, until: datetime) -> Lease | None:
        with self._lock:
            if self.pools.people.get(person_id, Person()).erased:
                raise PersonErased
            other, ends, told = self.held.get(person_id, (None, now, None))
            if other is not None and ends > now:
                self.held[person_id] = other, ends, [*(told or ()), *closed]
                return None
            lease = Lease(person_id, uuid4().hex)
            self.held[person_id] = lease, until, None
            return lease

    def end(self, lease: Lease) -> frozenset[str] | None:
        with self._lock:
            if lease.person_id not in self.held or self.held[lease.person_id][0] != lease:
                return None
            _, ends, told = self.held.pop(lease.person_id)
            if told is None:
                return None
            self.held[lease.person_id] = lease, ends, None
            return frozenset(told)

    def drop(self, lease: Lease) -> None:
        with self._lock:
            if self.held.get(lease.person_id, (None,))[0] == lease:
                del self.held[lease.person_id]


class FakeWords:
    """Words each draft its own way; refuses, or is not there, where it is told to."""

    def __init__(self) -> None:
        self.asked: list[Draft] = []
        self.count = 0
        self.avoided: list[Sequence[str]] = []
        self.seen: list[Sequence[Sequence[int]]] = []
        self.refuses: dict[str, str] = {}
        """By a part of the draft's text: the reason."""
        self.fails_after: tuple[int, Failure] | None = None
        self.says: Callable[[Draft], str] = lambda draft: f"{draft.text} {self.turn}"
        self.why = ""

    @property
    def turn(self) -> str:
        """Another word each time; numbers would count as the same."""
        return "so" + "".join(chr(97 + int(digit)) for digit in str(self.count))

    def word(
        self, draft: Draft, *, avoid: Sequence[str] = (), seen: Sequence[Sequence[int]] = ()
    ) -> Wording | Rejected:
        if self.fails_after and len(self.asked) >= self.fails_after[0]:
            raise ModelUnavailable(self.fails_after[1])
        self.asked.append(draft)
        self.count += 1
        self.avoided.append(list(avoid))
        self.seen.append([list(one) for one in seen])
        usage = Usage(10, 5)
        for part, reason in self.refuses.items():
            if part in draft.text:
                return Rejected(reason, usage)  # type: ignore[arg-type]
        text = self.says(draft)
        number = len(mask(text, draft.own_words))
        return Wording(text, self.why, usage, (self.count % 128, -number % 128))
