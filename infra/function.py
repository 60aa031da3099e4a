"""What a function is: kind, handler, memory, timeout, variables, grants; the tables are in `functions.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from infra import grants as g
from infra.queues import FAILURES, QUEUES, Queue

Stage = Literal["local", "dev", "prod"]
STAGES: Final[tuple[Stage, ...]] = ("local", "dev", "prod")
AWS_STAGES: Final[tuple[Stage, ...]] = ("dev", "prod")
Kind = Literal["http", "queue", "stream", "schedule", "invoked"]
RUNTIME: Final = "python3.11"
STREAM_BATCH: Final = 100
DUE_MINUTES: Final[dict[Stage, int]] = {"local": 1, "dev": 5, "prod": 5}

# Environment variables whose values only the deployed infra stack knows (its output of that name).
OUTPUTS: Final[dict[str, str]] = {
    "OO_TOPIC_ARN": "TopicArn",
    "OO_DECISIONS_STREAM_ARN": "DecisionsStreamArn",
    "OO_DECISION_LOG_BUCKET": "DecisionLogBucket",
    "OO_EXPORTS_BUCKET": "ExportsBucket",
}
# Settings that all functions which hold a policy must share.
POLICIES: Final = ("OO_CHAMPION", "OO_SHADOWS", "OO_FORGETTING_HALF_LIFE_DAYS")
# What the nightly functions need beside.
NIGHTLY: Final = (
    *POLICIES,
    "OO_DECISION_LOG_BUCKET",
    "OO_REGISTRY_BUCKET",
    "OO_MLFLOW_TRACKING_URI",
)
# Where models are and what they may cost: the settings of whoever calls one.
MODELS: Final = (
    "LITELLM_URL",
    "OO_LITELLM_KEY_PARAMETER",
    "OO_WORDING_MODE",
    "OO_MODEL_TIMEOUT_MS",
    "OO_THEME_ALIKE",
    "OO_PERSON_TOKENS_PER_DAY",
    "OO_DEPLOYMENT_TOKENS_PER_DAY",
)
# Settings of scoring functions that are the infra stack's parameters.
PARAMETERS: Final = (*POLICIES, "OO_MLFLOW_TRACKING_URI", "OO_PRIOR_LEAST_PEOPLE", *MODELS)
# What Chalice needs when it evaluates app.py, so every Chalice function has it.
COMMON: Final = ("OO_STAGE", "OO_DECISIONS_STREAM_ARN")


@dataclass(frozen=True)
class Schedule:
    """EventBridge expressions: a rate on one machine, which is seldom on at night, a time (UTC) on AWS."""

    local: str
    aws: str


@dataclass(frozen=True)
class Function:
    """One Lambda function. `name` is oo's; `physical` is AWS's."""

    name: str
    kind: Kind
    handler: str
    memory: int
    timeout: int
    owner: Literal["chalice", "ml"]
    grants: tuple[g.Grant, ...]
    environment: tuple[str, ...] = ()
    """Names of the variables it needs beside `OO_STAGE`."""
    stream: str | None = None
    """The table whose stream it reads."""
    schedule: Schedule | None = None
    """When it runs by the clock; of a Chalice function its own code says that."""

    @property
    def chalice_name(self) -> str:
        """What Chalice calls it: the API's function has a fixed name there."""
        return "api_handler" if self.kind == "http" else self.name

    @property
    def queue(self) -> Queue | None:
        """The queue that feeds it."""
        return next((q for q in QUEUES if q.function == self.name), None)

    @property
    def variables(self) -> tuple[str, ...]:
        """Every variable it is given."""
        return tuple(dict.fromkeys((*(COMMON if self.owner == "chalice" else COMMON[:1]), *self.environment)))

    @property
    def batch_size(self) -> int | None:
        """Messages or records per invocation, when it takes batches."""
        if self.kind == "stream":
            return STREAM_BATCH
        return self.queue.batch_size if self.queue else None

    def physical(self, stage: str) -> str:
        """`oo-<stage>-<name>`; Chalice deploys the API's as `oo-<stage>`."""
        return f"oo-{stage}" if self.kind == "http" else f"oo-{stage}-{self.name}"

    def policy(self, stage: str, *, region: str = "*", account: str = "*") -> dict[str, Any]:
        """Its IAM policy document, with what its trigger and its log need."""
        grants = [g.logs(self.physical(stage)), *self.grants]
        if self.queue:
            grants.append(g.consume(self.queue.name))
        if self.stream:
            grants.append(g.follow(self.stream))
        if self.name in FAILURES:
            grants.append(g.dead_letter(FAILURES[self.name]))
        return g.document(grants, stage, region=region, account=account)
