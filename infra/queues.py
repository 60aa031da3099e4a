"""The queues behind the bus: which events each takes, who consumes it, when a message is given up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_RECEIVES: Final = 5
"""A message that failed this often goes to the dead-letter queue."""
PATIENT: Final = 15
"""The same for erasures: each try goes on where the one before was cut off."""
RETENTION: Final = 4 * 24 * 3600
DEAD_RETENTION: Final = 14 * 24 * 3600
"""Longer than any weekend plus holiday, and the most that SQS allows."""
BATCH_SIZE: Final = 10


@dataclass(frozen=True)
class Queue:
    """One queue subscribed to the topic, with its dead-letter queue `<name>-dlq`."""

    name: str
    types: tuple[str, ...]
    """Payload types of the envelope that it takes; empty: all."""
    function: str
    """The consumer, by its name in `functions.py`."""
    batch_size: int = BATCH_SIZE
    delay: int = 0
    """Seconds before a message may be taken."""
    receives: int = MAX_RECEIVES
    """How often it may fail."""

    @property
    def dead_letters(self) -> str:
        """Where messages go that failed too often."""
        return f"{self.name}-dlq"


QUEUES: Final[tuple[Queue, ...]] = (
    Queue("signals", ("signal_received", "item_completed"), "events-store"),
    Queue("tail", (), "events-tail"),
    Queue("settle", ("tip_exposed", "tip_reacted", "tip_due", "item_closed"), "recommender-settle"),
    # Waits until an undo is no longer likely.
    Queue("complete", ("tip_reacted",), "recommender-complete", delay=60),
    Queue("decision-log", ("decision_made", "reward_settled"), "recommender-log"),
    Queue(
        "erase",
        ("erasure_requested", "erasure_done", "consents_changed", "forget_requested"),
        "profile-erase",
        receives=PATIENT,
    ),
    Queue("export", ("export_requested", "export_written"), "profile-export"),
    Queue("revoke", ("grant_orphaned",), "integrations-revoke", batch_size=5),
    Queue(
        "features",
        (
            "signal_stored",
            "signal_deleted",
            "profile_changed",
            "consents_changed",
            "forgotten",
            "decision_made",
            "silence_answered",
        ),
        "features",
    ),
    Queue("learn", ("reward_settled",), "learn"),
    # Waits a little, so that a burst of signals is one refill. Subscribed where no model is set up, too: such
    # a call is over in a millisecond, and a model is switched on by a variable of the functions alone.
    Queue(
        "generate",
        ("features_refreshed", "decision_made", "tip_reacted", "item_closed"),
        "generate",
        batch_size=5,
        delay=10,
    ),
    # Waits until the tombstone stands, which is written just after the erasure is published.
    Queue(
        "ml-erase",
        ("erasure_requested", "consents_changed", "forget_requested"),
        "erase",
        delay=2,
        receives=PATIENT,
    ),
    Queue("ml-export", ("export_requested",), "export"),
)

FAILURES: Final[dict[str, str]] = {
    "recommender-relay": "relay-dlq",
    "recommender-due": "due-dlq",
    "train": "train-dlq",
    "evaluate": "evaluate-dlq",
}
"""Functions that no queue feeds, and the queue where Lambda puts what they could not handle: stream
records (as pointers into the stream) and schedule events."""


def queue(name: str) -> Queue:
    """The queue of that name; KeyError when there is none."""
    try:
        return next(q for q in QUEUES if q.name == name)
    except StopIteration:
        raise KeyError(name) from None


def dead_letter_queues() -> tuple[str, ...]:
    """Every queue that should always be empty."""
    return (*(q.dead_letters for q in QUEUES), *FAILURES.values())


def visibility_timeout(function_timeout: int) -> int:
    """AWS asks for at least six times the consumer's timeout, so that a retry never overlaps."""
    return 6 * function_timeout
