"""When `make dev` asks for the first tip: wordings are stored a few at a time, and it waits for the last."""

from __future__ import annotations

from typing import Any

from chalicelib.contracts.pool import Pool
from oo_local.demo import lying_ready, worded
from tests import ml_examples as me


def ready(*wordings: str) -> dict[str, Any]:
    pool = Pool(person_id=me.PERSON, version=1, entries=[me.entry(wording) for wording in wordings])
    return {"part": {"S": "ready"}, "body": {"S": pool.model_dump_json()}}


def test_wordings_are_waited_for_until_nobody_writes_more() -> None:
    remembered, lease = {"part": {"S": "worded"}}, {"part": {"S": "lease"}}
    assert not worded([])
    assert not worded([lease])
    assert not worded([ready("m.1"), remembered, lease])
    assert worded([ready("m.1", "m.2"), remembered])
    assert not worded([ready(), remembered]), "nothing was said yet"
    assert lying_ready([remembered, lease, ready("m.1", "m.2")]) == 2
