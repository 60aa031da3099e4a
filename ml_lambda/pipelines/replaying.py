"""Replay: each logged decision made again from what it rested on, and compared bit by bit.

What `rank` saw of a person at posterior sequence n is what `learn` made of their markers 1 to n, in that
order, late and replaced rewards included. So the markers go through the code of `learn` once more, over a
store in memory, and each decision through the code of `rank` at its place between them: the same
configuration, features from the decision, and its seed. What cannot be made again is counted by reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final, Protocol

import numpy as np

from chalicelib.contracts.events import RewardSettled, timestamp, wrap
from chalicelib.contracts.ml import Choice, Decision
from chalicelib.domain.features import CONTEXT_DIMENSION, DIMENSION, FEATURE_VERSION
from chalicelib.runtime.logging import Logger
from ml_lambda.policies.markers import Marker
from ml_lambda.policies.store import Applied, Learnable, StoredState
from ml_lambda.serving.choosing import Chooser
from ml_lambda.serving.configuration import Configuration
from ml_lambda.serving.learning import Learning

RULES: Final = "decided by rules: no policy, no posterior"
NOTHING: Final = "nothing was chosen"
OTHER_FEATURES: Final = "features of another version"
OTHER_POLICY: Final = "a policy of another version"
NO_MANIFEST: Final = "what served then is not here any more (manifest, settings or version of a policy)"
NO_MARKERS: Final = "what had been learned by then is gone"
BEGAN_ANEW: Final = "what is known of the person began anew since"
NO_DECISION: Final = "a decision that had been learned from is gone"

_COMPARED: Final = (
    "chosen", "probabilities", "champion", "challenger", "shadow", "arm", "rho", "prior_version",
    "contributions",
)  # fmt: skip
"""What must come out the same, the most telling first."""


class Configurations(Protocol):
    """What served when."""

    def find(self, version: int, digest: str) -> Configuration | None:
        """The configuration of a manifest; None when it is not known, or is another one by now."""


@dataclass(frozen=True)
class Difference:
    """What came out otherwise: of a decision, or of a person's statistics (`decision_id` is empty then)."""

    person_id: str
    decision_id: str
    field: str
    stored: str
    replayed: str

    def __str__(self) -> str:
        what = (
            f"decision {self.decision_id}" if self.decision_id else f"statistics of person {self.person_id}"
        )
        return f"{what}: {self.field} was {self.stored}, replayed {self.replayed}"


@dataclass
class Tally:
    """What became of the decisions of a replay."""

    identical: int = 0
    statistics: int = 0
    """People whose statistics came out as they are stored, to the last bit."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Decisions that could not be made again, by reason."""
    unproved: Counter[str] = field(default_factory=Counter)
    """People whose statistics could not be made again, by reason."""
    differences: list[Difference] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take in another's."""
        self.identical += other.identical
        self.statistics += other.statistics
        self.reasons += other.reasons
        self.unproved += other.unproved
        self.differences += other.differences


class _Memory:
    """LearningStore of one person; nothing about consent is asked: the markers say what was learned from."""

    def __init__(self, decisions: Mapping[str, Decision]) -> None:
        self.state = StoredState()
        self._decisions = decisions
        self._applied: dict[str, Applied] = {}

    def read(self, person_id: str, decision_id: str) -> Learnable:
        return Learnable(
            decision=_seen(self._decisions[decision_id]),
            state=self.state,
            applied=self._applied.get(decision_id),
            consented=True,
            erased=False,
        )

    def apply(
        self,
        person_id: str,
        decision_id: str,
        applied: Applied,
        decided_at: datetime,
        before: StoredState,
        states: dict[str, bytes],
    ) -> None:
        self.state = StoredState(before.sequence + 1, states)
        self._applied[decision_id] = applied


