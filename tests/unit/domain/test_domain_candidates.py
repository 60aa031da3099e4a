"""What a proposal promises: consent, blocks, freshness, bounds, silence."""

import random
import time as clock
from datetime import date, datetime, timedelta

import pytest

from chalicelib.contracts.ml import MoodState
from chalicelib.contracts.tips import RecommendContext
from chalicelib.domain.wordings import fitting
from tests.unit.domain.people import (
    NOW,
    angles,
    ask,
    block,
    event,
    habit,
    only,
    snapshot,
    task,
    tip,
)

TODAY = date(2026, 11, 23)
MIN, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DUE = task(effort_minutes=10, due_on=TODAY)
NIGHT = NOW + 14 * HOUR  # 00:30 in Berlin


class TestConsent:
    full = snapshot(
        tasks=[DUE],
        habits=[habit(streak=4, last_done_on=TODAY - DAY)],
        events=[event("a", NOW - 2 * HOUR, NOW - 5 * MIN)],
        mood=MoodState(energy=1, at=NOW - HOUR),
    )

    def test_nothing_granted_nothing_said(self) -> None:
        assert ask(self.full, granted=[]).candidates == []

    def test_each_group_by_itself(self) -> None:
        assert {c.item_ref for c in ask(self.full, granted=["tasks"]).candidates} == {"t"}
        assert {c.item_ref for c in ask(self.full, granted=["habits"]).candidates} == {"h"}
        assert {c.angle for c in ask(self.full, granted=["calendar"]).candidates} == {"rest"}
        assert {c.angle for c in ask(self.full, granted=["mood"]).candidates} == {"rest"}

    def test_energy_and_place_of_the_request_need_their_consent(self) -> None:
        shot = snapshot(tasks=[task(effort_minutes=20, due_on=TODAY, category="laundry")])
        said = RecommendContext(energy=1, place="work")
        assert angles(ask(shot, context=said, granted=["tasks"])) == {"do_now"}
        assert angles(ask(shot, context=said)) == set()


class TestBlocks:
    shot = snapshot(tasks=[DUE])

    @pytest.mark.parametrize("kind", ["snoozed", "not_mine"])
    def test_silent_about_the_item_until_it_ends(self, kind: str) -> None:
        held = ask(self.shot, blocks=[block(kind, until=NOW + HOUR)])
        assert held.candidates == []
        assert ask(self.shot, blocks=[block(kind, until=NOW)]).candidates != []

    def test_a_block_without_an_end_is_lifted_by_a_change_of_the_item(self) -> None:
        unchanged = block("not_mine", since=NOW - HOUR)
        assert ask(self.shot, blocks=[unchanged]).candidates == []
        changed = snapshot(tasks=[DUE.model_copy(update={"as_of": NOW - 10 * MIN})])
        assert angles(ask(changed, blocks=[unchanged])) == {"do_now"}

    def test_not_mine_is_not_softened_by_another_block(self) -> None:
        both = [block("not_mine"), block("too_big", since=NOW - MIN)]
        assert ask(self.shot, blocks=both).candidates == []

    def test_a_snooze_end_is_when_to_look_again(self) -> None:
        ends = NOW + 40 * MIN
        assert ask(self.shot, blocks=[block("snoozed", until=ends)]).next_look_at == ends


class TestFreshness:
    def test_a_wording_does_not_return_for_an_item_within_14_days(self) -> None:
        shot = snapshot(tasks=[DUE])
        first = only(ask(shot), "do_now").wording
        within = [tip("do_now", "t", NOW - 14 * DAY + MIN, first)]
        assert only(ask(shot, recent=within), "do_now").wording != first

    def test_with_every_wording_used_there_is_none_left(self) -> None:
        shot = snapshot(tasks=[DUE])
        ids = fitting("do_now", frozenset({"estimate"}), "en")
        used = [tip("do_now", "t", NOW - 8 * DAY, wording) for wording in ids]
        assert angles(ask(shot, recent=used[1:])) == {"do_now"}
        assert ask(shot, recent=used).candidates == []

    def test_the_same_angle_on_an_item_twice_a_week_at_most(self) -> None:
        shot = snapshot(tasks=[DUE])
        twice = [tip("do_now", "t", NOW - days * DAY, f"w{days}") for days in (1, 6)]
        assert ask(shot, recent=twice).candidates == []
        older = [tip("do_now", "t", NOW - days * DAY, f"w{days}") for days in (1, 8)]
        assert angles(ask(shot, recent=older)) == {"do_now"}

    def test_an_angle_seen_on_an_item_rests_for_three_hours(self) -> None:
        shot = snapshot(tasks=[DUE])
        seen = [tip("do_now", "t", NOW - HOUR, exposed_at=NOW - HOUR)]
        unseen = [tip("do_now", "t", NOW - HOUR)]
        assert ask(shot, recent=seen).candidates == []
        assert angles(ask(shot, recent=unseen)) == {"do_now"}

    def test_what_was_answered_today_is_left_alone(self) -> None:
        shot = snapshot(tasks=[DUE])
        for values in ({"reaction": "done"}, {"reaction": "dismiss"}, {"reaction": "not_helpful"}):
            said = [tip("do_now", "t", NOW - 5 * HOUR, **values)]
            assert ask(shot, recent=said).candidates == [], values

    def test_a_done_task_stays_quiet_until_its_source_says_otherwise(self) -> None:
        said = [tip("do_now", "t", NOW - 2 * DAY, reaction="done")]
        before = snapshot(tasks=[DUE.model_copy(update={"as_of": NOW - 3 * DAY})])
        after = snapshot(tasks=[DUE.model_copy(update={"as_of": NOW - DAY})])
        assert ask(before, recent=said).candidates == []
        assert angles(ask(after, recent=said)) == {"do_now"}

    def test_an_item_shown_today_gives_way(self) -> None:
        shot = snapshot(tasks=[DUE, task("u", effort_minutes=10, due_on=TODAY)])
        seen = [tip("plan_slot", "t", NOW - 5 * HOUR)]
        assert [c.item_ref for c in ask(shot, recent=seen).candidates] == ["u", "t"]

    def test_a_theme_shown_today_gives_way_a_little(self) -> None:
        shot = snapshot(tasks=[task(ref, effort_minutes=10, due_on=TODAY) for ref in "tuv"])
        alike = {"t": "1", "u": "1", "v": "2"}
        seen = [tip("plan_slot", "t", NOW - 5 * HOUR)]
        found = ask(shot, recent=seen, themes=alike).candidates
        assert [c.item_ref for c in found] == ["v", "u", "t"]
        assert len({c.score for c in found}) == 3
        days_ago = [tip("plan_slot", "t", NOW - 3 * DAY)]
        assert len({c.score for c in ask(shot, recent=days_ago, themes=alike).candidates}) == 1


