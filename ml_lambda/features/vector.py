"""The vectors that policies see, in the order and version of `chalicelib/domain/features.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chalicelib.contracts.ml import Candidate
from chalicelib.domain.features import CANDIDATE_FEATURES, CONTEXT_FEATURES
from ml_lambda.features import (
    activity,
    affinity,
    calendar,
    clock,
    dosage,
    effort,
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
    effort.GROUP,
    calendar.GROUP,
    habit.GROUP,
    rhythm.GROUP,
    activity.GROUP,
    affinity.GROUP,
    exposure.GROUP,
    dosage.GROUP,
    mood.GROUP,
    place.GROUP,
    clock.GROUP,
    goal.GROUP,
    similarity.GROUP,
)

_CANDIDATE: Final = {name: (group, feature) for group in GROUPS for name, feature in group.candidate.items()}
_CONTEXT: Final = {name: (group, feature) for group in GROUPS for name, feature in group.context.items()}

# Six decimals: a vector is stored with its decision, and what is learned must be what was logged.
_DECIMALS: Final = 6


def degraded(moment: Moment) -> list[str]:
    """The groups that serve their defaults now, because what they read is too old or another version's."""
    return [group.name for group in GROUPS if group.stale(moment)]


def candidate_vectors(moment: Moment, candidates: Sequence[Candidate]) -> list[list[float]]:
    """One row of D numbers per candidate, each within [-1, 1]."""
    stale = set(degraded(moment))
    columns = [_CANDIDATE[name] for name in CANDIDATE_FEATURES]
    return [
        [
            group.default if group.name in stale else round(feature(moment, candidate), _DECIMALS)
            for group, feature in columns
        ]
        for candidate in candidates
    ]


def context_vector(moment: Moment) -> list[float]:
    """The C numbers that all candidates of a decision share."""
    stale = set(degraded(moment))
    return [
        group.default if group.name in stale else round(feature(moment), _DECIMALS)
        for group, feature in (_CONTEXT[name] for name in CONTEXT_FEATURES)
    ]
