"""The Bus and its queues in one process, over a clock that is moved: the table of `infra/queues.py` routes.

Events travel as JSON and consumers take SQS batches, as deployed. Nothing sleeps: a queue with a delay
delivers once the clock has passed it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.contracts.events import Envelope, to_json, type_of
from chalicelib.contracts.ports import Clock
from infra.queues import QUEUES, Queue

Handler = Callable[[dict[str, Any]], Mapping[str, list[dict[str, str]]]]

NOT_SIMULATED: Final = frozenset({"tail", "erase", "ml-erase", "export", "ml-export", "revoke", "generate"})
"""Queues of what simulated people do not do: look at the tail, leave, take copies, connect third parties,
have their tips worded by a model.
"""


class MessageFailed(Exception):
    """A consumer did not take a message. Nothing fails here by chance, so the run is worth nothing."""


class Queues:
    """The Bus. `handlers`: a consumer per queue."""

    def __init__(self, clock: Clock, handlers: Mapping[str, Handler]) -> None:
        self._clock = clock
        self._taken: list[tuple[Queue, Handler, deque[tuple[datetime, str]]]] = [
            (queue, handlers[queue.name], deque()) for queue in QUEUES if queue.name not in NOT_SIMULATED
        ]

    def publish(self, events: Sequence[Envelope]) -> None:
        """Into every queue that takes the type."""
        now = self._clock.now()
        for event in events:
            kind, body = type_of(event), ""
            for queue, _, waiting in self._taken:
                if kind in queue.types:
                    body = body or to_json(event)
                    waiting.append((now + timedelta(seconds=queue.delay), body))

    def deliver(self) -> int:
        """Hand over what is due now, a batch of each queue in turn, until nothing is; how many messages."""
        delivered, now = 0, self._clock.now()
        while True:
            before = delivered
            for queue, handler, waiting in self._taken:
                batch: list[dict[str, Any]] = []
                while waiting and waiting[0][0] <= now and len(batch) < queue.batch_size:
                    batch.append({"messageId": str(len(batch)), "body": waiting.popleft()[1]})
                if batch:
                    if handler({"Records": batch})["batchItemFailures"]:
                        raise MessageFailed(queue.name)
                    delivered += len(batch)
            if delivered == before:
                return delivered

    def next_due(self) -> datetime | None:
        """When the next message may be taken; None: none waits."""
        return min((waiting[0][0] for _, _, waiting in self._taken if waiting), default=None)
