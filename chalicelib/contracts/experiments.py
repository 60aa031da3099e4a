"""What serves: policies by role, the running experiment, and how far the gate has come.

The registry publishes a Manifest; `rank` and `learn` read it, an operator sees it. A policy is never
replaced in one step: shadow, then canary, then promoted or rolled back by the gate.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
Phase = Literal["shadow", "canary", "ab"]
Arm = Literal["champion", "challenger", "canary", "holdback"]
Verdict = Literal["continue", "promote", "rollback"]

HOLDBACK: Final = 0.05
"""The share of people who keep the policy that served before the last promotion."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PolicySpec(_Model):
    """A policy as it serves. Two specs of one policy with other parameters are two policies here."""

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$",
        description="Names its statistics and its vectors in the log.",
    )
    policy: str = Field(description="A name of ml_lambda.policies, e.g. `mixed_ts`.")
    hyper: dict[str, float] = {}
    prior: str = Field(default="", description="Version of the prior artifact; empty: the one shipped.")


class Experiment(_Model):
    """One challenger against the champion.

    - shadow: the challenger only says what it would do.
    - canary: everyone outside the holdback is served (1 - rho) champion + rho challenger.
    - ab: each person is served by one of the two; `rho` is the challenger's share of people.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$", description="Salts the assignment.")
    phase: Phase
    challenger: str
    rho: Share = 0.0
    started_at: datetime


class Manifest(_Model):
    """What `rank` and `learn` load. `version` grows by one with each publication; 0: from the settings."""

    version: int = Field(ge=0)
    policies: list[PolicySpec]
    champion: str
    shadows: list[str] = []
    holdback: str = Field(
        default="",
        description="What the holdback is served; empty: the champion. Nobody is held back while there is "
        "neither this nor an experiment.",
    )
    holdback_share: Share = HOLDBACK
    experiment: Experiment | None = None
    published_at: datetime | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        ids = [spec.id for spec in self.policies]
        named = [self.champion, *self.shadows]
        named += [self.holdback] if self.holdback else []
        named += [self.experiment.challenger] if self.experiment else []
        if len(set(ids)) != len(ids):
            raise ValueError("two policies have one id")
        if missing := sorted(set(named) - set(ids)):
            raise ValueError(f"not among the policies: {', '.join(missing)}")
        if self.experiment and self.experiment.challenger == self.champion:
            raise ValueError("the champion cannot challenge itself")
        return self

    @property
    def digest(self) -> str:
        """Twelve hex digits of all that serves by it: two manifests of one version and digest are the same.

        What was never published has version 0 and follows from settings, which change.
        """
        said = self.model_dump_json(exclude={"published_at"}, exclude_defaults=True)
        return sha256(said.encode()).hexdigest()[:12]

    def spec(self, policy_id: str) -> PolicySpec:
        """The policy of that id; KeyError when there is none."""
        for spec in self.policies:
            if spec.id == policy_id:
                return spec
        raise KeyError(policy_id)


class GateState(_Model):
    """How far the evidence of one experiment has come; exact enough to go on from."""

    experiment: str
    rho: Share
    alpha: Share = 0.05
    decisions: int = 0
    log_promote: float = Field(default=0.0, description="log of the e-value for promotion.")
    log_rollback: float = Field(default=0.0, description="log of the e-value for rollback.")
    verdict: Verdict = "continue"
    reason: str = ""
    sums: dict[str, float] = Field(default={}, description="Wealths and running sums, by name.")
    settled_until: datetime | None = Field(
        default=None, description="Rewards settled until then have been observed."
    )
