"""A benchmark in MLflow: the experiment `tip-wordings`, one run per model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from ml_lambda.bench.page import Benched
from ml_lambda.registry.code import code_version
from ml_lambda.registry.mlflow_registry import registry

EXPERIMENT: Final = "tip-wordings"


def log(address: str, benched: Sequence[Benched], version: int, html: str) -> list[str]:
    """Keep it at that address (`registry/mlflow_file.py`); the ids of the runs."""
    runs = []
    with registry(address) as kept:
        for one in benched:
            parameters = {"model": one.name, "contexts": str(version), "code": code_version()}
            files = {"tips.html": html}
            runs.append(kept.keep_run(EXPERIMENT, one.name, parameters, metrics(one), {}, files))
        kept.commit()
    return runs


def metrics(one: Benched) -> dict[str, float]:
    """Every figure that is a number, and the reasons by name."""
    found = {
        name: float(value) for name, value in asdict(one.summary).items() if isinstance(value, int | float)
    }
    found |= {f"reason.{reason}": float(count) for reason, count in one.summary.reasons.items()}
    if one.attacked is not None:
        found |= {f"attacks.{name}": float(value) for name, value in asdict(one.attacked).items()}
    if one.verdicts is not None:
        found |= {f"judge.{name}": float(value) for name, value in asdict(one.verdicts).items()}
        found["judge.usable"] = float(one.verdicts.usable)
    return found
