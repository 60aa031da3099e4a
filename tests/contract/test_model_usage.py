"""The store `model-usage`: budgets that hold under concurrency, and a person's rows in it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from chalicelib.contracts.exports import schema
from chalicelib.contracts.stores import store
from chalicelib.runtime.settings import settings
from ml_lambda.llm.budget import DEPLOYMENT, KEPT, TokenBudget
from ml_lambda.llm.contract import ModelUnavailable
from tests import ml_examples as me

ADA, BEN = "person-ada", "person-ben"
LATE = datetime(2026, 11, 18, 23, 59, 50, tzinfo=UTC)


@pytest.fixture
def rows(aws: Any) -> me.Store:
    return me.Store(aws.client("dynamodb"))


def budget(person: int = 1000, together: int = 5000) -> TokenBudget:
    limits = {"person_tokens_per_day": person, "deployment_tokens_per_day": together}
    return TokenBudget(configuration=settings().model_copy(update=limits))


def refused(one: TokenBudget, person: str | None, tokens: int, now: datetime = me.NOW) -> bool:
    try:
        one.reserve(person, tokens, now)
    except ModelUnavailable as error:
        return error.reason == "budget"
    return False


def taken(rows: me.Store) -> dict[tuple[str, str], int]:
    found = rows.client.scan(TableName="oo-local-model-usage")["Items"]
    return {(row["person_id"]["S"], row["day"]["S"]): int(row["tokens"]["N"]) for row in found}


def test_a_reservation_counts_for_the_person_and_for_all(rows: me.Store) -> None:
    one = budget()
    one.reserve(ADA, 400, me.NOW)
    one.reserve(BEN, 100, me.NOW)
    one.reserve(None, 50, me.NOW)
    day = "2026-11-18"
    assert taken(rows) == {(ADA, day): 400, (BEN, day): 100, (DEPLOYMENT, day): 550}
    (row,) = (
        r for r in rows.client.scan(TableName="oo-local-model-usage")["Items"] if r["person_id"]["S"] == ADA
    )
    assert int(row["expires"]["N"]) == int((datetime(2026, 11, 18, tzinfo=UTC) + KEPT).timestamp())


def test_nothing_is_taken_beyond_a_budget(rows: me.Store) -> None:
    one = budget(person=1000, together=1500)
    assert not refused(one, ADA, 1000)
    assert refused(one, ADA, 1)
    assert refused(one, BEN, 1001)
    assert refused(one, BEN, 501)
    assert refused(one, None, 501)
    # What everybody's budget refuses is not counted against the person.
    assert not refused(one, BEN, 500)
    assert taken(rows) == {
        (ADA, "2026-11-18"): 1000,
        (BEN, "2026-11-18"): 500,
        (DEPLOYMENT, "2026-11-18"): 1500,
    }


def test_a_budget_of_nothing_is_none(rows: me.Store) -> None:
    assert refused(budget(person=0), ADA, 1)
    assert refused(budget(together=0), ADA, 1)
    assert refused(budget(together=0), None, 1)


def test_what_was_not_used_is_there_again_and_what_was_used_beyond_is_counted(rows: me.Store) -> None:
    one = budget()
    one.reserve(ADA, 900, me.NOW)
    one.settle(ADA, 900, 100, me.NOW)
    assert not refused(one, ADA, 900)
    one.settle(ADA, 900, 950, me.NOW)
    assert taken(rows) == {(ADA, "2026-11-18"): 1050, (DEPLOYMENT, "2026-11-18"): 1050}
    assert refused(one, ADA, 0)


def test_a_day_is_utc_and_that_of_the_reservation(rows: me.Store) -> None:
    one = budget()
    one.reserve(ADA, 800, LATE)
    assert not refused(one, ADA, 800, LATE + timedelta(seconds=20))
    one.settle(ADA, 800, 10, LATE)
    assert taken(rows)[ADA, "2026-11-18"] == 10
    assert taken(rows)[ADA, "2026-11-19"] == 800


@pytest.mark.parametrize("tokens", [7, 90])
def test_many_at_once_never_take_more_than_there_is(rows: me.Store, aws: Any, tokens: int) -> None:
    if aws.kind == "moto":
        pytest.skip("moto checks and writes without a lock")
    one = budget(person=300, together=450)

    def call(number: int) -> int:
        person = (ADA, BEN)[number % 2]
        if refused(one, person, tokens):
            return 0
        # Every third gives a part back, as a call that cost less does.
        used = tokens - 3 if number % 3 == 0 else tokens
        one.settle(person, tokens, used, me.NOW)
        return used

    with ThreadPoolExecutor(6) as pool:
        used = sum(pool.map(call, range(90 if tokens == 7 else 24)))
    found = taken(rows)
    day = "2026-11-18"
    assert found[ADA, day] + found[BEN, day] == found[DEPLOYMENT, day] == used <= 450
    assert max(found[ADA, day], found[BEN, day]) <= 300
    # And what there is can be used: less than one call is left.
    assert used > 450 - 2 * tokens


def test_of_who_was_erased_no_row_is_made_again(rows: me.Store) -> None:
    one = budget()
    one.reserve(me.PERSON, 100, me.NOW)
    rows.erased()
    assert one.erase(me.PERSON) == 1
    one.settle(me.PERSON, 100, 40, me.NOW)
    assert refused(one, me.PERSON, 10)
    assert [key for key, _ in taken(rows)] == [DEPLOYMENT]


def test_a_persons_rows_are_exported_and_erased_alone(rows: me.Store) -> None:
    one = budget()
    for days in range(3):
        one.reserve(ADA, 10 + days, me.ahead(days=days))
    one.reserve(ADA, 5, me.NOW)
    one.reserve(BEN, 1, me.NOW)
    assert list(one.export(ADA)) == [
        {"day": "2026-11-18", "tokens": 15, "calls": 2},
        {"day": "2026-11-19", "tokens": 11, "calls": 1},
        {"day": "2026-11-20", "tokens": 12, "calls": 1},
    ]
    part = {"store": one.name, "holds": store(one.name).holds, "rows": list(one.export(ADA))}
    jsonschema.validate(part, schema(one.name))
    assert [one.erase(ADA), one.erase(ADA)] == [3, 0]
    assert list(one.export(ADA)) == []
    assert {person for person, _ in taken(rows)} == {BEN, DEPLOYMENT}


def test_what_cannot_be_given_back_stays_taken_and_the_answer_is_kept(
    rows: me.Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = budget()
    one.reserve(ADA, 100, me.NOW)

    def down(**_: Any) -> Any:
        raise TimeoutError

    with monkeypatch.context() as patched:
        patched.setattr(one._client, "update_item", down)
        one.settle(ADA, 100, 1, me.NOW)
    assert taken(rows)[ADA, "2026-11-18"] == 100
    said = capsys.readouterr().out
    assert "tokens stay taken" in said
    assert ADA not in said
