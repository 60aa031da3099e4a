"""Learning: exactly once, in any order, only from what was seen and consented to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.contracts.events import RewardSettled, from_json, timestamp
from chalicelib.contracts.ml import Decision
from chalicelib.domain.features import FEATURE_VERSION
from chalicelib.runtime.logging import logger
from ml_lambda.policies import NAMES
from ml_lambda.policies.store import Applied, Learnable, LostRace, PersonErased, StoredState
from ml_lambda.serving.configuration import Configuration
from ml_lambda.serving.learning import Learning
from tests import ml_examples as me

CONFIGURATION = Configuration.of("epsilon_greedy_v2", "epsilon_greedy_v1")


class Memory:
    """The store's contract in memory; `lose` races are lost before one is won."""

    def __init__(
        self, *decisions: Decision, consented: bool = True, erased: bool = False, lose: int = 0
    ) -> None:
        self.decisions = {d.decision_id: d for d in decisions}
        self.state = StoredState()
        self.markers: dict[tuple[str, int], Applied] = {}
        self.consented, self.erased, self.lose = consented, erased, lose

    def read(self, person_id: str, decision_id: str) -> Learnable:
        mine = [a for (d, _), a in self.markers.items() if d == decision_id]
        latest = max(mine, key=lambda a: a.revision, default=None)
        return Learnable(self.decisions.get(decision_id), self.state, latest, self.consented, self.erased)

    def apply(
        self,
        person_id: str,
        decision_id: str,
        applied: Applied,
        decided_at: datetime,
        before: StoredState,
        states: Mapping[str, bytes],
    ) -> None:
        if self.lose:
            self.lose -= 1
            raise LostRace
        if self.erased:
            raise PersonErased
        assert before.sequence == self.state.sequence
        assert (decision_id, applied.revision) not in self.markers
        self.markers[decision_id, applied.revision] = applied
        self.state = StoredState(before.sequence + 1, states)


def learn(
    store: Memory,
    decision: Decision,
    revision: int,
    reward: float,
    configuration: Configuration = CONFIGURATION,
) -> None:
    settled = RewardSettled(
        decision_id=decision.decision_id,
        revision=revision,
        reward=reward,
        decided_at=timestamp(decision.decided_at),
    )
    Learning(store, configuration, logger("learn")).handle(from_json(me.message(settled)["body"]))


def test_both_policies_learn_and_the_sequence_counts() -> None:
    first, second = me.decision(1), me.decision(2)
    store = Memory(first, second)
    learn(store, first, 1, 1.0)
    learn(store, second, 1, 0.0)
    assert store.state.sequence == 2
    assert set(store.state.states) == {"epsilon_greedy_v1", "epsilon_greedy_v2"}
    learner = CONFIGURATION.learner("epsilon_greedy_v2")
    before = learner.to_bytes()
    learner.load(store.state.states["epsilon_greedy_v2"])
    assert learner.to_bytes() != before


_events = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 4), st.sampled_from([0.0, 0.1, 0.4, 0.8, 1.0])),
    min_size=1,
    max_size=12,
    unique_by=lambda e: e[:2],
)


@pytest.mark.parametrize("half_life", [0.0, 5.0])
@given(_events, st.data())
@settings(max_examples=60)
def test_any_order_with_duplicates_leaves_the_same_bits(
    half_life: float, events: list[tuple[int, int, float]], data: st.DataObject
) -> None:
    configuration = Configuration.of(*NAMES, half_life_days=half_life)
    days = data.draw(st.lists(st.floats(0, 90), min_size=4, max_size=4))
    decisions = [
        (tip := me.decision(n)).model_copy(update={"decided_at": tip.decided_at + timedelta(days=days[n])})
        for n in range(4)
    ]
    delivered = data.draw(
        st.permutations([*events, *data.draw(st.lists(st.sampled_from(events), max_size=6))])
    )
    store = Memory(*decisions)
    for number, revision, reward in delivered:
        learn(store, decisions[number], revision, reward, configuration)
    last = {number: (revision, reward) for number, revision, reward in sorted(events)}
    straight = Memory(*decisions)
    for number, (revision, reward) in last.items():
        learn(straight, decisions[number], revision, reward, configuration)
    assert set(store.state.states) == set(NAMES)
    assert store.state.states == straight.state.states


