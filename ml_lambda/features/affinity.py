"""Affinity: whether this person does things of this category, shrunk towards not knowing."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chalicelib.contracts.ml import Candidate
from ml_lambda.features.group import FeatureGroup, Moment, of_snapshot

_PSEUDO_COUNT: Final = 4.0
_LIKED: Final = frozenset({"done", "helpful"})
_DISLIKED: Final = frozenset({"dismiss", "not_helpful"})


def affinity(moment: Moment, candidate: Candidate) -> float:
    """(done - declined) / (done + declined + 4); 0 for no category.

    Done: decayed count of the snapshot and tips liked in 14 days. Declined: tips dismissed for the item
    itself; one dismissed for its time ("wrong time") or its size ("too big") says nothing of the category,
    nor does a task that was let go when asked about.
    """
    category = candidate.category
    if not category:
        return 0.0
    liked = moment.snapshot.done_by_category.get(category, 0.0)
    declined = 0.0
    for tip in moment.recent:
        if tip.category != category:
            continue
        liked += tip.reaction in _LIKED
        let_go = tip.angle == "keep_or_let_go" and tip.reason == "not_mine"
        declined += tip.reaction in _DISLIKED and tip.reason not in {"wrong_time", "too_big"} and not let_go
    return (liked - declined) / (liked + declined + _PSEUDO_COUNT)


GROUP: Final = FeatureGroup(
    name="affinity",
    reads="done_by_category of the snapshot; category, reaction and reason of the tips of 14 days",
    age=of_snapshot,
    freshness=timedelta(days=14),
    summed=True,
    range=(-1.0, 1.0),
    default=0.0,
    candidate={"affinity": affinity},
)
