"""Simulated people: what they would do with a tip, known exactly, so that choices can be judged.

What a person likes is written in terms of the tip and the moment, not in the policies' features: a
policy must find its way from one to the other, as with real people.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from chalicelib.contracts.ml import Candidate
from chalicelib.contracts.tips import Angle, DismissReason
from chalicelib.domain.rewards import DISMISSED, DONE, SNOOZED

CATEGORIES: Final = ("work", "home", "health", "admin", "family", "leisure")
ANGLES: Final[tuple[Angle, ...]] = tuple(a for a in get_args(Angle) if a != "silence")
TRAITS: Final = (
    *(f"angle:{name}" for name in ANGLES),
    *(f"category:{name}" for name in CATEGORIES),
    "length", "rhythm", "tired", "urgent", "again",
)  # fmt: skip
"""What a person's taste is made of; `_traits` gives a tip's value of each."""

# What people share: short tips at their best hours, near deadlines, not the same thing again.
_SHARED: Final = {"length": -0.7, "rhythm": 0.9, "tired": -0.6, "urgent": 0.8, "again": -0.8}
_SNOOZES: Final = 0.35
"""Of those who do not do it now, the share that puts it off rather than away."""

_URGENT: Final = ("due_", "was_due", "moved_to", "for_event")
"""Reasons (domain/grounds.py) that speak of a date."""

Taste = NDArray[np.float64]
Kind = Literal["done", "snooze", "dismiss"]


@dataclass(frozen=True)
class Population:
    """What kind of people there are. Rates are per person."""

    people: int = 12
    spread: float = 0.6
    """How far tastes differ between people: standard deviation of each trait's weight."""
    drift: float = 0.03
    """How far a taste wanders in a day: standard deviation of each trait's step."""
    turns: float = 0.3
    """The share of people whose taste turns over at one moment, each on a day of their own."""
    non_response: float = 0.2
    """The share of tips that are seen and never answered."""
    unseen: float = 0.1
    """The share of tips that are never seen."""
    looks: float = 4.0
    """How often a person looks, on average, in a day."""
    newcomers: float = 0.5
    """The share of people who come later than the first day, evenly over the first half."""


@dataclass(frozen=True)
class Answer:
    """What a person does about a tip, and how long after seeing it."""

    kind: Kind
    reason: DismissReason | None
    after: timedelta


