"""Learning: each settled reward changes the statistics exactly once, in whatever order rewards arrive."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

import numpy as np

from chalicelib.contracts.events import Envelope, type_of
from chalicelib.contracts.ml import Choice, Decision
from chalicelib.domain.features import CONTEXT_DIMENSION, DIMENSION, FEATURE_VERSION
from chalicelib.runtime.logging import Logger
from ml_lambda.policies import StateMismatch
from ml_lambda.policies.store import Applied, Learnable, LostRace, PersonErased, StoredState
from ml_lambda.serving.configuration import Configuration

_ATTEMPTS: Final = 8
_DAY: Final = 86_400.0


class LearningStore(Protocol):
    """What learning needs (`policies/store.py`)."""

    def read(self, person_id: str, decision_id: str) -> Learnable: ...  # noqa: D102

    def apply(  # noqa: D102
        self,
        person_id: str,
        decision_id: str,
        applied: Applied,
        decided_at: datetime,
        before: StoredState,
        states: dict[str, bytes],
    ) -> None: ...


class Learning:
    """Applies rewards to champion and shadows alike: each learns from every decision that was seen."""

    def __init__(self, store: LearningStore, configuration: Configuration, log: Logger) -> None:
        self._store = store
        self._configuration = configuration
        self._log = log

    def handle(self, event: Envelope) -> None:
        """Apply one RewardSettled. Raises LostRace when others were faster every time: it is retried."""
        if type_of(event) != "reward_settled":
            return
        settled = event.reward_settled
        applied = Applied(settled.revision, settled.reward, frozenset(self._configuration.policies))
        for _ in range(_ATTEMPTS):
            try:
                outcome = self._apply(event.person_id, settled.decision_id, applied)
            except LostRace:
                continue
            except PersonErased:
                outcome = "erased"
            self._log.info(
                "reward", outcome=outcome, decision_id=settled.decision_id, revision=settled.revision
            )
            return
        raise LostRace

    def _apply(self, person_id: str, decision_id: str, applied: Applied) -> str:
        read = self._store.read(person_id, decision_id)
        if read.erased:
            return "erased"
        if read.decision is None:
            return "unknown"
        if read.applied and read.applied.revision >= applied.revision:
            return "superseded"
        if not read.consented:
            return "no_consent"
        if reason := _untrainable(read.decision):
            return reason
        states = self._learn(read.state, read.decision, applied.reward, read.applied)
        self._store.apply(person_id, decision_id, applied, read.decision.decided_at, read.state, states)
        return "learned"

    def _learn(
        self, stored: StoredState, decision: Decision, reward: float, previous: Applied | None
    ) -> dict[str, bytes]:
        choice = decision.choice
        assert choice.chosen is not None
        context = np.asarray(choice.context)
        candidate = np.asarray(choice.candidates[choice.chosen].features)
        states = dict(stored.states) if stored.feature_version == FEATURE_VERSION else {}
        for name in self._configuration.policies:
            learner = self._configuration.learner(name)
            replaces = previous.reward if previous and name in previous.policies else None
            try:
                learner.load(states[name])
            except (KeyError, StateMismatch):
                replaces = None  # it starts anew: nothing of this decision is in it
            learner.learn(
                context,
                candidate,
                reward,
                replaces=replaces,
                day=decision.decided_at.timestamp() / _DAY,
            )
            states[name] = learner.to_bytes()
        return states


def _untrainable(decision: Decision) -> str | None:
    """Why nobody learns from a decision: never seen, or without features of this version."""
    if decision.exposed_at is None and not decision.reactions:
        return "never_exposed"
    choice: Choice = decision.choice
    if choice.feature_version != FEATURE_VERSION or choice.chosen is None:
        return "other_features"
    chosen = choice.candidates[choice.chosen].features
    if len(chosen) != DIMENSION or len(choice.context) != CONTEXT_DIMENSION:
        return "no_features"
    return None
