from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.functions import chalice_functions
from infra.tree import MissingOutput, app_tree, ml_tree

OUTPUTS = {
    "TopicArn": "arn:topic",
    "DecisionsStreamArn": "arn:stream",
    "DecisionLogBucket": "log",
    "ExportsBucket": "exports",
}


def test_the_tree_holds_the_stages_real_values(tmp_path: Path) -> None:
    app_tree(tmp_path, "dev", OUTPUTS, extra_environment={"OO_PUBLIC_URL": "https://oo.example"}, account="1")
    stage = json.loads((tmp_path / ".chalice/config.json").read_text())["stages"]["dev"]
    assert stage["environment_variables"] == {
        "OO_DECISIONS_STREAM_ARN": "arn:stream",
        "OO_PUBLIC_URL": "https://oo.example",
        "OO_STAGE": "dev",
    }
    assert stage["lambda_functions"]["api_handler"]["environment_variables"]["OO_TOPIC_ARN"] == "arn:topic"
    assert "${" not in json.dumps(stage)
    for fn in chalice_functions():
        policy = (tmp_path / ".chalice/policies/dev" / f"{fn.name}.json").read_text()
        assert ":*:*:" not in policy.replace("logs:*", "")


def test_a_stage_without_its_infra_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingOutput, match="DecisionLogBucket, DecisionsStreamArn, ExportsBucket"):
        app_tree(tmp_path, "dev", {"TopicArn": "arn:topic"})


def test_a_tree_made_again_keeps_what_chalice_deployed_and_drops_what_is_gone(tmp_path: Path) -> None:
    app_tree(tmp_path, "dev", OUTPUTS)
    state, stray = tmp_path / ".chalice/deployed/dev.json", tmp_path / "chalicelib/stray.py"
    state.parent.mkdir()
    state.write_text("{}")
    stray.write_text("")
    app_tree(tmp_path, "dev", OUTPUTS, dependencies=False)
    assert state.exists()
    assert not stray.exists()
    assert not (tmp_path / "requirements.txt").exists()


def test_the_images_tree_leaves_a_developers_tools_out(tmp_path: Path) -> None:
    tree = ml_tree(tmp_path)
    assert {p.name for p in tree.iterdir()} == {"ml_lambda", "chalicelib"}
    assert not {"simulation", "bench", "notebooks"} & {p.name for p in (tree / "ml_lambda").iterdir()}
    assert not (tree / "chalicelib/wiring.py").exists()
    assert not list(tree.rglob("*.proto"))
