"""The gate's error rates, by simulation: how often it is wrong, how often and how soon it decides.

The world: K arms, both policies ε-greedy (ε = .1). On a share of decisions their favourites agree. A
favourite pays .30 and any other arm .20; where the favourites differ, the challenger's pays `edge` more.
The gate is the one that serves (`ml_lambda/experiments/gate.py`), asked after every decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml_lambda.experiments.gate import Gate

Array = NDArray[np.float64]

DECISIONS: Final = 6000
EPSILON: Final = 0.1


@dataclass(frozen=True)
class World:
    """One row of the table. `edge`: what the challenger's favourite pays beside the incumbent's.

    `predictor`: none; the truth; noisy (the truth, each arm off by ±.1); learned (means of what each kind
    of arm paid so far); promising (.10 more for the challenger than is true) or damning (.10 less).
    """

    name: str
    edge: float = 0.0
    rho: float = 0.2
    arms: int = 10
    agree: float = 0.6
    predictor: str = "none"
    drift: float = 0.0
    """How far the level of all rewards swings, up and down over 2,000 decisions."""
    graded: bool = False
    """Rewards anywhere in [0, 1] instead of 0 or 1."""
    raised_after: int = 0
    """After so many decisions at a share of .1 it is raised to `rho`; 0: `rho` from the start."""
    also: bool = False
    """Of a quarter of the runs: beside the figures that the gate is held to."""
    decisions: int = DECISIONS


@dataclass(frozen=True)
class Row:
    """How a world went: shares of runs, and the median of decisions until a verdict where there was one."""

    world: World
    runs: int
    promoted: float
    rolled_back: float
    until: float
    """Median over all runs of the decisions until promotion; infinite when fewer than half got there."""


_AS_GOOD: Final = "no better"
BETTER: Final = "12% better"
FAIR: Final = BETTER + ", fair predictor"
_WORSE: Final = "12% worse"

WORLDS: Final = (
    World(_AS_GOOD),
    World(BETTER, edge=0.10),
    World(FAIR, edge=0.10, predictor="truth"),
    World(_WORSE, edge=-0.10),
    World(_AS_GOOD + ", fair predictor", predictor="truth", also=True),
    World(_AS_GOOD + ", learned predictor", predictor="learned", also=True),
    World(_AS_GOOD + ", promising predictor", predictor="promising", also=True),
    World(_AS_GOOD + ", damning predictor", predictor="damning", also=True),
    World(_AS_GOOD + ", ρ = .1", rho=0.1, also=True),
    World(_AS_GOOD + ", ρ raised after 300", raised_after=300, also=True),
    World(_AS_GOOD + ", K = 3", arms=3, also=True),
    World(_AS_GOOD + ", K = 30", arms=30, also=True),
    World(_AS_GOOD + ", agree on none", agree=0.0, also=True),
    World(_AS_GOOD + ", drifting level", drift=0.15, also=True),
    World(_AS_GOOD + ", graded rewards", graded=True, also=True),
    World("4% worse", edge=-0.033, also=True),
    World(BETTER + ", ρ = .1", edge=0.10, rho=0.1, also=True),
    World(BETTER + ", ρ raised after 300", edge=0.10, raised_after=300, also=True),
    World(BETTER + ", noisy predictor", edge=0.10, predictor="noisy", also=True),
    World(BETTER + ", learned predictor", edge=0.10, predictor="learned", also=True),
    World(BETTER + ", damning predictor", edge=0.10, predictor="damning", also=True),
    World(BETTER + ", drifting level", edge=0.10, drift=0.15, also=True),
    World(BETTER + ", graded rewards", edge=0.10, graded=True, also=True),
    World(_WORSE + ", fair predictor", edge=-0.10, predictor="truth", also=True),
    World(_WORSE + ", promising predictor", edge=-0.10, predictor="promising", also=True),
)


def measure(worlds: Sequence[World], runs: int, seed: int = 0, processes: int = 2) -> Iterator[Row]:
    """A row per world, as it is done; its runs are seeded from `seed` on."""
    with ProcessPoolExecutor(processes) as pool:
        for world in worlds:
            many = max(1, runs // 4) if world.also else runs
            ends = list(pool.map(run, repeat(world, many), range(seed, seed + many), chunksize=20))
            promoted = [after if verdict == "promote" else np.inf for verdict, after in ends]
            yield Row(
                world,
                many,
                float(np.isfinite(promoted).mean()),
                float(np.mean([verdict == "rollback" for verdict, _ in ends])),
                float(np.median(promoted)),
            )


def run(world: World, seed: int) -> tuple[str, int]:
    """One canary: the verdict and after how many decisions it came."""
    n, rng = world.decisions, np.random.Generator(np.random.PCG64([seed, 7]))
    incumbent, challenger, means = _policies(world, rng)
    rho = np.where(np.arange(n) < world.raised_after, 0.1, world.rho)[:, None]
    logged = (1 - rho) * incumbent + rho * challenger
    arm = (logged.cumsum(axis=1) < rng.random(n)[:, None]).sum(axis=1).clip(0, world.arms - 1)
    at = np.arange(n), arm
    mean = means[at]
    reward = rng.beta(2 * mean, 2 * (1 - mean)) if world.graded else (rng.random(n) < mean).astype(float)
    columns: list[Any] = [reward, incumbent[at], challenger[at], logged[at]]
    if world.predictor != "none":
        guess = _predicted(world, means, incumbent, challenger, at, reward, rng)
        columns += [guess[at], (guess * (challenger - incumbent)).sum(axis=1)]
    gate = Gate(float(rho.min()))
    for decision in zip(*(column.tolist() for column in columns), strict=True):
        if gate.observe(*decision) != "continue":
            break
    return gate.verdict, gate.decisions


def _policies(world: World, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """(n, K) each: what the two policies would do, and what the arms pay on average."""
    n, k = world.decisions, world.arms
    rows = np.arange(n)
    top = rng.integers(k, size=n)
    other = np.where(rng.random(n) < world.agree, top, (top + rng.integers(1, k, size=n)) % k)
    incumbent = np.full((n, k), EPSILON / k)
    challenger = incumbent.copy()
    incumbent[rows, top] += 1 - EPSILON
    challenger[rows, other] += 1 - EPSILON
    means = np.full((n, k), 0.2)
    means[rows, top] = means[rows, other] = 0.3
    means[rows, other] += world.edge * (other != top)
    means += (world.drift * np.sin(rows * np.pi / 1000))[:, None]
    return incumbent, challenger, means


def _predicted(
    world: World,
    means: Array,
    incumbent: Array,
    challenger: Array,
    at: tuple[NDArray[np.intp], NDArray[np.intp]],
    reward: Array,
    rng: np.random.Generator,
) -> Array:
    """(n, K): the reward predicted for each arm, by what was known before the decision."""
    better = challenger > incumbent
    match world.predictor:
        case "truth":
            return means
        case "noisy":
            return np.clip(means + rng.uniform(-0.1, 0.1, size=means.shape), 0, 1)
        case "promising":
            return means + 0.1 * better
        case "damning":
            return means - 0.1 * better
    # learned: an arm is both's favourite, the incumbent's, the challenger's, or neither's.
    favourite = 2 * (incumbent > 0.5) + (challenger > 0.5)
    guess = np.empty_like(means)
    sums, counts = np.full(4, 2.0), np.full(4, 8.0)
    kinds = favourite[at]
    for t, (kind, r) in enumerate(zip(kinds.tolist(), reward.tolist(), strict=True)):
        guess[t] = (sums / counts)[favourite[t]]
        sums[kind] += r
        counts[kind] += 1
    return guess
