"""The layout of the feature vectors: order and version. What computes them is in `ml_lambda/features`.

Per candidate D=12, then the context block that cannot change the argmax of one decision but absorbs
the baseline (hour, weekday, mood, dosage, intercept). A change of order, scale or meaning is a new
version: posteriors and decisions carry it and are never mixed.
"""

from __future__ import annotations

from typing import Final

FEATURE_VERSION: Final = 1

CANDIDATE_FEATURES: Final = (
    "free_fit",          # free minutes / tip minutes
    "done_hour",         # this hour against this person's done-hours
    "energy_effort",     # energy or mood x effort
    "deadline",          # proximity of the deadline x addresses the task
    "streak_at_risk",    # an intact streak that ends today
    "affinity",          # shrunken affinity to the category
    "novelty",           # e^(-days since last shown / 3), as 1 - that
    "effort",            # log minutes
    "place_match",       # possible where the person is; 0 when unknown
    "goal_alignment",    # 0 until goals exist
    "similarity_done",   # similarity to tips this person did; 0 without an embedder
    "activity_length",   # recent activity x tip length
)  # fmt: skip

CONTEXT_FEATURES: Final = (
    "hour_sin",
    "hour_cos",
    "weekday",   # Monday 0 to Sunday 1, standardised
    "mood",
    "dosage",    # 7-day decayed count of tips shown
    "intercept",
)  # fmt: skip

DIMENSION: Final = len(CANDIDATE_FEATURES)
CONTEXT_DIMENSION: Final = len(CONTEXT_FEATURES)
