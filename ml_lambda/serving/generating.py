"""Generating: pools are refilled when something happened, once per person and batch, whatever said so."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib.contracts.events import Envelope, type_of
from chalicelib.runtime.logging import Logger, trace
from ml_lambda.serving.batches import by_person, failures
from ml_lambda.serving.leasing import Refills
from ml_lambda.serving.writing import RESERVE

NAMESPACE: Final = "oO/pool"


class Generating:
    """Takes batches. A model that is down is no failure of a message: templates serve until the next one."""

    def __init__(self, refills: Callable[[], Refills] | None, log: Logger) -> None:
        """`refills` makes who refills, at the first batch; None: no model is set up, and nothing is done."""
        self._make = refills
        self._refills: Refills | None = None
        self._log = log

    def handle_batch(
        self, event: Mapping[str, Any], time_left: Callable[[], float]
    ) -> dict[str, list[dict[str, str]]]:
        """Take an SQS batch; the response names the messages of who failed, or whose turn did not come.

        `time_left`: seconds until the function is stopped.
        """
        messages, failed = by_person(event, self._log)
        if self._make is None:
            messages.clear()
        for number, (person_id, group) in enumerate(messages.items()):
            with trace(group[-1][1].trace_id):
                if number and time_left() < RESERVE:
                    self._log.warning("left for another batch", messages=len(group))
                    failed.extend(message_id for message_id, _ in group)
                    continue
                try:
                    self._refill(person_id, [envelope for _, envelope in group], time_left)
                except Exception as error:
                    self._log.exception("generate failed", error, messages=len(group))
                    failed.extend(message_id for message_id, _ in group)
        return failures(failed)

    def _refill(self, person_id: str, group: list[Envelope], time_left: Callable[[], float]) -> None:
        if self._refills is None and self._make is not None:
            self._refills = self._make()
        assert self._refills is not None
        started = time.perf_counter()
        closed = {e.item_closed.item_ref for e in group if type_of(e) == "item_closed"}
        said = self._refills.refill(person_id, closed, time_left)
        self._log.info(
            "pool",
            outcome=said.outcome,
            ready=said.ready,
            written=said.written,
            rejected=dict(said.rejected),
            unavailable=said.unavailable,
            cut=said.cut,
            messages=len(group),
            milliseconds=round(1000 * (time.perf_counter() - started), 1),
        )
        if said.written:
            self._log.metric(NAMESPACE, {"outcome": "written"}, wordings=said.written)
        for reason, count in said.rejected.items():
            self._log.metric(NAMESPACE, {"outcome": reason}, wordings=count)
        if said.unavailable:
            self._log.metric(NAMESPACE, {"outcome": said.unavailable}, refills=1)
