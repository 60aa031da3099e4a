"""What a report says, as plain values: the page is drawn from it and the JSON beside the page is it.

Counts, sums and estimates over people. No field can hold an id of a person, a decision or an item.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from ml_lambda.experiments.guardrails import Guardrail

ENOUGH: Final = 200
"""Effective sample size below which an estimate is shown greyed: it says little."""


LEAST: Final = 10
"""People of each side below which no difference between sides is shown."""

AS_PLANNED: Final = "as planned, as far as can be seen"
"""What a report says of arms that may be compared."""

_KEPT: Final = 90
"""Points of a curve that are carried from night to night."""


@dataclass(frozen=True)
class Basis:
    """What a chart rests on; said under each."""

    n: int
    window: str
    updated: str
    what: str = "settled rewards"


@dataclass(frozen=True)
class Estimate:
    """What a policy would have earned per decision, by one estimator, with its interval."""

    policy: str
    role: str
    estimator: str
    value: float
    low: float
    high: float
    effective: float
    """Effective sample size: (Σw)² / Σw²."""
    largest: float
    """The largest weight's share of all."""

    @property
    def grey(self) -> bool:
        """Whether too little is known to look at it."""
        return self.effective < ENOUGH


@dataclass(frozen=True)
class Evidence:
    """How far the gate had come on a day."""

    day: str
    observed: int
    log_promote: float
    log_rollback: float


@dataclass(frozen=True)
class Lift:
    """Reward of people who get what is new less that of those who do not; valid at any look. `n`: people."""

    day: str
    n: int
    lift: float
    low: float
    high: float


@dataclass(frozen=True)
class Share:
    """An arm's share of the people: as planned, as it was."""

    arm: str
    planned: float
    actual: float
    n: int


@dataclass(frozen=True)
class Bin:
    """A bar: from where to where, how many; `predicted` and `actual` where it is of calibration."""

    name: str
    n: int
    predicted: float = 0.0
    actual: float = 0.0


@dataclass(frozen=True)
class Angle:
    """How often an angle could be offered and how often it was."""

    angle: str
    eligible: float
    chosen: float


@dataclass(frozen=True)
class Drift:
    """A feature's mean in the older and the newer half of the window, and how far that is apart."""

    feature: str
    before: float
    after: float
    moved: float
    """Difference of the means in standard deviations."""


@dataclass(frozen=True)
class Ages:
    """Where rewards are."""

    settled: int
    defaulted: int
    """Of the settled: nobody answered in time."""
    waiting: int
    """Made, and neither settled nor past its deadline."""
    unseen: int
    """Past the deadline without a reward: never seen, so nobody learns from it."""
    hours: list[Bin] = field(default_factory=list)
    """Hours from decision to first reward."""


@dataclass(frozen=True)
class Report:
    """One night."""

    day: str
    basis: Basis
    people: int
    left_out: int
    """Decisions of people who do not consent to learning, or have gone."""
    complete: bool
    """Whether every line of the window was read; else a random sample of each full day."""
    state: str
    change: str
    """What would change the state."""
    step: str
    reason: str
    manifest: int
    champion: str
    experiment: str = ""
    challenger: str = ""
    phase: str = ""
    rho: float = 0.0
    estimates: list[Estimate] = field(default_factory=list)
    history: list[Evidence] = field(default_factory=list)
    lift: list[Lift] = field(default_factory=list)
    """Outside the holdback beside the holdback."""
    split: list[Lift] = field(default_factory=list)
    """Of an A/B test: the challenger's people beside the champion's."""
    arms: list[Share] = field(default_factory=list)
    sample_ratio: str = ""
    propensities: list[Bin] = field(default_factory=list)
    least_propensity: float = 0.0
    at_the_floor: float = 0.0
    calibration: list[Bin] = field(default_factory=list)
    ages: Ages = field(default_factory=lambda: Ages(0, 0, 0, 0))
    rewards: list[Bin] = field(default_factory=list)
    """Per day: how many rewards, and their mean in `actual`."""
    drift: list[Drift] = field(default_factory=list)
    angles: list[Angle] = field(default_factory=list)
    guardrails: list[Guardrail] = field(default_factory=list)
    training: dict[str, Any] = field(default_factory=dict)
    """What the last refit found (`training.py`)."""

    def to_json(self) -> str:
        """The report's numbers."""
        return json.dumps(asdict(self), indent=1)

    def metrics(self) -> dict[str, float]:
        """What MLflow draws over the nights."""
        found = {f"{e.policy}.{e.estimator}": e.value for e in self.estimates}
        found |= {"decisions": float(self.basis.n), "people": float(self.people)}
        if self.history:
            found |= {
                "log_promote": self.history[-1].log_promote,
                "log_rollback": self.history[-1].log_rollback,
            }
        return found


@dataclass(frozen=True)
class Curves:
    """What is carried from night to night."""

    history: list[Evidence]
    lift: list[Lift]
    split: list[Lift]


def curves_of(earlier: str | None, experiment: str, day: str) -> Curves:
    """The curves of the report before, for this one to go on with; empty without one.

    What is of another experiment is left out, and so is this day's: a night run again replaces it.
    """
    document = json.loads(earlier) if earlier else {}

    def points(name: str, kept: bool = True) -> list[dict[str, Any]]:
        return [p for p in document.get(name, []) if kept and p["day"] != day][-_KEPT:]

    same = document.get("experiment") == experiment
    return Curves(
        [Evidence(**p) for p in points("history", same)],
        [Lift(**p) for p in points("lift")],
        [Lift(**p) for p in points("split", same)],
    )
