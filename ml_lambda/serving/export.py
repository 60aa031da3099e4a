"""Handler `export`: consumes ExportRequested and writes all that ml_lambda holds about the person."""

from __future__ import annotations

from functools import cache
from typing import Any

from chalicelib.runtime import aws
from chalicelib.runtime.bus import SnsBus
from chalicelib.runtime.clock import SystemClock
from chalicelib.runtime.consuming import consume
from chalicelib.runtime.exports import ExportBucket
from chalicelib.runtime.logging import logger
from chalicelib.runtime.person_keys import make_sealer
from chalicelib.runtime.settings import settings
from ml_lambda.features.store import FeatureTables
from ml_lambda.serving.exporting import Exporting
from ml_lambda.serving.stores import personal_stores


@cache
def exporting() -> Exporting:
    """The service, built at the first call of this process."""
    features = FeatureTables()
    return Exporting(
        ExportBucket(),
        personal_stores(),
        lambda person_id: features.person(person_id).erased,
        make_sealer(),
        SnsBus(aws.sns(), settings().topic_arn),
        SystemClock(),
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Write the parts of each export; report the messages that failed."""
    return consume(event, exporting().handle, logger("export"))
