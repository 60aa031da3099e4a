"""What API Gateway answers by itself, before any function runs: in the one error shape too.

`chalice deploy` puts the whole API anew, so this is said again after each. Repeating is harmless.
"""

from __future__ import annotations

from typing import Any, Final

from chalicelib.gateway.problems import PROBLEM, problem_of_status
from infra.chalice_config import API_STAGE

# The kinds of https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
# that a caller of a public API can meet, with the status that says what happened.
ANSWERS: Final[dict[str, int]] = {
    # An unknown path or method; the service's own 403 would say that a token is missing.
    "MISSING_AUTHENTICATION_TOKEN": 404,
    "RESOURCE_NOT_FOUND": 404,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "REQUEST_TOO_LARGE": 413,
    "THROTTLED": 429,
    "INTEGRATION_TIMEOUT": 503,
    "DEFAULT_4XX": 400,
    "DEFAULT_5XX": 503,
}


def complete(client: Any, api_id: str) -> int:
    """Set every answer and bring it live on the API's stage; how many."""
    for kind, status in ANSWERS.items():
        client.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            statusCode=str(status),
            responseParameters={"gatewayresponse.header.Content-Type": f"'{PROBLEM}'"},
            responseTemplates={"application/json": problem_of_status(status, "$context.requestId")},
        )
    client.create_deployment(restApiId=api_id, stageName=API_STAGE)
    return len(ANSWERS)
