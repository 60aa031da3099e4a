"""What a person says about a tip: exposure, every reaction, undo, too late, not theirs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.contracts.errors import Conflict, Gone, Invalid, NotFound, Unavailable
from chalicelib.contracts.http import ReactionRequest
from chalicelib.contracts.ml import Decision
from chalicelib.recommender.contract import LostRace, TipState
from tests.unit.recommender.fakes import NOW, OTHER, PERSON, candidate
from tests.unit.recommender.test_recommend import HERE, World


class Told(World):
    """A world with one open tip."""

    def __init__(self) -> None:
        super().__init__()
        answer = self.service.recommend(PERSON, HERE)
        assert answer.tip is not None
        self.tip = answer.tip.id

    def says(self, kind: str, **more: Any) -> int:
        request = ReactionRequest.model_validate({"kind": kind, **more})
        return self.service.react(PERSON, self.tip, request, "trace-2").revision

    @property
    def decision(self) -> Decision:
        return self.store.decisions[PERSON, self.tip].decision

    @property
    def state(self) -> TipState:
        return self.store.states[PERSON]

    def blocks(self) -> list[tuple[str, datetime | None]]:
        return [(b.kind, b.until) for b in self.state.blocks]


@pytest.fixture
def told() -> Told:
    return Told()


# --- exposure -----------------------------------------------------------------------------------------


def test_the_first_exposure_counts(told: Told) -> None:
    told.clock.forward(minutes=10)
    told.service.expose(PERSON, told.tip, NOW + timedelta(minutes=4))
    told.service.expose(PERSON, told.tip, NOW + timedelta(minutes=8))
    assert told.decision.exposed_at == NOW + timedelta(minutes=4)
    assert told.decision.revision == 1
    assert told.state.recent[0].exposed_at == NOW + timedelta(minutes=4)


def test_an_exposure_leaves_the_tip_open(told: Told) -> None:
    told.service.expose(PERSON, told.tip, None)
    answer = told.service.recommend(PERSON, HERE)
    assert answer.tip is not None
    assert answer.tip.id == told.tip


@pytest.mark.parametrize("minutes", [-4, 4])
def test_a_clock_that_is_a_little_off_is_forgiven(told: Told, minutes: int) -> None:
    told.service.expose(PERSON, told.tip, NOW + timedelta(minutes=minutes))
    assert told.decision.exposed_at == NOW


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_exposure_before_the_tip_or_after_now_is_refused(told: Told, minutes: int) -> None:
    with pytest.raises(Invalid) as refused:
        told.service.expose(PERSON, told.tip, NOW + timedelta(minutes=minutes))
    assert refused.value.extra["errors"][0]["pointer"] == "/exposed_at"
    assert told.decision.exposed_at is None


# --- which tip ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tip", ["00000000-0000-7000-8000-000000000000", "nonsense", "", "../x", "0" * 500, "' OR 1=1"], ids=repr
)
def test_an_unknown_or_malformed_id_is_not_found(told: Told, tip: str) -> None:
    with pytest.raises(NotFound):
        told.service.react(PERSON, tip, ReactionRequest(kind="done"))
    with pytest.raises(NotFound):
        told.service.expose(PERSON, tip, None)


def test_another_persons_tip_is_not_found(told: Told) -> None:
    with pytest.raises(NotFound):
        told.service.react(OTHER, told.tip, ReactionRequest(kind="done"))
    assert told.decision.reactions == []


def test_seven_days_and_no_longer(told: Told) -> None:
    told.clock.forward(days=7)
    assert told.says("done") == 1
    told.clock.forward(seconds=1)
    for call in (
        lambda: told.says("dismiss"),
        lambda: told.says("done"),
        lambda: told.service.expose(PERSON, told.tip, None),
    ):
        with pytest.raises(Gone):
            call()
    assert [r.kind for r in told.decision.reactions] == ["done"]


# --- reactions ----------------------------------------------------------------------------------------


def test_a_reaction_implies_exposure_and_closes_the_tip(told: Told) -> None:
    told.clock.forward(minutes=1)
    assert told.says("done") == 1
    assert told.decision.exposed_at == told.clock.now()
    assert told.state.open is None
    assert told.state.recent[0].reaction == "done"


@pytest.mark.parametrize(
    "reaction",
    [
        {"kind": "done"},
        {"kind": "dismiss", "reason": "too_big"},
        {"kind": "dismiss"},
        {"kind": "snooze"},
        {"kind": "snooze", "until": NOW + timedelta(days=1)},
        {"kind": "helpful"},
    ],
    ids=str,
)
def test_the_same_reaction_twice_counts_once(told: Told, reaction: dict[str, Any]) -> None:
    first = told.says(**reaction)
    told.clock.forward(minutes=2)
    assert told.says(**reaction) == first
    assert len(told.decision.reactions) == 1


def test_a_snooze_sent_again_after_its_end_still_counts_once(told: Told) -> None:
    until = NOW + timedelta(hours=1)
    told.says("snooze", until=until)
    told.clock.forward(hours=2)
    assert told.says("snooze", until=until) == 1


def test_a_retry_of_an_earlier_verdict_still_counts_once_after_a_rating(told: Told) -> None:
    told.says("done")
    rated = told.says("helpful")
    assert told.says("done") == rated
    assert [r.kind for r in told.decision.reactions] == ["done", "helpful"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"kind": "dismiss", "reason": "too_big"}, {"kind": "dismiss", "reason": "not_mine"}),
        ({"kind": "snooze"}, {"kind": "snooze", "until": NOW + timedelta(hours=5)}),
        ({"kind": "done"}, {"kind": "dismiss"}),
    ],
    ids=str,
)
def test_another_reaction_is_a_new_revision(
    told: Told, first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert told.says(**first) == 1
    assert told.says(**second) == 2


def test_snooze_takes_three_hours_unless_told(told: Told) -> None:
    told.says("snooze")
    assert told.blocks() == [("snoozed", NOW + timedelta(hours=3))]
    told.says("snooze", until=NOW + timedelta(days=30))
    assert told.blocks() == [("snoozed", NOW + timedelta(days=30))]


@pytest.mark.parametrize(
    "until", [NOW, NOW - timedelta(hours=1), NOW + timedelta(days=30, seconds=1)], ids=str
)
def test_snooze_until_must_be_ahead_but_not_far(told: Told, until: datetime) -> None:
    with pytest.raises(Invalid) as refused:
        told.says("snooze", until=until)
    assert refused.value.extra["errors"][0]["pointer"] == "/until"
    assert told.decision.reactions == []


@pytest.mark.parametrize(
    ("reaction", "pointer"),
    [
        ({"kind": "done", "reason": "too_big"}, "/reason"),
        ({"kind": "dismiss", "until": NOW + timedelta(hours=1)}, "/until"),
        ({"kind": "undo", "reason": "not_mine"}, "/reason"),
    ],
    ids=str,
)
def test_parts_that_do_not_fit_are_named(told: Told, reaction: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        told.says(**reaction)
    assert [e["pointer"] for e in refused.value.extra["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("reason", "block"),
    [
        ("too_big", ("too_big", None)),
        ("wrong_time", ("wrong_time", NOW + timedelta(hours=4))),
        ("not_mine", ("not_mine", None)),
    ],
)
def test_each_not_now_says_something_else_about_the_item(
    told: Told, reason: str, block: tuple[str, datetime | None]
) -> None:
    told.says("dismiss", reason=reason)
    assert told.blocks() == [block]
    told.service.recommend(PERSON, HERE)
    assert told.scorer.requests[-1].blocks == told.state.blocks
    assert told.scorer.requests[-1].recent[0].reason == reason


def test_a_changed_mind_changes_the_block(told: Told) -> None:
    told.says("dismiss", reason="not_mine")
    told.says("snooze")
    assert told.blocks() == [("snoozed", NOW + timedelta(hours=3, microseconds=1))]
    told.says("done")
    assert told.blocks() == []


def test_a_tip_about_no_item_blocks_nothing(told: Told) -> None:
    told.clock.forward(hours=7)
    told.scorer.titles = {}
    told.scorer.candidates = [
        candidate(angle="rest", wording="rest.1", item_ref=None, expires_at=NOW + timedelta(hours=9))
    ]
    answer = told.service.recommend(PERSON, HERE)
    assert answer.tip is not None
    told.service.react(PERSON, answer.tip.id, ReactionRequest(kind="snooze"))
    assert told.blocks() == []


def test_blocks_are_bounded_and_expired_ones_go(told: Told) -> None:
    told.says("dismiss", reason="wrong_time")
    for count in range(120):
        told.clock.forward(hours=1)
        told.scorer.titles = {f"todoist:{count}": "Send it"}
        told.scorer.candidates = [
            candidate(item_ref=f"todoist:{count}", expires_at=told.clock.now() + timedelta(hours=1))
        ]
        answer = told.service.recommend(PERSON, HERE)
        assert answer.tip is not None
        told.service.react(PERSON, answer.tip.id, ReactionRequest(kind="dismiss", reason="not_mine"))
    assert len(told.state.blocks) == 100
    assert {b.kind for b in told.state.blocks} == {"not_mine"}
    assert told.state.blocks[-1].item_ref == "todoist:119"


def test_reactions_to_one_tip_are_bounded(told: Told) -> None:
    for count in range(50):
        told.says("done" if count % 2 else "dismiss")
    with pytest.raises(Conflict):
        told.says("snooze")


# --- undo ---------------------------------------------------------------------------------------------


def test_undo_opens_the_tip_again(told: Told) -> None:
    told.says("dismiss", reason="not_mine")
    assert told.says("undo") == 2
    assert told.blocks() == []
    assert told.state.recent[0].reaction is None
    answer = told.service.recommend(PERSON, HERE)
    assert answer.tip is not None
    assert answer.tip.id == told.tip
    assert len(told.scorer.requests) == 1


def test_undo_twice_counts_once(told: Told) -> None:
    told.says("snooze")
    told.says("done")
    undone = told.says("undo")
    assert told.says("undo") == undone
    assert told.state.recent[0].reaction == "snooze"


def test_undo_brings_back_what_was_said_before(told: Told) -> None:
    told.says("dismiss", reason="too_big")
    told.says("done")
    told.says("undo")
    assert told.blocks() == [("too_big", None)]
    assert told.state.open is None


def test_undo_of_nothing_is_a_conflict(told: Told) -> None:
    with pytest.raises(Conflict):
        told.says("undo")


def test_undo_does_not_push_another_open_tip_aside(told: Told) -> None:
    told.says("snooze")
    other = told.service.recommend(PERSON, HERE)
    assert other.tip is not None
    told.says("undo")
    assert told.service.recommend(PERSON, HERE) == other


def test_undo_of_an_expired_tip_opens_nothing(told: Told) -> None:
    told.says("snooze")
    told.clock.forward(hours=6)
    told.says("undo")
    assert told.state.open is None


# --- races --------------------------------------------------------------------------------------------


def test_a_reaction_that_lost_a_race_is_applied_to_what_is_there_now(told: Told) -> None:
    told.store.before_write = lambda: told.service.expose(PERSON, told.tip, None)
    assert told.says("done") == 2
    assert told.decision.exposed_at == NOW


def test_the_same_reaction_from_two_clients_at_once_counts_once(told: Told) -> None:
    told.store.before_write = lambda: told.says("done") and None
    assert told.says("done") == 1
    assert len(told.decision.reactions) == 1


def test_a_reaction_that_loses_every_race_is_told_to_try_again(told: Told) -> None:
    def lose(*_: object) -> None:
        raise LostRace

    told.store.change = lose  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        told.says("done")


# --- history ------------------------------------------------------------------------------------------


def test_history_is_newest_first_and_paged(told: Told) -> None:
    ids = [told.tip]
    for _ in range(4):
        told.clock.forward(hours=1)
        told.service.react(PERSON, ids[-1], ReactionRequest(kind="helpful"))
        answer = told.service.recommend(PERSON, HERE)
        assert answer.tip is not None
        ids.append(answer.tip.id)
    seen, cursor = [], None
    while True:
        page = told.service.history(PERSON, 2, cursor)
        seen += [t.id for t in page.tips]
        assert len(page.tips) <= 2
        if (cursor := page.next) is None:
            break
    assert seen == ids[::-1]


def test_history_shows_words_while_they_are_kept(told: Told) -> None:
    told.says("dismiss", reason="too_big")
    entry = told.service.history(PERSON, 10, None).tips[0]
    assert "Mira" in (entry.text or "")
    assert (entry.reaction, entry.reason, entry.angle, entry.category) == (
        "dismiss",
        "too_big",
        "do_now",
        "work",
    )
    told.clock.forward(hours=24)
    entry = told.service.history(PERSON, 10, None).tips[0]
    assert (entry.text, entry.why, entry.angle) == (None, None, "do_now")


def test_history_hides_words_of_a_source_that_was_withdrawn(told: Told) -> None:
    told.store.granted = frozenset({"mood"})
    entry = told.service.history(PERSON, 10, None).tips[0]
    assert (entry.text, entry.why, entry.angle) == (None, None, "do_now")


def test_history_of_another_person_is_theirs(told: Told) -> None:
    assert told.service.history(OTHER, 10, None).tips == []


@pytest.mark.parametrize("cursor", ["x", "%%%", "AAAA", "e30", "é"], ids=repr)
def test_a_cursor_that_is_not_ours_is_refused(told: Told, cursor: str) -> None:
    with pytest.raises(Invalid):
        told.service.history(PERSON, 10, cursor)
