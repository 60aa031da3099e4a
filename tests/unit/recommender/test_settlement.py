"""From what happened to a reward: each event twice, late, out of order; the due index; the log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.events import (
    DecisionMade,
    Envelope,
    ItemClosed,
    RewardSettled,
    TipDue,
    TipExposed,
    TipReacted,
    timestamp,
    type_of,
    wrap,
)
from chalicelib.contracts.http import ReactionRequest
from chalicelib.contracts.ports import BusError
from chalicelib.recommender.contract import LostRace, StoredDecision
from chalicelib.recommender.settlement import SettlementService
from chalicelib.runtime.settings import Settings
from tests.unit.recommender.fakes import NOW, PERSON, FakeBus, candidate
from tests.unit.recommender.test_reactions import Told
from tests.unit.recommender.test_recommend import HERE


class MemoryLog:
    def __init__(self) -> None:
        self.lines: dict[tuple[str, str, str, str], Mapping[str, Any]] = {}

    def write(self, kind: str, day: str, person_id: str, event_id: str, line: Mapping[str, Any]) -> None:
        self.lines[kind, day, person_id, event_id] = line

    def remove(self, kind: str, day: str, person_id: str, event_id: str) -> None:
        self.lines.pop((kind, day, person_id, event_id), None)


class Settling(Told):
    def __init__(self) -> None:
        super().__init__()
        self.bus, self.log = FakeBus(), MemoryLog()
        self.settlement = SettlementService(
            self.store, self.log, self, self.bus, self.clock, self.ids, Settings(stage="local")
        )

    may_learn = True

    def trainable(self, person_id: str, decided_at: datetime, rests_on: Collection[Consent]) -> bool:
        return self.may_learn

    @property
    def stored(self) -> StoredDecision:
        return self.store.decisions[PERSON, self.tip]

    def event(self, payload: Any, at: datetime | None = None, person: str = PERSON) -> Envelope:
        at = at or self.clock.now()
        return wrap(payload, person_id=person, event_id=self.ids.new(), at=at, trace_id="trace-3")

    def hears(self, payload: Any) -> None:
        self.settlement.settle(self.event(payload))

    def sees(self) -> None:
        self.service.expose(PERSON, self.tip, None)
        self.hears(TipExposed(decision_id=self.tip, revision=self.decision.revision))

    def reacts(self, kind: str, **more: Any) -> None:
        self.says(kind, **more)
        self.hears(TipReacted(decision_id=self.tip, revision=self.decision.revision, kind=kind))

    def turns(self, tip: str, angle: str) -> None:
        """The tip's decision is one of another angle."""
        stored = self.store.decisions[PERSON, tip]
        chosen = stored.decision.choice.candidates[0]
        other = chosen.model_copy(update={"candidate": candidate(angle=angle)})
        choice = stored.decision.choice.model_copy(update={"candidates": [other], "chosen": 0})
        decision = stored.decision.model_copy(update={"choice": choice})
        self.store.decisions[PERSON, tip] = replace(stored, decision=decision)

    def closes(self, status: str = "done", ref: str = "todoist:1", **after: float) -> None:
        at = NOW + timedelta(**after)
        self.hears(ItemClosed(item_ref=ref, status=status, closed_at=timestamp(at)))

    @property
    def reward(self) -> tuple[float | None, int]:
        return self.decision.reward, self.decision.reward_revision


@pytest.fixture
def settling() -> Settling:
    return Settling()


def test_a_reaction_is_settled_at_once(settling: Settling) -> None:
    settling.reacts("done")
    assert settling.reward == (1.0, 1)


def test_the_same_event_again_changes_nothing(settling: Settling) -> None:
    settling.reacts("done")
    before = settling.stored
    settling.hears(TipReacted(decision_id=settling.tip, revision=1, kind="done"))
    settling.hears(TipDue(decision_id=settling.tip))
    assert settling.stored is before


def test_a_better_reward_is_a_new_revision(settling: Settling) -> None:
    settling.reacts("snooze")
    assert settling.reward == (0.4, 1)
    settling.closes("done", hours=20)
    assert settling.reward == (0.8, 2)


def test_silence_is_settled_by_the_deadline_only(settling: Settling) -> None:
    settling.sees()
    settling.hears(TipDue(decision_id=settling.tip))
    assert settling.reward == (None, 0)
    assert settling.stored.due_at == settling.decision.settle_at
    settling.clock.forward(hours=6)
    settling.hears(TipDue(decision_id=settling.tip))
    assert settling.reward == (0.1, 1)