class Person:
    """One simulated person. The same seed and number make the same person."""

    def __init__(self, number: int, population: Population, days: int, seed: int) -> None:
        self.number = number
        self.population = population
        self._seed = seed
        draws = self._draws("taste")
        shared = np.array([_SHARED.get(trait, 0.0) for trait in TRAITS])
        common = np.random.default_rng([seed, 0]).normal(0.0, 0.4, len(TRAITS))
        first = shared + common + population.spread * draws.normal(size=len(TRAITS))
        self.base = float(draws.normal(-0.6, 0.4))
        self.timezone = str(draws.choice(["Europe/Berlin", "America/New_York", "Asia/Tokyo"]))
        self.best_hour = float(draws.uniform(8.0, 20.0))
        self.begins_on = int(draws.integers(0, days // 2 + 1)) if draws.random() < population.newcomers else 0
        turn = int(draws.integers(days // 4, days)) if draws.random() < population.turns else days
        self._tastes = _wander(first, population.drift, turn, days, draws)

    @property
    def name(self) -> str:
        """A readable id, unique in a run."""
        return f"simulated-{self.number:03d}"

    def taste(self, day: int) -> Taste:
        """The weight of each trait on that day."""
        return self._tastes[min(day, len(self._tastes) - 1)]

    def looks(self, day: int) -> list[float]:
        """The local hours at which the person looks, ascending; drawn the same whatever policy serves."""
        draws = self._draws("looks", day)
        count = int(np.clip(draws.poisson(self.population.looks), 1, 10))
        around = np.where(draws.random(count) < 0.5, self.best_hour, draws.uniform(8.0, 21.0, count))
        return sorted(float(h) for h in np.clip(around + draws.normal(0.0, 1.0, count), 7.6, 21.4))

    def chance(self, candidate: Candidate, at: datetime, day: int, *, energy: int, shown: int) -> float:
        """The probability that the tip is done when it is seen. `shown`: tips on its item in 3 days."""
        traits = self._traits(candidate, at, energy, shown)
        return float(1.0 / (1.0 + np.exp(-(self.base + traits @ self.taste(day)))))

    def worth(self, chance: float, default: float) -> float:
        """The expected reward of a tip that is seen, under the reward table. `default`: of no answer."""
        answered = chance * DONE + (1.0 - chance) * (_SNOOZES * SNOOZED + (1.0 - _SNOOZES) * DISMISSED)
        silent = self.population.non_response
        return (1.0 - silent) * answered + silent * default

    def sees(self, day: int, look: int) -> bool:
        """Whether the tip of that look is seen at all."""
        return bool(self._draws("sees", day, look).random() >= self.population.unseen)

    def answer(self, candidate: Candidate, chance: float, day: int, look: int) -> Answer | None:
        """What they do; None: nothing, ever. The same luck whatever policy chose."""
        silent, does, puts_off, why, delay = self._draws("answer", day, look).random(5)
        if silent < self.population.non_response:
            return None
        after = timedelta(minutes=float(1.0 - 45.0 * np.log(1.0 - 0.98 * delay)))
        if does < chance:
            return Answer("done", None, after)
        if puts_off < _SNOOZES:
            return Answer("snooze", None, after)
        return Answer("dismiss", _reason(candidate, why), after)

    def _traits(self, candidate: Candidate, at: datetime, energy: int, shown: int) -> Taste:
        local = at.astimezone(ZoneInfo(self.timezone))
        hour = local.hour + local.minute / 60.0
        away = min(abs(hour - self.best_hour), 24.0 - abs(hour - self.best_hour))
        length = float(np.log(max(candidate.minutes, 1) / 15.0))
        value = {
            f"angle:{candidate.angle}": 1.0,
            f"category:{candidate.category}": 1.0,
            "length": length,
            "rhythm": float(np.exp(-0.5 * (away / 2.5) ** 2)),
            "tired": length if energy <= 2 else 0.0,
            "urgent": float(candidate.reason.code.startswith(_URGENT)),
            "again": min(shown, 3) / 3.0,
        }
        return np.array([value.get(trait, 0.0) for trait in TRAITS])

    def _draws(self, purpose: str, *numbers: int) -> np.random.Generator:
        salt = int.from_bytes(purpose.encode()[:6], "big")
        return np.random.default_rng([self._seed, 1 + self.number, salt, *numbers])


POPULATIONS: Final = {
    "mixed": Population(),
    "steady": Population(drift=0.0, turns=0.0),
    "drifting": Population(drift=0.08, turns=0.8),
    "silent": Population(non_response=0.5, unseen=0.3),
}


def population(kind: str, people: int) -> Population:
    """A named population: `steady`, `drifting`, `silent` or `mixed`. Raises ValueError for another name."""
    if kind not in POPULATIONS:
        raise ValueError(f"no population {kind!r}; there are {', '.join(POPULATIONS)}")
    return replace(POPULATIONS[kind], people=people)


def _wander(first: Taste, drift: float, turn: int, days: int, draws: np.random.Generator) -> list[Taste]:
    """The taste of each day: a slow walk that stays near where it began, and perhaps one turn."""
    tastes, now, home = [first], first, first
    for day in range(1, days):
        if day == turn:
            flipped = draws.random(len(first)) < 0.5
            home = np.where(flipped, -home, home)
            now = np.where(flipped, -now, now)
        now = home + 0.98 * (now - home) + drift * draws.normal(size=len(first))
        tastes.append(now)
    return tastes


def _reason(candidate: Candidate, luck: float) -> DismissReason | None:
    if candidate.minutes > 30 and luck < 0.5:
        return "too_big"
    if luck < 0.6:
        return None
    # Whoever lets go of what they are asked about has done what the tip asked for.
    return "wrong_time" if luck < 0.9 or candidate.angle == "keep_or_let_go" else "not_mine"
