"""The pure parts of the image test: what it accepts, what it refuses, what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scripts.image import base, build, cloud, engine, tree
from scripts.image.steps import CommandFailed, Skipped, Steps, banner, run

LOCK = "boto3==1.2.3\n    # via x\npydantic-core==2.0\n"
CHECKOUT = {
    "chalicelib/__init__.py",
    "chalicelib/contracts/ml.py",
    "chalicelib/domain/angles.py",
    "chalicelib/runtime/aws.py",
    "chalicelib/recommender/service.py",
    "ml_lambda/__init__.py",
    "ml_lambda/serving/rank.py",
    "ml_lambda/policies/priors/first-1.json",
    "ml_lambda/simulation/people.py",
    "ml_lambda/README.md",
}
IN_IMAGE = {
    "chalicelib/__init__.py",
    "chalicelib/contracts/ml.py",
    "chalicelib/contracts/__pycache__/ml.cpython-311.pyc",
    "chalicelib/domain/angles.py",
    "chalicelib/runtime/aws.py",
    "ml_lambda/__init__.py",
    "ml_lambda/serving/rank.py",
    "ml_lambda/policies/priors/first-1.json",
}


def problems(**changed: Any) -> list[str]:
    sound: dict[str, Any] = {
        "uid": 65532,
        "packages": {"boto3": "1.2.3", "pydantic_core": "2.0"},
        "tops": ["bin", "chalicelib", "ml_lambda"],
        "files": IN_IMAGE,
        "writable": False,
        "task_bytes": 1,
        "secrets": [],
        "pip": "",
        "lock": False,
    }
    return tree.problems(tree.Inventory(**{**sound, **changed}), tree.locked(LOCK), CHECKOUT)


def test_a_sound_image_has_no_problems() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"uid": 0}, "root"),
        ({"writable": True}, "change the code"),
        ({"files": IN_IMAGE | {"chalicelib/recommender/service.py"}}, "chalicelib/recommender/service.py"),
        ({"files": IN_IMAGE | {"ml_lambda/simulation/people.py"}}, "ml_lambda/simulation/people.py"),
        ({"files": IN_IMAGE | {"ml_lambda/simulation/__pycache__/people.cpython-311.pyc"}}, "people.py"),
        ({"files": IN_IMAGE | {"ml_lambda/serving/old.py"}}, "ml_lambda/serving/old.py"),
        ({"files": IN_IMAGE - {"chalicelib/runtime/aws.py"}}, "chalicelib/runtime/aws.py"),
        ({"tops": ["chalicelib", "tests"]}, "tests"),
        ({"packages": {"boto3": "1.2.4", "pydantic_core": "2.0"}}, "boto3: locked 1.2.3, in it 1.2.4"),
        ({"packages": {"boto3": "1.2.3"}}, "pydantic-core: locked 2.0, in it not at all"),
        ({"packages": {"boto3": "1.2.3", "pydantic_core": "2.0", "moto": "5"}}, "moto: locked not at all"),
        ({"pip": "[global]\nindex-url = https://user:word@index.example"}, "left something behind"),
        ({"secrets": ["ca.pem"]}, "left something behind"),
        ({"lock": True}, "left something behind"),
    ],
)
def test_each_fault_of_an_image_is_named(changed: dict[str, Any], said: str) -> None:
    found = problems(**changed)
    assert len(found) == 1
    assert said in found[0]
    assert "word@" not in found[0]


def test_the_checkout_of_this_project_is_listed_without_bytecode() -> None:
    files = tree.project_files(Path(__file__).resolve().parents[3])
    assert {"ml_lambda/serving/rank.py", "chalicelib/contracts/ml.py"} <= files
    assert not [f for f in files if f.endswith(".pyc")]


@pytest.mark.parametrize(
    ("one", "other", "where"),
    [
        ({"a": [1, 0.1 + 0.2]}, {"a": [1, 0.3]}, ""),
        ({"a": 1.0}, {"a": 1}, ""),
        ({"seed": 3}, {"seed": 4}, "answer.seed: 3, then 4"),
        ({"p": [0.5, 0.5]}, {"p": [0.5, 0.5001]}, "answer.p[1]: 0.5, then 0.5001"),
        ({"p": [0.5]}, {"p": [0.5, 0.5]}, "answer.p: 1 entries, then 2"),
        ({"a": 1, "b": 2}, {"a": 1}, "answer: ['b'] is in one alone"),
        ({"chosen": None}, {"chosen": 0}, "answer.chosen: None, then 0"),
        ({"chosen": False}, {"chosen": 0}, "answer.chosen: False, then 0"),
    ],
)
def test_answers_are_compared_to_the_last_bits_of_a_number(one: Any, other: Any, where: str) -> None:
    assert cloud.difference(one, other) == where


def test_seeds_that_tell_come_first() -> None:
    answers = [{"choice": {"chosen": chosen}} for chosen in (2, 2, 2, 0, 2, 5, 0)]
    assert cloud.telling_seeds(answers, 5) == [0, 3, 5, 1, 2]
    assert cloud.telling_seeds(answers, 2) == [0, 3]


@pytest.mark.parametrize(
    ("version", "buildx", "able"),
    [
        ("28.2.2", True, True),
        ("28.2.2", False, False),
        ("23.0.1", False, False),
        ("20.10.24+dfsg1", False, True),
        ("18.06.1", False, False),
        ("", False, False),
    ],
)
def test_which_clients_can_build(version: str, buildx: bool, able: bool) -> None:
    assert engine.builds_with_buildkit(version, buildx) is able


def test_the_host_as_containers_see_it() -> None:
    bridge = {"Subnet": "172.17.0.0/16"}
    assert engine.bridge_address([bridge]) == "172.17.0.1"
    assert engine.bridge_address([{**bridge, "Gateway": "172.17.0.9"}]) == "172.17.0.9"
    assert engine.bridge_address([{"Subnet": "fd00::/64"}, bridge]) == "172.17.0.1"
    assert engine.bridge_address([]) == ""


@pytest.mark.parametrize("variables", [{}, {"OO_IMAGE_ENGINE": ""}, {"OO_IMAGE_ENGINE": "yes"}])
def test_nothing_is_installed_unasked(variables: dict[str, str]) -> None:
    assert not engine.may_install(variables)


def test_build_secrets_are_files_that_are_there(tmp_path: Path) -> None:
    certificate = tmp_path / "ca.pem"
    certificate.write_text("a certificate")
    assert build.secrets({"PIP_CERT": str(certificate), "PIP_CONFIG_FILE": "/dev/null"}) == [
        "--secret",
        f"id=ca,src={certificate}",
    ]
    assert build.secrets({"PIP_CERT": str(tmp_path / "gone.pem")}) == []


def test_a_base_says_what_it_does_not_prove() -> None:
    assert "NOT Amazon Linux" in base.describe(base.STAND_IN).proves
    assert base.describe(base.STAND_IN).stand_in
    assert not base.describe(base.AWS_BASE).stand_in
    dockerfile = Path(__file__).resolve().parents[3] / build.DOCKERFILE
    assert f"ARG BASE_IMAGE={base.AWS_BASE}\n" in dockerfile.read_text()


def test_the_banner_cannot_be_overlooked() -> None:
    text = banner("No engine.\nInstall one.")
    assert "SKIPPED" in text
    assert "NOT built and NOT run" in text
    assert "!!  Install one." in text
    assert text.count("!" * 78) == 2


class Recorded:
    """Stands in for the terminal."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console(quiet=True)

    def step(self, name: str, mend: str) -> Any:
        from oo_local.progress import Quiet

        return Quiet().step(name, mend)


def test_a_step_is_kept_with_its_end() -> None:
    from oo_local.progress import StepFailed

    steps = Steps(Recorded())  # type: ignore[arg-type]
    with steps.step("one", "mend") as step:
        step.note("well")
    with pytest.raises(StepFailed), steps.step("two", "mend"):
        raise CommandFailed("broken")
    with pytest.raises(Skipped), steps.step("three", "mend"):
        raise Skipped("no engine")
    assert [(s.name, s.notes) for s in steps.done] == [
        ("one", ["well"]),
        ("two", ["FAILED: broken"]),
        ("three", ["SKIPPED"]),
    ]


def test_a_failing_command_says_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "x.log"
    run(["sh", "-c", "echo fine"], log)
    assert log.read_text() == "fine\n"
    with pytest.raises(CommandFailed, match=r"(?s)sh ended with 3.*why it broke"):
        run(["sh", "-c", "echo why it broke >&2; exit 3"], log)
    with pytest.raises(CommandFailed, match="is not there"):
        run(["no-such-command-here"], log)
    with pytest.raises(CommandFailed, match="took more than"):
        run(["sleep", "60"], log, timeout=0.2)
