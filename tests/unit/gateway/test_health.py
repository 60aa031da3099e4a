"""A module whose check breaks is down: for the whole and when asked alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from chalice.test import Client

from chalicelib import wiring
from chalicelib.contracts.http import Health
from chalicelib.gateway import routes
from chalicelib.gateway.app import create_app
from chalicelib.gateway.health import alive


def breaks() -> Health:
    raise ConnectionError("table oo-prod-decisions does not answer")


@pytest.mark.parametrize("path", ["/api/health", "/api/health/recommender"])
def test_a_check_that_raises_counts_as_down(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "health_checks", lambda: {"gateway": alive, "recommender": breaks})
    app = create_app()
    app.register_blueprint(routes.bp)
    with Client(app, project_dir=str(Path(__file__).parent)) as client:
        answer = client.http.get(path)
    assert answer.status_code == 503
    assert "ConnectionError" in answer.body.decode()
    assert "oo-prod" not in answer.body.decode()
