"""Run in an app's tree: prints as JSON the AWS calls that `chalice deploy` would make on an empty account.

Chalice's own configuration, graph builder, build stage and planner; only the account is imagined.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from chalice.cli.factory import CLIFactory
from chalice.deploy import models
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder
from chalice.deploy.deployer import create_build_stage
from chalice.deploy.planner import PlanStage, Variable
from chalice.deploy.swagger import TemplatedSwaggerGenerator
from chalice.utils import UI, OSUtils


class EmptyAccount:
    """Stands for Chalice's RemoteState: nothing has been deployed."""

    def resource_exists(self, resource: Any, *args: Any) -> bool:
        return False


def plan(stage: str) -> list[models.APICall]:
    config = CLIFactory(project_dir=str(Path.cwd()), environ=os.environ).create_config_obj(stage)
    application = ApplicationGraphBuilder().build(config, stage)
    dependencies = DependencyBuilder()
    with Path("chalice.log").open("w") as log:
        ui = UI(out=log, err=log)
        build = create_build_stage(OSUtils(), ui, TemplatedSwaggerGenerator(), config)
        build.execute(config, dependencies.build_dependencies(application))
    planner = PlanStage(osutils=OSUtils(), remote_state=EmptyAccount())
    planned = planner.execute(dependencies.build_dependencies(application))
    return [i for i in planned.instructions if isinstance(i, models.APICall)]


def described(stage: str) -> dict[str, Any]:
    calls = plan(stage)
    roles = {c.output_var: c.params["policy"] for c in calls if c.method_name == "create_role"}
    functions: dict[str, Any] = {}
    by_variable: dict[str, str] = {}
    for call in calls:
        if call.method_name == "create_function":
            p = call.params
            by_variable[call.output_var] = p["function_name"]
            functions[p["function_name"]] = {
                "handler": p["handler"],
                "memory": p["memory_size"],
                "timeout": p["timeout"],
                "runtime": p["runtime"],
                "environment": p["environment_variables"],
                "policy": roles[p["role_arn"].name],
                "sources": [],
            }
    rules: dict[str, str] = {}
    stored = queue_arns(stage)
    for call in calls:
        p = call.params
        if call.method_name == "create_lambda_event_source":
            arn = p["event_source_arn"]
            source = stored[arn.name] if isinstance(arn, Variable) else arn
            functions[by_variable[p["function_name"].name]]["sources"].append(
                {"source": re.sub(r"^.*:(sqs|dynamodb):[^:]*:[^:]*:", r"\1:", source),
                 "batch_size": p["batch_size"],
                 "window": p["maximum_batching_window_in_seconds"],
                 "position": p.get("starting_position")}
            )  # fmt: skip
        elif call.method_name == "get_or_create_rule_arn":
            rules[p["rule_name"]] = p["schedule_expression"]
        elif call.method_name == "connect_rule_to_lambda":
            schedule = {"schedule": rules[p["rule_name"]]}
            functions[by_variable[p["function_arn"].name]]["sources"].append(schedule)
    return {"functions": functions, "api": api(calls)}


def queue_arns(stage: str) -> dict[str, str]:
    """Queue ARNs are put together from the account's parts at deploy: their patterns by variable."""
    config = CLIFactory(project_dir=str(Path.cwd()), environ=os.environ).create_config_obj(stage)
    return {
        f"{e.name}-sqs-event-source_queue_arn": f"arn:aws:sqs:r:a:{e.queue}"
        for e in config.chalice_app.event_sources
        if getattr(e, "queue", None)
    }


def api(calls: list[models.APICall]) -> dict[str, Any]:
    swagger = next(c.params["swagger_document"] for c in calls if c.method_name == "import_rest_api")
    stages = [c.params["api_gateway_stage"] for c in calls if c.method_name == "deploy_rest_api"]
    routes = sorted(
        f"{method.upper()} {path}"
        for path, methods in swagger["paths"].items()
        for method in methods
        if method != "options"
    )
    return {"stages": stages, "routes": routes}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(described(sys.argv[1])))
