"""Filling a pool: what stays, what goes, what is asked for, and what happens when nobody answers."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.contracts.http import Profile
from chalicelib.contracts.ml import Candidate, ItemBlock, RecentTip, Snapshot
from chalicelib.contracts.pool import Pool, PoolEntry, Worded
from chalicelib.domain import pooling
from ml_lambda.features.snapshot import build
from ml_lambda.llm.contract import ModelUnavailable
from ml_lambda.llm.draft import Draft
from ml_lambda.serving.ahead import MOST, ahead
from ml_lambda.serving.pool_reads import Person, TipMemory
from ml_lambda.serving.pools import LostRace
from ml_lambda.serving.refilling import ATTEMPTS, STORE_EVERY, Refilling
from ml_lambda.serving.theming import RESTS, Theming
from ml_lambda.serving.titles import SealedTitle
from ml_lambda.serving.writing import RESERVE, Refilled
from tests import ml_examples as me
from tests.unit.ml_lambda.serving.pool_memory import FakeWords, MemoryPools
from tests.unit.recommender.fakes import FakeClock, FakeSealer

TITLES = {
    "task-invoice": "Send the invoice to Mira",
    "task-tax": "Open the tax letter",
    "task-shelf": "Shelf",
    "event-standup": "Standup",
    "habit-walk": "Walk to the park",
}


class DigestingSealer(FakeSealer):
    def digest(self, person_id: str, purpose: str, plaintext: str) -> str:
        from hashlib import sha256

        return sha256(f"{person_id}|{purpose}|{plaintext}".encode()).hexdigest()


class FakeEmbedder:
    """Titles lie near each other by their first letter."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.fails = False

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self.fails:
            raise ModelUnavailable("timeout")
        self.asked.append(list(texts))
        return [[float(text[0] == letter) + 0.01 for letter in "SOWt"] for text in texts]


class World:
    def __init__(self) -> None:
        self.store, self.words, self.sealer = MemoryPools(), FakeWords(), DigestingSealer()
        self.clock, self.left = FakeClock(me.NOW), 1000.0
        self.budgets: list[str] = []
        self.embedder = FakeEmbedder()
        self.store.people[me.PERSON] = Person(
            granted=frozenset(me.ALL),  # type: ignore[arg-type]
            profile=Profile(timezone=me.ZONE),
            wrapped_key=b"wrapped",
            snapshot=self.snapshot(),
        )
        for ref, title in TITLES.items():
            self.seal(ref, title)

    def snapshot(self, **without: Any) -> Snapshot:
        items = [i for i in me.items() if i.item_ref not in without.get("gone", ())]
        return build(items, me.signals(), me.ZONE, self.clock.now(), person_id=me.PERSON)

    def seal(self, ref: str, title: str) -> None:
        sealed = self.sealer.seal(me.PERSON, f"item:{ref}", title)
        self.store.sealed[me.PERSON, ref] = SealedTitle(sealed, title[:4])

    def change(self, **changes: Any) -> None:
        self.store.change(me.PERSON, **changes)

    def refill(self, *closed: str) -> Refilled:
        def words(person_id: str) -> FakeWords:
            self.budgets.append(person_id)
            return self.words

        themes = Theming(self.sealer, lambda person_id: self.embedder, 0.23)
        one = Refilling(self.store, self.store, self.sealer, words, themes, self.clock)
        return one.refill(me.PERSON, closed, lambda: self.left)

    @property
    def pool(self) -> Pool:
        found = self.store.people[me.PERSON].pool
        assert found is not None
        return found

    @property
    def entries(self) -> list[PoolEntry]:
        return self.pool.entries

    def opened(self, entry: PoolEntry) -> dict[str, str]:
        plain = self.sealer.open(me.PERSON, f"pool:{entry.wording}", b64decode(entry.sealed))
        words: dict[str, str] = json.loads(plain)
        return words

    def show(self, wording: str, **fields: Any) -> None:
        tip = RecentTip(decision_id="d", decided_at=self.clock.now(), angle="rest", wording=wording, **fields)
        self.change(tips=TipMemory(recent=[tip]))

    def planned(self, **changes: Any) -> list[Candidate]:
        person = self.store.people[me.PERSON]
        assert person.snapshot is not None
        given: dict[str, Any] = {
            "now": self.clock.now(), "timezone": me.ZONE, "locale": "en", "granted": me.ALL,
            "recent": person.tips.recent, "blocks": person.tips.blocks, "themes": {},
        }  # fmt: skip
        return [p.candidate for p in ahead(person.snapshot, **{**given, **changes})]


