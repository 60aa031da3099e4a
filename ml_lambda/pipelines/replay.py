"""`make replay`: the decision log made again, decision by decision, and compared bit by bit (`replaying.py`).

Reads the log's days, then per person their statistics, their markers and the decisions that those name, all
by key. Writes nothing. Exit code 1 with the first decision that came out otherwise.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from chalicelib.contracts.ml import Decision
from chalicelib.contracts.stores import physical_name
from chalicelib.runtime import aws
from chalicelib.runtime.logging import Logger, logger
from chalicelib.runtime.settings import settings
from ml_lambda.experiments.manifests import ManifestTable
from ml_lambda.pipelines.log import Day, LogReader
from ml_lambda.pipelines.replaying import Tally, replay_all
from ml_lambda.policies.store import StatisticsTable
from ml_lambda.serving.configuration import Configuration, first

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCH: Final = 100
_SHOWN: Final = 5
"""Differences that are told one by one."""


class KnownConfigurations:
    """What served, by the table `models`; what was never published, by the settings of now."""

    def __init__(self, manifests: ManifestTable, unpublished: Configuration, log: Logger) -> None:
        self._manifests = manifests
        self._log = log
        self._known: dict[int, Configuration | None] = {0: unpublished}

    def find(self, version: int, digest: str) -> Configuration | None:
        """None when it is not kept, cannot be served by this code, or is another under the same number."""
        if version not in self._known:
            self._known[version] = self._read(version)
        found = self._known[version]
        if found is not None and digest and digest != found.digest:
            return None
        return found

    def _read(self, version: int) -> Configuration | None:
        try:
            published = self._manifests.version(version)
            return Configuration.published(published) if published else None
        except (ValueError, TypeError, KeyError) as error:
            self._log.warning("a manifest of another code", version=version, error=type(error).__name__)
            return None


class DecisionReader:
    """Decisions by key, from the table."""

    def __init__(self, client: DynamoDBClient | None = None, stage: str | None = None) -> None:
        self._client = client or aws.dynamodb()
        self._table = physical_name(stage or settings().stage, "decisions")

    def read(self, person_id: str, decision_ids: Sequence[str]) -> Mapping[str, Decision]:
        """Those that are there."""
        found: dict[str, Decision] = {}
        for start in range(0, len(decision_ids), _BATCH):
            keys = [
                {"person_id": {"S": person_id}, "decision_id": {"S": decision_id}}
                for decision_id in decision_ids[start : start + _BATCH]
            ]
            left: Any = {self._table: {"Keys": keys, "ConsistentRead": True}}
            while left:
                answer = self._client.batch_get_item(RequestItems=left)
                for row in answer["Responses"].get(self._table, []):
                    decision = Decision.model_validate_json(row["body"]["S"])
                    found[decision.decision_id] = decision
                left = answer.get("UnprocessedKeys")
        return found


def replayed(decisions: Iterable[Decision], log: Logger) -> Iterator[tuple[int, Tally]]:
    """Person by person, over the tables of this stage."""
    table = StatisticsTable()
    return replay_all(
        decisions,
        markers=table.history,
        learned_from=DecisionReader().read,
        statistics=table.statistics,
        configurations=KnownConfigurations(ManifestTable(), first(), log),
        log=log,
    )


def main(arguments: Sequence[str]) -> int:
    """Replay with progress bars, tell the outcome; 1 when anything came out otherwise."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Table

    options = _parse(arguments)
    console, log, tally = Console(highlight=False), logger("replay"), Tally()
    decisions: list[Decision] = []
    sampled = unreadable = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        reading = progress.add_task("days of the log", total=options.days)
        for day in LogReader(lines=options.lines).days(options.until, options.days):
            decisions += _of(day, options.person)
            unreadable += day.unreadable
            sampled += not day.complete
            progress.advance(reading)
        making = progress.add_task("decisions", total=len(decisions))
        for count, found in replayed(decisions, log):
            tally.add(found)
            progress.advance(making, count)
    table = Table("decisions of the log", "")
    table.add_row("the same to the last bit", str(tally.identical))
    table.add_row("otherwise", str(sum(bool(d.decision_id) for d in tally.differences)))
    for reason, count in tally.reasons.most_common():
        table.add_row(f"not made again: {reason}", str(count))
    if unreadable:
        table.add_row("not made again: a line that cannot be read", str(unreadable))
    table.add_section()
    table.add_row("people whose statistics are the same to the last bit", str(tally.statistics))
    table.add_row("otherwise", str(sum(not d.decision_id for d in tally.differences)))
    for reason, count in tally.unproved.most_common():
        table.add_row(f"not made again: {reason}", str(count))
    console.print(table)
    if sampled:
        console.print(f"{sampled} days have more than {options.lines} lines; a sample of each was replayed.")
    for difference in tally.differences[:_SHOWN]:
        console.print(str(difference), soft_wrap=True, markup=False)
    return 1 if tally.differences else 0


def _of(day: Day, people: Sequence[str] | None) -> list[Decision]:
    found = [logged.decision for logged in day.logged]
    return [d for d in found if d.person_id in people] if people else found


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make replay", description=__doc__)
    parser.add_argument("--days", type=int, default=28, help="of the log, the last one included")
    parser.add_argument("--until", type=date.fromisoformat, default=datetime.now(UTC).date())
    parser.add_argument("--lines", type=int, default=100_000, help="of a day at most; beyond that a sample")
    parser.add_argument("--person", action="append", help="only this person (an id); may be repeated")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
