"""`python -m infra access grant|revoke|admins|new-signing-key`: admins, and keys that must go at once.

    python -m infra access grant --stage prod --person ID       the person's next session is an admin's
    python -m infra access revoke --stage prod --person ID      from the next call on they are none
    python -m infra access admins --stage prod                  who is one
    python -m infra access new-signing-key --stage prod         no access token signed so far is believed

Runs with the credentials of the environment; no function has a grant for any of it but reading.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Final, Literal

Action = Literal["grant", "revoke", "admins", "new-signing-key"]
ACTIONS: Final[tuple[Action, ...]] = ("grant", "revoke", "admins", "new-signing-key")


def main(stage: str, action: Action, person: str) -> int:
    """Run one action; the exit code."""
    if stage == "local" and not os.environ.get("AWS_ENDPOINT_URL"):
        print("set AWS_ENDPOINT_URL to the cloud of `make dev`, e.g. http://127.0.0.1:4566", file=sys.stderr)
        return 1
    if (action in {"grant", "revoke"}) != bool(person):
        print("`grant` and `revoke` need --person, the others take none", file=sys.stderr)
        return 2
    # The names of the tables are this stage's.
    os.environ["OO_STAGE"] = stage
    return run(action, person, print)


def run(action: Action, person: str, say: Callable[[str], None]) -> int:
    """Do it in the stage of the environment; the exit code, 1 when there was nothing to do."""
    if action == "new-signing-key":
        return _forget_signing_keys(say)
    from chalicelib.auth.admins.store import RoleTable

    roles = RoleTable()
    if action == "grant":
        roles.grant(person, int(time.time()))
        say(f"{person} is an admin from their next sign-in on")
    elif action == "revoke":
        if not roles.revoke(person):
            say(f"{person} was no admin")
            return 1
        say(f"{person} is no admin any more, with any session")
    else:
        for one in roles.admins():
            say(one)
    return 0


def _forget_signing_keys(say: Callable[[str], None]) -> int:
    """Every key goes; the next token that is asked for makes a new one."""
    from chalicelib.auth.tokens.keys import KEEP_SECONDS
    from chalicelib.auth.tokens.store import SigningKeyTable

    table = SigningKeyTable()
    keys = table.all()
    for key in keys:
        table.remove(key.serial)
        say(f"removed {key.kid}")
    if not keys:
        say("there was no key")
        return 1
    say(f"within {KEEP_SECONDS // 60} minutes nothing believes what they signed; apps refresh by themselves")
    return 0
