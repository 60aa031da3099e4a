"""`make simulate`: policies compared on the same simulated people, through the services that serve real ones.

Ends with a table; curves, plots and a page are in `.oo/simulations/<run>/`, and in MLflow.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    # Thousands of lines of services that work would run through the progress bar.
    os.environ.setdefault("OO_LOG_LEVEL", "ERROR")
    os.environ.setdefault("OO_STAGE", "local")
    # Matrices are small: threads cost more than they gain, and one core is what is promised.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from ml_lambda.simulation import judge, policies, report
from ml_lambda.simulation.driver import Run
from ml_lambda.simulation.measures import Row, Trace, rows, trace
from ml_lambda.simulation.people import POPULATIONS, population

DEFAULT: Final = ("rules", "epsilon_greedy_v2", "lin_ts", "mixed_ts", "random", "oracle")
GRADED: Final = 20
"""Tips of each policy that a judge reads, over all seeds."""


def main(arguments: Sequence[str]) -> int:
    """Simulate, show, keep. 2: the judge cannot be reached, and nothing was begun."""
    options = _parse(arguments)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)
    setting = report.Setting(
        population=options.population,
        people=options.people,
        days=options.days,
        seeds=tuple(range(options.first_seed, options.first_seed + options.seeds)),
        policies=options.policies,
        nights=not options.without_nights,
        baseline=options.baseline if options.baseline in options.policies else options.policies[0],
    )
    grader = None
    if options.judge:
        try:
            grader = judge.connect()
        except judge.JudgeUnreachable as error:
            print_error(f"The judge cannot be reached, so nothing was begun: {error}")
            return 2
    traces = _simulate(setting, options.jobs, GRADED // options.seeds + 1 if grader else 0, console)
    table = rows(traces, setting.baseline)
    judged = judge.verdicts(grader, traces) if grader else {}
    written = report.files(setting, traces, table, judged)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{setting.population}"
    page = report.keep(options.home / "simulations" / name, written)
    _show(setting, table, judged, console)
    console.print(f"Page: {page}", soft_wrap=True)
    if options.mlflow:
        from ml_lambda.simulation.tracking import EXPERIMENT, log

        log(options.mlflow, name, setting, traces, table, written)
        console.print(f"MLflow: experiment {EXPERIMENT} at {options.mlflow}", soft_wrap=True)
    return 0


def print_error(text: str) -> None:
    """On standard error."""
    Console(stderr=True, highlight=False).print(text, soft_wrap=True, style="red")


def _simulate(setting: report.Setting, jobs: int, tips: int, console: Console) -> list[Trace]:
    """Every policy in every world, with one bar over the days."""
    tasks = [(policy, seed) for seed in setting.seeds for policy in setting.policies]
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    found: dict[tuple[str, int], Trace] = {}
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("days", total=len(tasks) * setting.days)
        if jobs == 1:
            for policy, seed in tasks:
                progress.update(bar, description=f"{policy}, world {seed}")
                run = _run(setting, policy, seed)
                for _ in run.go():
                    progress.advance(bar)
                found[policy, seed] = trace(run, tips)
        else:
            for key, made in _in_processes(setting, tasks, jobs, tips):
                found[key] = made
                progress.update(bar, advance=setting.days, description=f"{key[0]}, world {key[1]}")
    return [found[policy, seed] for policy in setting.policies for seed in setting.seeds]


def _in_processes(
    setting: report.Setting, tasks: Sequence[tuple[str, int]], jobs: int, tips: int
) -> Iterator[tuple[tuple[str, int], Trace]]:
    with ProcessPoolExecutor(jobs) as pool:
        waiting = {pool.submit(_one, setting, policy, seed, tips): (policy, seed) for policy, seed in tasks}
        for future in as_completed(waiting):
            yield waiting[future], future.result()


def _one(setting: report.Setting, policy: str, seed: int, tips: int) -> Trace:
    run = _run(setting, policy, seed)
    for _ in run.go():
        pass
    return trace(run, tips)


def _run(setting: report.Setting, policy: str, seed: int) -> Run:
    people = population(setting.population, setting.people)
    return Run(policy, people, setting.days, seed, nights=setting.nights)


def _show(setting: report.Setting, table: Sequence[Row], judged: dict[str, str], console: Console) -> None:
    shown = Table(*(h.format(setting.baseline) for h in report.HEADS), title=str(setting))
    for row in table:
        shown.add_row(*report.cells(row))
    console.print(shown)
    console.print(report.finding(table, setting.baseline))
    console.print(report.NOTE)
    for policy, said in judged.items():
        console.print(f"{policy}: the judge gives {said}")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    home = Path(os.environ.get("OO_HOME") or ".oo")
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--people", type=_count, default=12, help="in each world")
    parser.add_argument("--days", type=_count, default=35)
    parser.add_argument("--population", choices=POPULATIONS, default="mixed")
    parser.add_argument("--policies", type=_policies, default=DEFAULT, help=",".join(policies.NAMES))
    parser.add_argument(
        "--baseline",
        choices=policies.NAMES,
        default="epsilon_greedy_v2",
        help="what others are compared with",
    )
    parser.add_argument("--seeds", type=_count, default=1, help="how many worlds, each of other people")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument(
        "--without-nights", action="store_true", help="never refit what people have in common"
    )
    parser.add_argument("--jobs", type=_count, default=1, help="processes")
    parser.add_argument(
        "--judge", action="store_true", help="let the alias `judge` at LITELLM_URL grade some of the tips"
    )
    parser.add_argument("--home", type=Path, default=home, help="where .../simulations/<run> is made")
    parser.add_argument(
        "--mlflow",
        default=os.environ.get("OO_MLFLOW_TRACKING_URI") or f"sqlite:///{home.resolve()}/mlflow/registry.db",
        help="where MLflow keeps it; empty: nowhere",
    )
    return parser.parse_args(arguments)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _policies(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.split(",")))
    if unknown := sorted(set(names) - set(policies.NAMES)):
        raise argparse.ArgumentTypeError(
            f"there is no {', '.join(unknown)}; there are {', '.join(policies.NAMES)}"
        )
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