def test_never_seen_is_closed_without_a_reward(settling: Settling) -> None:
    settling.clock.forward(hours=6)
    settling.hears(TipDue(decision_id=settling.tip))
    assert settling.reward == (None, 0)
    assert settling.stored.due_at == settling.stored.words_expire_at


def test_seen_offline_and_told_after_the_deadline_still_counts(settling: Settling) -> None:
    settling.clock.forward(hours=30)
    settling.hears(TipDue(decision_id=settling.tip))
    settling.service.expose(PERSON, settling.tip, NOW + timedelta(hours=1))
    settling.hears(TipExposed(decision_id=settling.tip, revision=1))
    assert settling.reward == (0.1, 1)


def test_undo_takes_the_reward_back_and_waits_for_the_deadline(settling: Settling) -> None:
    settling.reacts("done")
    settling.reacts("undo")
    assert settling.reward == (0.1, 2)
    assert settling.stored.due_at == settling.decision.settle_at
    settling.reacts("dismiss")
    assert settling.reward == (0.0, 3)


def test_words_are_dropped_when_their_time_comes(settling: Settling) -> None:
    settling.reacts("helpful")
    assert settling.stored.words is not None
    settling.clock.forward(hours=24)
    assert settling.settlement.publish_due() == 1
    settling.settlement.settle(settling.bus.events[-1])
    assert settling.stored.words is None
    assert settling.stored.due_at is None
    assert settling.settlement.publish_due() == 0


def test_the_open_tips_words_go_with_the_decisions(settling: Settling) -> None:
    assert settling.state.open is not None
    settling.clock.forward(hours=24)
    for _ in range(2):
        settling.hears(TipDue(decision_id=settling.tip))
    assert settling.stored.words is None
    assert settling.state.open is None
    assert [tip.decision_id for tip in settling.state.recent] == [settling.tip]


def test_events_in_any_order_end_in_the_same_reward() -> None:
    ends = set()
    for order in permutations(range(4)):
        world = Settling()
        world.service.expose(PERSON, world.tip, None)
        world.says("snooze")
        world.clock.forward(hours=1)
        events = [
            TipExposed(decision_id=world.tip, revision=1),
            TipReacted(decision_id=world.tip, revision=2, kind="snooze"),
            TipDue(decision_id=world.tip),
            ItemClosed(item_ref="todoist:1", status="done", closed_at=timestamp(NOW + timedelta(hours=1))),
        ]
        for index in order:
            world.hears(events[index])
        ends.add(world.decision.reward)
    assert ends == {0.8}


def test_settlement_that_lost_a_race_settles_what_is_there_now(settling: Settling) -> None:
    settling.says("snooze")
    settling.store.before_write = lambda: settling.says("done") and None
    settling.hears(TipReacted(decision_id=settling.tip, revision=1, kind="snooze"))
    assert settling.reward == (1.0, 1)


def test_settlement_that_loses_every_race_fails_so_that_it_is_retried(settling: Settling) -> None:
    settling.says("done")

    def lose(*_: object) -> None:
        raise LostRace

    settling.store.change = lose  # type: ignore[method-assign]
    with pytest.raises(LostRace):
        settling.hears(TipReacted(decision_id=settling.tip, revision=1, kind="done"))


def test_an_event_about_an_erased_decision_is_done(settling: Settling) -> None:
    settling.store.decisions.clear()
    settling.hears(TipDue(decision_id=settling.tip))
    assert settling.store.decisions == {}


# --- closed items -------------------------------------------------------------------------------------


def test_a_closed_item_closes_its_tip_and_takes_its_words(settling: Settling) -> None:
    settling.closes("deleted", minutes=5)
    assert settling.state.open is None
    assert settling.stored.words is None
    assert settling.service.history(PERSON, 5, None).tips[0].text is None
    assert settling.decision.later_done_at is None


def test_a_closed_item_drops_its_blocks_alone(settling: Settling) -> None:
    settling.reacts("dismiss", reason="not_mine")
    settling.closes("done", ref="todoist:2", minutes=5)
    assert len(settling.state.blocks) == 1
    settling.closes("done", minutes=5)
    assert settling.state.blocks == []


def test_a_cancelled_event_closes_the_tip_that_names_it(settling: Settling) -> None:
    settling.reacts("snooze")
    settling.scorer.candidates = [candidate(item_ref="todoist:2", anchor_ref="cal:1")]
    settling.scorer.titles["todoist:2"] = "Call the bank"
    answer = settling.service.recommend(PERSON, HERE)
    assert answer.tip is not None
    settling.closes("cancelled", ref="cal:1", hours=1)
    assert settling.state.open is None
    assert settling.store.decisions[PERSON, answer.tip.id].words is None
    assert settling.stored.words is not None


