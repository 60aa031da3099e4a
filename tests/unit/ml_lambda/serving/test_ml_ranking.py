"""Ranking over stored rows in memory: what is answered, logged and left out."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from chalicelib.contracts.ml import Candidate, RankRequest, RankResponse, RecentTip, Snapshot
from chalicelib.contracts.pool import Pool, PooledWords
from chalicelib.domain.features import CANDIDATE_FEATURES
from chalicelib.runtime.logging import logger
from ml_lambda.features.snapshot import build
from ml_lambda.policies.store import StoredState
from ml_lambda.serving.configuration import Configuration
from ml_lambda.serving.ranking import NEW_PERSON, Ranker
from ml_lambda.serving.reads import Known
from ml_lambda.serving.titles import SealedTitle
from tests import ml_examples as me

CONFIGURATION = Configuration.of("epsilon_greedy_v2", "epsilon_greedy_v1")


class Memory:
    def __init__(
        self,
        snapshot: Snapshot | None,
        state: StoredState | None = None,
        words: Collection[str] = ("*",),
        pool: Pool | None = None,
    ) -> None:
        self.known, self.words_of, self.marks = Known(snapshot, state or StoredState(), pool), words, ""
        self.calls: list[str] = []

    def person(self, person_id: str) -> Known:
        self.calls.append("person")
        return self.known

    def words(self, person_id: str, refs: Collection[str], now: datetime) -> dict[str, SealedTitle]:
        self.calls.append("words")
        return {ref: SealedTitle(ref.encode(), self.marks + ref) for ref in refs if "*" in self.words_of}


def example() -> Snapshot:
    return build(me.items(), me.signals(), me.ZONE, me.NOW, person_id=me.PERSON)


def request(**fields: Any) -> RankRequest:
    values = {"person_id": me.PERSON, "now": me.NOW, "timezone": me.ZONE, "granted": me.ALL, "seed": 7}
    return RankRequest.model_validate({**values, **fields})


def rank(store: Memory, **fields: Any) -> RankResponse:
    return Ranker(store, CONFIGURATION, logger("rank")).rank(request(**fields))


def test_a_choice_carries_all_that_learning_needs() -> None:
    store = Memory(example())
    response = rank(store)
    choice = response.choice
    assert choice.chosen is not None
    assert sum(choice.probabilities) == pytest.approx(1)
    assert len(choice.probabilities) == len(choice.candidates) >= 2
    assert all(len(c.features) == 12 for c in choice.candidates)
    assert len(choice.context) == 6
    assert set(choice.shadow) == {"epsilon_greedy_v1"}
    assert sum(choice.shadow["epsilon_greedy_v1"]) == pytest.approx(1)
    assert (choice.policy.name, choice.prior_version, choice.posterior_sequence) == (
        "epsilon_greedy_v2",
        "first-1",
        0,
    )
    assert choice.snapshot_at == me.NOW
    chosen = choice.candidates[choice.chosen].candidate
    assert set(response.words) == {r for r in (chosen.item_ref, chosen.anchor_ref) if r}
    assert store.calls == ["person", "words"]


def test_contributions_add_up_to_what_sets_the_chosen_one_apart() -> None:
    choice = rank(Memory(example()), seed=11).choice
    assert choice.chosen is not None
    assert len(choice.contributions) == len(CANDIDATE_FEATURES)
    learner = CONFIGURATION.learner("epsilon_greedy_v2")
    matrix = np.array([c.features for c in choice.candidates])
    scores = learner.scores(np.array(choice.context), matrix)  # type: ignore[attr-defined]
    others = np.delete(scores, choice.chosen)
    assert sum(choice.contributions) == pytest.approx(scores[choice.chosen] - others.mean(), abs=1e-5)
    deadline = CANDIDATE_FEATURES.index("deadline")
    apart = matrix[choice.chosen, deadline] - np.delete(matrix[:, deadline], choice.chosen).mean()
    assert choice.contributions[deadline] == pytest.approx(0.35 * apart, abs=1e-5)  # the prior's weight


def test_what_was_learned_changes_what_a_feature_contributes() -> None:
    before, after = (rank(Memory(example(), state), seed=3).choice for state in (None, learned(0.0)))
    weights = [CONFIGURATION.learner("epsilon_greedy_v2") for _ in range(2)]
    weights[1].load(learned(0.0).states["epsilon_greedy_v2"])
    for choice, learner in zip((before, after), weights, strict=True):
        assert choice.chosen is not None
        matrix = np.array([c.features for c in choice.candidates])
        expected = learner.weights() * (
            matrix[choice.chosen] - np.delete(matrix, choice.chosen, axis=0).mean(axis=0)
        )
        assert choice.contributions == pytest.approx(expected.tolist(), abs=1e-6)


def test_a_fresh_snapshot_is_not_outdated_and_degrades_nothing() -> None:
    response = rank(Memory(example()))
    assert (response.outdated, response.choice.degraded) == (False, [])
    hour = {"computed_at": me.ago(hours=1)}
    assert not rank(Memory(example().model_copy(update=hour))).outdated
    older = {"computed_at": me.ago(hours=1, seconds=1)}
    assert rank(Memory(example().model_copy(update=older))).outdated
    assert rank(Memory(None)).outdated


def test_each_group_ages_by_its_own_target() -> None:
    aged = example().model_copy(update={"computed_at": me.ago(days=3)})
    response = rank(Memory(aged))
    assert response.choice.degraded == ["habit", "activity"]
    assert response.outdated
    assert response.choice.snapshot_at == me.ago(days=3)
    column = CANDIDATE_FEATURES.index("activity_length")
    assert {c.features[column] for c in response.choice.candidates} == {0.0}
    old = rank(Memory(example().model_copy(update={"computed_at": me.ago(days=40)}))).choice
    assert old.degraded == ["task", "calendar", "habit", "rhythm", "activity", "affinity", "goal"]


def test_a_new_feature_version_silences_nobody() -> None:
    other = example().model_copy(update={"feature_version": 0})
    response = rank(Memory(other))
    assert response.choice.chosen is not None
    assert response.outdated
    assert response.choice.degraded == ["habit", "rhythm", "activity", "affinity"]
    refs = {c.candidate.item_ref for c in response.choice.candidates}
    assert "task-invoice" in refs
    # A streak that another version counted is not told.
    assert not any(c.candidate.angle == "keep_streak" for c in response.choice.candidates)
    by_name = {
        name: {c.features[i] for c in response.choice.candidates} for i, name in enumerate(CANDIDATE_FEATURES)
    }
    assert all(by_name[n] == {0.0} for n in ("streak_at_risk", "done_hour", "activity_length", "affinity"))
    assert max(by_name["deadline"]) > 0


def test_a_silence_says_whether_its_features_were_old() -> None:
    empty = build([], [], me.ZONE, me.NOW, person_id=me.PERSON)
    assert rank(Memory(empty)).choice.chosen is None
    assert not rank(Memory(empty)).outdated
    assert rank(Memory(empty.model_copy(update={"computed_at": me.ago(hours=2)}))).outdated
    assert rank(Memory(empty.model_copy(update={"feature_version": 0}))).outdated


def test_the_first_tip_of_a_new_person_is_the_one_that_is_due() -> None:
    response = rank(Memory(example()))
    best = int(np.argmax(response.choice.probabilities))
    assert response.choice.candidates[best].candidate.item_ref == "task-invoice"


def test_one_seed_one_answer() -> None:
    assert rank(Memory(example())) == rank(Memory(example()))
    chosen = {rank(Memory(example()), seed=seed).choice.chosen for seed in range(200)}
    assert len(chosen) > 1


def test_the_draws_of_many_requests_follow_the_logged_vector() -> None:
    draws = 1500
    answers = [rank(Memory(example()), seed=seed).choice for seed in range(draws)]
    expected = draws * np.array(answers[0].probabilities)
    seen = np.bincount([a.chosen for a in answers], minlength=len(expected))  # type: ignore[arg-type]
    degrees = len(expected) - 1
    assert float(((seen - expected) ** 2 / expected).sum()) < degrees + 5 * (2 * degrees) ** 0.5


def test_a_new_person_hears_nothing_yet() -> None:
    store = Memory(None)
    response = rank(store)
    assert response.choice.chosen is None
    assert response.next_look_at == me.NOW + NEW_PERSON
    assert store.calls == ["person"]


def test_no_consent_no_ground() -> None:
    response = rank(Memory(example()), granted=["learning"])
    assert response.choice.chosen is None
    assert response.words == {}
    assert response.next_look_at > me.NOW


def test_words_that_are_gone_leave_the_answer_without_words() -> None:
    response = rank(Memory(example(), words=()))
    assert response.choice.chosen is not None
    assert response.words == {}


def test_items_whose_words_have_expired_are_never_candidates() -> None:
    tasks = [t.model_copy(update={"words_expire_at": me.ago(hours=1)}) for t in example().tasks]
    response = rank(Memory(example().model_copy(update={"tasks": tasks})))
    assert all((c.candidate.item_ref or "").startswith("task") is False for c in response.choice.candidates)


def learned(reward: float) -> StoredState:
    response = rank(Memory(example()))
    learner = CONFIGURATION.learner("epsilon_greedy_v2")
    first = int(np.argmax(response.choice.probabilities))
    for _ in range(30):
        row = np.array(response.choice.candidates[first].features)
        learner.learn(np.array(response.choice.context), row, reward)
        for other in response.choice.candidates[:first] + response.choice.candidates[first + 1 :]:
            learner.learn(np.array(response.choice.context), np.array(other.features), 1.0 - reward)
    return StoredState(60, {"epsilon_greedy_v2": learner.to_bytes()})


def test_what_was_learned_changes_the_choice_unless_learning_is_not_consented_to() -> None:
    before = rank(Memory(example())).choice
    after = rank(Memory(example(), learned(0.0))).choice
    assert np.argmax(after.probabilities) != np.argmax(before.probabilities)
    assert after.posterior_sequence == 60
    without = rank(Memory(example(), learned(0.0)), granted=[c for c in me.ALL if c != "learning"]).choice
    assert without.probabilities == before.probabilities
    assert without.posterior_sequence == 0


def test_answers_move_no_feature_without_consent_to_learning() -> None:
    def affinity(granted: Collection[str]) -> set[float]:
        refused = RecentTip(
            decision_id="d",
            decided_at=me.ago(days=3),
            angle="do_now",
            wording="x",
            item_ref="task-tax",
            category="admin",
            exposed_at=me.ago(days=3),
            reaction="dismiss",
        )
        choice = rank(Memory(example()), granted=granted, recent=[refused]).choice
        at = CANDIDATE_FEATURES.index("affinity")
        return {c.features[at] for c in choice.candidates if c.candidate.category == "admin"}

    (with_consent,) = affinity(me.ALL)
    (without,) = affinity([c for c in me.ALL if c != "learning"])
    assert with_consent < without


def test_state_that_cannot_be_read_is_the_prior() -> None:
    broken = StoredState(3, {"epsilon_greedy_v2": b"?"})
    assert (
        rank(Memory(example(), broken)).choice.probabilities == rank(Memory(example())).choice.probabilities
    )


def test_energy_and_place_are_not_used_without_consent() -> None:
    said = {"energy": 1, "place": "work"}
    granted = [c for c in me.ALL if c not in {"mood", "context"}]
    silent = rank(Memory(example()), granted=granted).choice
    told = rank(Memory(example()), granted=granted, context=said).choice
    assert told.candidates == silent.candidates


def test_one_line_is_logged_without_any_reference(capsys: pytest.CaptureFixture[str]) -> None:
    rank(Memory(example()), trace_id="trace-1")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    line = json.loads(lines[0])
    assert line["trace_id"] == "trace-1"
    assert "task-invoice" not in lines[0]
    assert me.PERSON not in lines[0]


def best(response: RankResponse) -> Candidate:
    assert response.choice.chosen is not None
    return response.choice.candidates[response.choice.chosen].candidate


def pooled(candidate: Candidate, **fields: Any) -> Pool:
    titles = {ref: ref for ref in (candidate.item_ref, candidate.anchor_ref) if ref}
    entry = me.entry("m.1", candidate, **{"titles": titles, **fields})
    return Pool(person_id=me.PERSON, version=1, entries=[entry])


def test_the_wording_that_lies_ready_for_the_choice_goes_along_unopened() -> None:
    plain = rank(Memory(example()))
    pool = pooled(best(plain))
    store = Memory(example(), pool=pool)
    response = rank(store)
    assert response.pooled == PooledWords(wording="m.1", sealed=pool.entries[0].sealed, own_why=True)
    assert response.choice == plain.choice, "what is chosen does not depend on who words it"
    assert store.calls == ["person", "words"]


@pytest.mark.parametrize(
    "fields",
    [
        {"expires_at": me.NOW},
        {"titles": {}},
        {"angle": "rest"},
        {"says": "of something else"},
    ],
)
def test_a_wording_that_does_not_fit_is_left(fields: dict[str, Any]) -> None:
    pool = pooled(best(rank(Memory(example()))), **fields)
    assert rank(Memory(example(), pool=pool)).pooled is None


def test_a_title_that_was_changed_since_is_not_shown() -> None:
    store = Memory(example(), pool=pooled(best(rank(Memory(example())))))
    store.marks = "renamed "
    response = rank(store)
    assert response.pooled is None
    assert response.words


def test_a_wording_that_was_shown_is_not_shown_again() -> None:
    pool = pooled(best(rank(Memory(example()))))
    shown = RecentTip(decision_id="d", decided_at=me.ago(days=13), angle="rest", wording="m.1")
    assert rank(Memory(example(), pool=pool), recent=[shown]).pooled is None


def test_tasks_of_a_theme_that_was_shown_give_way_where_tasks_may_be_used() -> None:
    shown = RecentTip(
        decision_id="d", decided_at=me.ago(hours=5), angle="do_now", wording="x", item_ref="task-invoice",
        exposed_at=me.ago(hours=5),
    )  # fmt: skip
    alike = Pool(person_id=me.PERSON, themes={"task-invoice": "t1", "task-tax": "t1", "task-shelf": "t2"})

    def score(ref: str, pool: Pool | None) -> float:
        candidates = rank(Memory(example(), pool=pool), recent=[shown]).choice.candidates
        return max(c.candidate.score for c in candidates if c.candidate.item_ref == ref)

    assert score("task-tax", alike) < score("task-tax", None)
    assert score("task-shelf", alike) == score("task-shelf", None)
    without = [c for c in me.ALL if c != "tasks"]
    assert rank(Memory(example(), pool=alike), granted=without) == rank(Memory(example()), granted=without)
