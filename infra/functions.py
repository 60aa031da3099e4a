"""The one table of functions: Chalice's and the scoring image's. Everything about a function is here.

`.chalice/config.json`, `.chalice/policies/`, the CloudFormation roles and functions, the merge
template, the alarms and the architecture tests are all made from it.
"""

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


_CHALICE: Final[tuple[Function, ...]] = (
    Function(
        "api",
        "http",
        "app.app",
        memory=1024,
        timeout=15,
        owner="chalice",
        environment=("OO_TOPIC_ARN", "OO_EXPORTS_BUCKET"),
        grants=(
            g.read("sessions", "identities", "sign-ins", "profiles", "person-keys"),
            g.write("sessions", "identities", "sign-ins", "profiles", "person-keys"),
            g.update("sessions", "rates"),
            g.check("profiles"),
            g.delete("sessions", "sign-ins", "identities", "person-keys"),
            g.check("identities"),
            g.read("roles", "audit", "signing-keys"),
            # Only added to: no grant changes or deletes an entry of the audit.
            g.write("audit", "signing-keys"),
            g.read("signals", "items", "item-words"),
            g.write("signals", "items"),
            g.delete("items", "item-words"),
            g.read("decisions", "tip-states", "snapshots", "statistics", "erasures"),
            g.write("decisions", "tip-states", "erasures"),
            g.update("erasures"),
            # An export begins, and the link to it is signed; of one who is erased meanwhile nothing stays.
            g.find("exports"),
            g.fetch("exports"),
            g.append("exports"),
            g.look("decisions"),
            g.read("provider-tokens"),
            g.write("provider-tokens"),
            g.update("provider-tokens"),
            g.delete("provider-tokens"),
            g.unseal(),
            g.publish(),
            g.invoke("rank"),
            g.secrets(),
        ),
    ),
    Function(
        "events-store",
        "queue",
        "chalicelib.events.consumers.store",
        memory=512,
        timeout=30,
        owner="chalice",
        environment=("OO_TOPIC_ARN",),
        grants=(
            g.read("items"),
            g.check("profiles"),
            g.write("signals", "items", "item-words"),
            g.delete("item-words"),
            g.publish(),
        ),
    ),
    Function(
        "events-tail",
        "queue",
        "chalicelib.events.consumers.tail",
        memory=256,
        timeout=15,
        owner="chalice",
        grants=(g.write_batches("tail"),),
    ),
    Function(
        "recommender-settle",
        "queue",
        "chalicelib.recommender.consumers.settle",
        memory=512,
        timeout=30,
        owner="chalice",
        grants=(g.read("decisions", "tip-states"), g.write("decisions", "tip-states")),
    ),
    Function(
        "recommender-complete",
        "queue",
        "chalicelib.recommender.consumers.complete",
        memory=256,
        timeout=30,
        owner="chalice",
        environment=("OO_TOPIC_ARN",),
        grants=(g.read("decisions"), g.publish()),
    ),
    Function(
        "recommender-log",
        "queue",
        "chalicelib.recommender.consumers.log",
        memory=256,
        timeout=30,
        owner="chalice",
        environment=("OO_DECISION_LOG_BUCKET",),
        grants=(g.read("decisions", "profiles"), g.append("decision-log")),
    ),
    Function(
        "recommender-relay",
        "stream",
        "chalicelib.recommender.consumers.relay",
        memory=256,
        timeout=30,
        owner="chalice",
        environment=("OO_TOPIC_ARN",),
        stream="decisions",
        grants=(g.publish(),),
    ),
    Function(
        "recommender-due",
        "schedule",
        "chalicelib.recommender.schedules.due",
        memory=256,
        timeout=60,
        owner="chalice",
        environment=("OO_TOPIC_ARN",),
        grants=(g.query_index("decisions"), g.publish()),
    ),
    Function(
        "integrations-revoke",
        "queue",
        "chalicelib.integrations.consumers.revoke",
        memory=512,
        timeout=60,
        owner="chalice",
        grants=(g.open_keys(), g.secrets()),
    ),
    Function(
        "profile-erase",
        "queue",
        "chalicelib.profile.consumers.erase",
        memory=512,
        timeout=120,
        owner="chalice",
        environment=("OO_TOPIC_ARN", "OO_DECISION_LOG_BUCKET", "OO_EXPORTS_BUCKET"),
        grants=(
            g.read("sessions", "identities", "profiles", "signals", "items", "item-words"),
            g.delete("sessions", "identities", "profiles", "signals", "items", "item-words"),
            # A line of the profile card takes its signals back, each with a mark.
            g.write("signals", "items"),
            g.read("roles"),
            g.delete("roles", "rates"),
            # The tombstone.
            g.write("profiles"),
            g.delete("person-keys"),
            g.read("decisions", "tip-states"),
            g.delete("decisions", "tip-states"),
            # A withdrawal drops words and closes the open tip.
            g.write("decisions", "tip-states"),
            g.write("erasures"),
            g.update("erasures"),
            # Grants leave the person's key for one of their own, on the way to the queue that revokes them.
            g.read("provider-tokens", "person-keys"),
            g.delete("provider-tokens"),
            g.unseal(),
            g.find("decision-log"),
            g.empty("decision-log"),
            g.find("exports"),
            g.empty("exports"),
            g.publish(),
        ),
    ),
    Function(
        "profile-export",
        "queue",
        "chalicelib.profile.consumers.export",
        memory=1024,
        timeout=180,
        owner="chalice",
        environment=("OO_DECISION_LOG_BUCKET", "OO_EXPORTS_BUCKET"),
        grants=(
            g.read("sessions", "identities", "roles", "profiles", "signals", "items", "item-words"),
            g.read("decisions", "tip-states", "provider-tokens", "person-keys"),
            g.open_keys(),
            g.find("decision-log"),
            g.find("exports"),
            g.fetch("exports"),
            g.append("exports"),
        ),
    ),
)

