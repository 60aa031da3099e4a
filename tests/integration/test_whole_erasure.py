"""A whole life is erased to the last row, whatever kills the functions meanwhile.

`make test-erasure` does it once more with 10,000 signals (`ERASURE_SIGNALS`).
"""

from __future__ import annotations

import json
import os
import random
import time
from typing import Any, Final

import pytest

from chalicelib import wiring_privacy
from chalicelib.contracts.stores import STORES
from tests.conftest import Cloud
from tests.integration.leaving import Life, Machine, ask, dump, held, late, live

SIGNALS: Final = int(os.environ.get("ERASURE_SIGNALS", "100"))
KILLS: Final = 10
PERSONAL: Final = {store.name for store in STORES if store.personal}


@pytest.fixture
def machine(aws: Cloud, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def leave(machine: Machine, life: Life) -> str:
    """Ask, as often as it takes, and let the queues do the rest; the receipt."""
    receipt: str = machine.again(lambda: ask(life.id))
    machine.drain()
    return receipt


def gone(aws: Cloud, life: Life, receipt: str) -> None:
    """Nothing but the tombstone: a random id, the receipt and the time. And the receipt names nobody."""
    left = held(aws, life.needles)
    assert set(left) == {"profiles"}, {name: rows[:2] for name, rows in left.items()}
    [row] = left["profiles"]
    tombstone = json.loads(row)
    assert set(tombstone) == {"person_id", "part", "body"}
    assert tombstone["part"] == {"S": "erased"}
    assert set(json.loads(tombstone["body"]["S"])) == {"receipt_id", "at"}
    told = wiring_privacy.erasure().receipt(receipt)
    assert told.complete
    assert told.key_destroyed
    assert {store.store for store in told.stores} == PERSONAL


def others(aws: Cloud, life: Life) -> list[tuple[str, str]]:
    """All that is held about somebody."""
    return sorted((name, text) for name, rows in held(aws, life.needles).items() for text in rows)


@pytest.mark.parametrize("seed", range(2))
def test_killed_at_ten_random_points_it_resumes_and_nothing_is_left(
    aws: Cloud, machine: Machine, seed: int
) -> None:
    ann, bob, twin = live(aws, "ann", SIGNALS), live(aws, "bob", 20), live(aws, "twin", SIGNALS)
    machine.drain()
    of_bob = others(aws, bob)

    # Once without a death, to know between which calls one can die.
    before, started = machine.calls, time.monotonic()
    gone_twin = leave(machine, twin)
    calls, seconds = machine.calls - before, time.monotonic() - started
    gone(aws, twin, gone_twin)
    assert calls > KILLS

    draw = random.Random(seed)
    points = sorted(draw.sample(range(1, calls), KILLS))
    machine.deaths = {machine.calls + n: draw.choice(("before", "after")) for n in points}
    started = time.monotonic()
    receipt = leave(machine, ann)
    again = time.monotonic() - started
    assert (machine.died, machine.deaths) == (KILLS, {})
    gone(aws, ann, receipt)
    assert others(aws, bob) == of_bob
    print(  # noqa: T201 - the figure of `make test-erasure`
        f"{SIGNALS} signals: {calls} calls in {seconds:.1f} s; killed {KILLS} times: {again:.1f} s"
    )

    # What comes late resurrects nothing, and asking again is the same receipt.
    for body in late(ann.id, "late"):
        machine.publish(body)
    machine.drain()
    gone(aws, ann, receipt)
    assert ask(ann.id) == receipt
    machine.drain()
    gone(aws, ann, receipt)
    assert others(aws, bob) == of_bob


def test_every_table_that_is_there_is_listed(aws: Cloud) -> None:
    names: list[Any] = [name for name, _ in dump(aws)]
    assert set(names) <= {store.name for store in STORES}
