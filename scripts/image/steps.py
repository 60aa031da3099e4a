"""What a run shows: each step as it goes, the table at its end, the banner when nothing could run."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from oo_local.processes import Child
from oo_local.progress import Shown, StepFailed

TAIL = 15


class Skipped(Exception):
    """This machine cannot run the test; the message says what is missing and how to get it."""


class CommandFailed(Exception):
    """A command failed; the message ends with its last lines."""


@dataclass
class Step:
    """One step of the table."""

    name: str
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Say what came of it."""
        self.notes.append(text)


class Steps:
    """The steps of a run, shown while they run and kept for the table."""

    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self.done: list[Step] = []

    @contextmanager
    def step(self, name: str, mend: str) -> Iterator[Step]:
        """Run one step; any exception but `Skipped` becomes StepFailed with `mend`."""
        step = Step(name)
        started = time.monotonic()
        if not self.shown.console.is_terminal:
            # A log shows no spinner: say what is going on before it takes minutes.
            self.shown.console.print(f"  … {name}")
        try:
            with self.shown.step(name, mend):
                yield step
        except StepFailed as error:
            if isinstance(error.__cause__, Skipped):
                step.note("SKIPPED")
                raise error.__cause__ from None
            step.note(f"FAILED: {error}")
            raise
        finally:
            step.seconds = time.monotonic() - started
            self.done.append(step)
        for note in step.notes:
            self.shown.console.print(f"      {note}", markup=False)

    def table(self) -> None:
        """The steps, their seconds, what came of each."""
        from rich.table import Table

        table = Table("step", "seconds", "what came of it")
        for step in self.done:
            table.add_row(step.name, f"{step.seconds:.1f}", "\n".join(step.notes))
        self.shown.console.print(table)


def banner(reason: str, width: int = 78) -> str:
    """The loud word that nothing was tested, and why."""
    lines = [
        "THE IMAGE TEST WAS SKIPPED: the scoring image was NOT built and NOT run.",
        "",
        *reason.splitlines(),
    ]
    return "\n".join(["", "!" * width, *(f"!!  {line}".rstrip() for line in lines), "!" * width, ""])


def run(
    command: Sequence[str], log: Path, *, env: Mapping[str, str] | None = None, timeout: float = 900
) -> None:
    """Run to the end with both outputs in `log`. Raises CommandFailed with the end of it.

    Whatever ends this function, a Ctrl-C too, ends the command and all that it started.
    """
    program = shutil.which(command[0])
    if program is None:
        raise CommandFailed(f"{command[0]} is not there")
    log.unlink(missing_ok=True)
    child = Child(Path(program).name, [program, *command[1:]], log=log, env={**os.environ, **(env or {})})
    try:
        code = child.process.wait(timeout)
    except subprocess.TimeoutExpired:
        raise CommandFailed(f"{child.name} took more than {timeout:.0f} s:\n{child.tail(TAIL)}") from None
    finally:
        child.stop()
    if code != 0:
        raise CommandFailed(f"{child.name} ended with {code}:\n{child.tail(TAIL)}")
