"""A copy of everything: asked for, written store by store by who owns them, zipped by who comes last."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

from chalicelib.contracts import exports
from chalicelib.contracts.errors import Gone, NotFound, RateLimited, Unavailable
from chalicelib.contracts.events import Envelope, ExportRequested, MalformedEvent, type_of, wrap
from chalicelib.contracts.ports import (
    Bus,
    BusError,
    Clock,
    Ids,
    PersonalStore,
    SealedWords,
    Sealer,
)
from chalicelib.contracts.privacy import ExportStatus
from chalicelib.contracts.stores import store
from chalicelib.domain.identity import derived_id
from chalicelib.profile.ports import ProfileStore
from chalicelib.profile.readable import Section, page

if TYPE_CHECKING:
    from chalicelib.runtime.exports import Export

LINK_LIVES: Final = timedelta(hours=1)
PATIENCE: Final = timedelta(minutes=40)
"""What is not ready by then counts as failed; by then each writer was tried three times."""
MOST_A_DAY: Final = 5


class Exports(Protocol):
    """Where exports lie (`runtime/exports.py`)."""

    def begin(self, person_id: str, export_id: str) -> None: ...  # noqa: D102
    def all(self, person_id: str) -> list[Export]: ...  # noqa: D102
    def get(self, person_id: str, export_id: str) -> Export | None: ...  # noqa: D102
    def write_parts(  # noqa: D102
        self,
        person_id: str,
        export_id: str,
        stores: Iterable[PersonalStore],
        opened: Callable[[SealedWords], Any],
    ) -> None: ...
    def part(self, person_id: str, export_id: str, name: str) -> Iterator[bytes]: ...  # noqa: D102
    def finish(self, person_id: str, export_id: str, file: IO[bytes]) -> None: ...  # noqa: D102
    def link(self, person_id: str, export_id: str, seconds: int) -> str: ...  # noqa: D102
    def erase(self, person_id: str) -> int: ...  # noqa: D102


class ExportService:
    """Exports of everything about a person."""

    def __init__(
        self,
        exports: Exports,
        profiles: ProfileStore,
        stores: Callable[[], Sequence[PersonalStore]],
        sealer: Sealer,
        bus: Bus,
        clock: Clock,
        ids: Ids,
    ) -> None:
        """`stores` is called when something is exported, not before."""
        self._exports = exports
        self._profiles = profiles
        self._stores = stores
        self._sealer = sealer
        self._bus = bus
        self._clock = clock
        self._ids = ids

    def request(self, person_id: str, trace_id: str) -> ExportStatus:
        """Begin an export; the one that is being prepared, when there is one.

        Raises RateLimited after five in a day, Unavailable when it could not begin, Gone after erasure.
        """
        standing = self._exports.all(person_id)
        under_way = [one for one in standing if self._state(one) == "preparing"]
        if not under_way and len(standing) >= MOST_A_DAY:
            raise RateLimited(f"At most {MOST_A_DAY} exports a day; try again tomorrow.", retry_after=86_400)
        export_id = under_way[-1].export_id if under_way else self._ids.person()
        if not under_way:
            self._exports.begin(person_id, export_id)
            if self._swept(person_id):
                raise Gone("This person's data was erased.")
        event = wrap(
            ExportRequested(export_id=export_id),
            person_id=person_id,
            event_id=derived_id("export_requested", export_id),
            at=self._clock.now(),
            trace_id=trace_id,
        )
        try:
            self._bus.publish([event])
        except BusError:
            raise Unavailable("The export has not begun; ask again.") from None
        return self.status(person_id, export_id)

    def status(self, person_id: str, export_id: str) -> ExportStatus:
        """How it stands, and the link while it lives. Raises NotFound for another's and for old ones."""
        export = self._exports.get(person_id, export_id)
        if export is None:
            raise NotFound("You have no export with that id; each is kept for a day.")
        state = self._state(export)
        link, ends = None, None
        if state == "ready" and export.ready_at:
            ends = export.ready_at + LINK_LIVES
            seconds = int((ends - self._clock.now()).total_seconds())
            link = self._exports.link(
                person_id, export_id, min(max(seconds, 1), int(LINK_LIVES.total_seconds()))
            )
        return ExportStatus(
            export_id=export_id,
            state=state,
            requested_at=export.requested_at,
            link=link,
            link_expires_at=ends,
        )

    def _state(self, export: Export) -> Any:
        now = self._clock.now()
        if export.ready_at:
            return "ready" if now < export.ready_at + LINK_LIVES else "expired"
        return "preparing" if now < export.requested_at + PATIENCE else "failed"

    # --- the queue --------------------------------------------------------------------------------

    def handle(self, event: Envelope) -> None:
        """Write what chalicelib holds, or hear that the scorer has written; zip when nothing is missing.

        May be repeated at any point. After an erasure nothing stays, whatever was written before or since.
        """
        person_id = event.person_id
        match type_of(event):
            case "export_requested":
                export_id = event.export_requested.export_id
                write = True
            case "export_written":
                export_id, write = event.export_written.export_id, False
            case _:
                raise MalformedEvent("only export_requested and export_written belong here")
        if self._swept(person_id):
            return
        export = self._exports.get(person_id, export_id)
        if export is None or export.ready_at:
            return
        if write:
            opened = exports.opener(self._sealer, person_id, self._clock.now())
            self._exports.write_parts(person_id, export_id, self._stores(), opened)
            export = self._exports.get(person_id, export_id)
        if export and not export.ready_at and export.parts >= set(exports.personal()):
            try:
                self._assemble(person_id, export_id)
            except KeyError:
                # Of two that come last at once one drops the parts while the other reads them.
                export = self._exports.get(person_id, export_id)
                if export and not export.ready_at:
                    raise
        self._swept(person_id)

    def _swept(self, person_id: str) -> bool:
        """Whether the person is erased; then nothing of theirs stays in the bucket."""
        if self._profiles.read(person_id).erased is None:
            return False
        self._exports.erase(person_id)
        return True

    def _assemble(self, person_id: str, export_id: str) -> None:
        now = self._clock.now()
        sections: list[Section] = []
        with tempfile.TemporaryFile() as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for name in exports.personal():
                    section = Section(name, store(name).holds)
                    with archive.open(f"data/{name}.json", "w", force_zip64=True) as out:
                        for piece in self._exports.part(person_id, export_id, name):
                            out.write(piece)
                            section.feed(piece)
                    section.end()
                    sections.append(section)
                    _write(archive, f"schemas/{name}.schema.json", exports.schema(name))
                manifest = {
                    "export_id": export_id,
                    "person_id": person_id,
                    "made_at": now.isoformat(),
                    "stores": [
                        {
                            "store": s.name,
                            "holds": s.holds,
                            "rows": s.count,
                            "file": f"data/{s.name}.json",
                            "schema": f"schemas/{s.name}.schema.json",
                        }
                        for s in sections
                    ],
                }
                _write(archive, "manifest.json", manifest)
                archive.writestr("index.html", page(sections, now))
            file.seek(0)
            self._exports.finish(person_id, export_id, file)


def _write(archive: zipfile.ZipFile, name: str, document: Any) -> None:
    archive.writestr(name, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