@pytest.fixture
def world() -> World:
    return World()


def test_what_could_be_said_soon_is_worded_in_the_persons_own_words(world: World) -> None:
    said = world.refill()
    planned = world.planned()
    assert (said.outcome, said.written, said.ready) == ("kept", len(planned), len(planned))
    assert len(planned) > 8
    for candidate, entry in zip(planned, world.entries, strict=True):
        assert pooling.fits(entry, candidate, lang="en", timezone=me.ZONE)
    invoice = next(e for e in world.entries if e.angle == "do_now" and e.item_ref == "task-invoice")
    assert "Send the invoice to Mira" in world.opened(invoice)["text"]
    assert invoice.titles == {"task-invoice": "Send"}
    assert world.pool.refilled_at == me.NOW
    assert set(world.budgets) == {me.PERSON}
    assert "invoice to Mira" not in world.pool.model_dump_json()


def test_what_lies_ready_is_not_written_again(world: World) -> None:
    world.refill()
    asked = len(world.words.asked)
    world.store.calls.clear()
    said = world.refill()
    assert (said.outcome, said.written) == ("fresh", 0)
    assert len(world.words.asked) == asked
    assert world.store.calls == ["person", "titles"]
    assert len(world.embedder.asked) == 1


def test_an_hour_later_only_what_is_new_is_asked_for(world: World) -> None:
    world.refill()
    first = {(e.angle, e.item_ref, e.says) for e in world.entries}
    world.words.asked.clear()
    world.clock.forward(hours=1)
    world.refill()
    assert len(world.words.asked) < len(first) / 2
    assert len({e.wording for e in world.entries}) == len(world.entries)


def test_a_wording_that_was_shown_is_gone_and_replaced_by_another(world: World) -> None:
    world.refill()
    spent = world.entries[0]
    meaning = world.store.people[me.PERSON].worded.meanings[spent.wording]
    world.words.seen.clear()
    world.show(spent.wording)
    assert world.refill().outcome == "kept"
    assert spent.wording not in {e.wording for e in world.entries}
    assert any((e.angle, e.item_ref) == (spent.angle, spent.item_ref) for e in world.entries)
    assert meaning in world.words.seen[0], "nothing like it is to be written"
    assert world.store.people[me.PERSON].worded.meanings[spent.wording] == meaning


def test_what_is_forgotten_by_the_tip_state_is_forgotten_here(world: World) -> None:
    world.refill()
    spent = world.entries[0].wording
    world.show(spent)
    world.refill()
    world.show("another")
    world.refill()
    assert spent not in world.store.people[me.PERSON].worded.meanings


def test_a_closed_items_wordings_vanish_at_once(world: World) -> None:
    world.refill()
    assert any(e.item_ref == "task-invoice" for e in world.entries)
    world.refill("task-invoice")
    assert world.entries
    assert not any(e.item_ref == "task-invoice" for e in world.entries)
    assert not any("invoice" in draft.text for draft in world.words.asked[len(world.planned()) :])


def test_so_do_those_of_an_item_that_the_snapshot_no_longer_has(world: World) -> None:
    world.refill()
    world.change(snapshot=world.snapshot(gone=("task-tax",)))
    world.refill()
    assert not any(e.item_ref == "task-tax" for e in world.entries)


def test_a_cancelled_event_takes_what_names_it(world: World) -> None:
    tip = me.candidate(angle="plan_slot", anchor_ref="event-standup")
    marks = {"task-invoice": "Send", "event-standup": "Stan"}
    about = me.entry("m.9", tip, titles=marks)
    world.change(pool=Pool(person_id=me.PERSON, version=1, entries=[about]), version=1)
    world.refill()
    assert about in world.entries
    world.change(snapshot=world.snapshot(gone=("event-standup",)))
    world.refill()
    assert about not in world.entries


def test_a_renamed_item_is_worded_anew(world: World) -> None:
    world.refill()
    world.seal("task-invoice", "Pay Mira's invoice")
    world.refill()
    about = [e for e in world.entries if e.item_ref == "task-invoice"]
    assert about
    assert all(
        "Pay Mira's invoice" in str(world.opened(e)) or "ay Mira" in str(world.opened(e)) for e in about
    )


