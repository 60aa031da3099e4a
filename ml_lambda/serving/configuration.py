"""Which policies serve, from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from chalicelib.domain.features import CONTEXT_DIMENSION, DIMENSION
from chalicelib.runtime.settings import settings
from ml_lambda.policies import Learner, make
from ml_lambda.policies.priors import Prior, load_prior


@dataclass(frozen=True)
class Configuration:
    """The champion chooses; every shadow only says what it would have done. All of them learn."""

    champion: str
    shadows: tuple[str, ...]
    prior: Prior
    half_life_days: float = 0.0

    @property
    def policies(self) -> tuple[str, ...]:
        """Champion and shadows."""
        return (self.champion, *(name for name in self.shadows if name != self.champion))

    def learner(self, name: str, seed: int = 0) -> Learner:
        """A fresh learner that knows the prior alone."""
        return make(
            name, DIMENSION, CONTEXT_DIMENSION, seed, prior=self.prior, half_life_days=self.half_life_days
        )


@cache
def configuration() -> Configuration:
    """The configuration of this process."""
    chosen = settings()
    return Configuration(
        champion=chosen.champion,
        shadows=tuple(name for name in chosen.shadows.split(",") if name),
        prior=load_prior(),
        half_life_days=chosen.forgetting_half_life_days,
    )