class _Serving:
    """What serves in a replay: what the marker at hand says."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration

    def current(self) -> Configuration:
        return self.configuration


class PersonReplay:
    """The markers and decisions of one person, in the order of the sequence."""

    def __init__(
        self,
        markers: Iterable[Marker],
        learned_from: Mapping[str, Decision],
        configurations: Configurations,
        log: Logger,
    ) -> None:
        """`learned_from`: the decisions that markers name, as far as they are there."""
        self._markers = sorted(markers, key=lambda m: m.sequence)
        self._decisions = learned_from
        self._configurations = configurations
        self._log = log
        self._memory = _Memory(learned_from)
        self._stuck = ""
        """Why the next marker cannot be applied."""

    def replay(self, decisions: Sequence[Decision], stored: StoredState | None) -> Tally:
        """Replay the person's decisions; `stored`: their statistics now, to compare at the end."""
        tally = Tally()
        for decision in sorted(decisions, key=lambda d: d.choice.posterior_sequence):
            outcome = self._decide(decision)
            if outcome is None:
                tally.identical += 1
            elif isinstance(outcome, Difference):
                tally.differences.append(outcome)
            else:
                tally.reasons[outcome] += 1
        if stored is not None and stored.sequence:
            self._compare(decisions[0].person_id, stored, tally)
        return tally

    def _compare(self, person_id: str, stored: StoredState, tally: Tally) -> None:
        if reason := self._advance(stored.sequence):
            tally.unproved[reason] += 1
            return
        mine = self._memory.state.states
        for name in sorted({*stored.states, *mine}):
            if stored.states.get(name) != mine.get(name):
                was, now = (_digest(s.get(name)) for s in (stored.states, mine))
                tally.differences.append(Difference(person_id, "", name, was, now))
                return
        tally.statistics += 1

    def _decide(self, decision: Decision) -> str | Difference | None:
        """A reason, a difference, or None: identical."""
        choice = decision.choice
        if reason := _out_of_reach(choice):
            return reason
        configuration = self._configurations.find(choice.manifest_version, choice.manifest_digest)
        if configuration is None:
            return NO_MANIFEST
        if reason := self._advance(choice.posterior_sequence, decision.decided_at):
            return reason
        return self._made_again(decision, configuration)

    def _made_again(self, decision: Decision, configuration: Configuration) -> str | Difference | None:
        choice = decision.choice
        state = self._memory.state if choice.posterior_sequence else StoredState()
        chosen = Chooser(configuration, decision.person_id, state, choice.seed, self._log).choose(
            np.asarray(choice.context), np.asarray([c.features for c in choice.candidates])
        )
        replayed = choice.model_validate({**choice.model_dump(), "chosen": chosen.index, **chosen.said})
        if replayed.policy != choice.policy:
            return OTHER_POLICY
        for name in _COMPARED:
            was, now = getattr(choice, name), getattr(replayed, name)
            if was != now:
                return Difference(decision.person_id, decision.decision_id, name, str(was), str(now))
        return None

    def _advance(self, sequence: int, before: datetime | None = None) -> str:
        """Apply the markers up to that sequence; why that cannot be done, or nothing."""
        if sequence > len(self._markers):
            return NO_MARKERS
        due = self._markers[:sequence]
        if [m.sequence for m in due] != list(range(1, sequence + 1)):
            return NO_MARKERS
        if before is not None and any(m.decided_at > before for m in due):
            # A withdrawal took what had been learned, and later rewards count from one again.
            return BEGAN_ANEW
        for marker in due[self._memory.state.sequence :]:
            if not self._stuck:
                self._stuck = self._apply(marker)
            if self._stuck:
                return self._stuck
        return ""

    def _apply(self, marker: Marker) -> str:
        decision = self._decisions.get(marker.decision_id)
        if decision is None:
            return NO_DECISION
        if decision.choice.feature_version != FEATURE_VERSION:
            # Learned by a code of other features; this one's began without it.
            self._memory.state = StoredState(marker.sequence, {})
            return ""
        configuration = self._configurations.find(marker.manifest_version, marker.manifest_digest)
        if configuration is None:
            return NO_MANIFEST
        settled = RewardSettled(
            decision_id=marker.decision_id,
            revision=marker.revision,
            reward=marker.reward,
            decided_at=timestamp(decision.decided_at),
        )
        event = wrap(
            settled,
            person_id=decision.person_id,
            event_id=f"{marker.decision_id}#{marker.revision}",
            at=decision.decided_at,
            trace_id="",
        )
        Learning(self._memory, _Serving(configuration), self._log).handle(event)
        return "" if self._memory.state.sequence == marker.sequence else OTHER_FEATURES


def replay_all(
    decisions: Iterable[Decision],
    markers: Callable[[str], Iterable[Marker]],
    learned_from: Callable[[str, Sequence[str]], Mapping[str, Decision]],
    statistics: Callable[[str], StoredState],
    configurations: Configurations,
    log: Logger,
) -> Iterator[tuple[int, Tally]]:
    """Person by person: how many decisions that were, and what became of them.

    The statistics are read before the markers: what is learned meanwhile is in neither or in the markers.
    """
    people: dict[str, list[Decision]] = {}
    for decision in decisions:
        people.setdefault(decision.person_id, []).append(decision)
    for person_id, mine in sorted(people.items()):
        stored = statistics(person_id)
        found = list(markers(person_id))
        known = learned_from(person_id, sorted({m.decision_id for m in found}))
        person = PersonReplay(found, known, configurations, log)
        yield len(mine), person.replay(mine, stored)


def _out_of_reach(choice: Choice) -> str:
    """Why no policy of this code can have made the choice; nothing: one can."""
    if choice.chosen is None:
        return NOTHING
    if choice.arm == "rules":
        return RULES
    shape = {len(scored.features) for scored in choice.candidates}, len(choice.context)
    if choice.feature_version != FEATURE_VERSION or shape != ({DIMENSION}, CONTEXT_DIMENSION):
        return OTHER_FEATURES
    return ""


def _seen(decision: Decision) -> Decision:
    """As when it was learned from: a marker is there, so it had been seen."""
    if decision.exposed_at is not None or decision.reactions:
        return decision
    return decision.model_copy(update={"exposed_at": decision.decided_at})


def _digest(state: bytes | None) -> str:
    return f"{len(state)} bytes {sha256(state).hexdigest()[:12]}" if state is not None else "not there"