class TestWords:
    @pytest.mark.parametrize("ends", [None, NOW, NOW - DAY])
    def test_what_cannot_be_named_is_not_proposed(self, ends: datetime | None) -> None:
        shot = snapshot(
            tasks=[task(due_on=TODAY, words_expire_at=ends)],
            habits=[habit(streak=5, last_done_on=TODAY - DAY, words_expire_at=ends)],
        )
        assert ask(shot).candidates == []

    def test_a_tip_does_not_outlive_its_words(self) -> None:
        shot = snapshot(tasks=[task(due_on=TODAY, words_expire_at=NOW + 20 * MIN)])
        assert only(ask(shot), "do_now").expires_at == NOW + 20 * MIN


class TestNight:
    shot = snapshot(tasks=[task(effort_minutes=10, due_on=TODAY + DAY)])

    def test_only_silence_until_six(self) -> None:
        proposal = ask(self.shot, NIGHT)
        assert proposal.candidates == []
        assert proposal.next_look_at == NIGHT + 5 * HOUR + 30 * MIN

    def test_unless_the_person_says_that_they_have_time(self) -> None:
        awake = ask(self.shot, NIGHT, context=RecommendContext(minutes_free=30))
        assert angles(awake) == {"do_now"}

    def test_the_night_is_the_person_s_own(self) -> None:
        assert ask(self.shot, NIGHT, timezone="America/New_York").candidates != []


class TestNextLook:
    def test_the_next_change_within_six_hours(self) -> None:
        shot = snapshot(events=[event("e", NOW - HOUR, NOW + 45 * MIN)])
        assert ask(shot).next_look_at == NOW + 45 * MIN
        assert ask(snapshot()).next_look_at == NOW + 6 * HOUR

    def test_five_minutes_at_the_soonest(self) -> None:
        shot = snapshot(events=[event("e", NOW - HOUR, NOW + 4 * MIN)])
        assert ask(shot).next_look_at == NOW + 6 * HOUR


class TestBounds:
    def test_at_most_the_limit_and_still_varied(self) -> None:
        shot = snapshot(
            tasks=[task(f"t{n}", effort_minutes=60, due_on=TODAY, postponed=2) for n in range(100)],
            habits=[habit(f"h{n}", streak=5, last_done_on=TODAY - DAY) for n in range(40)],
            mood=MoodState(valence=1, at=NOW - HOUR),
        )
        proposal = ask(shot)
        assert len(proposal.candidates) == 30
        assert {c.angle for c in proposal.candidates} == {"do_now", "smallest_step", "keep_streak", "rest"}
        assert len({c.item_ref for c in proposal.candidates}) >= 15
        assert ask(shot, limit=3).candidates != []
        assert len(ask(shot, limit=3).candidates) == 3
        assert ask(shot, limit=0).candidates == []

    def test_best_first_and_the_order_of_the_input_does_not_matter(self) -> None:
        tasks = [task(f"t{n}", effort_minutes=5 + n, due_on=TODAY + (n % 5) * DAY) for n in range(50)]
        shuffled = random.Random(1).sample(tasks, len(tasks))
        one, other = ask(snapshot(tasks=tasks)), ask(snapshot(tasks=shuffled))
        assert one == other == ask(snapshot(tasks=tasks))
        scores = [c.score for c in one.candidates]
        assert scores == sorted(scores, reverse=True)

    def test_a_full_snapshot_costs_little(self) -> None:
        shot = snapshot(
            tasks=[task(f"t{n}", effort_minutes=60, due_on=TODAY, postponed=2) for n in range(100)],
            events=[event(f"e{n}", NOW + n * HOUR, NOW + n * HOUR + 40 * MIN) for n in range(1, 101)],
            habits=[habit(f"h{n}", streak=5, last_done_on=TODAY - DAY) for n in range(40)],
        )
        recent = [tip("do_now", f"t{n % 100}", NOW - n * HOUR, f"do_now.{n % 9}") for n in range(300)]
        ask(shot, recent=recent)
        began = clock.process_time()
        for _ in range(5):
            ask(shot, recent=recent)
        assert (clock.process_time() - began) / 5 < 0.1

    def test_low_energy_prefers_the_small(self) -> None:
        shot = snapshot(
            tasks=[
                task("small", effort_minutes=5, due_on=TODAY + DAY),
                task("large", effort_minutes=45, due_on=TODAY + DAY, priority=2),
            ]
        )
        fit = [c.item_ref for c in ask(shot).candidates if c.angle == "do_now"]
        low = ask(shot, context=RecommendContext(energy=1))
        tired = [c.item_ref for c in low.candidates if c.angle == "do_now"]
        assert (fit, tired) == (["large", "small"], ["small", "large"])