def test_another_items_end_leaves_the_tip_open(settling: Settling) -> None:
    settling.closes("done", ref="todoist:2", minutes=5)
    assert settling.state.open is not None
    assert settling.stored.words is not None


def test_done_elsewhere_within_a_day_is_later_done(settling: Settling) -> None:
    settling.sees()
    settling.closes("done", hours=3)
    assert settling.decision.later_done_at == NOW + timedelta(hours=3)
    assert settling.decision.revision == 2
    assert settling.reward == (0.8, 1)


def test_done_after_a_day_is_not(settling: Settling) -> None:
    settling.reacts("snooze")
    settling.closes("done", hours=25)
    assert settling.decision.later_done_at is None
    assert settling.reward == (0.4, 1)


def test_never_seen_and_done_elsewhere_trains_nothing(settling: Settling) -> None:
    settling.closes("done", hours=3)
    settling.clock.forward(hours=10)
    settling.hears(TipDue(decision_id=settling.tip))
    assert settling.reward == (None, 0)
    assert settling.stored.due_at is None


def test_undo_after_the_item_closed_does_not_open_the_tip(settling: Settling) -> None:
    settling.reacts("done")
    settling.closes("done", minutes=1)
    settling.reacts("undo")
    assert settling.state.open is None


def test_done_on_a_later_tip_makes_the_snoozed_one_later_done(settling: Settling) -> None:
    settling.reacts("snooze")
    settling.clock.forward(hours=4)
    again = settling.service.recommend(PERSON, HERE)
    assert again.tip is not None
    settling.service.react(PERSON, again.tip.id, ReactionRequest(kind="done"))
    settling.hears(TipReacted(decision_id=again.tip.id, revision=1, kind="done"))
    assert settling.reward == (0.8, 2)
    assert settling.store.decisions[PERSON, again.tip.id].decision.reward == 1.0


@pytest.mark.parametrize("angle", ["smallest_step", "plan_slot", "prepare", "keep_or_let_go"])
def test_a_step_a_plan_or_a_question_that_was_done_does_not_make_it_later_done(
    settling: Settling, angle: str
) -> None:
    settling.reacts("snooze")
    settling.clock.forward(hours=4)
    again = settling.service.recommend(PERSON, HERE)
    assert again.tip is not None
    settling.turns(again.tip.id, angle)
    settling.service.react(PERSON, again.tip.id, ReactionRequest(kind="done"))
    settling.hears(TipReacted(decision_id=again.tip.id, revision=1, kind="done"))
    assert settling.decision.later_done_at is None
    assert settling.store.decisions[PERSON, again.tip.id].decision.reward == 1.0


def test_letting_go_answers_the_question(settling: Settling) -> None:
    settling.turns(settling.tip, "keep_or_let_go")
    settling.reacts("dismiss", reason="not_mine")
    assert settling.reward == (1.0, 1)
    assert [b.kind for b in settling.store.states[PERSON].blocks] == ["not_mine"]
    settling.reacts("dismiss", reason="too_big")
    assert settling.reward == (0.0, 2)


# --- the due index ------------------------------------------------------------------------------------


def test_due_finds_what_has_passed_and_nothing_else(settling: Settling) -> None:
    assert settling.settlement.publish_due() == 0
    settling.clock.forward(hours=6)
    assert settling.settlement.publish_due() == 1
    (event,) = settling.bus.events
    assert (type_of(event), event.tip_due.decision_id, event.person_id) == ("tip_due", settling.tip, PERSON)


def test_due_again_is_the_same_event(settling: Settling) -> None:
    settling.clock.forward(hours=6)
    settling.settlement.publish_due()
    settling.clock.forward(minutes=5)
    settling.settlement.publish_due()
    assert len({e.event_id for e in settling.bus.events}) == 1


def test_due_reaches_back_eight_days_through_every_page(settling: Settling) -> None:
    for count in range(7):
        stored = settling.stored
        other = stored.decision.model_copy(update={"decision_id": f"d{count}"})
        due = NOW - timedelta(hours=0 if count < 5 else 24 * 8 - 1)
        settling.store.decisions[PERSON, other.decision_id] = StoredDecision(other, due_at=due)
    assert settling.settlement.publish_due() == 7
    told = [e.tip_due.decision_id for e in settling.bus.events]
    assert told == ["d5", "d6", "d0", "d1", "d2", "d3", "d4"]


# --- the log ------------------------------------------------------------------------------------------


