"""Export: everything that ml_lambda holds about a person, written beside what others write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID, uuid5

from chalicelib.contracts.events import Envelope, ExportWritten, type_of, wrap
from chalicelib.contracts.exports import ML, opener
from chalicelib.contracts.ports import Bus, Clock, PersonalStore, Sealer
from chalicelib.runtime.exports import ExportBucket


class Exporting:
    """Answers ExportRequested with the parts of its stores and one ExportWritten."""

    def __init__(
        self,
        exports: ExportBucket,
        stores: Sequence[PersonalStore],
        erased: Callable[[str], bool],
        sealer: Sealer,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._exports = exports
        self._stores = stores
        self._erased = erased
        self._sealer = sealer
        self._bus = bus
        self._clock = clock

    def handle(self, event: Envelope) -> None:
        """Write, then say so. Again overwrites; of who was erased meanwhile nothing stays."""
        if type_of(event) != "export_requested":
            return
        person_id, export_id = event.person_id, event.export_requested.export_id
        if self._swept(person_id):
            return
        export = self._exports.get(person_id, export_id)
        if export is None or export.ready_at:
            return
        opened = opener(self._sealer, person_id, self._clock.now())
        self._exports.write_parts(person_id, export_id, self._stores, opened)
        if self._swept(person_id):
            return
        written = wrap(
            ExportWritten(export_id=export_id, owner=ML),
            person_id=person_id,
            event_id=str(uuid5(_NAMESPACE, export_id)),
            at=self._clock.now(),
            trace_id=event.trace_id,
        )
        self._bus.publish([written])

    def _swept(self, person_id: str) -> bool:
        if not self._erased(person_id):
            return False
        self._exports.erase(person_id)
        return True


_NAMESPACE = UUID("9d3f1a60-6c0e-4b7e-8d67-0e0c7c1f5a22")
