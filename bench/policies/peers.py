"""Vowpal Wabbit, MABWiser and bayesianbandits behind the same two calls, each at settings that suit it.

Where a peer has a setting for tastes that stay and another for tastes that change, both run, and the
better one counts in each family. Ours run at one setting for all.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from bench.policies.families import Array

_UNWEIGHABLE = 1e-4


class Chooser(Protocol):
    """What the race drives: our learners and the peers alike."""

    def act(self, context: Array, candidates: Array, user: str) -> tuple[int, Array]:
        """Index and probabilities."""

    def update(
        self, context: Array, candidates: Array, index: int, reward: float, probabilities: Array, user: str
    ) -> None:
        """Learn from a settled reward."""


class VowpalWabbit:
    """Contextual bandit with action-dependent features; cost = -reward."""

    def __init__(self, options: str, seed: int, people: bool) -> None:
        """`people`: who is asked goes in as a feature, crossed with the candidate's."""
        import vowpalwabbit

        crossed = " -q wa" if people else ""
        self._people = people
        self._rng = np.random.default_rng(seed)
        self._workspace = vowpalwabbit.Workspace(
            f"--cb_explore_adf {options} --cb_min_cost -1 --cb_max_cost 0{crossed} --quiet "
            f"--random_seed {seed + 1}"
        )

    def _example(
        self, context: Array, candidates: Array, user: str, chosen: tuple[Any, ...] = ()
    ) -> list[str]:
        who = f" |w u{user}" if self._people else ""
        lines = ["shared |u " + " ".join(f"x{i}:{v:.5f}" for i, v in enumerate(context)) + who]
        for index, row in enumerate(candidates):
            label = f"0:{chosen[1]:.5f}:{chosen[2]:.5f} " if chosen and chosen[0] == index else ""
            lines.append(f"{label}|a " + " ".join(f"f{i}:{v:.5f}" for i, v in enumerate(row)))
        return lines

    def act(self, context: Array, candidates: Array, user: str) -> tuple[int, Array]:
        """As it predicts, scaled to sum to 1."""
        vector = np.asarray(self._workspace.predict(self._example(context, candidates, user)), dtype=float)
        vector /= vector.sum()
        return int(self._rng.choice(len(vector), p=vector)), vector

    def update(
        self, context: Array, candidates: Array, index: int, reward: float, probabilities: Array, user: str
    ) -> None:
        """Learn one labelled decision."""
        chosen = (index, -reward, max(float(probabilities[index]), _UNWEIGHABLE))
        self._workspace.learn(self._example(context, candidates, user, chosen))


class MABWiser:
    """It knows fixed arms only: one arm, asked about one row per candidate, takes candidates that change."""

    def __init__(self, policy: Any, seed: int, baseline: bool) -> None:
        """`baseline`: context and an intercept beside the candidate's columns."""
        from mabwiser.mab import MAB

        self._baseline = baseline
        self._rng = np.random.default_rng(seed)
        self._mab = MAB([0], policy, seed=seed)
        self._fitted = False

    def _rows(self, context: Array, candidates: Array) -> Array:
        if not self._baseline:
            return np.ascontiguousarray(candidates)
        beside = np.tile(np.append(context, 1.0), (len(candidates), 1))
        return np.concatenate([candidates, beside], axis=1)

    def act(self, context: Array, candidates: Array, user: str) -> tuple[int, Array]:
        """The highest bound; it tells no probabilities."""
        count = len(candidates)
        if not self._fitted:
            index = int(self._rng.integers(count))
        else:
            answers = self._mab.predict_expectations(self._rows(context, candidates))
            index = int(np.argmax([answer[0] for answer in answers]))
        return index, np.eye(count)[index]

    def update(
        self, context: Array, candidates: Array, index: int, reward: float, probabilities: Array, user: str
    ) -> None:
        """One more row."""
        row = self._rows(context, candidates[index][None])
        (self._mab.partial_fit if self._fitted else self._mab.fit)([0], [reward], row)
        self._fitted = True


class BayesianBandits:
    """Its normal regression, 64 draws, the share each candidate wins, above a floor of .02 in total."""

    def __init__(self, forgetting: float, seed: int) -> None:
        """`forgetting`: factor per decision; 1 forgets nothing."""
        import bayesianbandits

        kept = {"forgetting": bayesianbandits.StabilizedForgetting(forgetting)} if forgetting < 1 else {}
        precision = 1 / 0.09
        self._regressor = bayesianbandits.NormalRegressor(precision, precision, random_state=seed, **kept)
        self._rng = np.random.default_rng(seed)
        self._fitted = False

    def _rows(self, context: Array, candidates: Array) -> Array:
        beside = np.tile(np.append(context, 1.0), (len(candidates), 1))
        return np.concatenate([candidates, beside], axis=1)

    def act(self, context: Array, candidates: Array, user: str) -> tuple[int, Array]:
        """Shares of 64 posterior draws."""
        count = len(candidates)
        vector = np.full(count, 1 / count)
        if self._fitted:
            drawn = np.asarray(self._regressor.sample(self._rows(context, candidates), size=64))
            wins = np.bincount(drawn.reshape(64, count).argmax(1), minlength=count) / 64
            vector = 0.98 * wins + 0.02 / count
        return int(self._rng.choice(count, p=vector)), vector

    def update(
        self, context: Array, candidates: Array, index: int, reward: float, probabilities: Array, user: str
    ) -> None:
        """One more row."""
        self._regressor.partial_fit(self._rows(context, candidates[index][None]), np.array([reward]))
        self._fitted = True


Build = Callable[[int, bool], Chooser]


def peers() -> Mapping[str, Mapping[str, Build]]:
    """Each peer's settings by name; a setting is built from a seed and whether there are several people."""
    warnings.filterwarnings("ignore", module="mabwiser|sklearn|bayesianbandits")
    from mabwiser.mab import LearningPolicy

    squarecb, moving = "--squarecb --gamma_scale 1000", "-l 0.1 --power_t 0 --sgd"
    bounds = LearningPolicy.LinUCB(alpha=0.3)
    return {
        "Vowpal Wabbit squarecb": {
            "steady": lambda seed, people: VowpalWabbit(squarecb, seed, people),
            "moving": lambda seed, people: VowpalWabbit(f"{squarecb} {moving}", seed, people),
        },
        "MABWiser LinUCB": {
            "candidates": lambda seed, people: MABWiser(bounds, seed, baseline=False),
            "with context": lambda seed, people: MABWiser(bounds, seed, baseline=True),
        },
        "bayesianbandits TS": {
            "steady": lambda seed, people: BayesianBandits(1.0, seed),
            "moving": lambda seed, people: BayesianBandits(0.997, seed),
        },
    }