def test_a_decision_is_logged_once_without_words_and_with_its_item_refs(settling: Settling) -> None:
    event = settling.event(DecisionMade(decision_id=settling.tip))
    settling.settlement.record(event)
    settling.settlement.record(event)
    ((key, line),) = settling.log.lines.items()
    assert key == ("decisions", "2026-11-05", PERSON, event.event_id)
    assert "Mira" not in str(line)
    assert [c["candidate"]["item_ref"] for c in line["choice"]["candidates"]] == ["todoist:1"] * 2


def test_a_decision_reads_the_same_in_the_log_however_late_it_is_written(settling: Settling) -> None:
    event = settling.event(DecisionMade(decision_id=settling.tip))
    settling.settlement.record(event)
    (early,) = settling.log.lines.values()
    settling.reacts("done")
    settling.settlement.record(event)
    (late,) = settling.log.lines.values()
    assert early == late


def test_a_reward_is_logged_under_the_day_of_its_decision(settling: Settling) -> None:
    settled = RewardSettled(decision_id=settling.tip, revision=2, reward=0.8, decided_at=timestamp(NOW))
    settling.settlement.record(settling.event(settled, at=NOW + timedelta(days=2)))
    ((key, line),) = settling.log.lines.items()
    assert key[:2] == ("rewards", "2026-11-05")
    assert (line["revision"], line["reward"]) == (2, 0.8)


def test_nothing_is_logged_about_an_erased_person(settling: Settling) -> None:
    event = settling.event(DecisionMade(decision_id=settling.tip))
    write = settling.log.write

    def erased_while_writing(*line: Any) -> None:
        settling.store.decisions.clear()
        write(*line)

    settling.log.write = erased_while_writing  # type: ignore[method-assign]
    settling.settlement.record(event)
    assert settling.log.lines == {}
    settling.settlement.record(event)
    assert settling.log.lines == {}


@pytest.mark.parametrize("kind", ["decisions", "rewards"])
def test_a_line_of_an_attempt_that_died_goes_when_the_message_comes_again(
    settling: Settling, kind: str
) -> None:
    payload = {
        "decisions": DecisionMade(decision_id=settling.tip),
        "rewards": RewardSettled(decision_id=settling.tip, revision=1, reward=1, decided_at=timestamp(NOW)),
    }[kind]
    event = settling.event(payload)
    settling.settlement.record(event)  # ... dies before it looks again
    assert [key[0] for key in settling.log.lines] == [kind]
    settling.store.decisions.clear()
    settling.settlement.record(event)
    assert settling.log.lines == {}


def test_a_bus_that_refuses_stops_the_fan_out(settling: Settling) -> None:
    settling.clock.forward(hours=6)
    settling.bus.refuses = True
    with pytest.raises(BusError):
        settling.settlement.publish_due()


def test_a_done_tip_completes_its_item_unless_it_was_undone() -> None:
    settling = Settling()
    settling.says("done")
    said = settling.event(TipReacted(decision_id=settling.tip, revision=1, kind="done"))
    settling.settlement.complete(said)
    settling.settlement.complete(said)
    completions = [e for e in settling.bus.events if type_of(e) == "item_completed"]
    assert {e.event_id for e in completions} == {completions[0].event_id}
    assert completions[0].item_completed.item_ref == settling.decision.candidate.item_ref
    settling.bus.events.clear()
    settling.says("undo")
    settling.settlement.complete(said)
    assert settling.bus.events == []


@pytest.mark.parametrize("kind", ["snooze", "dismiss", "helpful", "undo"])
def test_other_reactions_complete_nothing(kind: str) -> None:
    settling = Settling()
    settling.says("done")
    settling.settlement.complete(settling.event(TipReacted(decision_id=settling.tip, revision=1, kind=kind)))
    assert settling.bus.events == []


def test_a_step_or_a_plan_does_not_complete_the_item() -> None:
    settling = Settling()
    settling.says("done")
    settling.turns(settling.tip, "smallest_step")
    settling.settlement.complete(
        settling.event(TipReacted(decision_id=settling.tip, revision=1, kind="done"))
    )
    assert settling.bus.events == []


def test_what_may_not_be_learned_from_is_not_in_the_log(settling: Settling) -> None:
    made = settling.event(DecisionMade(decision_id=settling.tip))
    settling.settlement.record(made)
    assert settling.log.lines
    settling.may_learn = False
    settling.settlement.record(made)
    assert settling.log.lines == {}, "withdrawn after the write: the line does not stay"
    settling.settlement.record(settling.event(DecisionMade(decision_id=settling.tip)))
    assert settling.log.lines == {}
