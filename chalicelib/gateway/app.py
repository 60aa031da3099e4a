"""The Chalice app, with its own errors (unknown route, method, content type) as problem details."""

from __future__ import annotations

from typing import Any

from chalice.app import Chalice

from chalicelib.gateway.endpoint import TRACE_HEADER
from chalicelib.gateway.pages import BINARY_TYPES
from chalicelib.gateway.problems import PROBLEM, problem_of_status


class App(Chalice):  # type: ignore[misc]
    """Chalice answers some errors before any view runs; here they get the one error shape."""

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Handle one API Gateway event."""
        answer: dict[str, Any] = super().__call__(event, context)
        headers = answer.setdefault("headers", {})
        # What `endpoint` answered has a trace id and is as it should be, also a 503 that is a health report.
        if answer.get("statusCode", 200) >= 400 and TRACE_HEADER not in headers:
            headers["Content-Type"] = PROBLEM
            request_id = str(event.get("requestContext", {}).get("requestId", ""))
            answer["body"] = problem_of_status(answer["statusCode"], request_id)
            answer["isBase64Encoded"] = False
        return answer


def create_app() -> App:
    """The app, before its blueprints are registered."""
    app = App(app_name="oo", configure_logs=False)
    app.api.binary_types.extend(BINARY_TYPES)
    return app
