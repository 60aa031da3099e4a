"""A measured figure beside its limit, and the table that a run ends with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One figure; `limit` None means it is shown, not judged."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    note: str = ""

    @property
    def within(self) -> bool:
        """Whether it keeps to its limit."""
        return self.limit is None or self.value <= self.limit


def show(figures: Sequence[Figure]) -> bool:
    """Print the table; True when every figure is within its limit."""
    from rich.console import Console
    from rich.table import Table

    table = Table("figure", "value", "limit", "", "note")
    for figure in figures:
        limit = "" if figure.limit is None else f"{figure.limit:g} {figure.unit}"
        mark = "" if figure.limit is None else ("[green]✓[/green]" if figure.within else "[red]✗[/red]")
        table.add_row(figure.name, f"{figure.value:.4g} {figure.unit}", limit, mark, figure.note)
    Console(highlight=False).print(table)
    return all(figure.within for figure in figures)
