"""Handler `features`: consumes what changes a person's features and refreshes each person once a batch."""

from __future__ import annotations

from functools import cache
from typing import Any

from chalicelib.runtime import aws
from chalicelib.runtime.bus import SnsBus
from chalicelib.runtime.clock import SystemClock
from chalicelib.runtime.logging import logger
from chalicelib.runtime.settings import settings
from ml_lambda.features.store import FeatureTables
from ml_lambda.serving.refreshing import Refreshing


@cache
def refreshing() -> Refreshing:
    """The service, built at the first call of this process. Only where models write does anybody listen."""
    bus = SnsBus(aws.sns(), settings().topic_arn) if settings().litellm_url else None
    return Refreshing(FeatureTables(), SystemClock(), logger("features"), bus)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Refresh the snapshot of everyone in the batch; report the messages of people who failed."""
    return refreshing().handle_batch(event)
