"""What everybody has in common, how far people differ and how fast tastes fade: one refit. Pure.

Each person is a `History`; nothing else of them is needed. Variances and the pooled mean are fitted by
expectation maximisation of the marginal likelihood (`policies/pooling.py`), the mixture of forgetting by
how well each pace predicted each person (`policies/mixed_posterior.py`). The two depend on each other, so
they take turns. It always starts from what is usual and is centred on the prior that was set by judgement,
never on last night's: else the same decisions would count night after night.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import numpy as np

from chalicelib.contracts.ml import Choice
from chalicelib.domain.features import CONTEXT_DIMENSION, DIMENSION, FEATURE_VERSION
from ml_lambda.pipelines.evidence import usable
from ml_lambda.pipelines.log import Logged
from ml_lambda.policies import pooling
from ml_lambda.policies.base import StateMismatch, Vector
from ml_lambda.policies.history import History
from ml_lambda.policies.mixed_posterior import Belief, Paces, common_paces, evidence
from ml_lambda.policies.mixed_prior import COLUMNS, HALF_LIVES, usual
from ml_lambda.policies.pooling import Shared, Variances
from ml_lambda.policies.priors import Forgetting, Pooled, load_prior

ROUNDS: Final = 3
"""How often variances and paces take turns; by the third neither moves noticeably."""

_DAY: Final = 86_400.0
_DECIMALS: Final = 12
"""Of the numbers that name a prior: sums in another order differ in their last bits."""


@dataclass(frozen=True)
class Refit:
    """What was found, and how much better it explains the same rewards than what was usual."""

    pooled: Pooled
    people: int
    decisions: int
    before: float
    """ln p(rewards) per decision under the usual variances."""
    after: float
    """And under the fitted ones."""

    @property
    def version(self) -> str:
        """Names the content: the same people and rewards give the same version."""
        p = self.pooled
        assert p.forgetting is not None
        numbers = np.concatenate(
            [p.mean, p.covariance.ravel(), p.between, [p.noise, p.forgetting.change], p.forgetting.shares]
        )
        text = json.dumps(np.round(numbers, _DECIMALS).tolist())
        return f"pooled-{sha256(text.encode()).hexdigest()[:12]}"

    @property
    def half_life(self) -> float:
        """Days after which a decision counts half, for the typical person: 0, never."""
        assert self.pooled.forgetting is not None
        rate = sum(
            share / days
            for days, share in zip(
                self.pooled.forgetting.half_lives, self.pooled.forgetting.shares, strict=True
            )
            if days
        )
        return 1.0 / rate if rate else 0.0

    def metrics(self) -> dict[str, float]:
        """What MLflow draws over the nights."""
        p = self.pooled
        assert p.forgetting is not None
        return {
            "people": float(self.people),
            "decisions": float(self.decisions),
            "log_likelihood_usual": self.before,
            "log_likelihood_fitted": self.after,
            "noise": p.noise,
            "between_people": float(p.between[CONTEXT_DIMENSION + 1 :].mean()),
            "half_life_days": self.half_life,
            "turned": p.forgetting.change,
        }


def refit(histories: Sequence[History]) -> Refit:
    """Fit to people with at least one decision each. Raises ValueError for nobody."""
    if not histories:
        raise ValueError("nobody to learn from")
    beginning = usual(DIMENSION, CONTEXT_DIMENSION)
    start, paces, first = beginning.start, beginning.given.paces, beginning.first
    centre = load_prior().belief(COLUMNS).mean
    groups = (first - 1, 1, len(centre) - first)
    variances, mean, covariance = start, centre, np.diag(start.pooled)
    likelihoods = (0.0, 0.0)
    for _ in range(ROUNDS):
        belief = Belief(mean, covariance + np.diag(variances.between), variances.noise, paces)
        found = [evidence(h, belief) for h in histories]
        likely = [paces.likely(own) for own in found]
        people = _people(histories, likely, paces)
        variances, shared = pooling.fit(people, start, groups, centre)
        mean, covariance = shared.mean, shared.covariance
        paces = common_paces(beginning.given.paces, found)
        likelihoods = (_per_decision(people, start, centre), _per_decision(people, variances, centre))
    return Refit(
        _pooled(variances, shared, paces),
        len(histories),
        sum(h.count for h in histories),
        *likelihoods,
    )


def _people(histories: Sequence[History], likely: Sequence[Vector], paces: Paces) -> pooling.People:
    """Everybody's sums, each decision weighed as their own mixture of paces does. (U, d, d) and so on."""
    sums = np.array(
        [
            history.weighted(paces.counts(history.ages(), own))
            for history, own in zip(histories, likely, strict=True)
        ]
    )
    constant = histories[0].constant
    return pooling.People(sums[:, :-1, :-1], sums[:, :-1, -1], sums[:, -1, -1], sums[:, constant, constant])


def _per_decision(people: pooling.People, variances: Variances, centre: Vector) -> float:
    return pooling.log_likelihood(people, variances, centre) / float(people.count.sum())


def _pooled(variances: Variances, shared: Shared, paces: Paces) -> Pooled:
    return Pooled(
        columns=COLUMNS,
        mean=shared.mean,
        covariance=shared.covariance,
        between=variances.between,
        noise=variances.noise,
        forgetting=Forgetting(HALF_LIVES, tuple(map(float, paces.shares)), paces.change),
    )


def history_of_state(state: bytes) -> History | None:
    """The history in what mixed_ts knows of a person; None: it is another layout's, or holds nothing."""
    history = _blank()
    try:
        history.load(state, FEATURE_VERSION)
    except StateMismatch:
        return None
    return history if history.count else None


def history_of_log(logged: Sequence[Logged]) -> History | None:
    """The history of one person's decisions in the log, for who has no state of mixed_ts yet."""
    history = _blank()
    for one in sorted(logged, key=lambda x: x.decision.decided_at):
        choice = one.decision.choice
        if one.last is not None and usable(choice):
            history.add(_row(choice), one.last.reward, day=one.decision.decided_at.timestamp() / _DAY)
    return history if history.count else None


def _row(choice: Choice) -> Vector:
    assert choice.chosen is not None
    return np.array([*choice.context, 1.0, *choice.candidates[choice.chosen].features])


def _blank() -> History:
    return History(len(COLUMNS), CONTEXT_DIMENSION)
