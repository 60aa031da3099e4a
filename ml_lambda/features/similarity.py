"""Similarity to tips this person did. It needs an embedder; without one the default is served."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chalicelib.contracts.ml import Candidate
from ml_lambda.features.group import FeatureGroup, Moment


def similarity_done(_moment: Moment, _candidate: Candidate) -> float:
    """0: no embedder."""
    return 0.0


GROUP: Final = FeatureGroup(
    name="similarity",
    reads="nothing until an embedder exists",
    freshness=timedelta(days=14),
    range=(-1.0, 1.0),
    default=0.0,
    candidate={"similarity_done": similarity_done},
)
