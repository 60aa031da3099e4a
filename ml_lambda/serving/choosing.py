"""The choice itself: every policy's full vector, the mixture that the person's arm is served, one draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chalicelib.contracts.ml import PolicyRef
from chalicelib.domain.features import FEATURE_VERSION
from chalicelib.runtime.logging import Logger
from ml_lambda.experiments.assignment import Assignment, assign
from ml_lambda.policies import Learner, StateMismatch
from ml_lambda.policies.base import Matrix, Vector, draw
from ml_lambda.policies.store import StoredState
from ml_lambda.serving.configuration import Configuration
from ml_lambda.serving.explaining import contributions, served_weights


@dataclass(frozen=True)
class Chosen:
    """Which candidate, and all of the Choice that tells how it came about."""

    index: int
    said: dict[str, object]
    """Fields of Choice."""


class Chooser:
    """One decision of one person under one configuration."""

    def __init__(
        self, configuration: Configuration, person_id: str, stored: StoredState, seed: int, log: Logger
    ) -> None:
        self._configuration = configuration
        self._person = person_id
        self._stored = stored
        self._seed = seed
        self._log = log

    def silent(self) -> dict[str, object]:
        """What a Choice says where there was nothing to choose from."""
        return self._roles(assign(self._configuration.manifest, self._person))

    def choose(self, context: Vector, candidates: Matrix) -> Chosen:
        """`context` (C,), `candidates` (K, D), K ≥ 1. The same arguments give the same answer."""
        configuration, manifest = self._configuration, self._configuration.manifest
        learners = {policy_id: self._learner(policy_id) for policy_id in configuration.policies}
        vectors = {
            policy_id: learner.probabilities(context, candidates, self._person)
            for policy_id, learner in learners.items()
        }
        arm = assign(manifest, self._person)
        served = vectors[arm.base]
        parts = [(1.0 - arm.rho, arm.base)]
        if arm.other:
            served = mix(served, vectors[arm.other], arm.rho)
            parts.append((arm.rho, arm.other))
        index = draw(served, np.random.Generator(np.random.PCG64(self._seed)).random())
        weights = served_weights(
            [(share, vectors[p], learners[p].weights(self._person)) for share, p in parts if share], index
        )
        challenger = manifest.experiment.challenger if manifest.experiment else ""
        return Chosen(
            index,
            {
                **self._roles(arm, learners[arm.base]),
                "probabilities": served.tolist(),
                "champion": vectors[manifest.champion].tolist(),
                "challenger": vectors[challenger].tolist() if challenger else [],
                "shadow": {
                    policy_id: vector.tolist()
                    for policy_id, vector in vectors.items()
                    if policy_id not in {manifest.champion, challenger}
                },
                "posterior_sequence": self._stored.sequence,
                "contributions": contributions(weights, candidates, index),
            },
        )

    def _roles(self, arm: Assignment, learner: Learner | None = None) -> dict[str, object]:
        configuration, manifest = self._configuration, self._configuration.manifest
        experiment = manifest.experiment
        base = learner or configuration.learner(arm.base)
        return {
            "policy": PolicyRef(name=arm.base, version=base.version),
            "arm": arm.arm,
            "rho": arm.rho,
            "experiment": experiment.name if experiment else "",
            "phase": experiment.phase if experiment else "",
            "champion_id": manifest.champion,
            "challenger_id": experiment.challenger if experiment else "",
            "manifest_version": manifest.version,
            "manifest_digest": configuration.digest,
            "prior_version": configuration.prior_version(arm.base),
            "seed": self._seed,
        }

    def _learner(self, policy_id: str) -> Learner:
        """The policy with what it knows of this person; the prior alone when its state is another's."""
        learner = self._configuration.learner(policy_id, self._seed)
        if self._stored.feature_version == FEATURE_VERSION and policy_id in self._stored.states:
            try:
                learner.load(self._stored.states[policy_id])
            except StateMismatch:
                self._log.warning("state of another layout", policy=policy_id)
        return learner


def mix(incumbent: Vector, challenger: Vector, rho: float) -> Vector:
    """π = (1 - ρ) π_I + ρ π_C: (K,). Weights of the challenger are then at most 1 / ρ."""
    mixed: Vector = (1.0 - rho) * incumbent + rho * challenger
    return mixed
