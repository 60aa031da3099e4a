"""Tables for the terminal, one plot and one JSON file for later: what a run ends with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.policies.cost import Cost
from bench.policies.race import Result, best_settings

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / ".oo" / "bench"

_ACROSS: Final = 4
_console = Console(highlight=False)


def show_race(results: Sequence[Result]) -> None:
    """The gap closed in percent, four families to a table; the best of all in bold."""
    best = best_settings(results)
    families = list(dict.fromkeys(result.family for result in best))
    cells = {(result.policy, result.family): result for result in best}
    ours = {result.policy: result.ours for result in best}
    order = sorted(ours, key=lambda p: -_average(cells, p, families))
    _console.print(
        f"Gap from random to oracle closed, % (± standard error of {len(best[0].gaps)} seeds). "
        "Ours have one setting for all;\nof each peer's settings the best in a family counts."
    )
    for start in range(0, len(families), _ACROSS):
        table = Table("policy")
        shown = families[start : start + _ACROSS]
        for family in shown:
            table.add_column(family, justify="right")
        top = {f: max(r.mean for r in best if r.family == f) for f in shown}
        for policy in order:
            row = [_cell(cells.get((policy, family)), top[family]) for family in shown]
            table.add_row(policy if ours[policy] else f"[dim]{policy}[/dim]", *row)
        _console.print(table)


def _cell(result: Result | None, top: float) -> str:
    if result is None:
        return ""
    text = f"{result.mean:.1f}" + (f" ±{result.error:.1f}" if len(result.gaps) > 1 else "")
    return f"[bold]{text}[/bold]" if result.mean == top else text


def _average(cells: dict[tuple[str, str], Result], policy: str, families: Sequence[str]) -> float:
    return float(np.mean([cells[policy, f].mean for f in families if (policy, f) in cells]))


def show_costs(costs: Sequence[Cost]) -> None:
    """Microseconds, how far rounds differ, and how they compare with Vowpal Wabbit's in this run."""
    base = next(cost for cost in costs if cost.policy.startswith("Vowpal")).median
    count = len(costs[0].passes)
    table = Table(
        "policy", "decide, K=10", "decide, K=100", "update",
        title=f"CPU µs, the median of {count} rounds \\[least, most] (÷ Vowpal Wabbit's)",
    )  # fmt: skip
    for column in table.columns[1:]:
        column.justify = "right"
    for cost in costs:
        cells = [
            f"{median:.0f} \\[{least:.0f}, {most:.0f}] ({median / of:.2f})"
            for median, least, most, of in zip(cost.median, cost.least, cost.most, base, strict=True)
        ]
        table.add_row(cost.policy if cost.ours else f"[dim]{cost.policy}[/dim]", *cells)
    _console.print(table)
    _console.print(
        "A round: the median decision, the mean update with its refits. Ours decode their state.\n"
    )


def show_rows(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A plain table; its first column is text, the others are numbers."""
    table = Table(title=title)
    for index, name in enumerate(head):
        table.add_column(name, justify="right" if index else "left")
    for row in rows:
        table.add_row(*row)
    _console.print(table)


def plot_race(results: Sequence[Result]) -> Path:
    """How the gap closes over the decisions, a panel per family, the mean over seeds."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    best = best_settings(results)
    families = list(dict.fromkeys(result.family for result in best))
    policies = list(dict.fromkeys(result.policy for result in best))
    ours = {result.policy: result.ours for result in best}
    colours = dict(zip(policies, plt.get_cmap("tab10").colors, strict=False))
    across = min(4, len(families))
    down = -(-len(families) // across)
    figure, panels = plt.subplots(
        down, across, figsize=(4 * across, 3 * down + 0.8), squeeze=False, layout="constrained"
    )
    for panel, family in zip(panels.flat, families, strict=False):
        for result in (r for r in best if r.family == family):
            mean = 100 * np.mean(result.curves, axis=0)
            start = len(mean) // 40
            panel.plot(
                np.arange(start, len(mean)), mean[start:], color=colours.get(result.policy, "grey"),
                linestyle="-" if ours[result.policy] else "--", linewidth=1.2, label=result.policy,
            )  # fmt: skip
        panel.set_title(family, fontsize=10)
        panel.set_ylim(0, 100)
        panel.grid(alpha=0.3)
    for panel in panels.flat[len(families) :]:
        panel.axis("off")
    handles, labels = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, fontsize=8, frameon=False)
    figure.supylabel("gap closed so far, %", fontsize=9)
    figure.supxlabel("decisions", fontsize=9)
    path = FOLDER / "policies.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return path


def keep(figures: dict[str, Any]) -> Path:
    """Write the run's figures beside the plot."""
    path = FOLDER / "policies.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=1) + "\n")
    return path


def tell(text: str) -> None:
    """One line."""
    _console.print(text)
