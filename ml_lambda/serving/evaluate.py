"""Handler `evaluate`, by the clock at night after `train`: judges, takes one step, writes the report.

An operator invokes it with a step of their own instead (`pipelines/steps.py`): no other function may publish
what serves but `train`. Not a request path: MLflow is imported here, when the registry is opened.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chalicelib.runtime.clock import SystemClock
from chalicelib.runtime.logging import logger
from ml_lambda.pipelines.evaluating import Evaluation
from ml_lambda.pipelines.log import LogReader
from ml_lambda.pipelines.people import PeopleReader
from ml_lambda.pipelines.reports import ReportStore
from ml_lambda.pipelines.steps import ByHand, take
from ml_lambda.serving.publisher import publisher


def evaluation() -> Evaluation:
    """The pipeline."""
    return Evaluation(LogReader(), PeopleReader(), ReportStore(), SystemClock(), logger("evaluate"))


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Evaluate once, or take the step that the event names; what it came to.

    Raises when somebody else published meanwhile, and Lambda tries again; ValueError for a step that is none.
    One that what serves, or what is known of it, does not allow is answered: the answer says why.
    """
    with publisher("evaluate") as opened:
        if "step" in event:
            return take(ByHand.model_validate(event), opened, ReportStore(), SystemClock().now())
        return asdict(evaluation().run(opened))
