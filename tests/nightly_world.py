"""People, their logged decisions and rewards, as the recommender and `learn` leave them for the night."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from chalicelib.contracts.decision_log import event_id, line_key, reward_key
from chalicelib.contracts.ml import Choice, Decision, PolicyRef, ScoredCandidate
from chalicelib.domain.features import CONTEXT_DIMENSION, DIMENSION, FEATURE_VERSION
from tests import ml_examples as me

BUCKET = "oo-local-decision-log"
CANDIDATES = 4


def person_id(number: int) -> str:
    return str(UUID(int=(4 << 76) | (8 << 60) | number))


def made(
    number: int,
    person: str,
    at: datetime,
    *,
    champion: Sequence[float] | None = None,
    challenger: Sequence[float] = (),
    rho: float = 0.0,
    chosen: int | None = None,
    policy: str = "epsilon_greedy_v2",
    **choice: Any,
) -> Decision:
    """A decision among CANDIDATES with features that its number gives."""
    rng = np.random.default_rng(number)
    vector = list(champion or [1.0 / CANDIDATES] * CANDIDATES)
    mixed = (
        [(1 - rho) * a + rho * b for a, b in zip(vector, challenger, strict=True)] if challenger else vector
    )
    index = int(rng.choice(CANDIDATES, p=mixed)) if chosen is None else chosen
    return Decision.model_validate(
        {
            "decision_id": str(UUID(int=(7 << 76) | (8 << 60) | number)),
            "person_id": person,
            "decided_at": at,
            "expires_at": at + timedelta(hours=4),
            "settle_at": at + timedelta(hours=24),
            "source": "template",
            "choice": Choice(
                candidates=[
                    ScoredCandidate(candidate=me.candidate(ref=f"t{i}"), features=row.tolist())
                    for i, row in enumerate(rng.normal(size=(CANDIDATES, DIMENSION)))
                ],
                chosen=index,
                context=rng.normal(size=CONTEXT_DIMENSION).tolist(),
                feature_version=FEATURE_VERSION,
                probabilities=mixed,
                policy=PolicyRef(name=policy, version="1"),
                champion=vector,
                challenger=list(challenger),
                rho=rho,
                **choice,
            ),
        }
    )  # fmt: skip


@dataclass
class World:
    """Writes into the cloud of `aws` what a night reads."""

    aws: Any
    count: int = field(default=0)

    def person(self, number: int, granted: Sequence[str] = ("learning", "tasks")) -> str:
        who = person_id(number)
        row: dict[str, Any] = {
            "person_id": {"S": who},
            "part": {"S": "consents"},
            "body": {"S": "{}"},
        }
        if granted:
            row["granted"] = {"SS": list(granted)}
        self.aws.client("dynamodb").put_item(TableName="oo-local-profiles", Item=row)
        return who

    def erase(self, who: str) -> None:
        self.aws.client("dynamodb").put_item(
            TableName="oo-local-profiles",
            Item={"person_id": {"S": who}, "part": {"S": "erased"}, "body": {"S": "{}"}},
        )

    def log(self, decision: Decision) -> None:
        """One line of a decision."""
        day = decision.decided_at.date()
        key = line_key("decisions", day, event_id(decision.decision_id, "decision_made", 0))
        self._put(key, decision.model_dump(mode="json"))

    def reward(
        self, decision: Decision, reward: float, revision: int = 1, after: timedelta = timedelta(hours=2)
    ) -> None:
        """One line of its reward."""
        key = reward_key(decision.decided_at.date(), decision.decision_id, revision)
        self._put(
            key,
            {
                "event_id": "e",
                "decision_id": decision.decision_id,
                "person_id": decision.person_id,
                "revision": revision,
                "reward": reward,
                "decided_at": decision.decided_at.isoformat(),
                "settled_at": (decision.decided_at + after).isoformat(),
            },
        )

    def days(self, who: str, now: datetime, decisions: int, **fields: Any) -> list[Decision]:
        """Settled decisions of one person, two a day, up to a day ago; likes the first feature."""
        found = []
        for back in range(decisions):
            self.count += 1
            decision = made(self.count, who, now - timedelta(days=1, hours=12 * back), **fields)
            chosen = decision.choice.candidates[decision.choice.chosen or 0]
            self.log(decision)
            self.reward(decision, 1.0 if chosen.features[0] > 0 else 0.1)
            found.append(decision)
        return found

    def _put(self, key: str, document: dict[str, Any]) -> None:
        self.aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=json.dumps(document).encode())
