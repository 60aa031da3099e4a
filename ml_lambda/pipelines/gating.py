"""Feeds the gate: each settled reward of the canary once, its first revision, in the order of settling.

Lines arrive late (a queue that lagged, a dead letter sent back days later), so no moment can be named up to
which everything has been seen. What was observed is remembered decision by decision, by marks kept in one
transaction with the evidence: a run that dies in between has done nothing, and a line that comes while its
day is in the window is observed when it comes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Final

from chalicelib.contracts.experiments import Experiment, GateState
from chalicelib.contracts.ml import Choice
from ml_lambda.experiments.gate import Gate
from ml_lambda.experiments.manifests import mark
from ml_lambda.pipelines.evidence import Evidence, RewardModel
from ml_lambda.policies.base import Vector
from ml_lambda.registry.publishing import Manifests
from ml_lambda.registry.transitions import CANARY

Marks = Mapping[str, frozenset[int]]

ARM: Final = "canary"
"""The arm whose people are served the mixture."""


@dataclass(frozen=True)
class Fed:
    """How far the evidence is after tonight."""

    state: GateState
    observed: int = 0
    """Rewards observed tonight."""
    refused: int = 0
    """Decisions that cannot be of this mixture: something that logs or serves is wrong."""
    marks: Marks = field(default_factory=dict)


def feed_and_keep(manifests: Manifests, experiment: Experiment, known: Evidence, days: Sequence[str]) -> Fed:
    """Observe what was not observed before and keep both. `known`: in the order of settling.

    `days` of the window: marks of earlier ones are dropped, their lines are not read again.
    Raises ManifestConflict when another run observed meanwhile.
    """
    # The evidence first: whatever another run adds after this read fails the condition of the write.
    before = manifests.gate(experiment.name)
    fed = feed(before, manifests.observed(experiment.name), experiment, known)
    if fed.observed:
        kept = {day: marks for day, marks in fed.marks.items() if day in set(days)}
        manifests.keep_gate(fed.state, before, kept)
    return fed


def feed(before: GateState | None, seen: Marks, experiment: Experiment, known: Evidence) -> Fed:
    """Go on from `before`. Pure."""
    gate = Gate.from_state(before) if before else Gate(CANARY[0], experiment=experiment.name)
    marks: dict[str, set[int]] = defaultdict(set, {day: set(held) for day, held in seen.items()})
    predicted = _Predictors(known)
    observed, refused, until = 0, 0, before.settled_until if before else None
    for i, logged in enumerate(known.logged):
        decision, choice = logged.decision, logged.decision.choice
        own, held = mark(decision.decision_id), marks[decision.decided_at.date().isoformat()]
        if gate.verdict != "continue" or own in held or not of_canary(choice, experiment):
            continue
        chosen, q = int(known.chosen[i]), predicted(i)
        difference = sum(
            float(value) * (c - p) for value, c, p in zip(q, choice.challenger, choice.champion, strict=True)
        )
        try:
            gate.observe(
                float(known.first[i]),
                choice.champion[chosen],
                choice.challenger[chosen],
                choice.probabilities[chosen],
                float(q[chosen]),
                difference,
            )
        except ValueError:
            refused += 1
            continue
        held.add(own)
        observed += 1
        assert logged.first is not None
        until = max(until or logged.first.settled_at, logged.first.settled_at)
    return Fed(
        gate.snapshot(until), observed, refused, {day: frozenset(held) for day, held in marks.items() if held}
    )


def of_canary(choice: Choice, experiment: Experiment) -> bool:
    """Whether a decision was served the mixture of this experiment."""
    return (
        choice.experiment == experiment.name
        and choice.arm == ARM
        and len(choice.challenger) == len(choice.champion) == len(choice.probabilities)
    )


class _Predictors:
    """For each decision, what a model predicts that knows the rewards settled before its day began.

    A gate bets on predictions, so they may rest on nothing that came after the decision.
    """

    def __init__(self, known: Evidence) -> None:
        self._known = known
        self._models: dict[datetime, RewardModel] = {}
        days = sorted({_start(x.decision.decided_at) for x in known.logged})
        settled = [x.first.settled_at for x in known.logged if x.first]
        model, taken = RewardModel(), 0
        for day in days:
            end = taken
            while end < len(settled) and settled[end] < day:
                end += 1
            part = known.where([taken <= i < end for i in range(len(settled))])
            grown = RewardModel()
            grown.gram, grown.moment = model.gram, model.moment
            self._models[day] = model = grown.fit(part, part.first)
            taken = end

    def __call__(self, i: int) -> Vector:
        decision = self._known.logged[i].decision
        return self._models[_start(decision.decided_at)].predict(decision.choice)


def _start(at: datetime) -> datetime:
    """Midnight (UTC) of its day."""
    return datetime.combine(at.astimezone(UTC).date(), time(), UTC)
