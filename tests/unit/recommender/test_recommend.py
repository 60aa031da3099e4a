"""What a person gets when they ask: the open tip, a new one, rules, or an honest nothing."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.contracts.errors import RateLimited, Unavailable
from chalicelib.contracts.http import ReactionRequest
from chalicelib.contracts.ml import RankRequest, RankResponse
from chalicelib.contracts.tips import RecommendContext
from chalicelib.recommender.contract import LostRace, TipState, Words
from chalicelib.recommender.service import RecommenderService
from chalicelib.runtime.settings import Settings
from tests.unit.recommender.fakes import (
    NOW,
    PERSON,
    FakeClock,
    FakeIds,
    FakeScorer,
    FakeSealer,
    MemoryTips,
    candidate,
    choice,
    response,
    snapshot,
    task,
)

HERE = RecommendContext(minutes_free=30)


class World:
    """One person with a consented task, and everything around the service."""

    def __init__(self) -> None:
        self.store, self.sealer, self.clock, self.ids = MemoryTips(), FakeSealer(), FakeClock(), FakeIds()
        self.scorer = FakeScorer(self.sealer, candidate(), candidate(angle="smallest_step", score=0.3))
        self.service = RecommenderService(
            self.store, self.scorer, self.sealer, self.clock, self.ids, Settings(stage="local")
        )

    def stores_words(self, *refs: str, **life: float) -> None:
        for ref in refs:
            sealed = self.sealer.seal(PERSON, f"item:{ref}", f"Write to {ref.split(':')[1]}")
            self.store.words[PERSON, ref] = Words(sealed, NOW + timedelta(**life or {"days": 20}))


@pytest.fixture
def world() -> World:
    return World()


def test_a_tip_names_the_item_in_the_persons_words(world: World) -> None:
    answer = world.service.recommend(PERSON, HERE, "trace-1")
    assert answer.tip is not None
    assert "Send the invoice to Mira" in answer.tip.text
    assert answer.tip.why
    assert (answer.tip.angle, answer.tip.expires_at) == ("do_now", NOW + timedelta(hours=6))


def test_the_fast_path_reads_once_and_writes_once(world: World) -> None:
    world.service.recommend(PERSON, HERE)
    assert world.store.calls == ["read", "decide"]
    assert len(world.scorer.requests) == 1
    assert world.sealer.primed == [(PERSON, b"wrapped")]


def test_the_decision_keeps_what_learning_needs_and_no_words(world: World) -> None:
    answer = world.service.recommend(PERSON, HERE, "trace-1")
    assert answer.tip is not None
    stored = world.store.decisions[PERSON, answer.tip.id]
    body = stored.decision.model_dump_json()
    assert "invoice" not in body
    assert stored.decision.choice.probabilities == [0.5, 0.5]
    assert stored.decision.choice.seed == world.scorer.requests[0].seed
    assert stored.decision.settle_at == NOW + timedelta(hours=6) == stored.due_at
    assert stored.trace_id == "trace-1"


def test_silence_counts_after_a_day_at_the_latest(world: World) -> None:
    world.scorer.candidates = [candidate(expires_at=NOW + timedelta(hours=40))]
    answer = world.service.recommend(PERSON, HERE)
    assert answer.tip is not None
    assert world.store.decisions[PERSON, answer.tip.id].decision.settle_at == NOW + timedelta(hours=24)


def test_an_open_tip_is_answered_again_without_asking_the_scorer(world: World) -> None:
    first = world.service.recommend(PERSON, HERE)
    world.store.calls.clear()
    world.clock.forward(hours=5)
    assert world.service.recommend(PERSON, HERE) == first
    assert world.store.calls == ["read"]
    assert len(world.scorer.requests) == 1


def test_each_decision_draws_with_a_fresh_seed(world: World) -> None:
    world.service.recommend(PERSON, HERE)
    world.clock.forward(hours=7)
    world.scorer.candidates = [candidate(expires_at=NOW + timedelta(hours=20))]
    world.service.recommend(PERSON, HERE)
    seeds = [r.seed for r in world.scorer.requests]
    assert len(set(seeds)) == 2


def test_an_expired_tip_gives_way_and_is_remembered(world: World) -> None:
    first = world.service.recommend(PERSON, HERE)
    world.clock.forward(hours=6)
    world.scorer.candidates = [candidate(expires_at=NOW + timedelta(hours=20))]
    second = world.service.recommend(PERSON, HERE)
    assert first.tip
    assert second.tip
    assert first.tip.id != second.tip.id
    assert [r.decision_id for r in world.scorer.requests[1].recent] == [first.tip.id]


def test_without_consent_nothing_is_looked_at(world: World) -> None:
    world.store.granted = frozenset({"learning"})
    answer = world.service.recommend(PERSON, HERE)
    assert (answer.tip, answer.reason) == (None, "consent_required")
    assert world.scorer.requests == []


def test_an_erased_person_gets_nothing(world: World) -> None:
    world.store.erased = True
    assert world.service.recommend(PERSON, HERE).reason == "consent_required"
    assert world.store.decisions == {}


def test_a_key_destroyed_between_read_and_write_leaves_no_decision(world: World) -> None:
    world.service.recommend(PERSON, HERE)
    world.sealer.destroy(PERSON)
    assert world.service.recommend(PERSON, HERE).reason == "consent_required"
    assert len(world.store.decisions) == 1


def test_an_erasure_between_read_and_write_leaves_nothing_behind(world: World) -> None:
    assert world.service.recommend(PERSON, HERE).tip is not None
    world.clock.forward(hours=7)
    world.scorer.candidates = [candidate(expires_at=NOW + timedelta(hours=12))]

    def erase() -> None:
        world.store.erased = True
        world.store.states.clear()
        world.store.decisions.clear()

    world.store.before_write = erase  # this process still holds the person's key
    assert world.service.recommend(PERSON, HERE).reason == "consent_required"
    assert (world.store.states, world.store.decisions) == ({}, {})


def test_a_withdrawal_during_a_race_counts(world: World) -> None:
    def withdraw() -> None:
        world.store.granted = frozenset()
        world.store.states[PERSON] = TipState(person_id=PERSON, version=1)

    world.store.before_write = withdraw
    assert world.service.recommend(PERSON, HERE).reason == "consent_required"


def test_withdrawing_a_source_closes_the_tip_that_could_draw_on_it(world: World) -> None:
    first = world.service.recommend(PERSON, HERE)
    world.store.granted -= {"calendar"}
    second = world.service.recommend(PERSON, HERE)
    assert first.tip
    assert second.tip
    assert first.tip.id != second.tip.id


def test_no_ground_is_an_honest_nothing_with_a_time_to_look_again(world: World) -> None:
    world.scorer.candidates = []
    answer = world.service.recommend(PERSON, HERE)
    assert (answer.reason, answer.next_look_at) == ("nothing_now", NOW + timedelta(hours=2))
    assert world.store.decisions == {}


def test_two_at_once_get_one_decision(world: World) -> None:
    rank = world.scorer.rank
    both: list[Any] = []

    def other_first(request: RankRequest) -> RankResponse:
        if not both:
            both.append(None)
            both[0] = world.service.recommend(PERSON, HERE)
        return rank(request)

    world.scorer.rank = other_first  # type: ignore[method-assign]
    mine = world.service.recommend(PERSON, HERE)
    assert mine == both[0]
    assert mine.tip is not None
    assert list(world.store.decisions) == [(PERSON, mine.tip.id)]


def test_many_threads_at_once_get_one_decision(world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: world.service.recommend(PERSON, HERE), range(24)))
    assert len({a.tip.id for a in answers if a.tip}) == 1
    assert all(a.tip for a in answers)
    assert len(world.store.decisions) == 1


def test_a_race_that_leaves_no_open_tip_decides_again(world: World) -> None:
    def other() -> None:
        theirs = world.service.recommend(PERSON, HERE)
        assert theirs.tip is not None
        world.service.react(PERSON, theirs.tip.id, ReactionRequest(kind="dismiss", reason="too_big"))

    world.store.before_write = other
    mine = world.service.recommend(PERSON, HERE)
    assert mine.tip is not None
    assert len(world.store.decisions) == 2
    assert [b.kind for b in world.scorer.requests[-1].blocks] == ["too_big"]


def test_who_loses_every_race_is_told_to_try_again(world: World) -> None:
    def lose(*_: object) -> None:
        raise LostRace

    world.store.decide = lose  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        world.service.recommend(PERSON, HERE)


def test_scorer_down_rules_decide_with_their_own_probabilities(world: World) -> None:
    world.scorer.fails = "ReadTimeoutError"
    world.store.snapshots[PERSON] = snapshot(task("todoist:1"), task("todoist:2", due_on=None))
    world.stores_words("todoist:1", "todoist:2")
    answer = world.service.recommend(PERSON, HERE)
    assert answer.tip is not None
    assert "rite to" in answer.tip.text
    made = world.store.decisions[PERSON, answer.tip.id].decision.choice
    assert (made.policy.name, made.policy.version, made.arm) == ("rules", "1", "rules")
    assert math.isclose(math.fsum(made.probabilities), 1)
    assert all(p >= 0.1 / len(made.candidates) for p in made.probabilities)


def test_rules_draw_as_often_as_they_say() -> None:
    from chalicelib.recommender import rules

    field = [candidate(score=0.9), candidate(score=0.5), candidate(score=0.2)]
    spread = rules.probabilities(field)
    draws = [rules.choose(field, seed=s, snapshot_at=None).chosen for s in range(3000)]
    for index, expected in enumerate(spread):
        deviation = math.sqrt(expected * (1 - expected) / 3000)
        assert abs(draws.count(index) / 3000 - expected) < 4 * deviation


def test_rules_offer_only_what_they_can_name(world: World) -> None:
    world.scorer.fails = "down"
    world.store.snapshots[PERSON] = snapshot(task("todoist:1"), task("todoist:2"))
    world.stores_words("todoist:2")
    world.stores_words("todoist:1", minutes=-1)
    answer = world.service.recommend(PERSON, HERE)
    assert answer.tip is not None
    made = world.store.decisions[PERSON, answer.tip.id].decision
    assert {c.candidate.item_ref for c in made.choice.candidates} == {"todoist:2"}


def test_a_silence_by_old_features_leaves_word_and_one_by_fresh_ones_does_not(world: World) -> None:
    world.scorer.candidates = []
    assert world.service.recommend(PERSON, HERE, "trace-1").reason == "nothing_now"
    assert world.store.calls == ["read"]
    world.scorer.outdated = True
    assert world.service.recommend(PERSON, HERE, "trace-2").reason == "nothing_now"
    assert world.store.calls == ["read", "read", "note_silence"]
    assert world.store.silences == [(PERSON, NOW, None, "trace-2")]
    assert world.store.decisions == {}


def test_a_decision_by_old_features_needs_no_word_of_its_own(world: World) -> None:
    world.scorer.outdated = True
    assert world.service.recommend(PERSON, HERE).tip is not None
    assert world.store.silences == []


def test_rules_that_say_nothing_by_old_features_leave_word_too(world: World) -> None:
    world.scorer.fails = "down"
    ages = {"none": None, "old": timedelta(hours=1, seconds=1), "fresh": timedelta(hours=1)}
    for age in ages.values():
        if age is not None:
            world.store.snapshots[PERSON] = snapshot().model_copy(update={"computed_at": NOW - age})
        assert world.service.recommend(PERSON, HERE).reason == "nothing_now"
    seen = [at for _, _, at, _ in world.store.silences]
    assert seen == [None, NOW - timedelta(hours=1, seconds=1)]


def test_rules_read_the_facts_of_another_versions_snapshot(world: World) -> None:
    world.scorer.fails = "down"
    world.stores_words("todoist:1")
    other = snapshot(task()).model_copy(update={"feature_version": 0, "done_hours": [50.0] * 24})
    world.store.snapshots[PERSON] = other
    assert world.service.recommend(PERSON, HERE).tip is not None


def test_rules_without_features_or_words_say_nothing_now(world: World) -> None:
    world.scorer.fails = "down"
    nothing = world.service.recommend(PERSON, HERE)
    assert (nothing.reason, nothing.next_look_at) == ("nothing_now", NOW + timedelta(hours=1))
    world.store.snapshots[PERSON] = snapshot(task())
    assert world.service.recommend(PERSON, HERE).reason == "nothing_now"


@pytest.mark.parametrize("titles", [{}, {"todoist:1": ""}, {"todoist:9": "Another"}], ids=str)
def test_a_choice_that_cannot_be_worded_goes_to_the_rules(world: World, titles: dict[str, str]) -> None:
    world.scorer.titles = titles
    world.store.snapshots[PERSON] = snapshot(task("todoist:2"))
    world.stores_words("todoist:2")
    answer = world.service.recommend(PERSON, HERE)
    assert answer.tip is not None
    assert world.store.decisions[PERSON, answer.tip.id].decision.choice.policy.name == "rules"


def test_words_sealed_for_another_item_are_not_shown(world: World) -> None:
    def swapped(request: RankRequest) -> RankResponse:
        answer = response(world.scorer, request)
        return answer.model_copy(update={"words": {"todoist:1": answer.words["cal:1"]}})

    world.scorer.rank = swapped  # type: ignore[method-assign]
    assert world.service.recommend(PERSON, HERE).reason == "nothing_now"


@pytest.mark.parametrize(
    ("titles_end", "words_end"),
    [
        (None, timedelta(hours=24)),
        (timedelta(hours=3), timedelta(hours=3)),
        (timedelta(days=90), timedelta(days=14)),
    ],
    ids=str,
)
def test_rendered_words_rest_no_longer_than_the_title(
    world: World, titles_end: timedelta | None, words_end: timedelta
) -> None:
    world.scorer.words_expire_at = NOW + titles_end if titles_end else None
    answer = world.service.recommend(PERSON, HERE)
    assert answer.tip is not None
    assert world.store.decisions[PERSON, answer.tip.id].words_expire_at == NOW + words_end


def test_a_tip_whose_words_have_expired_is_not_shown_again(world: World) -> None:
    world.scorer.words_expire_at = NOW + timedelta(hours=1)
    first = world.service.recommend(PERSON, HERE)
    world.clock.forward(hours=2)
    second = world.service.recommend(PERSON, HERE)
    assert first.tip
    assert second.tip
    assert first.tip.id != second.tip.id


def test_the_memory_of_tips_is_bounded(world: World) -> None:
    for _ in range(70):
        world.scorer.candidates = [candidate(expires_at=world.clock.now() + timedelta(minutes=30))]
        world.service.recommend(PERSON, HERE)
        world.clock.forward(hours=1)
    recent = world.store.states[PERSON].recent
    assert len(recent) == 60
    assert recent[0].decided_at > recent[-1].decided_at
    world.clock.forward(days=13)
    world.scorer.candidates = [candidate(expires_at=world.clock.now() + timedelta(minutes=30))]
    world.service.recommend(PERSON, HERE)
    assert all(
        r.decided_at > world.clock.now() - timedelta(days=14) for r in world.store.states[PERSON].recent
    )


def test_the_open_tip_survives_a_choice_with_an_index_that_is_not_first(world: World) -> None:
    def second(request: RankRequest) -> RankResponse:
        made = choice(world.scorer.candidates, request.seed).model_copy(update={"chosen": 1})
        return response(world.scorer, request).model_copy(update={"choice": made})

    world.scorer.rank = second  # type: ignore[method-assign]
    world.scorer.candidates[1] = candidate(angle="smallest_step", wording="smallest_step.1")
    answer = world.service.recommend(PERSON, HERE)
    assert answer.tip is not None
    assert answer.tip.angle == "smallest_step"


# --- how often --------------------------------------------------------------------------------


def dismiss(world: World) -> None:
    answer = world.service.recommend(PERSON, HERE)
    assert answer.tip is not None
    world.service.react(PERSON, answer.tip.id, ReactionRequest(kind="dismiss", reason="wrong_time"))


def limited(most: int) -> World:
    world = World()
    world.service = RecommenderService(
        world.store, world.scorer, world.sealer, world.clock, world.ids,
        Settings(stage="local", decisions_per_hour=most),
    )  # fmt: skip
    return world


def test_new_tips_are_so_many_an_hour() -> None:
    world = limited(3)
    dismiss(world)
    world.clock.forward(minutes=20)
    dismiss(world)
    dismiss(world)
    with pytest.raises(RateLimited) as refusal:
        world.service.recommend(PERSON, HERE)
    assert 40 * 60 <= refusal.value.retry_after <= 40 * 60 + 1
    assert len(world.scorer.requests) == 3, "nobody was asked for a tip that may not be given"
    world.clock.forward(seconds=refusal.value.retry_after)
    dismiss(world)


def test_an_open_tip_is_shown_as_often_as_asked() -> None:
    world = limited(1)
    first = world.service.recommend(PERSON, HERE)
    assert [world.service.recommend(PERSON, HERE) for _ in range(5)] == [first] * 5


def test_no_limit_is_no_limit() -> None:
    world = limited(0)
    for _ in range(70):
        dismiss(world)
