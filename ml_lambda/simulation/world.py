"""One oO in one process: the services that serve real people, over stores in memory and a clock that is set.

What is wired here is what `chalicelib/wiring.py` and the handlers of `ml_lambda/serving` wire; behind the
Protocols stand memory instead of AWS, and the scorer is called in process through its port.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np

from chalicelib.contracts.consents import CONSENTS, TEXT_VERSION
from chalicelib.contracts.events import Envelope
from chalicelib.contracts.http import ConsentsPut, ProfilePatch
from chalicelib.contracts.ports import Scorer
from chalicelib.events.service import EventsService
from chalicelib.profile.service import ProfileService
from chalicelib.recommender.service import RecommenderService
from chalicelib.recommender.settlement import SettlementService
from chalicelib.runtime.bus import BatchBus
from chalicelib.runtime.consuming import consume
from chalicelib.runtime.logging import logger
from chalicelib.runtime.sealing import PersonSealer
from chalicelib.runtime.settings import Settings
from ml_lambda.serving.configuration import Serves
from ml_lambda.serving.learning import Learning
from ml_lambda.serving.ranking import Ranker
from ml_lambda.serving.refreshing import Refreshing
from ml_lambda.simulation.memory.keys import MemoryKeyTable, MemoryWrapper
from ml_lambda.simulation.memory.linked import LinkedTips
from ml_lambda.simulation.memory.log import MemoryLog
from ml_lambda.simulation.memory.profiles import MemoryProfiles
from ml_lambda.simulation.memory.scoring import MemoryFeatures, MemoryReads, MemoryStatistics
from ml_lambda.simulation.memory.signals import MemorySignals, MemoryTail
from ml_lambda.simulation.queues import Queues

DUE_EVERY: Final = timedelta(hours=3)
"""How often the schedule looks for tips whose time has come; a deployed one looks every few minutes."""

MakeScorer = Callable[[Ranker, MemoryReads], Scorer]


@dataclass
class SetClock:
    """The Clock of a world."""

    at: datetime

    def now(self) -> datetime:
        """Where it was set."""
        return self.at

    def seconds(self) -> float:
        """The same since 1970."""
        return self.at.timestamp()


class CountedIds:
    """Ids that follow from what happened: the same run makes the same ones."""

    def __init__(self, clock: SetClock) -> None:
        self._clock = clock
        self._count = 0
        self.occasion = ""
        """What a secret is made for: the same occasion draws the same luck, whichever policy serves."""

    def new(self) -> str:
        """A UUID version 7 of the clock's time and a counter."""
        self._count += 1
        value = int(self._clock.at.timestamp() * 1000) << 80 | 0x7 << 76 | 0x2 << 62 | self._count
        return str(UUID(int=value))

    def person(self) -> str:
        """Another UUID."""
        return self.new()

    def secret(self) -> str:
        """The occasion's; nothing here is secret."""
        return self.occasion


class World:
    """The services and their stores."""

    def __init__(self, serves: Serves, begins: datetime, seed: int, make_scorer: MakeScorer) -> None:
        """`serves`: which policies. `make_scorer`: what the Scorer port calls, given the Ranker."""
        self.settings = Settings(stage="local")
        self.clock = SetClock(begins)
        self.ids = CountedIds(self.clock)
        draws = np.random.default_rng([seed, 17])
        keys = MemoryKeyTable()
        sealer = PersonSealer(
            keys,
            MemoryWrapper(draw=draws.bytes),
            monotonic=self.clock.seconds,
            now=self.clock.seconds,
        )
        self.profiles = MemoryProfiles()
        self.signals = MemorySignals(self.profiles)
        features = MemoryFeatures(self.profiles, self.signals)
        self.tips = LinkedTips(
            snapshots=features.snapshots, profiles=self.profiles, signals=self.signals, keys=keys
        )
        self.statistics = MemoryStatistics(self.profiles, self.tips)
        self.log = MemoryLog()
        reads = MemoryReads(features, self.statistics)
        scorer = make_scorer(Ranker(reads, serves, logger("rank")), reads)

        refreshing = Refreshing(features, self.clock, logger("features"))
        learning = Learning(self.statistics, serves, logger("learn"))
        self.queues = Queues(
            self.clock,
            {
                "signals": lambda e: consume(e, self._store, logger("events"), self._batch_bus.flush),
                "settle": lambda e: consume(e, self.settlement.settle, logger("recommender")),
                "complete": lambda e: consume(e, self.settlement.complete, logger("recommender")),
                "decision-log": lambda e: consume(e, self.settlement.record, logger("recommender")),
                "features": refreshing.handle_batch,
                "learn": lambda e: consume(e, learning.handle, logger("learn")),
            },
        )
        self._batch_bus = BatchBus(self.queues)
        self.profile = ProfileService(self.profiles, self.queues, self.clock, self.ids)
        events = (self.signals, MemoryTail(), self.profile, sealer)
        self.door = EventsService(*events, self.queues, self.clock)
        self._storing = EventsService(*events, self._batch_bus, self.clock)
        self.recommender = RecommenderService(self.tips, scorer, sealer, self.clock, self.ids, self.settings)
        self.settlement = SettlementService(
            self.tips, self.log, self.profile, self.queues, self.clock, self.ids, self.settings
        )
        self._next_due_run = begins

    def _store(self, event: Envelope) -> None:
        self._storing.store(event)

    def welcome(self, person_id: str, timezone: str) -> None:
        """A person agrees to everything and sets the clock, as on the first page they see."""
        self.profile.decide(
            person_id, ConsentsPut(consents=dict.fromkeys(CONSENTS, True), text_version=TEXT_VERSION), ""
        )
        self.profile.change(person_id, ProfilePatch(timezone=timezone), "")
        self.work()

    def work(self) -> None:
        """Relay the outbox and deliver what is due, until nothing is left to do now."""
        while True:
            records, self.tips.stream[:] = self.tips.stream[:], []
            if records:
                self.settlement.relay(records)
            if not self.queues.deliver() and not self.tips.stream:
                return

    def advance(self, to: datetime) -> None:
        """Set the clock forward; what falls due on the way happens at its moment."""
        while True:
            waiting = self.queues.next_due()
            moment = min(self._next_due_run, waiting or self._next_due_run)
            if moment > to:
                break
            self.clock.at = max(self.clock.at, moment)
            if moment == self._next_due_run:
                self._next_due_run += DUE_EVERY
                self.settlement.publish_due()
            self.work()
        self.clock.at = to
