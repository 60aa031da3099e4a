"""`python -m oo_local dev|nightly|notebook|reload|logs|signin|reset`: what the Makefile's targets run."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from typing import Final

from oo_local.bootstrap import ROOT, BootstrapFailed
from oo_local.running import NotRunning, home_folder, running


def main(arguments: list[str]) -> int:
    """Run one command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m oo_local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("dev", help="start everything and print the first tip")
    commands.add_parser("nightly", help="refit, judge and report now")
    challenge = commands.add_parser("challenge", help="let a policy challenge the champion")
    challenge.add_argument("policy")
    commands.add_parser("ab", help="from the canary to an A/B test of halves")
    commands.add_parser("promote", help="end an A/B test: the challenger becomes champion")
    commands.add_parser("rollback", help="end the experiment, or undo the last promotion")
    commands.add_parser("notebook", help="execute the notebook on the registry and the log")
    commands.add_parser("reload", help="bring changed code live")
    commands.add_parser("logs", help="follow all functions")
    commands.add_parser("reset", help="clear the state")
    signin = commands.add_parser("signin", help="sign in without a browser; prints the cookie jar's path")
    signin.add_argument("subject")
    options = parser.parse_args(arguments)
    try:
        return _run(options)
    except (NotRunning, BootstrapFailed) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _run(options: argparse.Namespace) -> int:
    if options.command == "signin":
        return _sign_in(options.subject)
    if options.command == "challenge":
        return _step("challenge", options.policy)
    return _COMMANDS[options.command]()


def _dev() -> int:
    from oo_local.dev import dev

    return dev()


def _reset() -> int:
    from oo_local.reset import reset

    return reset()


def _nightly() -> int:
    from oo_local.nightly import nightly

    return nightly(running(), home_folder())


def _step(name: str, policy: str = "") -> int:
    from oo_local.nightly import step

    return step(running(), name, policy)


def _notebook() -> int:
    from oo_local.notebook import notebook

    return notebook(ROOT, running(), home_folder())


def _logs() -> int:
    from oo_local.logs import follow

    follow(running().emulator)
    return 0


def _sign_in(subject: str) -> int:
    from oo_local.signin import SignInFailed, save_sign_in

    try:
        print(save_sign_in(running().url, subject, home_folder()))
    except SignInFailed as error:
        print(f"sign-in failed: {error}", file=sys.stderr)
        return 1
    return 0


def _reload() -> int:
    from oo_local.configuration import ConfigurationError, read_configuration
    from oo_local.deploy import DeployFailed
    from oo_local.packaging import PackagingFailed
    from oo_local.stack import Stack

    ports = running().settings
    started = time.monotonic()
    try:
        deployed = Stack(ROOT, home_folder(), read_configuration(ROOT, {**os.environ, **ports})).deploy()
    except (ConfigurationError, DeployFailed, PackagingFailed) as error:
        print(f"{error}\nThe API goes on as it was: mend this, then `make reload` again.", file=sys.stderr)
        return 1
    what = ", ".join(deployed.changed) or "nothing had changed"
    print(f"  live: {what} ({time.monotonic() - started:.1f} s)")
    return 0


_COMMANDS: Final[dict[str, Callable[[], int]]] = {
    "dev": _dev,
    "nightly": _nightly,
    "notebook": _notebook,
    "ab": lambda: _step("start a/b"),
    "promote": lambda: _step("promote"),
    "rollback": lambda: _step("roll back"),
    "reload": _reload,
    "logs": _logs,
    "reset": _reset,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
