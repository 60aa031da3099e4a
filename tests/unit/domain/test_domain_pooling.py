"""Which wording of the pool fits: never one whose text or title would be untrue of the candidate."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contracts.ml import Candidate, Reason, RecentTip
from chalicelib.contracts.pool import Pool, PooledWords, PoolEntry, title_mark
from chalicelib.domain import pooling
from tests import ml_examples as me

UNTIL: dict[str, int | str] = {"until": "2026-11-18T11:00:00+00:00", "event_at": 3}


def tip(code: str = "free_until", params: dict[str, int | str] | None = None, **fields: Any) -> Candidate:
    return me.candidate(reason=Reason(code=code, params=UNTIL if params is None else params), **fields)


def entry(of: Candidate, *stated: str, wording: str = "m.1", **fields: Any) -> PoolEntry:
    says = pooling.says(of, stated, lang="en", timezone=me.ZONE)
    because = pooling.because(of, lang="en", timezone=me.ZONE)
    return me.entry(wording, of, stated=sorted(stated), says=says, because=because, **fields)


def find(
    candidate: Candidate, *entries: PoolEntry, recent: tuple[str, ...] = (), **fields: Any
) -> PooledWords | None:
    shown = [RecentTip(decision_id="d", decided_at=me.ago(days=1), angle="do_now", wording=w) for w in recent]
    given_ = {"titles": {}, "now": me.NOW, "lang": "en", "timezone": me.ZONE, **fields}
    return pooling.find(Pool(person_id=me.PERSON, entries=list(entries)), candidate, recent=shown, **given_)


def test_without_a_pool_there_is_nothing() -> None:
    args: dict[str, Any] = {"recent": [], "now": me.NOW, "lang": "en", "timezone": me.ZONE, "titles": {}}
    assert pooling.find(None, tip(), **args) is None
    assert find(tip()) is None


def test_the_first_that_fits_is_taken_sealed_as_it_is() -> None:
    one, two = entry(tip(), wording="m.1"), entry(tip(), wording="m.2")
    assert find(tip(), one, two) == PooledWords(wording="m.1", sealed=one.sealed, own_why=True)
    assert find(tip(), two, one) == PooledWords(wording="m.2", sealed=two.sealed, own_why=True)


def test_a_text_fits_as_long_as_what_it_states_is_so() -> None:
    written = entry(tip(), "until")
    later = {**UNTIL, "event_at": 9}
    found = find(tip(params=later), written)
    assert found is not None
    assert not found.own_why, "the why told the whole reason"
    assert find(tip(params={**UNTIL, "until": "2026-11-18T12:00:00+00:00"}), written) is None
    assert find(tip(params={}), written) is None


def test_a_why_falls_with_the_reason_and_the_text_stays() -> None:
    written = entry(tip(code="due_today", params={}))
    found = find(tip(code="free_until"), written)
    assert found is not None
    assert not found.own_why


def test_a_wording_without_a_why_never_has_one_that_fits() -> None:
    found = find(tip(), entry(tip()).model_copy(update={"because": ""}))
    assert found is not None
    assert not found.own_why


def test_a_text_that_leans_on_its_reason_goes_with_the_reason() -> None:
    written = entry(tip(code="due_today", params={}), pooling.WHOLE)
    assert find(tip(code="due_today", params={}), written)
    assert find(tip(code="due_soon", params={}), written) is None
    assert find(tip(code="due_today", params={"n": 1}), written) is None


def test_what_differs_in_anything_that_a_text_states_is_another() -> None:
    written = entry(tip())
    for other in (
        tip(minutes=6),
        tip(item_ref="task-tax"),
        tip(angle="smallest_step"),
        tip(anchor_ref="event-standup"),
    ):
        assert find(other, written) is None
    assert find(tip(), written, lang="de") is None
    assert find(tip(), written, timezone="Asia/Tokyo") is None


def test_a_title_that_changed_takes_its_wordings_along() -> None:
    written = entry(tip(), titles={"task-invoice": title_mark("a" * 64)})
    assert find(tip(), written, titles={"task-invoice": "a" * 16})
    for titles in ({"task-invoice": "b" * 16}, {"task-invoice": ""}, {}):
        assert find(tip(), written, titles=titles) is None


def test_no_wording_is_shown_beyond_its_time_or_twice() -> None:
    written = entry(tip(), expires_at=me.ahead(hours=1))
    assert find(tip(), written, now=me.ahead(minutes=59))
    assert find(tip(), written, now=me.ahead(hours=1)) is None
    assert find(tip(), written, recent=("m.1",)) is None
    assert find(tip(), written, recent=("do_now.1", "m.2"))


PARAMS = st.dictionaries(
    st.sampled_from(["until", "slot", "takes", "streak"]), st.integers(0, 3) | st.sampled_from(["a", "b"])
)
TIPS = st.builds(
    tip,
    code=st.sampled_from(["due_today", "free_until"]),
    params=PARAMS,
    minutes=st.integers(1, 3),
    ref=st.sampled_from(["a", "b"]),
    anchor_ref=st.sampled_from([None, "e"]),
)
STATED = st.frozensets(st.sampled_from(["until", "slot", "takes", "streak"]))


def stated_of(candidate: Candidate, stated: frozenset[str]) -> tuple[object, ...]:
    params = candidate.reason.params
    return (
        candidate.item_ref,
        candidate.anchor_ref,
        candidate.minutes,
        *((name, params.get(name)) for name in sorted(stated)),
    )


@given(written=TIPS, shown=TIPS, stated=STATED)
def test_a_wording_is_found_exactly_where_what_it_states_is_so(
    written: Candidate, shown: Candidate, stated: frozenset[str]
) -> None:
    found = find(shown, entry(written, *stated))
    same = repr(stated_of(written, stated)) == repr(stated_of(shown, stated))
    assert (found is not None) == same
    if found is not None:
        whole = (written.reason.code, repr(sorted(written.reason.params.items())))
        assert found.own_why == (whole == (shown.reason.code, repr(sorted(shown.reason.params.items()))))


@given(st.lists(st.tuples(TIPS, STATED, st.integers(-2, 2)), max_size=6), TIPS, st.sets(st.integers(0, 5)))
def test_what_is_found_is_in_the_pool_alive_and_unseen(
    made: list[tuple[Candidate, frozenset[str], int]], shown: Candidate, seen: set[int]
) -> None:
    entries = [
        entry(of, *stated, wording=f"m.{n}", expires_at=me.NOW + timedelta(hours=hours))
        for n, (of, stated, hours) in enumerate(made)
    ]
    found = find(shown, *entries, recent=tuple(f"m.{n}" for n in seen))
    if found is not None:
        number = int(found.wording.removeprefix("m."))
        assert number not in seen
        assert entries[number].expires_at > me.NOW
        assert entries[number].sealed == found.sealed
