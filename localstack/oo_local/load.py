"""`make load FILE=…`: brings a person's own files in as signals, through the API like any client.

A calendar (iCalendar), a Todoist CSV backup, a habits/mood CSV. Loading a file twice adds nothing
twice: each entry has the same id again. What is refused is listed by its line, never by its words.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chalicelib.contracts.consents import CONSENT_OF_TYPE
from chalicelib.integrations.files import parser_for
from chalicelib.integrations.files.base import Entry, Notes, Options, Refused
from oo_local.running import NotRunning, home_folder, running
from oo_local.signin import SignInFailed, signed_in

if TYPE_CHECKING:
    import httpx

ENTRIES: Final = 100
BYTES: Final = 240_000
ATTEMPTS: Final = 6
_RETRIED: Final = {429, 500, 502, 503, 504}


class LoadFailed(Exception):
    """The load cannot go on; the message says what to do."""


@dataclass
class Loaded:
    """What became of one file."""

    name: str
    taken: int = 0
    duplicate: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)


def batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Entries in the API's limits: at most 100 and 240 kB a batch."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        length = len(json.dumps(entry.signal).encode())
        if batch and (len(batch) == ENTRIES or size + length > BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += length
    if batch:
        yield batch


def send(client: httpx.Client, batch: list[Entry], loaded: Loaded) -> None:
    """Send one batch, again when the answer says so (ids make that safe), and count what became of it."""
    body = {"signals": [entry.signal for entry in batch]}
    answer = _post(client, body)
    document = _document(answer)
    if answer.status_code not in {202, 422} or "results" not in document:
        raise LoadFailed(f"{answer.status_code}: {document.get('detail', 'no detail')}")
    for result in document["results"]:
        where = batch[result["index"]].where
        if result["status"] == "rejected":
            problem = result.get("problem") or {}
            details = [e.get("detail", "") for e in problem.get("errors", [])]
            loaded.refused.append((where, "; ".join(details) or problem.get("detail", "rejected")))
        elif result["status"] == "duplicate":
            loaded.duplicate += 1
        else:
            loaded.taken += 1


def _post(client: httpx.Client, body: dict[str, Any]) -> httpx.Response:
    import httpx

    for attempt in range(1, ATTEMPTS + 1):
        try:
            answer = client.post("/api/signals", json=body)
        except httpx.TransportError as error:
            if attempt == ATTEMPTS:
                raise LoadFailed(f"no answer from {client.base_url}: {type(error).__name__}") from error
            time.sleep(min(8.0, 0.5 * 2**attempt))
            continue
        if answer.status_code not in _RETRIED or attempt == ATTEMPTS:
            return answer
        time.sleep(float(answer.headers.get("Retry-After") or min(8.0, 0.5 * 2**attempt)))
    raise AssertionError("unreachable")


def _document(answer: httpx.Response) -> dict[str, Any]:
    try:
        document = answer.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def read(path: Path, options: Options, loaded: Loaded) -> list[Entry]:
    """The file's entries; what the parser refuses is noted."""
    data = path.read_bytes()
    parser = parser_for(data, path.name)
    if parser is None:
        raise LoadFailed(
            f"{path.name} is no iCalendar file, Todoist CSV or habits CSV (docs/load.md shows each)"
        )
    entries = []
    for found in parser.parse(data, options, loaded.notes):
        if isinstance(found, Refused):
            loaded.refused.append((found.where, found.why))
        else:
            entries.append(found)
    return entries


def ensure_consents(client: httpx.Client, needed: set[str], subject: str, *, agree: bool) -> None:
    """Check that the person has agreed to what the file holds; with `agree`, say so for them."""
    state = client.get("/api/profile/consents").raise_for_status().json()
    missing = sorted(name for name in needed if not (state["consents"].get(name) or {}).get("granted"))
    if not missing:
        return
    if not agree:
        raise LoadFailed(
            f"{subject} has not agreed that oO uses: {', '.join(missing)}.\n"
            f"Agree on the page ({client.base_url}), or load with CONSENT=yes."
        )
    body = {"consents": dict.fromkeys(missing, True), "text_version": state["text_version"]}
    client.put("/api/profile/consents", json=body).raise_for_status()


def machine_key(home: Path) -> bytes:
    """A secret of this machine that keys references, so that they tell nothing of the file's words."""
    path = home / "load.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return bytes.fromhex(path.read_text().strip())


def files_of(names: list[str]) -> list[Path]:
    """The named files; a folder stands for the calendars and tables in it."""
    found: list[Path] = []
    for name in names:
        path = Path(name).expanduser()
        if path.is_dir():
            found += sorted(p for p in path.rglob("*") if p.suffix.lower() in {".ics", ".ical", ".csv"})
        elif path.is_file():
            found.append(path)
        else:
            raise LoadFailed(f"there is no file {name}")
    if not found:
        raise LoadFailed("no .ics, .ical or .csv file there")
    return found


def load(
    client: httpx.Client, paths: list[Path], options: Options, subject: str, *, agree: bool
) -> list[Loaded]:
    """Load each file with a progress bar."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    outcome = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        for path in paths:
            loaded = Loaded(path.name)
            outcome.append(loaded)
            task = progress.add_task(path.name, total=None)
            try:
                entries = read(path, options, loaded)
            except LoadFailed as error:
                loaded.refused.append(("file", str(error)))
                progress.update(task, total=1, completed=1)
                continue
            progress.update(task, total=len(entries))
            ensure_consents(
                client, {CONSENT_OF_TYPE[e.signal["type"]] for e in entries}, subject, agree=agree
            )
            for batch in batches(entries):
                send(client, batch, loaded)
                progress.advance(task, len(batch))
    return outcome


def show(outcome: list[Loaded]) -> None:
    """A line per refused row, then the table."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    for loaded in outcome:
        for where, why in loaded.refused:
            console.print(f"{loaded.name}, {where}: {why}", markup=False, soft_wrap=True)
    table = Table("file", "taken", "already there", "refused", "left out on purpose")
    for loaded in outcome:
        notes = "\n".join(
            f"{reason}: {count}" for reason, count in Counter(loaded.notes.counts).most_common()
        )
        counts = (str(loaded.taken), str(loaded.duplicate), str(len(loaded.refused)))
        table.add_row(loaded.name, *counts, notes)
    console.print(table)


def main(arguments: list[str]) -> int:
    """Load files; 0 when something was there to take, 1 when nothing was or it failed."""
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--subject", default="demo", help="whose data it is (the sign-in's subject)")
    parser.add_argument("--consent", default="", help="`yes` agrees to what the files hold")
    options = parser.parse_args(arguments)
    try:
        if options.consent not in {"", "yes"}:
            raise LoadFailed("CONSENT may only be yes; leave it out to agree on the page")
        paths = files_of(options.files)
        home = home_folder()
        # Not the client's own `with`: what has asked once, as a kept session does, cannot be entered.
        with contextlib.closing(signed_in(running(home).url, options.subject, home)) as client:
            profile = client.get("/api/profile").raise_for_status().json()
            reading = Options(now=datetime.now(UTC), timezone=profile["timezone"], key=machine_key(home))
            outcome = load(client, paths, reading, options.subject, agree=options.consent == "yes")
    except (LoadFailed, NotRunning, SignInFailed) as error:
        print(error, file=sys.stderr)
        return 1
    show(outcome)
    return 0 if any(loaded.taken or loaded.duplicate for loaded in outcome) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
