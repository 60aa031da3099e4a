"""The model registry: versions, aliases, lineage and nights, on a file here and on one in the bucket."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chalicelib.contracts.experiments import PolicySpec
from ml_lambda.registry.contract import Lineage, Night, RegistryBusy
from ml_lambda.registry.mlflow_registry import MlflowRegistry, registry
from ml_lambda.simulation.driver import Run
from ml_lambda.simulation.measures import rows, trace
from ml_lambda.simulation.people import population
from ml_lambda.simulation.report import Setting
from ml_lambda.simulation.tracking import log

if TYPE_CHECKING:
    from tests.conftest import Cloud

GREEDY = PolicySpec(id="greedy", policy="epsilon_greedy_v2", hyper={"epsilon": 0.05})
MIXED = PolicySpec(id="mixed", policy="mixed_ts", prior="pooled-1")
LINEAGE = Lineage(
    code="abc", window_from=date(2026, 11, 1), window_until=date(2026, 11, 21), decisions=40, people=7
)


@pytest.fixture
def address(blank_registry: Path, tmp_path: Path) -> str:
    path = tmp_path / "mlflow" / "registry.db"
    path.parent.mkdir()
    shutil.copyfile(blank_registry, path)
    return f"sqlite:///{path}"


@pytest.fixture
def versions(address: str) -> Iterator[MlflowRegistry]:
    with registry(address) as opened:
        yield opened


def test_a_version_is_registered_once_with_its_lineage(versions: MlflowRegistry) -> None:
    made = versions.register(GREEDY, '{"means": {}}', LINEAGE, {"people": 7.0}, {"plots/a.svg": "<svg/>"})
    assert (made.number, made.spec, made.lineage, made.metrics) == (1, GREEDY, LINEAGE, {"people": 7.0})
    assert versions.register(GREEDY, '{"means": {}}', Lineage(code="later")) == made
    assert versions.find(MIXED) is None
    other = versions.register(MIXED, '{"mean": [1]}', Lineage(code="abc", parent=1, reason="refit"))
    assert (other.number, other.lineage.parent, other.lineage.reason) == (2, 1, "refit")
    assert [v.number for v in versions.versions()] == [2, 1]
    assert versions.artifact(2) == {"spec": MIXED.model_dump(mode="json"), "prior": {"mean": [1]}}


def test_another_parameter_or_prior_is_another_version(versions: MlflowRegistry) -> None:
    first = versions.register(GREEDY, "", LINEAGE)
    for changed in ({"hyper": {"epsilon": 0.1}}, {"prior": "pooled-2"}, {"id": "greedy-2"}):
        assert versions.register(GREEDY.model_copy(update=changed), "", LINEAGE).number != first.number
    # What is not named is the one that is shipped.
    assert versions.find(GREEDY.model_copy(update={"prior": "first-1"})) == first


def test_an_alias_stands_at_one_version_or_nowhere(versions: MlflowRegistry) -> None:
    assert versions.aliased("champion") is None
    versions.register(GREEDY, "", LINEAGE)
    versions.register(MIXED, "", LINEAGE)
    for _ in range(2):
        versions.set_alias("champion", 1)
        versions.set_alias("challenger", 2)
    assert {v.number: v.aliases for v in versions.versions()} == {1: ("champion",), 2: ("challenger",)}
    versions.set_alias("champion", 2)
    for _ in range(2):
        versions.set_alias("challenger", None)
    champion = versions.aliased("champion")
    assert champion is not None
    assert champion.number == 2
    assert versions.aliased("challenger") is None


def test_a_night_run_again_replaces_what_it_said(versions: MlflowRegistry, address: str) -> None:
    for value in (1.0, 2.0):
        versions.record(
            Night("evaluate", date(2026, 11, 21), {"lift": value}, {"report.html": f"<p>{value}"})
        )
    versions.record(Night("train", date(2026, 11, 21), {}, {}))
    experiment = versions._client.get_experiment_by_name("nightly")
    assert experiment is not None
    runs = versions._client.search_runs([experiment.experiment_id])
    assert sorted(run.data.tags["oo.pipeline"] for run in runs) == ["evaluate", "train"]
    assert {run.data.metrics.get("lift") for run in runs} == {2.0, None}
    pages = list(Path(address.removeprefix("sqlite:///")).parent.rglob("report.html"))
    assert [page.read_text() for page in pages] == ["<p>2.0"]


def test_nobody_is_named_as_its_author(versions: MlflowRegistry) -> None:
    versions.register(GREEDY, "", LINEAGE)
    [experiment] = [e for e in versions._client.search_experiments() if e.name == "policies"]
    [run] = versions._client.search_runs([experiment.experiment_id])
    assert run.data.tags["mlflow.user"] == "oo"
    assert not {tag for tag in run.data.tags if "source" in tag or "git" in tag}


def test_it_is_opened_again_where_it_was(address: str) -> None:
    with registry(address) as first:
        first.register(GREEDY, '{"a": 1}', LINEAGE)
        first.set_alias("champion", 1)
    with registry(address) as again, warnings.catch_warnings():
        warnings.simplefilter("error")
        champion = again.aliased("champion")
        assert champion is not None
        assert champion.spec == GREEDY
        assert again.artifact(1)["prior"] == {"a": 1}


class TestInTheBucket:
    """The file in the bucket: fetched, put back when it changed, one writer at a time."""

    ADDRESS = "s3://oo-local-registry/mlflow"

    @pytest.fixture(autouse=True)
    def blank(self, aws: Cloud, blank_registry: Path) -> None:
        self.s3 = aws.client("s3")
        self.s3.put_object(
            Bucket="oo-local-registry", Key="mlflow/registry.db", Body=blank_registry.read_bytes()
        )

    def keys(self) -> list[str]:
        return [o["Key"] for o in self.s3.list_objects_v2(Bucket="oo-local-registry").get("Contents", [])]

    def test_what_was_committed_is_there_for_the_next(self) -> None:
        with registry(self.ADDRESS) as first:
            first.register(GREEDY, '{"a": 1}', LINEAGE)
            first.commit()
            first.set_alias("champion", 1)
            first.commit()
            first.register(MIXED, "", LINEAGE)  # never committed
        with registry(self.ADDRESS) as again:
            assert [v.number for v in again.versions()] == [1]
            champion = again.aliased("champion")
            assert champion is not None
            assert champion.number == 1
            assert again.artifact(1)["prior"] == {"a": 1}
        assert any(key.startswith("mlflow/artifacts/policies/") for key in self.keys())

    def test_nothing_changed_nothing_written(self) -> None:
        before = self.s3.head_object(Bucket="oo-local-registry", Key="mlflow/registry.db")["LastModified"]
        with registry(self.ADDRESS) as opened:
            opened.commit()
        after = self.s3.head_object(Bucket="oo-local-registry", Key="mlflow/registry.db")["LastModified"]
        assert after == before

    def test_of_two_writers_one_goes_through(self) -> None:
        with registry(self.ADDRESS) as one, registry(self.ADDRESS) as other:
            one.register(GREEDY, "", LINEAGE)
            other.register(MIXED, "", LINEAGE)
            one.commit()
            with pytest.raises(RegistryBusy):
                other.commit()
        with registry(self.ADDRESS) as again:
            assert [v.spec for v in again.versions()] == [GREEDY]

    def test_the_first_writer_makes_the_file_and_the_second_does_not_replace_it(
        self, blank_registry: Path
    ) -> None:
        from ml_lambda.registry.mlflow_file import opened

        self.s3.delete_object(Bucket="oo-local-registry", Key="mlflow/registry.db")
        with opened(self.ADDRESS) as one, opened(self.ADDRESS) as other:
            for place in (one, other):
                shutil.copyfile(blank_registry, place.uri.removeprefix("sqlite:///"))
            one.commit()
            with pytest.raises(RegistryBusy):
                other.commit()


def test_a_simulation_is_a_run_per_policy_with_curves_and_files(address: str) -> None:
    run = Run("rules", population("steady", 3), 8, 0)
    for _ in run.go():
        pass
    traces = [trace(run), replace(trace(run), policy="random")]
    setting = Setting("steady", 3, 8, (0,), ("rules", "random"), "rules")
    table = rows(traces, "rules")
    runs = log(address, "first", setting, traces, table, {"index.html": "<p>", "regret.svg": "<svg/>"})
    with registry(address) as opened:
        whole, *each = [opened._client.get_run(r) for r in runs]
        files = {file.path for file in opened._client.list_artifacts(whole.info.run_id)}
        weeks = opened._client.get_metric_history(each[0].info.run_id, "regret_by_week")
        assert opened._client.get_experiment(whole.info.experiment_id).name == "simulations"
    assert files == {"index.html", "regret.svg"}
    assert [r.data.params["policy"] for r in each] == ["rules", "random"]
    assert each[0].data.metrics["regret"] == pytest.approx(table[0].regret.value)
    assert each[1].data.metrics["ahead"] == 0.0
    assert weeks[0].step == 1
    assert whole.info.status == "FINISHED"
