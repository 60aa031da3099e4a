"""The registry on MLflow: one registered model whose versions are policies with their priors.

The registered model is `oo-policy`. A version's run holds the artifact `policy.json` (the spec and its
prior, plain JSON, all that `rank` would load), plots and metrics; its lineage is in tags. Nights are runs of
the experiment `nightly`. MLflow is imported when a registry is opened and nowhere else: it costs 1.7 CPU
seconds, which no request should pay.
"""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from chalicelib.contracts.experiments import PolicySpec
from ml_lambda.registry.contract import Alias, Lineage, Night, Version, artifact_text, fingerprint
from ml_lambda.registry.mlflow_file import Place, opened

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

MODEL: Final = "oo-policy"
POLICIES: Final = "policies"
NIGHTLY: Final = "nightly"
ARTIFACT: Final = "policy.json"
_TAG: Final = "oo."


class MlflowRegistry:
    """A Registry (`contract.py`) on an MLflow client."""

    def __init__(self, client: MlflowClient, place: Place) -> None:
        self._client = client
        self._place = place

    def register(
        self,
        spec: PolicySpec,
        prior: str,
        lineage: Lineage,
        metrics: Mapping[str, float] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> Version:
        """A run with the artifact, then a version of the model that points at it."""
        if (known := self.find(spec)) is not None:
            return known
        tags = {"spec": spec.model_dump_json(), "fingerprint": fingerprint(spec), **_written(lineage)}
        run = self._run(POLICIES, f"{spec.id} {spec.prior}".strip(), tags)
        self._client.log_text(run, artifact_text(spec, prior), ARTIFACT)
        self._fill(run, metrics or {}, files or {}, {"policy": spec.policy, **_texts(spec.hyper)})
        source = self._client.get_run(run).info.artifact_uri
        made = self._client.create_model_version(
            MODEL, source=str(source), run_id=run, tags={_TAG + name: value for name, value in tags.items()}
        )
        return self._read(made)

    def find(self, spec: PolicySpec) -> Version | None:
        """By the fingerprint of the spec."""
        found = self._client.search_model_versions(
            f"name = '{MODEL}' and tag.`{_TAG}fingerprint` = '{fingerprint(spec)}'", max_results=1
        )
        return self._read(found[0]) if found else None

    def versions(self, most: int = 50) -> Sequence[Version]:
        """The latest, newest first."""
        found = self._client.search_model_versions(
            f"name = '{MODEL}'", max_results=most, order_by=["version_number DESC"]
        )
        # A search does not say which aliases stand where; the model does.
        aliases = self._client.get_registered_model(MODEL).aliases
        standing: dict[int, list[str]] = {}
        for alias, number in aliases.items():
            standing.setdefault(int(number), []).append(alias)
        read = [self._read(version) for version in found]
        return [replace(v, aliases=tuple(sorted(standing.get(v.number, ())))) for v in read]

    def aliased(self, alias: Alias) -> Version | None:
        """The version of the alias; None when it stands nowhere."""
        from mlflow.exceptions import MlflowException

        try:
            return self._read(self._client.get_model_version_by_alias(MODEL, alias))
        except MlflowException as error:
            if error.error_code in {"INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"}:
                return None
            raise

    def set_alias(self, alias: Alias, version: int | None) -> None:
        """Move the alias, or take it away; either again changes nothing."""
        if version is None:
            self._client.delete_registered_model_alias(MODEL, alias)
        else:
            self._client.set_registered_model_alias(MODEL, alias, str(version))

    def note(self, version: int, what: str, reason: str) -> None:
        """A tag of the version."""
        self._client.set_model_version_tag(MODEL, str(version), _TAG + what, reason[:500])

    def artifact(self, version: int) -> dict[str, Any]:
        """The version's `policy.json`."""
        from mlflow.artifacts import download_artifacts

        run = self._client.get_model_version(MODEL, str(version)).run_id
        with TemporaryDirectory() as folder:
            path = download_artifacts(
                run_id=run, artifact_path=ARTIFACT, dst_path=folder, tracking_uri=self._place.uri
            )
            document: dict[str, Any] = json.loads(Path(path).read_text("utf-8"))
        return document

    def record(self, night: Night) -> None:
        """One run per pipeline and day."""
        experiment = self._experiment(NIGHTLY)
        found = self._client.search_runs(
            [experiment],
            f"tags.`{_TAG}pipeline` = '{night.pipeline}' and tags.`{_TAG}day` = '{night.day}'",
            max_results=1,
        )
        tags = {"pipeline": night.pipeline, "day": night.day.isoformat()}
        run = found[0].info.run_id if found else self._run(NIGHTLY, f"{night.pipeline} {night.day}", tags)
        self._fill(run, night.metrics, night.files, {})
        for name, value in night.parameters.items():
            self._client.set_tag(run, _TAG + name, value)

    def keep_run(
        self,
        experiment: str,
        name: str,
        parameters: Mapping[str, str],
        metrics: Mapping[str, float],
        curves: Mapping[str, Sequence[tuple[int, float]]],
        files: Mapping[str, str],
    ) -> str:
        """A finished run of any experiment; its id. `curves`: (step, value) by the metric's name."""
        run = self._run(experiment, name, {})
        for curve, points in curves.items():
            for step, value in points:
                self._client.log_metric(run, curve, value, step=step)
        self._fill(run, metrics, files, parameters)
        return run

    def commit(self) -> None:
        """Make it durable (`mlflow_file.py`)."""
        self._place.commit()

    # --- runs ---------------------------------------------------------------------------------------

    def _experiment(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        where = f"{self._place.artifacts}/{name}" if self._place.artifacts else None
        return self._client.create_experiment(name, artifact_location=where)

    def _run(self, experiment: str, name: str, tags: Mapping[str, str]) -> str:
        run = self._client.create_run(
            self._experiment(experiment),
            run_name=name,
            # Else MLflow notes the account and the file that ran it.
            tags={"mlflow.user": "oo", **{_TAG + key: value for key, value in tags.items()}},
        )
        return str(run.info.run_id)

    def _fill(
        self,
        run: str,
        metrics: Mapping[str, float],
        files: Mapping[str, str],
        parameters: Mapping[str, str],
    ) -> None:
        for name, value in parameters.items():
            self._client.log_param(run, name, value)
        for name, number in metrics.items():
            self._client.log_metric(run, name, number)
        for name, text in files.items():
            self._client.log_text(run, text, name)
        self._client.set_terminated(run)

    def _read(self, made: ModelVersion) -> Version:
        tags = made.tags
        metrics = self._client.get_run(made.run_id).data.metrics if made.run_id else {}
        return Version(
            number=int(made.version),
            spec=PolicySpec.model_validate_json(tags[_TAG + "spec"]),
            lineage=_lineage(tags),
            aliases=tuple(sorted(made.aliases)),
            metrics=dict(metrics),
            registered_at=datetime.fromtimestamp(made.creation_timestamp / 1000, UTC),
        )


@contextmanager
def registry(address: str) -> Iterator[MlflowRegistry]:
    """Open the registry at an address (`mlflow_file.py`); the model is made when it is not there."""
    # Nobody is told that it runs, and nothing is asked of a terminal.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    # Its clients are kept by this name, not by the one that every other client here goes by.
    if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
        os.environ["MLFLOW_S3_ENDPOINT_URL"] = endpoint
    else:
        os.environ.pop("MLFLOW_S3_ENDPOINT_URL", None)
    with opened(address) as place:
        yield MlflowRegistry(_client(place.uri), place)


def _client(uri: str) -> MlflowClient:
    with warnings.catch_warnings():
        # MLflow's own words about SQLAlchemy's next version are not for whoever reads this log.
        warnings.simplefilter("ignore")
        import mlflow
        from mlflow.exceptions import MlflowException

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.WARNING)
        client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
        try:
            client.create_registered_model(MODEL, description="Policies with their priors, as they serve.")
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        return client


def _written(lineage: Lineage) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in asdict(lineage).items()}


def _lineage(tags: Mapping[str, str]) -> Lineage:
    said = {name: tags.get(_TAG + name, "") for name in Lineage.__dataclass_fields__}
    return Lineage(
        code=said["code"],
        window_from=date.fromisoformat(said["window_from"]) if said["window_from"] else None,
        window_until=date.fromisoformat(said["window_until"]) if said["window_until"] else None,
        decisions=int(said["decisions"] or 0),
        people=int(said["people"] or 0),
        parent=int(said["parent"]) if said["parent"] else None,
        reason=said["reason"],
    )


def _texts(numbers: Mapping[str, float]) -> dict[str, str]:
    return {name: repr(value) for name, value in numbers.items()}
