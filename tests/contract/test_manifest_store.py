"""The table of what serves, on moto and on the emulator."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.contracts.experiments import Experiment, GateState, Manifest, PolicySpec
from ml_lambda.experiments import manifests
from ml_lambda.experiments.manifests import ManifestConflict, ManifestTable, Published, UnknownPrior

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


def manifest(version: int, prior: str = "") -> Manifest:
    return Manifest(
        version=version,
        policies=[
            PolicySpec(id="v2", policy="epsilon_greedy_v2"),
            PolicySpec(id="v2-wide", policy="epsilon_greedy_v2", hyper={"epsilon": 0.2}, prior=prior),
        ],
        champion="v2",
        experiment=Experiment(name="wider", phase="canary", challenger="v2-wide", rho=0.1, started_at=NOW),
        published_at=NOW,
    )


@pytest.fixture
def table(aws: Any) -> ManifestTable:
    return ManifestTable(aws.client("dynamodb"), "local")


def test_versions_follow_each_other_and_all_are_kept(table: ManifestTable) -> None:
    assert table.current() is None
    table.publish(manifest(1))
    table.publish(manifest(2))
    assert table.current() == Published(manifest(2))
    assert table.version(1) == Published(manifest(1))
    assert table.version(3) is None
    for stale in (1, 2, 4):
        with pytest.raises(ManifestConflict):
            table.publish(manifest(stale))
    assert table.current() == Published(manifest(2))


def test_a_manifest_brings_its_priors(table: ManifestTable) -> None:
    body = json.dumps({"version": "night-1", "feature_version": 1, "precision": 2.0, "means": {}})
    with pytest.raises(UnknownPrior, match="night-1"):
        table.publish(manifest(1, "night-1"))
    assert table.current() is None
    table.keep_prior("night-1", body)
    table.publish(manifest(1, "night-1"))
    assert table.current() == Published(manifest(1, "night-1"), {"night-1": body})
    table.publish(manifest(2, "first-1"))  # shipped: its text is with the code
    assert table.current() == Published(manifest(2, "first-1"))


def test_a_prior_never_changes(table: ManifestTable) -> None:
    table.keep_prior("p", "{}")
    table.keep_prior("p", "{}")
    with pytest.raises(ValueError, match="other content"):
        table.keep_prior("p", '{"a": 1}')
    with pytest.raises(json.JSONDecodeError):
        table.keep_prior("q", "{")
    assert table.prior("p") == "{}"
    assert table.prior("q") is None


def test_what_is_too_large_is_refused(table: ManifestTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "LIMIT", 100)
    with pytest.raises(ValueError, match="100 bytes"):
        table.publish(manifest(1))


def test_the_gates_evidence_goes_on_from_where_it_was(table: ManifestTable) -> None:
    first = GateState(experiment="wider", rho=0.1, decisions=3, log_promote=0.25, sums={"c": 0.1})
    marks = {"2026-11-17": frozenset({manifests.mark("a"), manifests.mark("b"), 0})}
    table.keep_gate(first, None, marks)
    assert table.gate("wider") == first
    assert table.observed("wider") == marks
    second = first.model_copy(update={"decisions": 5, "settled_until": NOW})
    with pytest.raises(ManifestConflict):
        table.keep_gate(second, None, {})
    assert table.observed("wider") == marks, "both or none"
    table.keep_gate(second, first, {"2026-11-18": {2**48 - 1}, "2026-11-19": set()})
    with pytest.raises(ManifestConflict):
        table.keep_gate(second, first, marks)
    assert table.gate("wider") == second
    assert table.observed("wider") == {"2026-11-18": frozenset({2**48 - 1}), "2026-11-19": frozenset()}
    assert table.gate("other") is None
    assert table.observed("other") == {}


def test_the_marks_of_a_full_window_fit_one_item(table: ManifestTable) -> None:
    marks = {f"day-{day}": frozenset(manifests.mark(f"{day}.{i}") for i in range(2000)) for day in range(28)}
    table.keep_gate(GateState(experiment="wider", rho=0.1, decisions=1), None, marks)
    assert table.observed("wider") == marks
    assert sum(len(held) for held in marks.values()) == 28 * 2000, "no two share a mark"
