"""Who consents and who muted nudges, read in batches by key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.contracts.records import storable
from ml_lambda.pipelines.people import PeopleReader
from tests import ml_examples as me


@pytest.fixture
def rows(aws: Any) -> me.Store:
    return me.Store(aws.client("dynamodb"))


def consents(rows: me.Store, person: str, notifications: bool | None, at: Any = me.NOW) -> None:
    states: dict[str, Any] = {"learning": {"granted": True, "at": storable(me.AGREED), "text_version": "1"}}
    if notifications is not None:
        states["notifications"] = {"granted": notifications, "at": storable(at), "text_version": "1"}
    rows.put(
        "profiles",
        person_id={"S": person},
        part={"S": "consents"},
        body={"S": json.dumps({"consents": states})},
        granted={"SS": ["learning"]},
    )


def test_muted_is_who_withdrew_nudges_since_then(rows: me.Store) -> None:
    consents(rows, "never-asked", None)
    consents(rows, "still-wants", True)
    consents(rows, "muted", False, me.ago(days=1))
    consents(rows, "muted-before", False, me.ago(days=9))
    people = ["never-asked", "still-wants", "muted", "muted-before", "nobody"]
    assert PeopleReader().muted(people, me.ago(days=2)) == {"muted"}
    assert PeopleReader().muted([], me.NOW) == set()


def test_more_people_than_one_read_takes(rows: me.Store) -> None:
    for number in range(130):
        consents(rows, f"person-{number}", number % 2 == 0)
    people = [f"person-{number}" for number in range(130)]
    reader = PeopleReader()
    assert reader.muted(people, me.NOW) == {p for i, p in enumerate(people) if i % 2}
    assert reader.consenting(people) == set(people)
