"""Handler `erase`: deletes all that ml_lambda holds about a person who leaves, or what was learned from one
who withdrew that."""

from __future__ import annotations

from functools import cache
from typing import Any

from chalicelib.runtime import aws
from chalicelib.runtime.bus import SnsBus
from chalicelib.runtime.clock import SystemClock
from chalicelib.runtime.consuming import consume
from chalicelib.runtime.logging import logger
from chalicelib.runtime.settings import settings
from ml_lambda.features.store import FeatureTables
from ml_lambda.serving.erasing import Erasing
from ml_lambda.serving.stores import personal_stores


@cache
def erasing() -> Erasing:
    """The service, built at the first call of this process."""
    bus = SnsBus(aws.sns(), settings().topic_arn)
    return Erasing(personal_stores(), FeatureTables().person, bus, SystemClock())


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Erase each person named; report the messages that failed."""
    return consume(event, erasing().handle, logger("erase"))