# The nightly functions read the log and publish; the registry's file and its artifacts are objects.
_NIGHT: Final = (
    g.write("models"),
    g.find("decision-log"),
    g.fetch("decision-log"),
    g.find("registry"),
    g.fetch("registry"),
    g.keep("registry"),
)

_ML: Final[tuple[Function, ...]] = (
    Function(
        "rank",
        "invoked",
        "ml_lambda.serving.rank.handler",
        memory=1024,
        timeout=10,
        owner="ml",
        environment=POLICIES,
        # It passes sealed words on and cannot open them: no key.
        grants=(g.read("snapshots", "statistics", "pools", "item-words", "models"),),
    ),
    Function(
        "features",
        "queue",
        "ml_lambda.serving.features.handler",
        memory=512,
        timeout=30,
        owner="ml",
        environment=("OO_TOPIC_ARN", "LITELLM_URL"),
        grants=(
            g.read("signals", "items", "profiles", "snapshots"),
            g.check("profiles"),
            g.write("snapshots"),
            # That there are new ones, where a model words tips.
            g.publish(),
        ),
    ),
    Function(
        "generate",
        "queue",
        "ml_lambda.serving.generate.handler",
        memory=512,
        # A pool's first wordings, one after the other; it begins none that could not end.
        timeout=180,
        owner="ml",
        environment=MODELS,
        grants=(
            g.read("profiles", "person-keys", "snapshots", "tip-states", "item-words", "pools"),
            g.check("profiles"),
            g.write("pools"),
            g.update("model-usage"),
            # Titles that it may word are opened, and what comes of them sealed again.
            g.open_keys(),
            g.secret("litellm-key"),
        ),
    ),
    Function(
        "learn",
        "queue",
        "ml_lambda.serving.learn.handler",
        memory=512,
        timeout=30,
        owner="ml",
        environment=POLICIES,
        grants=(
            g.read("decisions", "profiles", "statistics", "reward-markers", "models"),
            g.check("profiles"),
            g.write("statistics", "reward-markers"),
        ),
    ),
    Function(
        "erase",
        "queue",
        "ml_lambda.serving.erase.handler",
        memory=256,
        timeout=60,
        owner="ml",
        environment=("OO_TOPIC_ARN",),
        grants=(
            g.read("snapshots", "statistics", "reward-markers", "model-usage", "profiles"),
            g.delete("snapshots", "statistics", "reward-markers", "pools", "model-usage"),
            g.publish(),
        ),
    ),
    Function(
        "export",
        "queue",
        "ml_lambda.serving.export.handler",
        memory=256,
        timeout=60,
        owner="ml",
        environment=("OO_TOPIC_ARN", "OO_EXPORTS_BUCKET"),
        grants=(
            g.read("snapshots", "statistics", "reward-markers", "pools", "model-usage"),
            g.read("profiles", "person-keys"),
            g.open_keys(),
            g.find("exports"),
            g.append("exports"),
            g.publish(),
        ),
    ),
    Function(
        "train",
        "schedule",
        "ml_lambda.serving.train.handler",
        memory=2048,
        timeout=900,
        owner="ml",
        environment=(*NIGHTLY, "OO_PRIOR_LEAST_PEOPLE"),
        schedule=Schedule("rate(1 day)", "cron(10 2 * * ? *)"),
        grants=(g.read("profiles", "statistics", "models"), *_NIGHT),
    ),
    Function(
        "evaluate",
        "schedule",
        "ml_lambda.serving.evaluate.handler",
        memory=2048,
        timeout=900,
        owner="ml",
        environment=NIGHTLY,
        # After `train`, which takes at most a quarter of an hour; later is harmless, too.
        schedule=Schedule("rate(1 day)", "cron(40 2 * * ? *)"),
        grants=(g.read("profiles", "models"), *_NIGHT),
    ),
)

FUNCTIONS: Final[tuple[Function, ...]] = (*_CHALICE, *_ML)


def chalice_functions() -> tuple[Function, ...]:
    """Those that Chalice packages."""
    return _CHALICE


def ml_functions() -> tuple[Function, ...]:
    """Those of the scoring image, which infra owns."""
    return _ML


def function(name: str) -> Function:
    """The function of that name; KeyError when there is none."""
    try:
        return next(f for f in FUNCTIONS if f.name == name)
    except StopIteration:
        raise KeyError(name) from None


def environment(fn: Function, stage: str, outputs: dict[str, str] | None = None) -> dict[str, str]:
    """Its variables. What is not in `outputs` yet stays a `${Output}` token, which no deploy accepts."""
    values = {"OO_STAGE": stage}
    for variable in fn.variables[1:]:
        output = OUTPUTS[variable]
        values[variable] = (outputs or {}).get(output, f"${{{output}}}")
    return values