def test_words_end_with_their_titles_and_are_renewed_when_these_live_on(world: World) -> None:
    items = [i.model_copy(update={"words_expire_at": me.ahead(hours=5)}) for i in me.items()]
    world.change(snapshot=build(items, me.signals(), me.ZONE, me.NOW, person_id=me.PERSON))
    world.refill()
    named = [e for e in world.entries if e.titles]
    assert {e.expires_at for e in named} == {me.ahead(hours=5)}
    assert {e.expires_at for e in world.entries if not e.titles} <= {me.ahead(days=3)}
    world.words.asked.clear()
    assert world.refill().written == 0
    world.change(snapshot=world.snapshot())
    world.refill()
    assert {e.expires_at for e in world.entries if e.titles} == {me.ahead(days=3)}
    assert len({e.wording for e in world.entries}) == len(world.entries)


def test_a_model_that_stops_answering_leaves_what_it_wrote_and_what_was_there(world: World) -> None:
    world.words.fails_after = (3, "timeout")
    said = world.refill()
    assert (said.outcome, said.written, said.unavailable) == ("kept", 3, "timeout")
    assert len(world.entries) == 3
    before = world.entries
    for reason in ("open_circuit", "budget", "off", "unreachable"):
        world.words.fails_after = (0, reason)  # type: ignore[assignment]
        said = world.refill()
        assert (said.outcome, said.unavailable, world.entries) == ("fresh", reason, before)


def test_the_best_come_first_when_there_is_no_more_time(world: World) -> None:
    world.left = RESERVE - 1
    said = world.refill()
    assert (said.cut, said.written, said.outcome) == (True, 0, "kept")
    assert world.entries == []
    world.left = RESERVE

    def says(draft: Draft) -> str:
        world.left -= 0.4
        return f"{draft.text} {world.words.turn}"

    world.words.says = says
    said = world.refill()
    assert (said.cut, said.written) == (True, 1)
    [entry] = world.entries
    best = world.planned()[0]
    assert (entry.angle, entry.item_ref) == (best.angle, best.item_ref)


def test_a_refused_draft_is_counted_and_left_alone_for_a_day(world: World) -> None:
    world.words.refuses = {"nvoice": "numbers"}
    said = world.refill()
    assert said.rejected["numbers"] >= 1
    assert not any(e.item_ref == "task-invoice" for e in world.entries)
    world.words.asked.clear()
    assert world.refill().outcome == "fresh"
    assert world.words.asked == []
    world.clock.forward(hours=23)
    world.refill()
    asked = {draft.text for draft in world.words.asked}
    world.words.asked.clear()
    world.clock.forward(hours=2)
    world.refill()
    assert not asked & {d.text for d in world.words.asked if "nvoice" not in d.text}


def test_the_same_words_for_two_items_are_kept_once(world: World) -> None:
    world.words.says = lambda draft: f"{draft.title or 'Rest'}, and no more than that."
    said = world.refill()
    texts = [world.opened(e)["text"] for e in world.entries]
    assert len(texts) == 2, "with a title and without one"
    assert said.rejected["repeated"] == len(world.planned()) - 2


def test_templates_that_were_shown_are_told_to_the_model_without_the_persons_words(world: World) -> None:
    world.show("do_now.1", minutes=5)
    world.change(
        tips=TipMemory(
            recent=[world.store.people[me.PERSON].tips.recent[0].model_copy(update={"angle": "do_now"})]
        )
    )
    world.refill()
    assert "…. # minutes." in world.words.avoided[0]


def test_a_text_that_takes_over_words_of_the_why_falls_with_the_reason(world: World) -> None:
    world.words.says = lambda draft: f"{draft.text} {draft.why}"
    world.refill()
    invoice = next(e for e in world.entries if e.angle == "do_now" and e.item_ref == "task-invoice")
    assert invoice.stated == [pooling.WHOLE]
    candidate = next(c for c in world.planned() if (c.angle, c.item_ref) == ("do_now", "task-invoice"))
    other = candidate.model_copy(
        update={"reason": candidate.reason.model_copy(update={"code": "shortest_first"})}
    )
    assert pooling.fits(invoice, candidate, lang="en", timezone=me.ZONE)
    assert not pooling.fits(invoice, other, lang="en", timezone=me.ZONE)


