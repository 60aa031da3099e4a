"""Chalice's configuration, rendered: `.chalice/config.json`, `.chalice/policies/<stage>/<function>.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from infra.function import AWS_STAGES, STAGES, Function, Stage
from infra.functions import chalice_functions, environment

APP_NAME: Final = "oo"
API_STAGE: Final = "v1"
"""Chalice's default, `api`, would make every address `/api/api/...`."""


def policy_file(fn: Function, stage: str) -> str:
    """Where its policy is, from `.chalice/`, which is how Chalice reads it."""
    return f"policies/{stage}/{fn.name}.json"


def config(
    outputs: Mapping[Stage, Mapping[str, str]] | None = None,
    extra_environment: Mapping[Stage, Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """The whole config.json.

    `outputs` are those of each stage's infra stack; without them the values stay `${Output}` tokens,
    which is what is committed. `extra_environment` are settings for every function of a stage.
    """
    return {
        "version": "2.0",
        "app_name": APP_NAME,
        "autogen_policy": False,
        "api_gateway_stage": API_STAGE,
        # The default, EDGE, would add a CDN hop that oO's own distribution already is.
        "api_gateway_endpoint_type": "REGIONAL",
        "stages": {
            stage: _stage(stage, (outputs or {}).get(stage, {}), (extra_environment or {}).get(stage, {}))
            for stage in STAGES
        },
    }


def policies(stage: Stage, *, region: str = "*", account: str = "*") -> dict[str, dict[str, Any]]:
    """Each function's policy by its path from `.chalice/`."""
    return {
        policy_file(fn, stage): fn.policy(stage, region=region, account=account) for fn in chalice_functions()
    }


def _stage(stage: Stage, outputs: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, Any]:
    per_function = {fn.chalice_name: environment(fn, stage, dict(outputs)) for fn in chalice_functions()}
    # What all have in common Chalice also needs to evaluate app.py.
    common = dict(set.intersection(*({*variables.items()} for variables in per_function.values())))
    return {
        # Dependencies in a layer: a code change uploads only code. The emulator unpacks a layer in
        # every worker, so one machine has its dependencies in a folder instead.
        "automatic_layer": stage in AWS_STAGES,
        # The gateway compresses what is worth it; on one machine nothing is.
        **({"minimum_compression_size": 1024} if stage in AWS_STAGES else {}),
        "lambda_architecture": "arm64" if stage in AWS_STAGES else "x86_64",
        "environment_variables": dict(sorted({**common, **extra}.items())),
        "tags": {"oo:stage": stage},
        "lambda_functions": {
            fn.chalice_name: {
                "iam_policy_file": policy_file(fn, stage),
                "lambda_memory_size": fn.memory,
                "lambda_timeout": fn.timeout,
                "environment_variables": per_function[fn.chalice_name],
            }
            for fn in chalice_functions()
        },
    }
