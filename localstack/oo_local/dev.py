"""`make dev`: starts everything, makes the demo person, prints the address and the first tip, waits."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from oo_local.bootstrap import ROOT
from oo_local.configuration import ConfigurationError, read_configuration
from oo_local.demo import Demo, FirstTip
from oo_local.progress import Shown, StepFailed
from oo_local.running import home_folder
from oo_local.stack import Stack

_STOP: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def dev(root: Path = ROOT) -> int:
    """Run until Ctrl-C or SIGTERM; the exit code."""
    shown = Shown()
    started = time.monotonic()
    try:
        configuration = read_configuration(root, os.environ)
    except ConfigurationError as error:
        shown.failed(
            StepFailed("read the settings", str(error), "change it in .env.local or in the environment")
        )
        return 1
    # SIGINT too: a shell that started this in the background had it ignored.
    for number in _STOP:
        signal.signal(number, _interrupt)
    stack = Stack(root, home_folder(), configuration)
    code = 0
    try:
        stack.start(shown)
        refusal = _refusal(stack, shown)
        tip = _demo(stack, shown, refusal) if configuration.local.demo == "yes" else None
        _tell(shown, stack, tip, refusal, time.monotonic() - started)
        while (ended := stack.ended()) is None:
            time.sleep(0.5)
        shown.failed(
            StepFailed(
                f"keep the {ended} running",
                "it ended by itself",
                f"see .oo/logs/{ended}.log, then `make dev`",
            )
        )
        code = 1
    except StepFailed as error:
        shown.failed(error)
        code = 1
    except KeyboardInterrupt:
        shown.console.print("\n  stopping", style="dim")
    finally:
        # A second Ctrl-C must not leave half of it running; stopping takes a second or two.
        for number in _STOP:
            signal.signal(number, signal.SIG_IGN)
        stack.stop()
    return code


def _refusal(stack: Stack, shown: Shown) -> str:
    """Why no model of the proxy here answers; empty: they do, or none was started."""
    if stack.models is None:
        return ""
    with shown.step("ask the models for a word", "start without PROFILES=ai"):
        return stack.models.refusal()


def _demo(stack: Stack, shown: Shown, refusal: str) -> FirstTip:
    again = "look at `make logs`; `make reset` starts over"
    demo = Demo(stack.url, stack.endpoint, stack.home)
    try:
        with shown.step("sign the demo person in", again):
            _ = demo.api
        with shown.step("agree to what oO may use", again):
            demo.agree()
        with shown.step("connect a third party and read it", again):
            demo.connect()
        with shown.step("send two weeks of signals", again):
            sent = sum(demo.send_signals().values())
        with shown.step("wait until the features know them", again):
            demo.wait_for_features(sent)
        if stack.configuration.litellm_url and not refusal:
            with shown.step("let the model word tips ahead", again):
                demo.wait_for_wordings()
        with shown.step("ask for the first tip", again):
            return demo.first_tip()
    finally:
        demo.close()


def _tell(shown: Shown, stack: Stack, first: FirstTip | None, refusal: str, seconds: float) -> None:
    say = shown.console.print
    say()
    if first is not None and first.tip is not None:
        free = " [dim](who said that they have time now)[/dim]" if first.said_free else ""
        say(f"  The demo person's first tip{free}:")
        say()
        say(f"    {first.tip['text']}", style="bold", markup=False)
        say(f"    {first.tip['why']}", style="dim", markup=False)
        if stack.configuration.litellm_url:
            by = "a model" if first.tip["source"] == "model" else "a template: no model's wording fits it"
            say(f"    (worded by {by})", style="dim", markup=False)
        say()
    elif first is not None:
        say(f"  Nothing for the demo person now ({first.reason}); look again at {first.next_look_at}.")
    say(f"  oO is at [bold]{stack.url}[/bold] [dim](ready in {seconds:.0f} s)[/dim]")
    say('  Sign in there as "demo" to see it, or as anyone else to start afresh.')
    if first is not None:
        say(f"  A third party is connected, too: [bold]{stack.sandbox}[/bold] [dim](add tasks there)[/dim]")
    _tell_models(say, stack, refusal)
    if stack.registry_page:
        say(f"  The registry is at [bold]{stack.registry_page}[/bold] [dim](make nightly fills it)[/dim]")
    say("  [dim]make logs · make reload · make signin SUBJECT=demo · Ctrl-C stops, state is kept[/dim]")
    say(f"  [dim]admin token: {stack.home / 'admin-token'}[/dim]")


def _tell_models(say: Callable[..., None], stack: Stack, refusal: str) -> None:
    """Where models are, which answers, and whether it does."""
    if stack.models is None:
        if url := stack.configuration.litellm_url:
            say(f"  Models answer at [bold]{url}[/bold] [dim](LITELLM_URL; no proxy is started here)[/dim]")
        return
    names = stack.models.proxy.models
    say(
        f"  The models' proxy is at [bold]{stack.configuration.litellm_url}[/bold] "
        f"[dim](key: {stack.home / 'litellm-key'})[/dim]"
    )
    if refusal:
        say("  No model answers, so templates word the tips:", style="yellow")
        say(f"    {refusal}", style="yellow", markup=False)
    else:
        say(f"  Tips are worded by {names['tip-generator']}, compared by {names['embedder']}")


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