def test_a_models_why_stands_for_the_whole_reason(world: World) -> None:
    world.words.why = "It fits now."
    world.refill()
    for candidate, entry in zip(world.planned(), world.entries, strict=True):
        assert entry.because == pooling.because(candidate, lang="en", timezone=me.ZONE)
        assert world.opened(entry)["why"] == "It fits now."
    world.words.why, world.store.people[me.PERSON] = "", replace(world.store.people[me.PERSON], pool=None)
    world.refill()
    assert {e.because for e in world.entries} == {""}


def test_what_is_not_consented_to_is_not_opened_and_not_worded(world: World) -> None:
    opened: list[str] = []
    real = world.sealer.open

    def note(person_id: str, purpose: str, sealed: bytes) -> str:
        opened.append(purpose)
        return real(person_id, purpose, sealed)

    world.sealer.open = note  # type: ignore[method-assign]
    world.change(granted=frozenset({"habits"}))
    world.refill()
    assert set(opened) == {"item:habit-walk"}
    assert {e.item_ref for e in world.entries} == {"habit-walk"}
    world.change(granted=frozenset())
    world.refill()
    assert world.entries == []


def test_consents_that_change_meanwhile_are_looked_at_again(world: World) -> None:
    world.store.before_save = [lambda: world.change(granted=frozenset({"habits"}))]
    world.refill()
    assert {e.item_ref for e in world.entries} == {"habit-walk"}


def test_of_two_refills_at_once_the_slower_begins_again_and_asks_for_nothing_twice(world: World) -> None:
    other = me.entry("m.other", me.candidate(), titles={"task-invoice": "Send"})

    def first() -> None:
        world.change(pool=Pool(person_id=me.PERSON, version=1, entries=[other]), version=1)

    world.store.before_save = [first]
    said = world.refill()
    assert said.outcome == "kept"
    assert world.pool.version > 1
    assert len(world.words.asked) == len(set(world.words.asked))
    assert other.wording in {e.wording for e in world.entries}


def test_who_loses_every_time_says_so(world: World) -> None:
    def first() -> None:
        world.change(version=world.store.people[me.PERSON].version + 1)

    world.store.before_save = [first] * ATTEMPTS
    with pytest.raises(LostRace):
        world.refill()


def test_who_is_killed_keeps_what_was_written_and_the_next_asks_for_the_rest(world: World) -> None:
    class Killed(BaseException):
        """The function was stopped."""

    def says(draft: Draft) -> str:
        if len(world.words.asked) == 2 * STORE_EVERY + 3:
            raise Killed
        return f"{draft.text} {world.words.turn}"

    world.words.says = says
    world.words.refuses = {"Shelf": "style"}
    with pytest.raises(Killed):
        world.refill()
    stored, worded = world.entries, world.store.people[me.PERSON].worded
    assert len(stored) + len(worded.refused) == 2 * STORE_EVERY
    assert set(worded.meanings) == {e.wording for e in stored}
    assert world.pool.themes
    asked = world.words.asked[: 2 * STORE_EVERY]
    world.words.says = lambda draft: f"{draft.text} {world.words.turn}"
    world.words.asked.clear()
    assert world.refill().outcome == "kept"
    assert not set(asked) & set(world.words.asked)
    assert len(world.embedder.asked) == 1


