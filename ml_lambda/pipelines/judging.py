"""The night's look at each policy: what it would have earned, how well rewards are predicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chalicelib.contracts.experiments import Manifest
from ml_lambda.experiments import estimators, veto
from ml_lambda.experiments.assignment import expected_shares
from ml_lambda.pipelines.evidence import Evidence
from ml_lambda.pipelines.report.content import Bin, Estimate, Share
from ml_lambda.policies.base import Vector

_BINS = 10


@dataclass(frozen=True)
class Target:
    """The decisions on which a policy said what it would do, and what it said there."""

    known: Evidence
    probability: Vector
    """(n,) of what was shown."""
    predicted: Vector
    """(n,) the reward predicted for what was shown."""
    predicted_value: Vector
    """(n,) Σ_a π(a) q(a)."""

    @property
    def people(self) -> list[str]:
        """(n,) whose decision; only for grouping, never told on."""
        return [x.decision.person_id for x in self.known.logged]


def target(known: Evidence, policy_id: str, predictions: Sequence[Vector]) -> Target | None:
    """None: the policy said nothing on any of these decisions."""
    vectors = known.vectors(policy_id)
    kept = [v is not None for v in vectors]
    if not any(kept):
        return None
    part = known.where(kept)
    said = [(v, q) for v, q in zip(vectors, predictions, strict=True) if v is not None]
    return Target(
        part,
        np.array([v[a] for (v, _), a in zip(said, part.chosen, strict=True)]),
        np.array([q[a] for (_, q), a in zip(said, part.chosen, strict=True)]),
        np.array([float(v @ q) for v, q in said]),
    )


def estimates(known: Evidence, manifest: Manifest, predictions: Sequence[Vector]) -> list[Estimate]:
    """By all three estimators, per policy that spoke; the champion first."""
    found = []
    for policy_id, role in roles(manifest):
        aimed = target(known, policy_id, predictions)
        if aimed is None:
            continue
        reward, logged, people = aimed.known.last, aimed.known.propensity, aimed.people
        by = {
            "dr": estimators.dr(
                reward, aimed.probability, logged, aimed.predicted, aimed.predicted_value, people=people
            ),
            "ips": estimators.ips(reward, aimed.probability, logged, people=people),
        }
        if aimed.probability.any():
            by["snips"] = estimators.snips(reward, aimed.probability, logged, people=people)
        for name, e in by.items():
            found.append(
                Estimate(
                    policy_id, role, name, e.value, e.low, e.high,
                    e.effective_sample_size, e.largest_weight_share,
                )
            )  # fmt: skip
    return found


def roles(manifest: Manifest) -> list[tuple[str, str]]:
    """(policy id, role), each policy once."""
    challenger = manifest.experiment.challenger if manifest.experiment else ""
    named = [
        (manifest.champion, "champion"),
        (challenger, "challenger"),
        (manifest.holdback, "holdback"),
        *((s, "shadow") for s in manifest.shadows),
    ]
    found: dict[str, str] = {}
    for policy_id, role in named:
        if policy_id:
            found.setdefault(policy_id, role)
    return list(found.items())


def calibration(known: Evidence, predictions: Sequence[Vector]) -> list[Bin]:
    """Predicted and real rewards in tenths of the prediction; tenths without decisions are left out."""
    predicted = np.array([q[a] for q, a in zip(predictions, known.chosen, strict=True)])
    if not len(predicted):
        return []
    tenth = np.minimum((predicted * _BINS).astype(int), _BINS - 1)
    return [
        Bin(f".{b}", int(here.sum()), float(predicted[here].mean()), float(known.last[here].mean()))
        for b in range(_BINS)
        if (here := tenth == b).any()
    ]


def vetoes(known: Evidence, manifest: Manifest, predictions: Sequence[Vector]) -> list[str]:
    """Why the challenger must not be served yet, on the decisions on which it spoke."""
    assert manifest.experiment is not None
    aimed = target(known, manifest.experiment.challenger, predictions)
    if aimed is None:
        return ["it has not spoken on a settled decision yet"]
    return veto.vetoes(
        aimed.known.last,
        aimed.probability,
        aimed.known.propensity,
        aimed.predicted,
        aimed.predicted_value,
        incumbent=float(aimed.known.last.mean()),
        people=aimed.people,
    )


def shares(people: Mapping[str, int], manifest: Manifest) -> list[Share]:
    """As planned and as it was; none while there is only one arm."""
    planned = expected_shares(manifest)
    total = sum(people.values())
    if len(planned) < 2 or not total:
        return []
    return [
        Share(arm, share, people.get(arm, 0) / total, people.get(arm, 0)) for arm, share in planned.items()
    ]
