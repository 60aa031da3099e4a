"""`python -m infra keys rewrap|rotate|reseal|retire`: new keys for old, while oO serves.

    python -m infra keys rewrap --stage prod                  after the alias moved to another KMS key
    python -m infra keys rotate --stage prod --person ID      a new version of one person's data key
    python -m infra keys reseal --stage prod                  what rests under earlier versions, sealed again
    python -m infra keys retire --stage prod                  earlier versions that nothing needs any more

Without `--person` it goes through everyone, and tells after whom it is, so that `--after` goes on from there.
Each person is done in conditional writes: breaking off and running again is harmless.
docs/adr/0013-vault-and-rotation.md says when which is needed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import Final, Literal

from chalicelib.contracts.ports import KeyDestroyed, Unsealable
from chalicelib.contracts.stores import STORES
from chalicelib.runtime import aws
from chalicelib.runtime.key_rotation import KeyRotation, Resealer
from chalicelib.runtime.person_keys import DynamoKeyTable, KmsKeyWrapper
from chalicelib.runtime.sealing import PersonSealer

Action = Literal["rewrap", "rotate", "reseal", "retire"]
ACTIONS: Final[tuple[Action, ...]] = ("rewrap", "rotate", "reseal", "retire")
TELL_EVERY: Final = 100


def main(stage: str, action: Action, person: str, after: str) -> int:
    """Run with the credentials of the environment; the exit code, 1 when something was left."""
    if stage == "local" and not os.environ.get("AWS_ENDPOINT_URL"):
        print("set AWS_ENDPOINT_URL to the cloud of `make dev`, e.g. http://127.0.0.1:4566", file=sys.stderr)
        return 1
    table = DynamoKeyTable(stage)
    return run(stage, action, [person] if person else table.people(after), _say)


def run(stage: str, action: Action, people: Iterable[str], say: Callable[[str], None]) -> int:
    """Do it for these people; the exit code. Tells its progress, never a key or a word."""
    table, wrapper = DynamoKeyTable(stage), KmsKeyWrapper(f"alias/oo-{stage}-persons")
    rotation, sealer = KeyRotation(table, wrapper), PersonSealer(table, wrapper)
    resealer = Resealer(aws.dynamodb(), stage, sealer)
    seen = changed = left = 0
    for person_id in people:
        seen += 1
        try:
            match action:
                case "rewrap":
                    changed += rotation.rewrap(person_id)
                case "rotate":
                    changed += bool(rotation.rotate(person_id))
                case "reseal":
                    done = resealer.reseal(person_id)
                    changed, left = changed + done.sealed, left + done.left
                case "retire":
                    # A version may go only when nothing rests under it.
                    done = resealer.reseal(person_id)
                    changed, left = changed + rotation.retire(person_id), left + done.left
        except KeyDestroyed:
            continue  # erased meanwhile
        except Unsealable:
            left += 1
        if seen % TELL_EVERY == 0:
            say(f"{seen} people; to go on from here: --after {person_id}")
    what = {"reseal": "texts sealed again", "retire": "people with versions dropped"}.get(
        action, "people changed"
    )
    say(f"{seen} people looked at, {changed} {what}")
    if left:
        tables = ", ".join(store.name for store in STORES if store.sealed)
        say(f"{left} could not be opened and were left as they are (in {tables}, or keys of another KMS key)")
    return 1 if left else 0


def _say(text: str) -> None:
    print(text, flush=True)
