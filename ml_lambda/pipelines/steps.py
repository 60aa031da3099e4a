"""Steps that a person takes: naming a challenger, an A/B test and its end. All else is the gate's.

Nobody promotes without evidence: an A/B test ends with the challenger only when a night's report carries it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.contracts.experiments import Manifest, PolicySpec
from ml_lambda.pipelines.deciding import describe, unproven
from ml_lambda.pipelines.evaluating import NUMBERS
from ml_lambda.pipelines.report.content import curves_of
from ml_lambda.pipelines.training import Reports
from ml_lambda.policies import NAMES
from ml_lambda.registry import transitions
from ml_lambda.registry.contract import Registry
from ml_lambda.registry.publishing import Publisher

_STEPS: Final[dict[str, Callable[[Manifest, datetime], Manifest]]] = {
    "start a/b": transitions.start_ab,
    "roll back": transitions.roll_back,
}


class ByHand(BaseModel):
    """One step. `policy`: the challenger's id; empty for any other step."""

    model_config = ConfigDict(extra="forbid")

    step: Literal["challenge", "start a/b", "promote", "roll back"]
    policy: str = ""
    reason: str = Field(
        min_length=3, max_length=200, description="Kept with the version; no names of people."
    )


def take(wanted: ByHand, publisher: Publisher, reports: Reports, now: datetime) -> dict[str, object]:
    """Publish the step; what serves then, or in `refused` why what serves or is known does not allow it."""
    before, refused = publisher.follow(), ""

    def step(manifest: Manifest) -> Manifest:
        if wanted.step in _STEPS:
            return _STEPS[wanted.step](manifest, now)
        if wanted.step == "promote":
            return _promote(manifest, reports, now)
        return transitions.challenge(
            manifest, wanted.policy, now, _spec(publisher.registry, manifest, wanted.policy)
        )

    try:
        after = publisher.publish(step, wanted.reason)
    except transitions.NotPossible as error:
        after, refused = before, str(error)
    return {
        "step": wanted.step,
        "refused": refused,
        "manifest": after.version,
        "state": describe(after),
    }


def _promote(manifest: Manifest, reports: Reports, now: datetime) -> Manifest:
    promoted = transitions.promote_by_hand(manifest, now)
    assert manifest.experiment is not None
    report = reports.latest(NUMBERS)
    split = curves_of(report, manifest.experiment.name, day="").split
    why = unproven(split[-1] if split else None, json.loads(report or "{}").get("sample_ratio", ""))
    if why:
        raise transitions.NotPossible(f"{why}; let the test go on, or roll it back")
    return promoted


def _spec(registry: Registry, manifest: Manifest, policy_id: str) -> PolicySpec:
    """As it serves already, else as it was registered last, else the policy of that name as it is."""
    if policy_id in {spec.id for spec in manifest.policies}:
        return manifest.spec(policy_id)
    for version in registry.versions():
        if version.spec.id == policy_id:
            return version.spec
    if policy_id not in NAMES:
        raise transitions.NotPossible(f"no policy {policy_id!r}; there are {', '.join(NAMES)}")
    return PolicySpec(id=policy_id, policy=policy_id)
