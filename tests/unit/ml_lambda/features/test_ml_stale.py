"""What old or lopsided data must not be taken for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chalicelib.contracts.ml import Snapshot
from chalicelib.domain.features import CANDIDATE_FEATURES
from chalicelib.domain.situation import READS_BACK
from ml_lambda.features.activity import activity_length
from ml_lambda.features.group import Moment
from ml_lambda.features.habit import usual_minute
from ml_lambda.features.snapshot import WINDOW, build
from ml_lambda.features.vector import candidate_vectors
from tests import ml_examples as me


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


def steady(*at: datetime, now: datetime = me.NOW, zone: str = me.ZONE) -> tuple[int | None, int]:
    """The usual minute and the steady days of a habit done then."""
    done = [me.signal(n, "habit", moment, item_ref="h", status="done") for n, moment in enumerate(at)]
    (habit,) = build([me.item("h", "habit", "active")], done, zone, now, person_id=me.PERSON).habits
    return habit.usual_minute, habit.steady_days


def test_a_steady_day_is_one_within_half_an_hour_of_the_usual_time() -> None:
    base = me.NOW.replace(hour=7, minute=0)  # 08:00 in Berlin
    days = [base - timedelta(days=n) for n in range(1, 10)]
    assert steady(*days) == (8 * 60, 9)
    assert steady(*days, days[0] + timedelta(minutes=10)) == (8 * 60, 9), "twice on a day is one day"
    half, more = (days[0] + timedelta(minutes=m) for m in (30, 31))
    assert steady(half, *days[1:]) == (8 * 60, 9)
    assert steady(more, *days[1:]) == (8 * 60, 8)
    long_ago = [base - timedelta(days=n) for n in (13, 14, 20)]
    assert steady(*long_ago) == (8 * 60, 1), "of the last fourteen days"
    assert steady() == (None, 0)


def test_a_steady_day_goes_by_the_wall_clock_and_round_midnight() -> None:
    # 07:30 in Berlin on each of ten days around the end of summer time.
    around = datetime(2026, 10, 25, 12, tzinfo=UTC)
    zone = ZoneInfo("Europe/Berlin")
    mornings = [datetime(2026, 10, day, 7, 30, tzinfo=zone) for day in range(20, 30)]
    assert steady(*mornings, now=around + timedelta(days=5)) == (7 * 60 + 30, 10)
    midnight = datetime(2026, 11, 10, 23, 50, tzinfo=zone)
    nights = [midnight - timedelta(days=n) + timedelta(minutes=20 * (n % 2)) for n in range(6)]
    usual, days = steady(*nights)
    assert usual is not None
    assert days == len({at.date() for at in nights})


def test_a_backlog_of_years_does_not_crowd_out_today() -> None:
    old = [me.item(f"old{n:03d}", due_at=me.ago(days=20 + n)) for n in range(120)]
    shot = build([*old, *me.items()], [], me.ZONE, me.NOW, person_id=me.PERSON)
    refs = [t.item_ref for t in shot.tasks]
    assert refs[:4] == ["task-invoice", "task-tax", "task-shelf", "old000"]
    assert len(refs) == 100


def test_rules_know_how_far_back_is_read() -> None:
    assert WINDOW == READS_BACK >= timedelta(days=28)
