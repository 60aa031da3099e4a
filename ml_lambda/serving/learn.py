"""Handler `learn`: consumes RewardSettled from its queue and alone writes posteriors."""

from __future__ import annotations

from functools import cache
from typing import Any

from chalicelib.runtime.consuming import consume
from chalicelib.runtime.logging import logger
from ml_lambda.experiments.manifests import ManifestTable
from ml_lambda.policies.store import StatisticsTable
from ml_lambda.serving.configuration import Serving, first
from ml_lambda.serving.learning import Learning


@cache
def learning() -> Learning:
    """The service, built at the first call of this process."""
    log = logger("learn")
    return Learning(StatisticsTable(), Serving(first(), log, ManifestTable().row), log)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Apply each settled reward exactly once; report the messages that failed."""
    return consume(event, learning().handle, logger("learn"))
