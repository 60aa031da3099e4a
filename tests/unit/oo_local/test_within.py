"""An operator's command gets the running stack's environment, and nothing that another stack left."""

from __future__ import annotations

from pathlib import Path

import pytest

from oo_local import within
from oo_local.running import Running

STACK = Running(
    url="http://127.0.0.1:8001", emulator="http://127.0.0.1:4567", pid=1, settings={"OO_PORT": "8001"}
)


def test_the_environment_of_a_function_of_this_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(within, "ROOT", tmp_path)
    monkeypatch.setenv("OO_HOME", str(tmp_path))
    (tmp_path / ".env.local").write_text("OO_CHAMPION=lin_ts\n")
    environment = {"AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "x", "PATH": "/bin"}
    within.enter(environment, STACK, {"DecisionLogBucket": "log-7", "RestAPIId": "x"})
    assert environment == {
        "PATH": "/bin",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4567",
        "OO_CHAMPION": "lin_ts",
        "OO_DECISION_LOG_BUCKET": "log-7",
        "OO_HOME": str(tmp_path),
        "OO_LOG_LEVEL": "WARNING",
        "OO_MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow/registry.db",
        "OO_STAGE": "local",
    }


def test_without_a_running_stack_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OO_HOME", str(tmp_path))
    assert within.main(["ml_lambda.pipelines.backfill"]) == 1
    assert "make dev" in capsys.readouterr().err
