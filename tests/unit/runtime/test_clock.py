"""Ids: version 7 sorts by time, person ids tell nothing."""

from __future__ import annotations

from uuid import UUID

from chalicelib.runtime.clock import RandomIds, SystemClock


def test_ids_are_version_7_and_sort_by_millisecond() -> None:
    ids = [RandomIds().new() for _ in range(2000)]
    assert len(set(ids)) == len(ids)
    assert {UUID(i).version for i in ids} == {7}
    assert {UUID(i).variant for i in ids} == {UUID(ids[0]).variant}
    stamps = [UUID(i).int >> 80 for i in ids]
    assert stamps == sorted(stamps)


def test_person_ids_are_version_4_and_the_clock_is_aware() -> None:
    assert UUID(RandomIds().person()).version == 4
    assert SystemClock().now().utcoffset() is not None
