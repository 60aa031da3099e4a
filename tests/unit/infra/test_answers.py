"""API Gateway's own errors, as problem details. Requests are checked by the service's own model."""

from __future__ import annotations

import json
from typing import Any

import boto3
from botocore.stub import ANY, Stubber

from infra import answers


def test_every_answer_is_a_problem_and_live() -> None:
    client = boto3.client("apigateway", region_name="eu-central-1")
    sent: list[dict[str, Any]] = []
    client.meta.events.register("provide-client-params.*", lambda params, **_: sent.append(params))
    with Stubber(client) as stub:
        for _ in answers.ANSWERS:
            stub.add_response("put_gateway_response", {}, dict.fromkeys(
                ("restApiId", "responseType", "statusCode", "responseParameters", "responseTemplates"), ANY
            ))  # fmt: skip
        stub.add_response("create_deployment", {}, {"restApiId": "api", "stageName": "v1"})
        assert answers.complete(client, "api") == len(answers.ANSWERS)
        stub.assert_no_pending_responses()
    put = {p["responseType"]: p for p in sent if "responseType" in p}
    for kind, status in answers.ANSWERS.items():
        problem = json.loads(put[kind]["responseTemplates"]["application/json"])
        assert put[kind]["statusCode"] == str(problem["status"]) == str(status)
        assert problem["type"].startswith("urn:oo:problem:")
        assert problem["type"] != "urn:oo:problem:internal"
        assert problem["instance"] == "$context.requestId"
        assert put[kind]["responseParameters"] == {
            "gatewayresponse.header.Content-Type": "'application/problem+json'"
        }
