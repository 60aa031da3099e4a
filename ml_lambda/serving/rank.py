"""Handler `rank`: RankRequest in, RankResponse out. Invoked synchronously; reads twice, writes nothing."""

from __future__ import annotations

from functools import cache
from typing import Any

from chalicelib.contracts.ml import RankRequest
from chalicelib.runtime.logging import logger
from ml_lambda.serving.configuration import Serving, first
from ml_lambda.serving.ranking import Ranker
from ml_lambda.serving.reads import RankReads


@cache
def ranker() -> Ranker:
    """The service, built at the first call of this process."""
    log = logger("rank")
    serving = Serving(first(), log)
    return Ranker(RankReads(serving), serving, log)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Choose one candidate for the person of the request (`contracts/ml.py`)."""
    return ranker().rank(RankRequest.model_validate(event)).model_dump(mode="json")
