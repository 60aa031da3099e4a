"""Replay of simulated days, bit by bit: late and replaced rewards included; what is planted is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from chalicelib.contracts.ml import Choice, Decision
from chalicelib.domain.features import FEATURE_VERSION
from chalicelib.runtime.logging import logger
from ml_lambda.pipelines import replaying
from ml_lambda.pipelines.replaying import Tally, replay_all
from ml_lambda.policies.lin_ts import LinTS
from ml_lambda.policies.markers import Marker
from ml_lambda.policies.store import StoredState
from ml_lambda.serving.configuration import Configuration
from ml_lambda.simulation.driver import Run
from ml_lambda.simulation.people import population


def configuration() -> Configuration:
    return Configuration.of("mixed_ts", "lin_ts", "epsilon_greedy_v2")


@dataclass
class Known:
    """What served, for a test."""

    configurations: dict[int, Configuration]

    def find(self, version: int, digest: str) -> Configuration | None:
        found = self.configurations.get(version)
        return found if found is not None and digest in {"", found.digest} else None


@dataclass
class Kept:
    """A log with what it rests on, to be changed by a test."""

    decisions: list[Decision]
    markers: dict[str, list[Marker]]
    learned_from: dict[str, Decision]
    statistics: dict[str, StoredState]
    known: Known = field(default_factory=lambda: Known({0: configuration()}))

    def replay(self) -> Tally:
        def learned_from(person_id: str, ids: Sequence[str]) -> Mapping[str, Decision]:
            return {i: self.learned_from[i] for i in ids if i in self.learned_from}

        tally = Tally()
        for _, found in replay_all(
            self.decisions,
            lambda person: self.markers.get(person, []),
            learned_from,
            lambda person: self.statistics.get(person, StoredState()),
            self.known,
            logger("replay"),
        ):
            tally.add(found)
        return tally

    def change(self, number: int, **choice: Any) -> Decision:
        """Another choice in the log."""
        before = self.decisions[number]
        changed = before.model_copy(update={"choice": before.choice.model_copy(update=choice)})
        self.decisions[number] = changed
        return changed


@cache
def _lived() -> Run:
    from ml_lambda.simulation import policies

    before, policies.configuration = policies.configuration, lambda policy: configuration()
    try:
        run = Run("mixed_ts", population("mixed", 4), 8, 2, nights=False)
        for _ in run.go():
            pass
    finally:
        policies.configuration = before
    return run


@pytest.fixture
def kept() -> Kept:
    return kept_of(_lived())


def kept_of(run: Run) -> Kept:
    lines = [v for k, v in run.world.log.lines.items() if k.startswith("decisions/")]
    decisions = sorted((Decision.model_validate(v) for v in lines), key=lambda d: d.decision_id)
    statistics = run.world.statistics
    return Kept(
        decisions,
        {person: list(statistics.history(person)) for person in statistics.states},
        {s.decision.decision_id: s.decision for s in run.world.tips.decisions.values()},
        dict(statistics.states),
        Known(dict(enumerate(run.nights.served))),
    )


def only(found: Tally) -> replaying.Difference:
    (difference,) = found.differences
    return difference


def late(kept: Kept) -> int:
    """A decision that rests on at least ten rewards."""
    return next(n for n, d in enumerate(kept.decisions) if d.choice.posterior_sequence >= 10)


def test_every_decision_and_all_statistics_come_out_the_same(kept: Kept) -> None:
    found = kept.replay()
    assert found == Tally(identical=len(kept.decisions), statistics=4)
    assert len(kept.decisions) > 40
    assert max(d.choice.posterior_sequence for d in kept.decisions) > 10
    assert set(kept.decisions[-1].choice.shadow) == {"lin_ts", "epsilon_greedy_v2"}
    assert {m.manifest_digest for ms in kept.markers.values() for m in ms} == {configuration().digest}


def test_with_another_prior_each_night(kept: Kept) -> None:
    run = Run("mixed_ts", population("mixed", 4), 8, 2)
    for _ in run.go():
        pass
    changing = kept_of(run)
    assert len({d.choice.prior_version for d in changing.decisions}) > 4
    assert changing.replay() == Tally(identical=len(changing.decisions), statistics=4)
    # Each marker and decision names what served then: a night that is not kept is told.
    del changing.known.configurations[3]
    found = changing.replay()
    assert set(found.reasons) == {replaying.NO_MANIFEST}
    assert not found.differences


def test_rewards_were_late_and_replaced(kept: Kept) -> None:
    """What is replayed is no straight line, or the test above would show little."""
    by_sequence = [sorted(ms, key=lambda m: m.sequence) for ms in kept.markers.values()]
    assert any(a.decided_at > b.decided_at for ms in by_sequence for a, b in pairwise(ms))
    assert any(m.revision > 1 for ms in by_sequence for m in ms)


def test_the_last_bit_of_a_probability_is_found(kept: Kept) -> None:
    number = late(kept)
    shown = list(kept.decisions[number].choice.probabilities)
    shown[0] = float(np.nextafter(shown[0], 1.0))
    changed = kept.change(number, probabilities=shown)
    found = kept.replay()
    assert (only(found).decision_id, only(found).field) == (changed.decision_id, "probabilities")
    assert found.identical == len(kept.decisions) - 1
    assert changed.decision_id in str(only(found))


@pytest.mark.parametrize("name", ["chosen", "champion", "shadow", "arm", "rho", "contributions"])
def test_whatever_a_choice_says_is_compared(kept: Kept, name: str) -> None:
    choice = kept.decisions[late(kept)].choice
    other: dict[str, Callable[[Choice], Any]] = {
        "chosen": lambda c: ((c.chosen or 0) + 1) % len(c.candidates),
        "champion": lambda c: c.champion[::-1],
        "shadow": lambda c: {**c.shadow, "lin_ts": c.shadow["lin_ts"][::-1]},
        "arm": lambda c: "holdback",
        "rho": lambda c: 0.2,
        "contributions": lambda c: [0.0] * len(c.contributions),
    }
    kept.change(late(kept), **{name: other[name](choice)})
    assert only(kept.replay()).field == name


def test_another_seed_draws_another_candidate_or_none_is_told(kept: Kept) -> None:
    # Of the decisions that rest on rewards, the one that chance decided most: few seeds are needed.
    resting = [n for n, d in enumerate(kept.decisions) if d.choice.posterior_sequence >= 10]
    number = min(resting, key=lambda n: max(kept.decisions[n].choice.probabilities))
    for seed in range(50):
        kept.change(number, seed=seed)
        found = kept.replay().differences
        if any(d.field == "chosen" for d in found):
            return
    pytest.fail("fifty seeds drew the same")


def test_another_reward_is_found_from_there_on(kept: Kept) -> None:
    person = kept.decisions[late(kept)].person_id
    markers = kept.markers[person]
    third = next(i for i, m in enumerate(markers) if m.sequence == 3)
    markers[third] = replace(markers[third], reward=1.0 - markers[third].reward / 2)
    found = kept.replay()
    wrong = {d.decision_id for d in found.differences if d.decision_id}
    sequences = [d.choice.posterior_sequence for d in kept.decisions if d.decision_id in wrong]
    assert sequences
    assert min(sequences) >= 3
    assert any(not d.decision_id and d.person_id == person for d in found.differences)
    assert found.statistics == 3


def test_statistics_that_are_not_what_the_markers_make_are_found(kept: Kept) -> None:
    person, state = next(iter(kept.statistics.items()))
    broken = dict(state.states)
    broken["lin_ts"] = broken["lin_ts"][:-1] + bytes([broken["lin_ts"][-1] ^ 1])
    kept.statistics[person] = replace(state, states=broken)
    difference = only(kept.replay())
    assert (difference.person_id, difference.decision_id, difference.field) == (person, "", "lin_ts")
    assert person in str(difference)


# --- what cannot be made again ----------------------------------------------------------------------


def test_pruned_markers_are_told_apart_and_what_comes_before_them_is_replayed(kept: Kept) -> None:
    person = kept.decisions[late(kept)].person_id
    kept.markers[person] = [m for m in kept.markers[person] if m.sequence != 5]
    found = kept.replay()
    mine = [d.choice.posterior_sequence for d in kept.decisions if d.person_id == person]
    assert found.reasons == {replaying.NO_MARKERS: sum(s >= 5 for s in mine)}
    assert found.unproved == {replaying.NO_MARKERS: 1}
    assert not found.differences


def test_a_withdrawal_between_begins_the_markers_anew(kept: Kept) -> None:
    person = kept.decisions[late(kept)].person_id
    later = timedelta(days=400)
    kept.markers[person] = [replace(m, decided_at=m.decided_at + later) for m in kept.markers[person]]
    mine = [d.choice.posterior_sequence for d in kept.decisions if d.person_id == person]
    assert kept.replay().reasons == {replaying.BEGAN_ANEW: sum(s > 0 for s in mine)}


def test_without_the_decision_that_was_learned_from_nothing_later_is_replayed(kept: Kept) -> None:
    person = kept.decisions[late(kept)].person_id
    gone = next(m for m in kept.markers[person] if m.sequence == 2)
    del kept.learned_from[gone.decision_id]
    found = kept.replay()
    mine = [d.choice.posterior_sequence for d in kept.decisions if d.person_id == person]
    # The decision itself is still in the log, and may stand before its own reward.
    first = min(m.sequence for m in kept.markers[person] if m.decision_id == gone.decision_id)
    assert found.reasons == {replaying.NO_DECISION: sum(s >= first for s in mine)}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"arm": "rules"}, replaying.RULES),
        ({"chosen": None}, replaying.NOTHING),
        ({"feature_version": FEATURE_VERSION + 1}, replaying.OTHER_FEATURES),
        ({"context": []}, replaying.OTHER_FEATURES),
        ({"manifest_version": 7}, replaying.NO_MANIFEST),
        ({"manifest_digest": "000000000000"}, replaying.NO_MANIFEST),
    ],
)
def test_what_is_out_of_reach_is_counted_by_reason(kept: Kept, changes: dict[str, Any], reason: str) -> None:
    kept.change(3, **changes)
    found = kept.replay()
    assert found.reasons == {reason: 1}
    assert not found.differences
    assert found.identical == len(kept.decisions) - 1


def test_a_policy_of_another_version_is_no_difference(kept: Kept) -> None:
    ref = kept.decisions[3].choice.policy
    kept.change(3, policy=ref.model_copy(update={"version": "0"}))
    assert kept.replay().reasons == {replaying.OTHER_POLICY: 1}


def test_settings_of_another_time_are_not_taken_for_those_of_now(kept: Kept) -> None:
    kept.known = Known({0: Configuration.of("lin_ts")})
    found = kept.replay()
    assert found.reasons == {replaying.NO_MANIFEST: len(kept.decisions)}
    assert found.unproved == {replaying.NO_MANIFEST: 4}


def test_a_shadow_of_another_version_is_no_difference_either(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LinTS, "version", "next")
    kept.known = Known({0: Configuration(configuration().manifest)})
    found = kept.replay()
    assert found.reasons == {replaying.NO_MANIFEST: len(kept.decisions)}
    assert not found.differences


def test_what_older_features_had_learned_counts_as_nothing(kept: Kept) -> None:
    """The code of now began without it, and so does replay."""
    person = kept.decisions[late(kept)].person_id
    markers = sorted(kept.markers[person], key=lambda m: m.sequence)
    old = {m.decision_id for m in markers[:2]} - {m.decision_id for m in markers[2:]}
    for decision_id in {m.decision_id for m in markers[:2]}:
        before = kept.learned_from[decision_id]
        choice = before.choice.model_copy(update={"feature_version": FEATURE_VERSION - 1})
        kept.learned_from[decision_id] = before.model_copy(update={"choice": choice})
    assert old
    found = kept.replay()
    # It goes on, and tells that later decisions came out otherwise than with what was learned.
    assert not found.reasons
    assert found.differences
