"""What one decision costs the scorer: the stored state decoded and factorised, then the whole vector."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bench.policies.families import FAMILIES, Step, world
from bench.policies.peers import Chooser, peers
from ml_lambda.policies import make

_TAUGHT = 300
_ASKED = 400


@dataclass(frozen=True)
class Cost:
    """CPU microseconds: the median decision with 10 and with 100 candidates, and the mean update."""

    policy: str
    ours: bool
    few: float
    many: float
    update: float


def costs(names: Sequence[str]) -> Iterator[Cost]:
    """Ours: `make`, `load` and `probabilities`, as in a request. Peers: their prediction, state in memory."""
    for name in names:
        learner = make(name, dimension=12, context_dimension=6, seed=0)
        update = _taught(learner)
        state = learner.to_bytes()
        few, many = (_decide_ours(name, state, count) for count in (10, 100))
        yield Cost(name, True, few, many, update)
    for name, settings in peers().items():
        chooser = next(iter(settings.values()))(0, False)
        update = _taught(chooser)
        few, many = (_decide_peer(chooser, count) for count in (10, 100))
        yield Cost(name, False, few, many, update)


def _taught(chooser: Chooser) -> float:
    """Let it live through decisions of one person; the mean CPU microseconds of an update."""
    spent = 0
    for count, step in enumerate(world(FAMILIES["tips12"], 0)):
        if count == _TAUGHT:
            break
        index, vector = chooser.act(step.context, step.candidates, step.person)
        started = time.process_time_ns()
        chooser.update(step.context, step.candidates, index, float(step.rewards[index]), vector, step.person)
        spent += time.process_time_ns() - started
    return spent / 1e3 / _TAUGHT


def _asked(count: int) -> Iterator[Step]:
    rng = np.random.default_rng(count)
    for _ in range(_ASKED):
        nothing = np.zeros(count)
        yield Step(rng.normal(size=6), rng.normal(size=(count, 12)), nothing, nothing)


def _decide_ours(name: str, state: bytes, count: int) -> float:
    spent = []
    for seed, step in enumerate(_asked(count)):
        started = time.process_time_ns()
        learner = make(name, dimension=12, context_dimension=6, seed=seed)
        learner.load(state)
        learner.probabilities(step.context, step.candidates, step.person)
        spent.append(time.process_time_ns() - started)
    return float(np.median(spent)) / 1e3


def _decide_peer(chooser: Chooser, count: int) -> float:
    spent = []
    for step in _asked(count):
        started = time.process_time_ns()
        chooser.act(step.context, step.candidates, step.person)
        spent.append(time.process_time_ns() - started)
    return float(np.median(spent)) / 1e3
