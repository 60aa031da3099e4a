"""What a night's findings mean for what serves: one step at a time, the worst news first. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import exp
from typing import Final, Literal

from chalicelib.contracts.experiments import GateState, Manifest
from ml_lambda.experiments.gate import needed
from ml_lambda.pipelines.report.content import AS_PLANNED, Lift
from ml_lambda.registry import transitions

Step = Literal["stay", "start canary", "raise the share", "promote", "roll back"]

RAISE_AFTER: Final = 300
"""Observed rewards at the first share before it is raised: enough for guardrails to have spoken."""

ENOUGH_PEOPLE: Final = 200
"""Of both sides of an A/B test, before it may end with a promotion: its interval holds for many people."""

STEPS: Final[dict[Step, Callable[[Manifest, datetime], Manifest]]] = {
    "start canary": transitions.start_canary,
    "raise the share": transitions.raise_share,
    "promote": transitions.promote,
    "roll back": transitions.roll_back,
}


@dataclass(frozen=True)
class Findings:
    """What the night found about the running experiment."""

    vetoes: Sequence[str] = ()
    """Why the shadow must not be served yet; none: it may."""
    breached: Sequence[str] = ()
    """Guardrails that did not hold."""
    suspect: str = ""
    """Why the arms cannot be compared (sample-ratio test); empty: they can."""
    gate: GateState | None = None
    """The evidence of the phase under way."""


@dataclass(frozen=True)
class Ruling:
    """What to do, why, how things stand and what would change that. Each text is one plain sentence."""

    step: Step
    reason: str
    state: str
    change: str


def rule(manifest: Manifest, found: Findings) -> Ruling:
    """The one step that the findings allow."""
    state = describe(manifest, found.gate)
    experiment = manifest.experiment
    if experiment is None:
        return Ruling(
            "stay",
            "Nobody challenges the champion.",
            state,
            "An operator names a challenger: it then starts in the shadow.",
        )
    name = experiment.challenger
    if experiment.phase != "shadow" and found.breached:
        reason = f"Guardrail: {'; '.join(found.breached)}."
        return Ruling("roll back", reason, state, f"{name} must be named anew to try again.")
    if experiment.phase == "ab":
        return Ruling(
            "stay",
            "An A/B test ends by hand.",
            state,
            "An operator promotes once people are surely better off, or rolls back; a breached guardrail "
            "rolls back at once.",
        )
    if experiment.phase == "shadow":
        if found.vetoes:
            return Ruling(
                "stay",
                f"The shadow of {name} is vetoed: {'; '.join(found.vetoes)}.",
                state,
                "A canary starts when no veto is left.",
            )
        return Ruling("start canary", f"No veto against {name}.", state, _EVIDENCE)
    return _canary(manifest, found, name, state)


def unproven(split: Lift | None, arms: str) -> str:
    """Why an A/B test must not end with the challenger as champion; empty: it may.

    `split`: how much better off the challenger's people are, by the last night's report; `arms`: what that
    says of who is in which arm.
    """
    if split is None:
        return "no night has compared the two sides yet, as they have too few people"
    if arms != AS_PLANNED:
        return f"the arms cannot be compared: {arms}"
    if split.n < ENOUGH_PEOPLE:
        return f"the last night compared {split.n} people, and it takes {ENOUGH_PEOPLE}"
    if split.low <= 0.0:
        told = f"{split.lift:+.3f} reward, surely between {split.low:+.3f} and {split.high:+.3f}"
        return f"it is not certain that people are better off: {told}"
    return ""


_EVIDENCE: Final = (
    f"It is promoted when the evidence for it reaches {needed():.0f} to 1, and rolled back when that against "
    "it does or a guardrail is breached."
)


def _canary(manifest: Manifest, found: Findings, name: str, state: str) -> Ruling:
    gate, experiment = found.gate, manifest.experiment
    assert experiment is not None
    if gate and gate.verdict == "rollback":
        return Ruling("roll back", gate.reason or f"The evidence is against {name}.", state, _EVIDENCE)
    if found.suspect:
        # Evidence from arms that are not what they should be promotes nobody.
        return Ruling(
            "stay",
            f"The arms cannot be compared: {found.suspect}.",
            state,
            "Find out why people are not in the arms as planned; nothing is promoted until then.",
        )
    if gate and gate.verdict == "promote":
        reason = gate.reason or f"The evidence for {name} reached {needed():.0f} to 1."
        return Ruling("promote", reason, state, "It can be rolled back by hand at any time.")
    observed = gate.decisions if gate else 0
    if experiment.rho < transitions.CANARY[-1] and observed >= RAISE_AFTER:
        reason = f"{observed} rewards at {experiment.rho:.0%} and no guardrail breached."
        return Ruling("raise the share", reason, state, _EVIDENCE)
    return Ruling("stay", "The evidence is not decided.", state, _EVIDENCE)


def describe(manifest: Manifest, gate: GateState | None = None) -> str:
    """How things stand, in one sentence."""
    experiment = manifest.experiment
    if experiment is None:
        return f"{_served(manifest)}."
    name = experiment.challenger
    if experiment.phase == "shadow":
        return f"{_served(manifest)}; {name} only says what it would do."
    observed = f"{gate.decisions if gate else 0} rewards observed"
    if experiment.phase == "ab":
        return f"{name} serves {experiment.rho:.0%} of people, {manifest.champion} the others."
    return (
        f"{name} is mixed into what {manifest.champion} serves at {experiment.rho:.0%}: {observed}, "
        f"{_odds(gate)}."
    )


def _served(manifest: Manifest) -> str:
    """Who serves whom while nothing is tried."""
    champion, held = manifest.champion, manifest.holdback_share
    if manifest.holdback in {"", champion}:
        return f"{champion} serves everybody"
    return f"{champion} serves {1.0 - held:.0%} of people, {manifest.holdback} the {held:.0%} held back"


def _odds(gate: GateState | None) -> str:
    if gate is None:
        return "no evidence yet"
    up, down = exp(min(gate.log_promote, 20.0)), exp(min(gate.log_rollback, 20.0))
    return f"evidence {up:.3g} for it and {down:.3g} against it, of {needed():.0f} needed"
