"""What a refit found, drawn: what people share, how far they differ, how fast tastes fade."""

from __future__ import annotations

import numpy as np

from chalicelib.domain.features import CANDIDATE_FEATURES
from ml_lambda.pipelines.refit import Refit
from ml_lambda.pipelines.report import charts
from ml_lambda.pipelines.report.page import styled


def plots(found: Refit) -> dict[str, str]:
    """SVG files by name."""
    return {
        "plots/shared.svg": styled(_shared(found)),
        "plots/forgetting.svg": styled(_forgetting(found)),
    }


def _shared(found: Refit) -> str:
    """Each feature's pooled effect, and where one person in twenty lies outside."""
    pooled = found.pooled
    spread = 1.96 * np.sqrt(pooled.between + np.diag(pooled.covariance))
    rows = [
        charts.Interval(name, float(mean), float(mean - far), float(mean + far))
        for name, mean, far in zip(pooled.columns, pooled.mean, spread, strict=True)
        if name in CANDIDATE_FEATURES
    ]
    return charts.intervals("Effect of each feature on the reward; nineteen of twenty people", rows, 0.0)


def _forgetting(found: Refit) -> str:
    """How common each pace of forgetting is."""
    forgetting = found.pooled.forgetting
    assert forgetting is not None
    names = [f"{days:g} days" if days else "never" for days in forgetting.half_lives]
    return charts.bars("Half-lives of taste", names, [("share of people", list(forgetting.shares))])
