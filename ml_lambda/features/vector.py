"""The vectors that policies see, in the order and version of `chalicelib/domain/features.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chalicelib.contracts.ml import Candidate
from chalicelib.domain.features import CANDIDATE_FEATURES, CONTEXT_FEATURES
from ml_lambda.features import (
    affinity,
    calendar,
    context,
    exposure,
    goal,
    habit,
    mood,
    place,
    rhythm,
    similarity,
    task,
)
from ml_lambda.features.group import FeatureGroup, Moment

GROUPS: Final[tuple[FeatureGroup, ...]] = (
    task.GROUP,
    calendar.GROUP,
    habit.GROUP,
    rhythm.GROUP,
    affinity.GROUP,
    exposure.GROUP,
    mood.GROUP,
    place.GROUP,
    context.GROUP,
    goal.GROUP,
    similarity.GROUP,
)

_CANDIDATE: Final = {name: feature for group in GROUPS for name, feature in group.candidate.items()}
_CONTEXT: Final = {name: feature for group in GROUPS for name, feature in group.context.items()}

# Six decimals: a vector is stored with its decision, and what is learned must be what was logged.
_DECIMALS: Final = 6


def candidate_vectors(moment: Moment, candidates: Sequence[Candidate]) -> list[list[float]]:
    """One row of D numbers per candidate, each within [-1, 1]."""
    return [
        [round(_CANDIDATE[name](moment, candidate), _DECIMALS) for name in CANDIDATE_FEATURES]
        for candidate in candidates
    ]


def context_vector(moment: Moment) -> list[float]:
    """The C numbers that all candidates of a decision share."""
    return [round(_CONTEXT[name](moment), _DECIMALS) for name in CONTEXT_FEATURES]
