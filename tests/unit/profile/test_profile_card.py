"""What oO knows, line by line: what is behind each, what deleting it takes, and that it stays gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.contracts.consents import CONSENT_OF_TYPE, CONSENTS, Consent
from chalicelib.contracts.errors import NotFound, Unavailable
from chalicelib.contracts.events import Envelope, ForgetRequested, MalformedEvent, TipDue, type_of, wrap
from chalicelib.contracts.http import ProfilePatch
from chalicelib.contracts.ports import PersonalStore, SealedWords
from chalicelib.contracts.privacy import CardLine
from chalicelib.contracts.records import SignalRecord
from chalicelib.events.contract import words_purpose
from chalicelib.events.projection import record_of
from chalicelib.profile.card import OFTEN
from chalicelib.profile.knowing import COUNTED, CardService, Forgetting
from chalicelib.profile.selection import Selection, selection_of
from chalicelib.profile.service import ProfileService
from chalicelib.runtime.clock import RandomIds
from ml_lambda.features.snapshot import build
from tests.unit.events.world import ANN, BOB, NOW, World, mood, task
from tests.unit.profile.memory import MemoryKnowledge

TRACE = "trace-0001"


class Learned:
    """What was learned of a person."""

    name = "statistics"

    def __init__(self, knowledge: MemoryKnowledge) -> None:
        self._knowledge = knowledge

    def export(self, person_id: str) -> Iterable[Any]:
        return ()

    def erase(self, person_id: str) -> int:
        return int(bool(self._knowledge.answers.pop(person_id, 0)))

    def withdraw(self, person_id: str, consent: Consent) -> int:
        return self.erase(person_id) if consent == "learning" else 0


class Life:
    """The events service over memory, features made of what it holds, and the card over both."""

    def __init__(self) -> None:
        self.world = World()
        self.knowledge = MemoryKnowledge()
        self.profile = ProfileService(self.world.profiles, self.world.bus, self.world.clock, RandomIds())
        self.service = CardService(
            self.profile, self.world.profiles, self.knowledge, self.world.sealer, self.world.bus,
            self.world.clock, RandomIds(),
        )  # fmt: skip
        self.forgetting = Forgetting(self.knowledge, self.stores, self.world.service.delete, self.world.bus)

    def stores(self) -> Sequence[PersonalStore]:
        return [*self.world.signals.personal_stores(), Learned(self.knowledge)]

    def signals(self, who: str = ANN) -> list[SignalRecord]:
        """What is held, without the marks of what was taken back."""
        held = self.world.signals.signals.items()
        return [s for (p, _), s in held if p == who and isinstance(s, SignalRecord)]

    def look(self, who: str = ANN) -> dict[str, CardLine]:
        """The card, after features were made anew of what is stored."""
        signals = self.signals(who)
        items = [record_of(i) for (p, _), i in self.world.signals.items.items() if p == who]
        self.knowledge.told[who] = signals
        self.knowledge.sealed = {
            (p, ref): SealedWords(words_purpose(ref), words.sealed, words.expires_at)
            for (p, ref), (_, words) in self.world.signals.sealed.items()
        }
        profile = self.profile.profile(who)
        self.knowledge.snapshots[who] = build(
            items, signals, profile.timezone, self.world.clock.now(), person_id=who,
            granted=self.profile.granted(who), goals=profile.goals,
        )  # fmt: skip
        return {line.id: line for line in self.service.card(who).lines}

    def delete(self, line: str, who: str = ANN) -> Envelope | None:
        """Delete the line and let the queue do it; what it asked for."""
        self.world.bus.batches.clear()
        self.service.delete(who, line, TRACE)
        requested = [e for e in self.world.bus.events if type_of(e) == "forget_requested"]
        for event in requested:
            self.look(who)
            self.forgetting.handle(event)
            self.look(who)
            self.forgetting.handle(event)  # twice changes nothing
        return requested[0] if requested else None


def done(ref: str, hours: float, category: str = "home", kind: str = "task") -> dict[str, Any]:
    at = NOW - timedelta(hours=hours)
    return {
        "type": kind, "item_ref": ref, "status": "done", "category": category,
        "occurred_at": at.isoformat(),
    }  # fmt: skip


@pytest.fixture
def life() -> Life:
    made = Life()
    for who in (ANN, BOB):
        made.world.agree(who)
    return made


def test_of_a_new_person_oo_knows_what_it_assumes(life: Life) -> None:
    [line] = life.look().values()
    assert (line.id, line.consents, line.signals.count) == ("profile", [], 0)
    assert line.text == "Your time zone is UTC, your language en."


def test_each_line_names_its_signals_and_its_consents(life: Life) -> None:
    life.world.take_in(
        task("rent", title="Pay the rent"),
        mood(ago=3, valence=4, energy=2),
        {"type": "context", "place": "home", "occurred_at": (NOW - timedelta(hours=1)).isoformat()},
        {
            "type": "event", "item_ref": "c1", "title": "Dentist", "status": "confirmed",
            "occurred_at": (NOW - timedelta(hours=1)).isoformat(),
            "starts_at": (NOW + timedelta(days=1)).isoformat(),
            "ends_at": (NOW + timedelta(days=1, hours=1)).isoformat(),
        },
    )  # fmt: skip
    life.knowledge.answers[ANN] = 7
    card = life.look()
    assert card["tasks"].text == "You have 1 open task. One is “Pay the rent”."
    assert card["calendar"].text.startswith("Your calendar has 1 entry in the days ahead; next is “Dentist”")
    assert card["mood"].text.startswith("You said your mood was 4 of 5 and your energy was 2 of 5")
    assert card["context"].text == "You are at home, as you said."
    assert card["learning"].text == "oO has learned from 7 answers which tips fit you."
    for consent in ("tasks", "calendar", "mood", "context"):
        assert card[consent].consents == [consent]
        assert card[consent].signals.count == 1
        assert card[consent].signals.newest is not None
        assert "1 signal" in card[consent].removes
    assert (card["learning"].consents, card["learning"].signals.count) == (["learning"], 7)
    # No line and no id says a title of somebody else's, nor the id of an item.
    assert life.look(BOB).keys() == {"profile"}


def test_hours_and_categories_are_told_once_they_are_habits_of_life(life: Life) -> None:
    few = int(OFTEN) - 1
    life.world.take_in(*(done(f"t{n}", hours=2 + 24 * n) for n in range(few)))
    assert not {line for line in life.look() if line.startswith(("hours-", "about-"))}
    life.world.take_in(*(done(f"t{n}", hours=2 + 24 * n) for n in range(few, 8)))
    card = life.look()
    assert card["hours-10"].text == "You often get things done around 10 in the morning."
    [about] = [line for line in card.values() if line.id.startswith("about-")]
    assert about.text == "You often get things done that are about “home”."
    assert about.signals.count == card["hours-10"].signals.count == 8
    assert "home" not in about.id
    assert about.consents == ["tasks"]


def test_what_a_person_does_not_consent_to_is_on_no_line(life: Life) -> None:
    life.world.take_in(task("rent", title="Pay"), mood())
    life.knowledge.answers[ANN] = 7
    life.world.agree(ANN, ["mood"])
    assert life.look().keys() == {"mood", "profile"}


@pytest.mark.parametrize("consent", ["tasks", "calendar", "habits", "mood", "context"])
def test_a_deleted_source_is_gone_stays_gone_and_takes_nothing_else(life: Life, consent: Consent) -> None:
    when = (NOW - timedelta(hours=1)).isoformat()
    one_of_each: list[dict[str, Any]] = [
        task("rent", title="Pay the rent"),
        mood(valence=4),
        {"type": "context", "place": "home", "occurred_at": when},
        {"type": "habit", "item_ref": "run", "title": "Run", "status": "done", "occurred_at": when},
        {
            "type": "event", "item_ref": "c1", "title": "Dentist", "status": "confirmed", "occurred_at": when,
            "starts_at": (NOW + timedelta(days=1)).isoformat(),
            "ends_at": (NOW + timedelta(days=1, hours=1)).isoformat(),
        },
    ]  # fmt: skip
    for who in (ANN, BOB):
        life.world.take_in(*one_of_each, person=who)
    before = life.look()
    line = consent if consent in before else next(i for i in before if i.startswith("habit-"))
    life.delete(line)
    after = life.look()
    assert after.keys() == before.keys() - {line}
    assert life.look() == after
    left = {CONSENT_OF_TYPE[s.type] for s in life.signals()}
    assert left == {"tasks", "calendar", "habits", "mood", "context"} - {consent}
    assert life.profile.granted(ANN) == set(CONSENTS), "the consent stays"
    assert len(life.signals(BOB)) == 5


def test_a_deleted_line_is_told_to_those_who_make_features(life: Life) -> None:
    life.world.take_in(mood())
    life.look()
    requested = life.delete("mood")
    assert requested is not None
    told = [e for e in life.world.bus.events if type_of(e) == "forgotten"]
    assert {e.forgotten.line for e in told} == {"mood"}
    assert len({e.event_id for e in told}) == 1, "the same cause, the same event"


def test_an_hour_or_a_category_takes_what_was_done_then_and_the_rest_stays(life: Life) -> None:
    life.world.take_in(
        *(done(f"m{n}", hours=2 + 24 * n, category="home") for n in range(6)),
        *(done(f"e{n}", hours=16 + 24 * n, category="work") for n in range(6)),
        task("open", title="Still to do"),
    )  # fmt: skip
    before = life.look()
    about = {line.text: line.id for line in before.values() if line.id.startswith("about-")}
    home = next(id_ for text, id_ in about.items() if "home" in text)
    work = next(id_ for text, id_ in about.items() if "work" in text)
    life.delete(home)
    after = life.look()
    assert home not in after
    assert {work, "tasks", "hours-20"} <= after.keys()
    life.delete("hours-20")
    last = life.look()
    assert not {line for line in last if line.startswith(("hours-", "about-"))}
    assert last["tasks"].text == "You have 1 open task. One is “Still to do”."
    assert {s.item_ref for s in life.signals()} == {"open"}


def test_one_habit_goes_and_the_others_stay(life: Life) -> None:
    life.world.take_in(*(done(ref, hours=3, kind="habit") for ref in ("run", "read")))
    before = life.look()
    habits = [line for line in before if line.startswith("habit-")]
    assert len(habits) == 2
    life.delete(habits[0])
    assert [line for line in life.look() if line.startswith("habit-")] == habits[1:]


def test_learning_begins_anew(life: Life) -> None:
    life.world.take_in(mood())
    life.knowledge.answers[ANN] = 7
    life.look()
    life.delete("learning")
    assert life.look().keys() == {"mood", "profile"}
    assert not [e for e in life.world.bus.events if type_of(e) == "forgotten"], "no feature rests on it"


def test_what_the_person_set_goes_back_to_what_it_was(life: Life) -> None:
    life.profile.change(
        ANN, ProfilePatch(display_name="Ann", timezone="Asia/Tokyo", goals=["health", "work"]), TRACE
    )
    card = life.look()
    assert card["goals"].text == "What matters most to you is what is about “health” and “work”."
    assert card["profile"].text.startswith("You are called Ann. Your time zone is Asia/Tokyo")
    life.delete("goals")
    assert life.look().keys() == {"profile"}
    assert life.profile.profile(ANN).display_name == "Ann"
    life.delete("profile")
    assert life.look()["profile"].text == "Your time zone is UTC, your language en."


def test_a_line_that_is_not_there_is_not_found(life: Life) -> None:
    life.world.take_in(mood())
    life.look()
    life.look(BOB)
    for who, line in ((ANN, "tasks"), (ANN, "nonsense"), (BOB, "mood")):
        with pytest.raises(NotFound):
            life.service.delete(who, line, TRACE)


def test_when_the_bus_is_down_nothing_is_removed_and_it_can_be_asked_again(life: Life) -> None:
    life.world.take_in(mood())
    life.look()
    life.world.bus.down = True
    with pytest.raises(Unavailable):
        life.service.delete(ANN, "mood", TRACE)
    life.world.bus.down = False
    assert "mood" in life.look()
    life.delete("mood")
    assert "mood" not in life.look()


def test_a_forgetting_that_died_half_way_is_finished_by_the_retry(life: Life) -> None:
    life.world.take_in(*(done(f"t{n}", hours=2 + 24 * n) for n in range(6)))
    life.look()
    life.service.delete(ANN, "hours-10", TRACE)
    [event] = [e for e in life.world.bus.events if type_of(e) == "forget_requested"]
    real, count = life.world.service.delete, 0

    def dies(person_id: str, signal_id: str, trace_id: str) -> None:
        nonlocal count
        count += 1
        if count == 3:
            raise ConnectionError
        real(person_id, signal_id, trace_id)

    dying = Forgetting(life.knowledge, life.stores, dies, life.world.bus)
    with pytest.raises(ConnectionError):
        dying.handle(event)
    life.look()
    life.forgetting.handle(event)
    assert life.look().keys() == {"profile"}


def test_years_of_signals_are_counted_up_to_a_bound(life: Life) -> None:
    life.look()
    life.knowledge.told[ANN] = [
        SignalRecord(
            signal_id=str(n), type="mood", source="manual", origin="typed", valence=3,
            occurred_at=NOW - timedelta(minutes=n),
        )
        for n in range(COUNTED + 5)
    ]  # fmt: skip
    line = next(line for line in life.service.card(ANN).lines if line.id == "mood")
    assert (line.signals.count, line.signals.more) == (COUNTED, True)
    assert f"at least {COUNTED} signals" in line.removes


# --- selections -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "chosen",
    [
        Selection(consent="tasks"),
        Selection(consent="habits", item_ref="run"),
        Selection(category="home"),
        Selection(hours=(23, 1), timezone="Europe/Berlin"),
        Selection(consent="learning"),
    ],
)
def test_a_selection_reads_the_same_after_it_travelled(chosen: Selection) -> None:
    assert selection_of(chosen.request("line")) == chosen


@pytest.mark.parametrize("asked", [ForgetRequested(), ForgetRequested(consent="everything")])
def test_a_selection_of_everything_or_of_nothing_known_is_refused(asked: ForgetRequested) -> None:
    with pytest.raises(MalformedEvent):
        selection_of(asked)


def test_hours_past_midnight_are_one_span() -> None:
    around = Selection(hours=(23, 1), timezone="UTC")
    said = {
        hour: around.holds(
            SignalRecord(
                signal_id="s", type="task", source="manual", origin="typed", status="done", item_ref="t",
                occurred_at=NOW.replace(hour=0) - timedelta(days=1) + timedelta(hours=hour),
            ),
            NOW,
        )
        for hour in range(24)
    }  # fmt: skip
    assert {hour for hour, holds in said.items() if holds} == {23, 0, 1}


def test_another_event_does_not_belong_to_forgetting(life: Life) -> None:
    event = wrap(TipDue(decision_id="d"), person_id=ANN, event_id="e", at=NOW, trace_id="t")
    with pytest.raises(MalformedEvent):
        life.forgetting.handle(event)
