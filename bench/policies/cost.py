"""What one decision costs the scorer: the stored state decoded and factorised, then the whole vector.

On a machine that does other work, too, one pass says little. So everything is measured ROUNDS times, the
policies taking turns, and the median over rounds counts, beside the least and the most.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from bench.policies.families import FAMILIES, Step, world
from bench.policies.peers import Chooser, peers
from ml_lambda.policies import make

ROUNDS: Final = 9
_TAUGHT: Final = 300
_ASKED: Final = 400


class Pass(NamedTuple):
    """CPU microseconds of one round: the median decision of 10 and of 100 candidates, the mean update."""

    few: float
    many: float
    update: float


@dataclass(frozen=True)
class Cost:
    """One policy's, a pass for each round."""

    policy: str
    ours: bool
    passes: Sequence[Pass]

    @property
    def median(self) -> Pass:
        """Over the rounds."""
        return Pass(*np.median(self.passes, axis=0).tolist())

    @property
    def least(self) -> Pass:
        """Of the rounds."""
        return Pass(*np.min(self.passes, axis=0).tolist())

    @property
    def most(self) -> Pass:
        """Of the rounds."""
        return Pass(*np.max(self.passes, axis=0).tolist())


def rounds(names: Sequence[str], count: int = ROUNDS) -> Iterator[list[tuple[str, bool, Pass]]]:
    """Ours: `make`, `load` and `probabilities`, as in a request. Peers: their prediction, state in memory."""
    for _ in range(count):
        ours = [(name, True, _pass_of_ours(name)) for name in names]
        yield ours + [
            (name, False, _pass_of_peer(next(iter(settings.values()))(0, False)))
            for name, settings in peers().items()
        ]


def costs(measured: Sequence[Sequence[tuple[str, bool, Pass]]]) -> list[Cost]:
    """One per policy, in the order of a round."""
    found = []
    for turns in zip(*measured, strict=True):
        name, ours, _ = turns[0]
        found.append(Cost(name, ours, [one for _, _, one in turns]))
    return found


def _pass_of_ours(name: str) -> Pass:
    learner = make(name, dimension=12, context_dimension=6, seed=0)
    update = _taught(learner)
    state = learner.to_bytes()
    return Pass(_decide_ours(name, state, 10), _decide_ours(name, state, 100), update)


def _pass_of_peer(chooser: Chooser) -> Pass:
    update = _taught(chooser)
    return Pass(_decide_peer(chooser, 10), _decide_peer(chooser, 100), update)


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
