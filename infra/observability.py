"""Log groups of every function, and the alarms: dead letters, errors, a slow scorer, no night."""

from __future__ import annotations

from typing import Any, Final

from infra.cfn import STAGE, logical, named, sub
from infra.function import Function
from infra.functions import FUNCTIONS
from infra.queues import dead_letter_queues

LOG_DAYS: Final = 30
RANK_P99_MILLISECONDS: Final = 600
"""The recommender gives up on the scorer after 800 ms, so this is where to look before people notice."""

HOUR: Final = 3600
NIGHT_HOURS: Final = 36
"""Without a run for so long a nightly function is not started any more: a day, and half of one to be sure."""

PARAMETERS: Final[dict[str, Any]] = {
    "AlarmTopicArn": {
        "Type": "String",
        "Default": "",
        "Description": "Where alarms go; empty: they only show in the console.",
    }
}
CONDITIONS: Final[dict[str, Any]] = {
    "Alarming": {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmTopicArn"}, ""]}]}
}


def resources() -> dict[str, Any]:
    """Log groups and alarms. Chalice's functions are named by text: they are not in this stack."""
    made: dict[str, Any] = {}
    for fn in FUNCTIONS:
        made[logical("log-group", fn.name)] = {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {
                "LogGroupName": sub(f"/aws/lambda/{fn.physical(STAGE)}"),
                "RetentionInDays": LOG_DAYS,
            },
        }
        made[logical("errors-alarm", fn.name)] = _errors(fn)
        if fn.owner == "ml" and fn.schedule:
            made[logical("idle-alarm", fn.name)] = _idle(fn)
    for name in dead_letter_queues():
        made[logical("alarm", name)] = _alarm(
            f"{name}-not-empty",
            "A message failed too often: read it, mend the cause, redrive it (docs/runbook.md).",
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            dimension=("QueueName", named(name)),
            threshold=0,
            statistic="Maximum",
        )
    rank = next(fn for fn in FUNCTIONS if fn.name == "rank")
    made["RankLatencyAlarm"] = _alarm(
        "rank-slow",
        "The scorer nears the recommender's deadline; rules take over beyond it.",
        namespace="AWS/Lambda",
        metric="Duration",
        dimension=("FunctionName", sub(rank.physical(STAGE))),
        threshold=RANK_P99_MILLISECONDS,
        percentile="p99",
        periods=3,
    )
    return made


def _errors(fn: Function) -> dict[str, Any]:
    return _alarm(
        f"{fn.name}-errors",
        f"{fn.name} fails: its log group has a line for each failure.",
        namespace="AWS/Lambda",
        metric="Errors",
        dimension=("FunctionName", sub(fn.physical(STAGE))),
        threshold=0,
        statistic="Sum",
        periods=2,
    )


def _idle(fn: Function) -> dict[str, Any]:
    """No data point is what "not invoked" looks like, so missing data breaches."""
    alarm = _alarm(
        f"{fn.name}-never-began",
        f"{fn.name} was not started for {NIGHT_HOURS} hours: is its schedule there and enabled?",
        namespace="AWS/Lambda",
        metric="Invocations",
        dimension=("FunctionName", sub(fn.physical(STAGE))),
        threshold=1,
        statistic="Sum",
        periods=NIGHT_HOURS,
    )
    alarm["Properties"] |= {
        "Period": HOUR,
        "ComparisonOperator": "LessThanThreshold",
        "TreatMissingData": "breaching",
    }
    return alarm


def _alarm(
    name: str,
    description: str,
    *,
    namespace: str,
    metric: str,
    dimension: tuple[str, Any],
    threshold: float,
    statistic: str | None = None,
    percentile: str | None = None,
    periods: int = 1,
) -> dict[str, Any]:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": named(name),
            "AlarmDescription": description,
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": [{"Name": dimension[0], "Value": dimension[1]}],
            **({"Statistic": statistic} if statistic else {"ExtendedStatistic": percentile}),
            "Period": 300,
            "EvaluationPeriods": periods,
            "Threshold": threshold,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": {"Fn::If": ["Alarming", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]},
        },
    }