def test_a_first_pool_is_stored_with_few_writes(world: World) -> None:
    said = world.refill()
    assert said.written > 2 * STORE_EVERY
    assert world.store.calls.count("save") == -(-said.written // STORE_EVERY)
    world.store.calls.clear()
    world.refill("task-invoice")
    assert world.store.calls == ["person", "titles", "save"]


def test_what_a_model_was_not_asked_for_is_not_stored_on_the_way(world: World) -> None:
    world.words.refuses = {"": "no_frame"}
    assert world.refill().rejected["no_frame"] > STORE_EVERY
    assert world.store.calls.count("save") == 1


def test_nothing_is_done_about_who_left(world: World) -> None:
    world.change(erased=True)
    assert world.refill().outcome == "erased"
    assert world.words.asked == []
    world.change(erased=False)
    world.store.before_save = [lambda: world.change(erased=True)]
    assert world.refill().outcome == "erased"
    assert world.store.people[me.PERSON].pool is None


def test_whose_key_was_destroyed_has_left(world: World) -> None:
    world.sealer.destroyed.add(me.PERSON)
    assert world.refill().outcome == "erased"


@pytest.mark.parametrize("lacking", ["snapshot", "wrapped_key"])
def test_without_a_snapshot_or_a_key_there_is_nothing_to_word(world: World, lacking: str) -> None:
    world.change(**{lacking: None})
    assert world.refill().outcome == "nothing"
    assert (world.words.asked, world.store.calls) == ([], ["person"])


def test_titles_that_nothing_opens_are_left_out(world: World) -> None:
    world.store.sealed[me.PERSON, "task-invoice"] = SealedTitle(b"damaged", "Send")
    world.refill()
    assert world.entries
    assert not any(e.item_ref == "task-invoice" for e in world.entries)


def test_a_put_off_item_keeps_its_wordings_for_later(world: World) -> None:
    world.refill()
    kept = {e.wording for e in world.entries if e.item_ref == "task-tax"}
    assert kept
    block = ItemBlock(item_ref="task-tax", kind="snoozed", since=me.NOW, until=me.ahead(days=1))
    world.change(tips=TipMemory(blocks=[block]))
    world.refill()
    assert {e.wording for e in world.entries if e.item_ref == "task-tax"} == kept


def test_a_pool_never_grows_beyond_its_bound(world: World) -> None:
    items = [me.item(f"t{n:02d}", due_at=me.ahead(hours=n % 9 + 1), effort_minutes=5 + n) for n in range(60)]
    world.change(snapshot=build(items, [], me.ZONE, me.NOW, person_id=me.PERSON))
    for item in items:
        world.seal(item.item_ref, f"{item.item_ref} letter to answer")
    world.refill()
    assert len(world.entries) == MOST
    for hours in range(1, 8):
        world.clock.forward(hours=hours)
        world.refill()
        assert len(world.entries) <= MOST
        worded: Worded = world.store.people[me.PERSON].worded
        assert set(worded.meanings) == {e.wording for e in world.entries}


def test_another_language_is_another_pool(world: World) -> None:
    world.refill()
    foreign = [e.model_copy(update={"lang": "xx"}) for e in world.entries]
    world.change(pool=world.pool.model_copy(update={"entries": foreign}))
    world.refill()
    assert {e.lang for e in world.entries} == {"en"}


def test_open_tasks_are_grouped_by_their_titles_once(world: World) -> None:
    world.refill()
    themes = world.pool.themes
    assert themes["task-invoice"] == themes["task-shelf"] != themes["task-tax"]
    assert set(themes) == {"task-invoice", "task-shelf", "task-tax"}
    assert world.embedder.asked == [["Send the invoice to Mira", "Shelf", "Open the tax letter"]]
    assert "Shelf" not in world.pool.model_dump_json()
    world.clock.forward(hours=3)
    world.refill()
    assert len(world.embedder.asked) == 1


def test_a_new_task_is_grouped_after_a_while_and_the_others_keep_their_themes(world: World) -> None:
    world.refill()
    before = world.pool.themes
    items = [*me.items(), me.item("task-new", effort_minutes=5)]
    world.seal("task-new", "Sort the shelf")
    world.change(snapshot=build(items, me.signals(), me.ZONE, me.NOW, person_id=me.PERSON))
    world.refill()
    assert world.pool.themes == before
    world.clock.at = me.NOW + RESTS
    world.refill()
    assert world.pool.themes == {**before, "task-new": before["task-shelf"]}


def test_a_task_that_is_gone_leaves_its_theme_unless_a_tip_was_about_it_lately(world: World) -> None:
    world.refill()
    themes = world.pool.themes
    world.show("another", item_ref="task-shelf")
    world.change(snapshot=world.snapshot(gone=("task-tax",)))
    world.refill()
    assert world.pool.themes == {ref: themes[ref] for ref in ("task-invoice", "task-shelf")}
    world.change(granted=frozenset({"habits"}))
    world.refill()
    assert world.pool.themes == {}


def test_without_the_embedder_themes_stay_as_they_are(world: World) -> None:
    world.embedder.fails = True
    said = world.refill()
    assert (said.unavailable, said.outcome, world.words.asked) == ("timeout", "nothing", [])
    world.embedder.fails = False
    world.refill()
    assert world.pool.themes


def test_a_model_is_told_facts_beside_the_draft(world: World) -> None:
    world.refill()
    assert any(draft.context for draft in world.words.asked)
