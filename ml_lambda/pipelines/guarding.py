"""The running experiment's guardrails and arms, from the decision log. Cheap enough for every hour."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np

from chalicelib.contracts.experiments import Manifest
from chalicelib.domain.rewards import LATER_DONE
from ml_lambda.experiments.assignment import expected_shares
from ml_lambda.experiments.guardrails import Arm, Guardrail, of_decisions, of_people
from ml_lambda.experiments.sample_ratio import suspicion
from ml_lambda.pipelines.evidence import Evidence, evidence
from ml_lambda.pipelines.log import Logged

AB_SIDES: Final = ("challenger", "champion")
"""The arms of an A/B test."""


def under_way(logged: Sequence[Logged], manifest: Manifest) -> list[Logged]:
    """The decisions of the running experiment in the phase that it is in; none without one."""
    experiment = manifest.experiment
    if experiment is None:
        return []
    named = experiment.name, experiment.phase
    return [x for x in logged if (x.decision.choice.experiment, x.decision.choice.phase) == named]


def people_by_arm(logged: Sequence[Logged]) -> dict[str, set[str]]:
    """Whose decisions they are, by arm. A person whom the rules served, too, is in one arm alone."""
    found: dict[str, set[str]] = {}
    for x in logged:
        found.setdefault(x.decision.choice.arm, set()).add(x.decision.person_id)
    return found


def suspect(logged: Sequence[Logged], manifest: Manifest) -> str:
    """Why the arms of the running experiment cannot be compared; empty: they can."""
    arms = people_by_arm(under_way(logged, manifest))
    planned = {str(arm): share for arm, share in expected_shares(manifest).items()}
    return suspicion({arm: len(people) for arm, people in arms.items()}, planned)


def guardrails(logged: Sequence[Logged], manifest: Manifest, muted: Collection[str]) -> list[Guardrail]:
    """Every rail of a canary or an A/B test; none in the shadow. `muted`: who withdrew nudges since it began.

    Of an A/B test the draw is that of the person's side: its probability was the side's share of people.
    """
    experiment = manifest.experiment
    if experiment is None or experiment.phase == "shadow":
        return []
    running = under_way(logged, manifest)
    if experiment.phase == "canary":
        sides, known = ("canary", "holdback"), canary(running)
        incumbent, challenger = (_chosen(known, side) for side in ("champion", "challenger"))
        drawn = known.propensity
    else:
        sides = AB_SIDES
        known = split(running)
        served = np.array([x.decision.choice.arm == "challenger" for x in known.logged], dtype=float)
        incumbent, challenger = (1.0 - served).tolist(), served.tolist()
        drawn = np.where(served, experiment.rho, 1.0 - experiment.rho)
    arms = people_by_arm(running)
    tried, held = (arms.get(arm, set()) for arm in sides)
    people = [x.decision.person_id for x in known.logged]
    return [
        of_decisions(name, happened, incumbent, challenger, drawn, people)
        for name, happened in (
            ("turned down", [_turned_down(x) for x in known.logged]),
            ("no answer", [_unanswered(x) for x in known.logged]),
        )
    ] + [
        of_people(
            "nudges muted",
            Arm(len(tried), len(tried & set(muted))),
            Arm(len(held), len(held & set(muted))),
        )
    ]


def canary(logged: Sequence[Logged]) -> Evidence:
    """The settled decisions that were drawn from a mixture, in settlement order: what the gate takes."""
    return evidence(x for x in logged if x.decision.choice.arm == "canary")


def split(logged: Sequence[Logged]) -> Evidence:
    """The settled decisions of the two sides of an A/B test."""
    return evidence(x for x in logged if x.decision.choice.arm in AB_SIDES)


def _chosen(known: Evidence, side: str) -> list[float]:
    choices = [x.decision.choice for x in known.logged]
    return [
        float((c.champion if side == "champion" else c.challenger)[a])
        for c, a in zip(choices, np.asarray(known.chosen).tolist(), strict=True)
    ]


def _unanswered(logged: Logged) -> bool:
    """Silence became the answer, and the item was not done all the same."""
    first = logged.first
    return first is not None and first.settled_at >= logged.decision.settle_at and first.reward < LATER_DONE


def _turned_down(logged: Logged) -> bool:
    """Dismissed or told not helpful: nothing else is worth 0 before the deadline."""
    return logged.first is not None and logged.first.reward == 0.0 and not _unanswered(logged)
