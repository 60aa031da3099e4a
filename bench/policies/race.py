"""Every policy through every family: the share of the gap from random to oracle that it closes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

import numpy as np

from bench.policies.families import Array, Family, world
from bench.policies.peers import Chooser, peers
from ml_lambda.policies import make


@dataclass
class Result:
    """One policy in one family: the gap closed and the CPU microseconds per decision and per update."""

    family: str
    policy: str
    ours: bool
    setting: str = ""
    gaps: list[float] = field(default_factory=list)
    curves: list[Array] = field(default_factory=list)
    decide: list[float] = field(default_factory=list)
    update: list[float] = field(default_factory=list)

    @property
    def mean(self) -> float:
        """In percent."""
        return 100 * float(np.mean(self.gaps))

    @property
    def error(self) -> float:
        """The standard error over seeds, in percent."""
        many = len(self.gaps)
        return 100 * float(np.std(self.gaps, ddof=1)) / many**0.5 if many > 1 else float("nan")


def drive(family: Family, seed: int, chooser: Chooser) -> tuple[Array, float, float]:
    """One policy through one world.

    Returns the regret curves' rows (decisions, 3): got, random, oracle, summed up; and the CPU
    microseconds per decision and per update. Rewards are told when they are due, refits count as updates.
    """
    sums = np.zeros((family.decisions, 3))
    due: list[tuple[int, int, tuple[Any, ...]]] = []
    spent = [0, 0]
    for t, step in enumerate(world(family, seed)):
        while due and due[0][0] <= t:
            told = heappop(due)[2]
            started = time.process_time_ns()
            chooser.update(*told)
            spent[1] += time.process_time_ns() - started
        started = time.process_time_ns()
        index, vector = chooser.act(step.context, step.candidates, step.person)
        spent[0] += time.process_time_ns() - started
        sums[t] = step.expected[index], step.expected.mean(), step.expected.max()
        told = (step.context, step.candidates, index, float(step.rewards[index]), vector, step.person)
        if step.delay is not None:
            heappush(due, (t + max(1, step.delay), t, told))
    return sums.cumsum(0), spent[0] / 1e3 / family.decisions, spent[1] / 1e3 / family.decisions


def race(
    families: Sequence[Family], names: Sequence[str], seeds: Sequence[int], with_peers: bool
) -> Iterator[Result]:
    """One result per family and policy, in the order they are done. Of a peer's settings all are told."""
    for family in families:
        for name in names:
            result = Result(family.name, name, ours=True)
            for seed in seeds:
                learner = make(name, family.dimension, family.context_dimension, seed)
                _add(result, drive(family, seed, learner))
            yield result
        for name, settings in peers().items() if with_peers else ():
            for setting, build in settings.items():
                result = Result(family.name, name, ours=False, setting=setting)
                for seed in seeds:
                    _add(result, drive(family, seed, build(seed, family.people)))
                yield result


def _add(result: Result, driven: tuple[Array, float, float]) -> None:
    sums, decide, update = driven
    got, chance, oracle = sums.T
    result.curves.append((got - chance) / (oracle - chance))
    result.gaps.append(float(result.curves[-1][-1]))
    result.decide.append(decide)
    result.update.append(update)


def best_settings(results: Sequence[Result]) -> list[Result]:
    """Of each peer the setting that did best in the family; ours as they are."""
    best: dict[tuple[str, str], Result] = {}
    for result in results:
        key = (result.family, result.policy)
        if key not in best or result.mean > best[key].mean:
            best[key] = result
    return list(best.values())
