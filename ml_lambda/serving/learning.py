"""Learning: each settled reward changes the statistics exactly once, in whatever order rewards arrive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

import numpy as np

from chalicelib.contracts.events import Envelope, RewardSettled, type_of
from chalicelib.contracts.ml import Choice, Decision
from chalicelib.domain.features import CONTEXT_DIMENSION, DIMENSION, FEATURE_VERSION
from chalicelib.runtime.logging import Logger
from ml_lambda.policies import StateMismatch
from ml_lambda.policies.store import Applied, Learnable, LostRace, PersonErased, StoredState
from ml_lambda.serving.configuration import Configuration, Serves

_ATTEMPTS: Final = 8
_DAY: Final = 86_400.0
LIMIT: Final = 64 * 1024
"""Bytes of a person's statistics, of all policies together: each decision reads them."""


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
    """Applies rewards to every policy that has a role: each learns from every decision that was seen."""

    def __init__(self, store: LearningStore, serves: Serves, log: Logger) -> None:
        self._store = store
        self._serves = serves
        self._log = log

    def handle(self, event: Envelope) -> None:
        """Apply one RewardSettled. Raises LostRace when others were faster every time: it is retried."""
        if type_of(event) != "reward_settled":
            return
        settled = event.reward_settled
        configuration = self._serves.current()
        for _ in range(_ATTEMPTS):
            try:
                outcome = self._apply(event.person_id, settled, configuration)
            except LostRace:
                continue
            except PersonErased:
                outcome = "erased"
            self._log.info(
                "reward", outcome=outcome, decision_id=settled.decision_id, revision=settled.revision
            )
            return
        raise LostRace

    def _apply(self, person_id: str, settled: RewardSettled, configuration: Configuration) -> str:
        decision_id = settled.decision_id
        read = self._store.read(person_id, decision_id)
        if read.erased:
            return "erased"
        if read.decision is None:
            return "unknown"
        if read.applied and read.applied.revision >= settled.revision:
            return "superseded"
        if not read.consented:
            return "no_consent"
        if reason := _untrainable(read.decision):
            return reason
        before = read.state.states if read.state.feature_version == FEATURE_VERSION else {}
        learned = self._learn(configuration, before, read.decision, settled.reward, read.applied)
        applied = Applied(
            settled.revision,
            settled.reward,
            frozenset(learned),
            configuration.manifest.version,
            configuration.digest,
        )
        states = _with_others(learned, before, configuration)
        self._store.apply(person_id, decision_id, applied, read.decision.decided_at, read.state, states)
        return "learned"

    def _learn(
        self,
        configuration: Configuration,
        before: Mapping[str, bytes],
        decision: Decision,
        reward: float,
        previous: Applied | None,
    ) -> dict[str, bytes]:
        """The new state of each policy that serves, by its id; of so many as fit into the person's item."""
        choice = decision.choice
        assert choice.chosen is not None
        context = np.asarray(choice.context)
        candidate = np.asarray(choice.candidates[choice.chosen].features)
        states: dict[str, bytes] = {}
        for name in configuration.policies:
            learner = configuration.learner(name)
            replaces = previous.reward if previous and name in previous.policies else None
            try:
                learner.load(before[name])
            except (KeyError, StateMismatch):
                replaces = None  # it starts anew: nothing of this decision is in it
            learner.learn(
                context,
                candidate,
                reward,
                replaces=replaces,
                day=decision.decided_at.timestamp() / _DAY,
            )
            state = learner.to_bytes()
            if _size(states) + len(state) > LIMIT:
                self._log.error("statistics too large", policy=name, bytes=len(state))
                continue
            states[name] = state
        return states


def _with_others(
    learned: dict[str, bytes], before: Mapping[str, bytes], configuration: Configuration
) -> dict[str, bytes]:
    """With the states of policies that have no role now, where there is room.

    One that was rolled back may be tried again; and another process may know of a newer manifest already.
    """
    states = dict(learned)
    for name, state in before.items():
        if name not in configuration.policies and _size(states) + len(state) <= LIMIT:
            states[name] = state
    return states


def _size(states: Mapping[str, bytes]) -> int:
    return sum(map(len, states.values()))


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
