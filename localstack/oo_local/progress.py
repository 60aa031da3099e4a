"""One line per step: what is done, how long it took; for a failed one, what to do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import indent
from typing import Protocol


class StepFailed(Exception):
    """A step that did not work. `mend` says what to do about it."""

    def __init__(self, step: str, reason: str, mend: str) -> None:
        super().__init__(reason)
        self.step, self.reason, self.mend = step, reason, mend


class Progress(Protocol):
    """Where steps are shown."""

    @contextmanager
    def step(self, name: str, mend: str) -> Iterator[None]:
        """Show the step while it runs; any exception becomes StepFailed with `mend`."""
        yield


class Quiet:
    """Shows nothing, for tests."""

    @contextmanager
    def step(self, name: str, mend: str) -> Iterator[None]:
        """Only turns exceptions into StepFailed."""
        try:
            yield
        except StepFailed:
            raise
        except Exception as error:
            raise StepFailed(name, _reason(error), mend) from error


class Shown(Quiet):
    """Shows each step on the terminal, with its time."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console(highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, name: str, mend: str) -> Iterator[None]:
        """A spinner while it runs, then one line."""
        started = time.monotonic()
        if self.console.is_terminal:
            with self.console.status(name), super().step(name, mend):
                yield
        else:
            with super().step(name, mend):
                yield
        self.console.print(f"  [green]✓[/green] {name} [dim]{time.monotonic() - started:.1f} s[/dim]")

    def failed(self, error: StepFailed) -> None:
        """What went wrong and what to do."""
        self.console.print(f"  [red]✗[/red] {error.step}")
        self.console.print(indent(error.reason, "    "), style="red", markup=False)
        self.console.print(f"    → {error.mend}", markup=False)


def _reason(error: Exception) -> str:
    text = str(error).strip()
    return text if text else type(error).__name__
