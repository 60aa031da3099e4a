"""A simulation in MLflow: the experiment `simulations`, one run per policy beside one for the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ml_lambda.registry.code import code_version
from ml_lambda.registry.mlflow_registry import registry
from ml_lambda.simulation.measures import Band, Row, Trace, curve
from ml_lambda.simulation.report import Setting

EXPERIMENT: Final = "simulations"


def log(
    address: str,
    name: str,
    setting: Setting,
    traces: Sequence[Trace],
    table: Sequence[Row],
    files: Mapping[str, str],
) -> list[str]:
    """Keep it at that address (`registry/mlflow_file.py`); the ids of the runs, that of the whole first."""
    shared = {
        "simulation": name,
        "population": setting.population,
        "people": str(setting.people),
        "days": str(setting.days),
        "seeds": ",".join(map(str, setting.seeds)),
        "baseline": setting.baseline,
        "nights": str(setting.nights).lower(),
        "code": code_version(),
    }
    runs = []
    with registry(address) as kept:
        runs.append(kept.keep_run(EXPERIMENT, name, shared, {}, {}, files))
        for row in table:
            mine = [t for t in traces if t.policy == row.policy]
            weeks = {
                "regret_by_week": curve(mine, lambda t: t.best - t.worth, weeks=setting.weeks),
                "reward_by_week": curve(mine, lambda t: t.reward, weeks=setting.weeks),
            }
            curves = {
                f"{metric}{end}": [(week, getattr(b, field)) for week, b in points]
                for metric, points in weeks.items()
                for end, field in (("", "value"), ("_low", "low"), ("_high", "high"))
            }
            parameters = {**shared, "policy": row.policy}
            runs.append(
                kept.keep_run(EXPERIMENT, f"{name} {row.policy}", parameters, _metrics(row), curves, {})
            )
        kept.commit()
    return runs


def _metrics(row: Row) -> dict[str, float]:
    bands: dict[str, Band | None] = {
        "reward": row.reward,
        "done": row.done,
        "regret": row.regret,
        "gap_closed": row.gap_closed,
        "ahead": row.ahead,
    }
    ends = {
        f"{name}{end}": getattr(b, field)
        for name, b in bands.items()
        if b is not None
        for end, field in (("", "value"), ("_low", "low"), ("_high", "high"))
    }
    return {"decisions": float(row.decisions), "seen": float(row.seen), **ends}
