"""The functions of the scoring image, which infra owns."""

from __future__ import annotations

from typing import Final

from infra import grants as g
from infra.function import MODELS, NIGHTLY, POLICIES, Function, Schedule

# The nightly functions read the log and publish; the registry's file and its artifacts are objects.
_NIGHT: Final = (
    g.write("models"),
    g.find("decision-log"),
    g.fetch("decision-log"),
    g.find("registry"),
    g.fetch("registry"),
    g.keep("registry"),
)

SCORING: Final[tuple[Function, ...]] = (
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
            # Its lease, while it refills.
            g.update("pools", "model-usage"),
            g.delete("pools"),
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
