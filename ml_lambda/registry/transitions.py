"""From one manifest to the next: pure, each step named. A challenger goes shadow, canary .1, canary .2.

From a canary an operator may go on to an A/B test instead of waiting for the gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from chalicelib.contracts.experiments import Experiment, Manifest, PolicySpec

CANARY: Final = (0.1, 0.2)
"""The shares of the challenger in what people are served, one after the other."""

AB: Final = 0.5
"""The challenger's share of people in an A/B test: halves tell most."""


class NotPossible(ValueError):
    """The manifest in force does not allow this step; the message says what to do first."""


def challenge(manifest: Manifest, policy_id: str, now: datetime, spec: PolicySpec | None = None) -> Manifest:
    """Let a policy challenge the champion, at first in the shadow. `spec`: when it does not serve yet."""
    if manifest.experiment:
        raise NotPossible(f"{manifest.experiment.challenger} is challenging already: roll it back first")
    policies = list(manifest.policies)
    if policy_id not in {s.id for s in policies}:
        if spec is None:
            raise NotPossible(f"{policy_id} does not serve, not even as a shadow")
        policies.append(spec)
    if policy_id == manifest.champion:
        raise NotPossible(f"{policy_id} is the champion")
    return _next(
        manifest,
        now,
        policies=policies,
        shadows=[s for s in manifest.shadows if s != policy_id],
        experiment=Experiment(
            # A new name each time: evidence of an earlier attempt is no evidence of this one.
            name=f"{policy_id}-{manifest.version + 1}"[:63],
            phase="shadow",
            challenger=policy_id,
            started_at=now,
        ),
    )


def start_canary(manifest: Manifest, now: datetime) -> Manifest:
    """From the shadow to the first share."""
    experiment = _experiment(manifest)
    if experiment.phase != "shadow":
        raise NotPossible(f"{experiment.challenger} is in phase {experiment.phase} already")
    return _next(manifest, now, experiment=_with(experiment, phase="canary", rho=CANARY[0]))


def raise_share(manifest: Manifest, now: datetime) -> Manifest:
    """From the first share to the second."""
    experiment = _experiment(manifest)
    if experiment.phase != "canary" or experiment.rho >= CANARY[-1]:
        raise NotPossible(f"{experiment.challenger} is at {experiment.rho:.0%} in phase {experiment.phase}")
    share = next(rho for rho in CANARY if rho > experiment.rho)
    return _next(manifest, now, experiment=_with(experiment, rho=share))


def start_ab(manifest: Manifest, now: datetime) -> Manifest:
    """From the canary, where guardrails could speak, to each person served by one of the two."""
    experiment = _experiment(manifest)
    if experiment.phase != "canary":
        raise NotPossible(f"an A/B test follows a canary: {_where(experiment)}")
    return _next(manifest, now, experiment=_with(experiment, phase="ab", rho=AB))


def promote_by_hand(manifest: Manifest, now: datetime) -> Manifest:
    """End an A/B test with the challenger as champion. A shadow or a canary is the gate's to promote."""
    experiment = _experiment(manifest)
    if experiment.phase != "ab":
        raise NotPossible(f"only an A/B test ends by hand: {_where(experiment)}")
    return promote(manifest, now)


def promote(manifest: Manifest, now: datetime) -> Manifest:
    """The challenger becomes champion; the one before serves the holdback and goes on as a shadow."""
    challenger, before = _experiment(manifest).challenger, manifest.champion
    return _next(
        manifest,
        now,
        champion=challenger,
        shadows=_shadows(manifest, challenger, before),
        holdback=before,
        experiment=None,
    )


def roll_back(manifest: Manifest, now: datetime) -> Manifest:
    """End the experiment; without one, what served before the last promotion is champion again."""
    if manifest.experiment:
        gone = manifest.experiment.challenger
        return _next(manifest, now, shadows=_shadows(manifest, "", gone), experiment=None)
    if not manifest.holdback or manifest.holdback == manifest.champion:
        raise NotPossible("nothing was promoted before: there is nothing to go back to")
    back, gone = manifest.holdback, manifest.champion
    return _next(manifest, now, champion=back, shadows=_shadows(manifest, back, gone), holdback="")


def with_priors(manifest: Manifest, priors: Mapping[str, str], now: datetime) -> Manifest:
    """The same policies on other priors: versions by policy id."""
    policies = [
        spec.model_copy(update={"prior": priors[spec.id]}) if spec.id in priors else spec
        for spec in manifest.policies
    ]
    return _next(manifest, now, policies=policies)


def _experiment(manifest: Manifest) -> Experiment:
    if manifest.experiment is None:
        raise NotPossible("nobody challenges the champion: name a challenger first")
    return manifest.experiment


def _where(experiment: Experiment) -> str:
    """How far the challenger is, and what leads on from there."""
    name = experiment.challenger
    return {
        "shadow": f"{name} is in the shadow, and its canary starts with a night that has no veto",
        "canary": f"{name} is in a canary, which the gate ends; make an A/B test of it or roll it back",
        "ab": f"{name} is in an A/B test already; promote it or roll it back",
    }[experiment.phase]


def _shadows(manifest: Manifest, out: str, into: str) -> list[str]:
    kept = [s for s in manifest.shadows if s not in {out, into}]
    return [*kept, into]


def _with(experiment: Experiment, **changes: Any) -> Experiment:
    return Experiment.model_validate({**experiment.model_dump(), **changes})


def _next(manifest: Manifest, now: datetime, **changes: Any) -> Manifest:
    """Validated anew: a copy would not be."""
    fields = {name: getattr(manifest, name) for name in type(manifest).model_fields}
    return Manifest.model_validate(
        {**fields, **changes, "version": manifest.version + 1, "published_at": now}
    )
