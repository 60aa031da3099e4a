"""The policy that needs no scorer: the rules' own score, with a little exploration. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from chalicelib.contracts.ml import Candidate, Choice, PolicyRef, ScoredCandidate

POLICY: Final = PolicyRef(name="rules", version="1")
EPSILON: Final = 0.1
NO_VECTOR: Final = 0
"""The feature version of a decision without vectors: evaluated by its probabilities, never trained on."""


def probabilities(candidates: Sequence[Candidate]) -> list[float]:
    """ε-greedy: ε spread over all, the rest over those with the best score. Sums to 1."""
    if not candidates:
        return []
    best = max(c.score for c in candidates)
    ties = sum(c.score == best for c in candidates)
    floor = EPSILON / len(candidates)
    return [floor + ((1 - EPSILON) / ties if c.score == best else 0.0) for c in candidates]


def choose(candidates: Sequence[Candidate], *, seed: int, snapshot_at: datetime | None) -> Choice:
    """One candidate, drawn with the logged probabilities; the same seed draws the same."""
    spread = probabilities(candidates)
    # Not for secrets: the seed is logged so that the draw can be replayed.
    draw = random.Random(seed)  # noqa: S311
    chosen = draw.choices(range(len(candidates)), weights=spread)[0] if candidates else None
    return Choice(
        candidates=[ScoredCandidate(candidate=c, features=[]) for c in candidates],
        chosen=chosen,
        context=[],
        feature_version=NO_VECTOR,
        probabilities=spread,
        policy=POLICY,
        arm="rules",
        champion=spread,
        seed=seed,
        snapshot_at=snapshot_at,
    )