def test_a_late_older_revision_changes_nothing() -> None:
    tip = me.decision(1)
    store = Memory(tip)
    learn(store, tip, 3, 1.0)
    after = store.state
    for revision in (3, 2, 1):
        learn(store, tip, revision, 0.0)
    assert store.state == after


@pytest.mark.parametrize(
    "store",
    [
        Memory(me.decision(1, exposed_at=None)),
        Memory(me.decision(1), consented=False),
        Memory(me.decision(1), erased=True),
        Memory(),
        Memory(me.decision(1, features=[0.5])),
    ],
    ids=["never exposed", "no consent", "erased", "no decision", "features of rules"],
)
def test_nothing_is_learned(store: Memory) -> None:
    learn(store, me.decision(1), 1, 1.0)
    assert store.state == StoredState()
    assert not store.markers


def test_another_layout_is_not_learned_from() -> None:
    tip = me.decision(1)
    old = tip.model_copy(
        update={"choice": tip.choice.model_copy(update={"feature_version": FEATURE_VERSION + 1})}
    )
    store = Memory(old)
    learn(store, tip, 1, 1.0)
    assert store.state == StoredState()


def test_a_reaction_implies_exposure() -> None:
    tip = me.decision(1, exposed_at=None, reactions=[{"kind": "done", "at": me.NOW}])
    store = Memory(tip)
    learn(store, tip, 1, 1.0)
    assert store.state.sequence == 1


def test_lost_races_are_run_again_but_not_for_ever() -> None:
    tip = me.decision(1)
    store = Memory(tip, lose=3)
    learn(store, tip, 1, 1.0)
    assert store.state.sequence == 1
    with pytest.raises(LostRace):
        learn(Memory(tip, lose=100), tip, 1, 1.0)


def test_a_policy_that_joins_later_takes_nothing_back_that_it_never_had() -> None:
    first, second = me.decision(1), me.decision(2)
    alone = Configuration.of("epsilon_greedy_v2")
    store = Memory(first, second)
    learn(store, first, 1, 1.0, alone)
    learn(store, second, 1, 1.0)
    learn(store, first, 2, 0.4)
    straight = Memory(first, second)
    learn(straight, second, 1, 1.0)
    learn(straight, first, 2, 0.4)
    assert store.state.states == straight.state.states


def test_other_events_are_none_of_its_business() -> None:
    from chalicelib.contracts.events import TipDue

    store = Memory(me.decision(1))
    event = from_json(me.message(TipDue(decision_id=me.decision(1).decision_id))["body"])
    Learning(store, CONFIGURATION, logger("learn")).handle(event)
    assert store.state == StoredState()


def test_statistics_of_all_policies_stay_under_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    tip = me.decision(1)
    store = Memory(tip)
    learn(store, tip, 1, 1.0)
    size = len(store.state.states["epsilon_greedy_v2"])
    # Room for one policy: the champion's state is kept, the shadow's is not.
    monkeypatch.setattr("ml_lambda.serving.learning.LIMIT", size + 10)
    again = Memory(tip)
    learn(again, tip, 1, 1.0)
    assert set(again.state.states) == {"epsilon_greedy_v2"}
    assert again.markers[tip.decision_id, 1].policies == {"epsilon_greedy_v2"}


def test_the_state_of_a_policy_without_a_role_is_kept_while_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = me.decision(1), me.decision(2)
    store = Memory(first, second)
    learn(store, first, 1, 1.0)
    before = store.state.states["epsilon_greedy_v1"]
    learn(store, second, 1, 1.0, Configuration.of("epsilon_greedy_v2"))
    assert store.state.states["epsilon_greedy_v1"] == before
    most = max(map(len, store.state.states.values()))
    monkeypatch.setattr("ml_lambda.serving.learning.LIMIT", most + 10)
    third = me.decision(3)
    store.decisions[third.decision_id] = third
    learn(store, third, 1, 1.0, Configuration.of("epsilon_greedy_v2"))
    assert set(store.state.states) == {"epsilon_greedy_v2"}
