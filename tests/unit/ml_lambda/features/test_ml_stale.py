"""What old or lopsided data must not be taken for."""

from __future__ import annotations

from datetime import timedelta

import ml_examples as me
import pytest

from chalicelib.contracts.ml import Snapshot
from chalicelib.domain.features import CANDIDATE_FEATURES
from chalicelib.domain.situation import READS_BACK
from ml_lambda.features.activity import activity_length
from ml_lambda.features.group import Moment
from ml_lambda.features.habit import usual_minute
from ml_lambda.features.snapshot import WINDOW, build
from ml_lambda.features.vector import candidate_vectors


def made() -> Snapshot:
    return build(me.items(), me.signals(), me.ZONE, me.NOW, person_id=me.PERSON)


def test_yesterday_s_count_is_not_today_s() -> None:
    long = me.candidate(minutes=60)
    assert activity_length(Moment(made(), me.NOW, me.ZONE), long) > 0
    # 23:59 and 00:01 in Berlin.
    late, early = me.ahead(hours=13, minutes=59), me.ahead(hours=14, minutes=1)
    assert activity_length(Moment(made(), late, me.ZONE), long) > 0
    assert activity_length(Moment(made(), early, me.ZONE), long) == 0.0


def test_a_calendar_that_was_not_read_so_far_ahead_is_not_an_empty_one() -> None:
    def fit(**later: float) -> float:
        at = Moment(made(), me.ahead(**later), me.ZONE)
        return candidate_vectors(at, [me.candidate(minutes=10)])[0][CANDIDATE_FEATURES.index("free_fit")]

    # Four hours ahead are looked at, seven days are read.
    assert (fit(days=6), fit(days=6, hours=20), fit(days=6, hours=20, minutes=1)) == (1.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("minutes", "usual"),
    [
        ([], None),
        ([540], 540),
        ([530, 540, 560], 540),
        ([23 * 60 + 50, 10, 23 * 60 + 58, 2], 0),  # around midnight, not noon
        ([7 * 60, 7 * 60 + 5, 22 * 60, 22 * 60 + 5], None),  # mornings and evenings, not half past two
        ([7 * 60, 7 * 60 + 4, 7 * 60 + 10, 22 * 60], 7 * 60 + 4),
        ([0, 360, 720, 1080], None),
    ],
)
def test_a_usual_time_is_one_at_which_it_is_usually_done(minutes: list[int], usual: int | None) -> None:
    assert usual_minute(minutes) == usual
    assert usual_minute(reversed(minutes)) == usual


def test_a_backlog_of_years_does_not_crowd_out_today() -> None:
    old = [me.item(f"old{n:03d}", due_at=me.ago(days=20 + n)) for n in range(120)]
    shot = build([*old, *me.items()], [], me.ZONE, me.NOW, person_id=me.PERSON)
    refs = [t.item_ref for t in shot.tasks]
    assert refs[:4] == ["task-invoice", "task-tax", "task-shelf", "old000"]
    assert len(refs) == 100


def test_rules_know_how_far_back_is_read() -> None:
    assert WINDOW == READS_BACK >= timedelta(days=28)
