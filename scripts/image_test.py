"""`make image-test`: build the scoring image, look into it, and run it as Lambda would (docs/image.md).

Ends with 0 when all was well or when nothing could run (then with a banner that says so), else with 1.
"""

from __future__ import annotations

import contextlib
import os
import signal
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from infra.functions import function, ml_functions
from oo_local.progress import Shown, StepFailed
from scripts.image import base, build, cloud, engine, invoke, tree
from scripts.image.engine import Engine
from scripts.image.steps import Skipped, Steps, banner

ROOT: Final = Path(__file__).resolve().parents[1]
HOME: Final = ROOT / ".oo" / "image"
LOGS: Final = "the whole output is in .oo/image/logs/"
COMPARED: Final = 24
TRIED: Final = 120


class Unlike(Exception):
    """The image is or answers something else than it should."""


def main() -> int:
    """Run every step; what was started is stopped whatever happens."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # SIGINT too: a shell starts what it puts into the background with SIGINT ignored.
        signal.signal(number, _interrupt)
    steps = Steps(Shown())
    try:
        with contextlib.ExitStack() as stack:
            stack.callback(steps.table)
            _run(steps, stack)
    except Skipped as reason:
        print(banner(str(reason)))
        return 0
    except StepFailed as error:
        steps.shown.failed(error)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; nothing is left running", file=sys.stderr)
        return 130
    print("The scoring image builds, holds what it should, and answers like the code of this checkout.")
    return 0


def _run(steps: Steps, stack: contextlib.ExitStack) -> None:
    running = _engine(steps, stack)
    with steps.step("base image", LOGS) as step:
        chosen = base.find(running, HOME / "logs", os.environ.get("BASE_IMAGE", ""))
        if chosen is None:
            chosen = base.make_stand_in(running, HOME)
            step.note("made by debootstrap; the next run finds it")
        step.note(f"{chosen.name}: {chosen.proves}")
    with steps.step("docker build", f"mend ml_lambda/Dockerfile or its locks; {LOGS}") as step:
        step.note(build.build(running, chosen, ROOT, HOME))
        image = running.inspect(build.TAG) or {}
        step.note(f"{build.TAG}: {image['Size'] / 1e6:.0f} MB ({image['Architecture']})")
    stack.callback(running.tidy, build.TAG)
    _look_into(steps, running)
    _invoke(steps, stack, running)


def _engine(steps: Steps, stack: contextlib.ExitStack) -> Engine:
    with steps.step("container engine", f"read .oo/image/logs/; {engine.NO_ENGINE}") as step:
        running = engine.running_engine()
        if running is None:
            if not engine.may_install(os.environ):
                raise Skipped(engine.NO_ENGINE)
            engine.install(HOME / "logs" / "apt.log")
            running = stack.enter_context(engine.private_engine(HOME))
        version = running.docker("version", "--format", "{{.Server.Version}}")
        step.note(
            f"Docker {version}, {'private, below .oo/image' if running.private else 'which was running'}"
        )
    return running


def _look_into(steps: Steps, running: Engine) -> None:
    with steps.step("what is in it", "mend ml_lambda/Dockerfile or its .dockerignore") as step:
        found = tree.inventory(running)
        pins = tree.locked("".join((ROOT / lock).read_text() for lock in build.LOCKS))
        if wrong := tree.problems(found, pins, tree.project_files(ROOT)):
            raise Unlike("\n".join(wrong))
        ours = sum(f.endswith(".py") for f in found.files)
        step.note(f"user {found.uid}, which may not change the code")
        step.note(f"{ours} modules of ours, {len(found.packages)} packages as locked; nothing else")
        step.note(f"/var/task {found.task_bytes / 1e6:.0f} MB")
    with steps.step("cold import", "a handler needs something that the image must not hold") as step:
        tree.imports(running, [fn.handler for fn in ml_functions()])
        taken = tree.cold_imports(running)
        cpu, wall = (statistics.median(t[key] for t in taken) for key in ("cpu", "wall"))
        step.note(f"all {len(ml_functions())} handlers import")
        step.note(
            f"rank: {cpu:.2f} CPU s, {wall:.2f} s (median of {len(taken)}; Python {taken[0]['python']})"
        )


def _invoke(steps: Steps, stack: contextlib.ExitStack, running: Engine) -> None:
    with steps.step(
        "emulator with tables and one person", "read .oo/image/emulator/logs/emulator.log"
    ) as step:
        emulator = stack.enter_context(cloud.cloud(running, HOME, ROOT))
        cloud.seed(emulator)
        step.note(f"at {emulator.url}")
    with steps.step("rank in process", "the code of this checkout fails: run `make test`") as step:
        tried = [cloud.request(number) for number in range(TRIED)]
        answers = cloud.in_process(emulator, ROOT, tried)
        chosen = cloud.telling_seeds(answers, COMPARED)
        requests = [*(tried[n] for n in chosen), cloud.request(1, cloud.STRANGER)]
        expected = [
            *(answers[n] for n in chosen),
            *cloud.in_process(emulator, ROOT, requests[-1:]),
        ]
        choices = {a["choice"]["chosen"] for a in expected[:-1]}
        if None in choices or expected[-1]["choice"]["chosen"] is not None:
            raise Unlike("the seeded person got no tip, or the stranger got one")
        step.note(
            f"{len(chosen)} seeds, {len(choices)} different choices among "
            f"{len(expected[0]['choice']['candidates'])} candidates; silence for a stranger"
        )
    rank = function("rank")
    reach = "mend what it names; a time-out means that a firewall keeps containers from this machine"
    with steps.step("rank under the Runtime Interface Emulator", reach) as step:
        asked = invoke.under_rie(running, emulator, rank, requests)
        _same(expected, asked.answers)
        step.note(f"{len(requests)} answers equal to those in process; {asked}")
    with steps.step(
        "rank as an image function of the emulator", f"{reach}; .oo/image/emulator/logs/"
    ) as step:
        asked = invoke.as_image_function(emulator, rank, requests)
        _same(expected, asked.answers)
        step.note(f"{len(requests)} answers equal to those in process; {asked}")


def _same(expected: Sequence[dict[str, Any]], answers: Sequence[dict[str, Any]]) -> None:
    for wanted, got in zip(expected, answers, strict=True):
        if where := cloud.difference(wanted, got, f"seed {wanted['choice']['seed']}"):
            raise Unlike(f"another answer than in process at {where}")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())
