from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from infra import rendering
from infra.__main__ import main
from infra.requirements import requirements
from infra.template import body, template

LOCK = "boto3==1.0\n    # via oo\nbotocore==1.0\npydantic==2.0\npynamodb==6.0\nprotobuf==7.0\n"


def test_rendering_writes_what_differs_and_removes_what_is_gone(tmp_path: Path) -> None:
    assert set(rendering.render(tmp_path)) == set(rendering.rendered())
    assert rendering.render(tmp_path) == []
    stale = tmp_path / ".chalice/policies/prod/recommender-gone.json"
    shutil.copy(tmp_path / ".chalice/policies/prod/api.json", stale)
    (tmp_path / "requirements.txt").write_text("boto3\n")
    assert rendering.differing(tmp_path) == [
        "requirements.txt",
        ".chalice/policies/prod/recommender-gone.json",
    ]
    rendering.render(tmp_path)
    assert not stale.exists()
    assert rendering.differing(tmp_path) == []


def test_check_fails_on_what_is_stale(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check"]) == 0
    monkeypatch.setattr(rendering, "rendered", lambda: {"infra/template.json": "{}\n"})
    assert main(["check"]) == 1
    assert "infra/template.json is not what infra/ renders" in capsys.readouterr().err


def test_requirements_are_the_pins_alone() -> None:
    lines = requirements(LOCK).splitlines()
    assert lines[1:] == ["boto3==1.0", "botocore==1.0", "pydantic==2.0", "pynamodb==6.0", "protobuf==7.0"]


@pytest.mark.parametrize(
    ("lock", "complaint"),
    [
        (LOCK.replace("boto3==1.0\n", ""), "lacks boto3"),
        (LOCK + "chalice==1.34.0\n", "must not hold chalice"),
        (LOCK + "httpx>=0.28\n", "does not pin httpx"),
    ],
)
def test_a_lock_that_would_make_a_wrong_zip_is_refused(lock: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        requirements(lock)


def test_the_compact_template_is_the_template() -> None:
    assert json.loads(body()) == template()
    # CloudFormation takes a template of up to 1 MB from a bucket, and 500 resources at most.
    assert len(body()) < 1_000_000
    assert len(template()["Resources"]) < 500


def test_no_statement_of_a_queue_policy_names_several_queues() -> None:
    """SQS refuses such a statement: "Invalid value for the parameter Policy"."""
    policies = [r for r in template()["Resources"].values() if r["Type"] == "AWS::SQS::QueuePolicy"]
    statements = [s for p in policies for s in p["Properties"]["PolicyDocument"]["Statement"]]
    assert statements
    assert not [s for s in statements if isinstance(s["Resource"], list) and len(s["Resource"]) > 1]


def test_every_reference_of_the_template_leads_somewhere() -> None:
    made = template()
    known = {*made["Resources"], *made["Parameters"]}

    def references(value: object) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(references, value)) if value else set()
        if not isinstance(value, dict):
            return set()
        own = {str(value["Ref"])} if "Ref" in value else set()
        if "Fn::GetAtt" in value:
            own.add(value["Fn::GetAtt"][0])
        own |= {str(d) for d in [value.get("DependsOn")] if isinstance(d, str)}
        return own.union(*map(references, value.values())) if value else own

    missing = {name for name in references(made) if not name.startswith("AWS::")} - known
    assert missing == set()
