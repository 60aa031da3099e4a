"""The registry opened for one night, and what publishes through it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.runtime.clock import SystemClock
from chalicelib.runtime.logging import logger
from chalicelib.runtime.settings import settings
from ml_lambda.experiments.bootstrap import manifest_of
from ml_lambda.experiments.manifests import ManifestTable
from ml_lambda.registry.mlflow_file import tracking_uri
from ml_lambda.registry.publishing import Publisher


@contextmanager
def publisher(module: str) -> Iterator[Publisher]:
    """Open the registry of the settings. `module`: whose log lines its are."""
    from ml_lambda.registry.mlflow_registry import registry

    with registry(tracking_uri(settings())) as opened:
        yield Publisher(
            opened, ManifestTable(), lambda: manifest_of(settings()), SystemClock(), logger(module)
        )
