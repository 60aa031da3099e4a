"""Simulated days through the real services: the same people for every policy, honest bookkeeping."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from chalicelib.contracts.events import SignalStored, TipReacted, type_of, wrap
from chalicelib.contracts.ml import Decision
from chalicelib.contracts.records import SignalRecord
from chalicelib.domain.rewards import reward_of
from infra.queues import QUEUES
from ml_lambda.simulation import policies
from ml_lambda.simulation.driver import FIRST_DAY, Run
from ml_lambda.simulation.life import Life
from ml_lambda.simulation.measures import Trace, trace
from ml_lambda.simulation.people import POPULATIONS, Person, population
from ml_lambda.simulation.queues import NOT_SIMULATED, MessageFailed, Queues
from ml_lambda.simulation.world import SetClock, World

DAYS, PEOPLE = 6, 3


@cache
def lived(policy: str, seed: int = 0, kind: str = "mixed") -> Run:
    run = Run(policy, population(kind, PEOPLE), DAYS, seed)
    assert list(run.go()) == list(range(1, DAYS + 1))
    return run


def arrays(found: Trace) -> list[list[float]]:
    return [a.tolist() for a in (found.person, found.worth, found.best, np.nan_to_num(found.reward, nan=-1))]


def test_the_same_seed_lives_the_same_days() -> None:
    again = Run("lin_ts", population("mixed", PEOPLE), DAYS, 0)
    for _ in again.go():
        pass
    assert arrays(trace(again)) == arrays(trace(lived("lin_ts")))
    assert arrays(trace(lived("lin_ts", seed=1))) != arrays(trace(lived("lin_ts")))


def sent(run: Run) -> set[str]:
    signals = [s for s in run.world.signals.signals.values() if isinstance(s, SignalRecord)]
    return {s.signal_id for s in signals if s.source == "simulation"}


@pytest.mark.parametrize("policy", ["rules", "mixed_ts", "random", "oracle"])
def test_every_policy_meets_the_same_people_signals_and_looks(policy: str) -> None:
    run = lived(policy)
    assert run.looks == lived("lin_ts").looks
    assert sent(run) == sent(lived("lin_ts"))
    assert len(sent(run)) > 30


def test_the_first_tip_has_the_same_candidates_whoever_serves() -> None:
    first = {p: lived(p).outcomes()[0] for p in ("lin_ts", "mixed_ts", "random", "oracle")}
    assert len({o.worths for o in first.values()}) == 1


def test_the_oracle_misses_nothing_and_others_do() -> None:
    assert max(o.regret for o in lived("oracle").outcomes()) < 1e-12
    for policy in ("rules", "random", "lin_ts"):
        assert sum(o.regret for o in lived(policy).outcomes()) > 0


def test_what_serves_is_what_was_asked_for() -> None:
    said = {
        p: {o.decision.choice.policy.name for o in lived(p).outcomes()} for p in ("rules", "lin_ts", "oracle")
    }
    assert said == {"rules": {"rules"}, "lin_ts": {"lin_ts"}, "oracle": {"oracle"}}


def test_rewards_are_those_of_the_reward_table_and_all_are_settled() -> None:
    run = lived("lin_ts")
    for outcome in run.outcomes():
        expected = reward_of(
            outcome.decision,
            now=run.world.clock.now(),
            no_reaction_reward=run.world.settings.no_reaction_reward,
        )
        assert outcome.decision.reward == expected
        assert outcome.seen == (expected is not None)
    assert any(not o.seen for o in lived("lin_ts", kind="silent").outcomes())


def test_the_log_holds_each_decision_and_reward_once() -> None:
    run = lived("lin_ts")
    decisions = {o.decision.decision_id for o in run.outcomes()}
    lines = run.world.log.lines
    assert {v["decision_id"] for k, v in lines.items() if k.startswith("decisions/")} == decisions
    last: dict[str, float] = {}
    for key, line in sorted(lines.items(), key=lambda pair: pair[1].get("revision", 0)):
        if key.startswith("rewards/"):
            last[line["decision_id"]] = line["reward"]
    seen = {o.decision.decision_id: o.decision.reward for o in run.outcomes() if o.seen}
    assert last == seen


def test_statistics_rest_on_every_reward_revision() -> None:
    run = lived("lin_ts")
    markers = {p: len(list(run.world.statistics.history(p))) for p in run.world.statistics.states}
    assert markers == {p: s.sequence for p, s in run.world.statistics.states.items()}
    revisions = sum(o.decision.reward_revision for o in run.outcomes())
    assert sum(markers.values()) == revisions > 0


def test_a_done_tip_closes_its_task() -> None:
    run = lived("oracle")
    acts = [
        o.decision
        for o in run.outcomes()
        if o.done and o.decision.candidate.angle == "do_now" and o.decision.candidate.item_ref
    ]
    assert acts
    for decision in acts:
        item = run.world.signals.item(decision.person_id, decision.candidate.item_ref or "")
        assert item is not None
        assert item.state.own.value["status"] == "done"


def test_nobody_looks_before_they_came_and_features_are_fresh() -> None:
    run = lived("lin_ts", seed=1)
    assert {p.begins_on for p in run.people} != {0}
    assert all(o.life_day >= 0 for o in run.outcomes())
    for outcome in run.outcomes():
        made = outcome.decision.choice.snapshot_at
        assert made is not None
        assert outcome.decision.decided_at - made < timedelta(days=1)


# --- people -----------------------------------------------------------------------------------------


def test_a_persons_luck_does_not_depend_on_who_asks() -> None:
    one, other = (Person(3, population("mixed", 5), 30, 7) for _ in range(2))
    assert one.looks(4) == other.looks(4)
    assert one.looks(4) != one.looks(5)
    assert (one.taste(9) == other.taste(9)).all()


def test_tastes_stay_where_they_are_steady_and_move_where_they_drift() -> None:
    steady = [Person(n, population("steady", 9), 60, 0) for n in range(9)]
    assert all((p.taste(0) == p.taste(59)).all() for p in steady)
    drifting = [Person(n, population("drifting", 9), 60, 0) for n in range(9)]
    assert all(np.abs(p.taste(59) - p.taste(0)).max() > 0.1 for p in drifting)


def test_worth_is_the_mean_reward_of_a_tip_that_is_seen() -> None:
    person = Person(0, population("silent", 1), 10, 0)
    # Half say nothing (.1); of the others 30% do it (1), 35% of the rest snooze (.4), 65% dismiss (0).
    assert person.worth(0.3, 0.1) == pytest.approx(0.5 * 0.1 + 0.5 * (0.3 + 0.7 * 0.35 * 0.4))


def test_no_population_of_another_name() -> None:
    with pytest.raises(ValueError, match="mixed"):
        population("merry", 3)
    assert set(POPULATIONS) == {"mixed", "steady", "drifting", "silent"}


def test_hours_are_those_of_the_persons_clock_on_a_dst_night() -> None:
    person = Person(0, population("mixed", 1), 40, 0)
    life = Life(person, FIRST_DAY, 0)
    zone = ZoneInfo(person.timezone)
    for day in range(40):
        at = life.at(day, 8.5).astimezone(zone)
        assert (at.hour, at.minute) == (8, 30)
        assert at.date() == FIRST_DAY + timedelta(days=day)


# --- queues -----------------------------------------------------------------------------------------


def event(payload: object, number: int = 1):  # type: ignore[no-untyped-def]
    return wrap(payload, person_id="p", event_id=f"e{number}", at=CLOCK, trace_id="")  # type: ignore[arg-type]


CLOCK = datetime.combine(FIRST_DAY, time(12), UTC)


def test_every_queue_is_simulated_or_named_as_left_out() -> None:
    world = World(policies.configuration("rules"), CLOCK, 0, lambda ranker, reads: ranker)
    taken = {queue.name for queue, _, _ in world.queues._taken}
    assert taken | NOT_SIMULATED >= {queue.name for queue in QUEUES}
    assert not taken & NOT_SIMULATED


def test_queues_take_their_types_in_batches_and_wait_out_a_delay() -> None:
    clock, took = SetClock(CLOCK), []

    def handler(name: str):  # type: ignore[no-untyped-def]
        def take(batch):  # type: ignore[no-untyped-def]
            took.append((name, len(batch["Records"])))
            return {"batchItemFailures": []}

        return take

    queues = Queues(clock, {q.name: handler(q.name) for q in QUEUES})
    stored = [event(SignalStored(signal_id="s", type="task"), n) for n in range(12)]
    queues.publish([*stored, event(TipReacted(decision_id="d", kind="done"))])
    assert type_of(stored[0]) == "signal_stored"
    assert queues.deliver() == 13
    assert sorted(took) == [("features", 2), ("features", 10), ("settle", 1)]
    assert queues.next_due() == CLOCK + timedelta(minutes=1)
    assert queues.deliver() == 0
    clock.at += timedelta(minutes=1)
    assert queues.deliver() == 1
    assert took[-1] == ("complete", 1)
    assert queues.next_due() is None


def test_a_message_that_fails_ends_the_run() -> None:
    failing = {"batchItemFailures": [{"itemIdentifier": "0"}]}
    queues = Queues(SetClock(CLOCK), {q.name: lambda batch: failing for q in QUEUES})
    queues.publish([event(SignalStored(signal_id="s", type="task"))])
    with pytest.raises(MessageFailed, match="features"):
        queues.deliver()


def test_a_decision_is_what_the_contract_says() -> None:
    for outcome in lived("mixed_ts").outcomes():
        decision = Decision.model_validate_json(outcome.decision.model_dump_json())
        assert decision == outcome.decision
        assert sum(decision.choice.probabilities) == pytest.approx(1.0)
