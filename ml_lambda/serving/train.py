"""Handler `train`, by the clock at night: refits what everybody has in common and publishes it as a prior.

Not a request path: MLflow is imported here, when the registry is opened.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chalicelib.runtime.clock import SystemClock
from chalicelib.runtime.logging import logger
from chalicelib.runtime.settings import settings
from ml_lambda.pipelines.log import LogReader
from ml_lambda.pipelines.people import PeopleReader
from ml_lambda.pipelines.reports import ReportStore
from ml_lambda.pipelines.training import Training
from ml_lambda.serving.publisher import publisher


def training() -> Training:
    """The pipeline."""
    return Training(
        LogReader(),
        PeopleReader(),
        ReportStore(),
        SystemClock(),
        logger("train"),
        settings().prior_least_people,
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Refit once; what it came to. Raises when somebody else published meanwhile: Lambda tries again."""
    with publisher("train") as opened:
        return asdict(training().run(opened))
