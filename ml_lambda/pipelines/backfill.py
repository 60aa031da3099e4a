"""Backfill: everybody's snapshot made anew from what is stored, by the code that makes it online.

People are found by a Scan of `profiles`, page by page, one segment of it or all: an operator's command and
never part of a request or a schedule. After each page the position is kept, so that a run that was cut off
goes on from there. Making a snapshot twice does no harm, and one that was made online meanwhile stays.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chalicelib.contracts.stores import physical_name
from chalicelib.runtime import aws
from chalicelib.runtime.clock import SystemClock
from chalicelib.runtime.logging import logger
from chalicelib.runtime.settings import settings
from ml_lambda.features.store import FeatureTables
from ml_lambda.serving.refreshing import Refreshing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAGE: Final = 100
"""Rows of `profiles` that one call reads."""
SHOWN: Final = 20
"""People who failed that are named at the end."""


@dataclass
class Position:
    """How far a run has come. `after`: the last key that was read, as DynamoDB gives it."""

    after: Mapping[str, Any] | None = None
    rows: int = 0
    """Rows of `profiles` read so far."""
    outcomes: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    """People whose snapshot could not be made; at most SHOWN."""

    def count(self, person_id: str, outcome: str) -> None:
        """Note what became of one person."""
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        if outcome == "failed" and len(self.failed) < SHOWN:
            self.failed.append(person_id)


@dataclass(frozen=True)
class Segment:
    """One of `of` parts of the table."""

    number: int = 0
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> Segment:
        """`0/4`. Raises ValueError for anything else."""
        number, of = (int(part) for part in text.split("/"))
        if not 0 <= number < of:
            raise ValueError("the first segment is 0, the last one less than their number")
        return cls(number, of)


class PositionFile:
    """Keeps the position of one stage and segment; replaced in one step."""

    def __init__(self, folder: Path, stage: str, segment: Segment) -> None:
        self.path = folder / f"{stage}-{segment.number}-of-{segment.of}.json"

    def read(self) -> Position | None:
        """Where a run that was cut off stopped; None: there was none."""
        if not self.path.exists():
            return None
        return Position(**json.loads(self.path.read_text()))

    def keep(self, position: Position) -> None:
        """Note the position."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(asdict(position)))
        new.replace(self.path)

    def drop(self) -> None:
        """The run is over: the next one begins anew."""
        self.path.unlink(missing_ok=True)


class People:
    """Everybody who ever decided about a consent: without one there is nothing to make features of."""

    def __init__(self, client: DynamoDBClient | None = None, stage: str | None = None) -> None:
        self._client = client or aws.dynamodb()
        self._table = physical_name(stage or settings().stage, "profiles")

    def rows(self) -> int:
        """About how many rows the table has; DynamoDB counts every six hours."""
        return self._client.describe_table(TableName=self._table)["Table"].get("ItemCount", 0)

    def pages(
        self, segment: Segment, after: Mapping[str, Any] | None
    ) -> Iterator[tuple[list[str], int, Mapping[str, Any] | None]]:
        """People, rows read, and the key to go on after (None: that was all), page by page."""
        while True:
            page = self._client.scan(
                TableName=self._table,
                Segment=segment.number,
                TotalSegments=segment.of,
                Limit=PAGE,
                ProjectionExpression="person_id",
                FilterExpression="part = :consents",
                ExpressionAttributeValues={":consents": {"S": "consents"}},
                **({"ExclusiveStartKey": after} if after else {}),  # type: ignore[arg-type]
            )
            after = page.get("LastEvaluatedKey")
            yield [row["person_id"]["S"] for row in page["Items"]], page["ScannedCount"], after
            if after is None:
                return


class Backfill:
    """One run over people, with its position."""

    def __init__(self, people: People, refreshing: Refreshing) -> None:
        self._people = people
        self._refreshing = refreshing
        self._log = logger("backfill")

    def everybody(
        self, file: PositionFile, segment: Segment, moved: Callable[[Position], None] = lambda _: None
    ) -> Position:
        """Go on from the kept position, or begin; `moved` is told after each page."""
        position = file.read() or Position()
        for people, rows, after in self._people.pages(segment, position.after):
            for person_id in people:
                position.count(person_id, self.one(person_id))
            position.rows += rows
            position.after = after
            if after is not None:
                file.keep(position)
            moved(position)
        file.drop()
        return position

    def one(self, person_id: str) -> str:
        """Make one person's snapshot anew: kept, overtaken, erased or failed."""
        try:
            return self._refreshing.refresh(person_id)
        except Exception as error:
            self._log.exception("backfill failed", error, person_id=person_id)
            return "failed"


def main(arguments: Sequence[str]) -> int:
    """Run it with a progress bar; 1 when somebody's snapshot could not be made."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Table

    options = _parse(arguments)
    people = People()
    backfill = Backfill(people, Refreshing(FeatureTables(), SystemClock(), logger("backfill")))
    console = Console(highlight=False)
    if options.person:
        outcomes: Mapping[str, int] = Counter(backfill.one(person) for person in options.person)
        failed: Sequence[str] = ()
    else:
        file = PositionFile(options.folder, settings().stage, options.segment)
        if options.restart:
            file.drop()
        elif begun := file.read():
            console.print(f"Going on after {begun.rows} rows; --restart begins anew.")
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("rows of profiles", total=people.rows() // options.segment.of or None)
            position = backfill.everybody(
                file, options.segment, lambda p: progress.update(task, completed=p.rows)
            )
            progress.update(task, total=position.rows, completed=position.rows)
        outcomes, failed = position.outcomes, position.failed
    table = Table("snapshots", "people")
    for outcome, count in sorted(outcomes.items()):
        table.add_row(_MEANING.get(outcome, outcome), str(count))
    console.print(table)
    if failed:
        console.print(f"Again for those who failed: --person {' --person '.join(failed)}", soft_wrap=True)
    return 1 if outcomes.get("failed") else 0


_MEANING: Final = {
    "kept": "made anew",
    "overtaken": "made online meanwhile, left as they are",
    "erased": "none: the person was erased",
    "failed": "failed",
}


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make backfill", description=__doc__)
    parser.add_argument("--person", action="append", help="only this person (an id); may be repeated")
    parser.add_argument("--restart", action="store_true", help="begin anew instead of going on")
    parser.add_argument(
        "--segment", type=Segment.parse, default=Segment(), help="one part of the people, e.g. 0/4"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(os.environ.get("OO_HOME") or ".oo") / "backfill",
        help="where the position is kept",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
