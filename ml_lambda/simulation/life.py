"""What happens in a simulated person's day, as the entries that `POST /api/signals` takes.

A life does not depend on the policy: the same seed gives the same signals. What a tip brings about
(a task that is done) comes from the tip's reaction, through the services, as with real people.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from ml_lambda.simulation.people import CATEGORIES, Person

Entry = dict[str, Any]

_ACTS: Final = {
    "work": ("Review the draft", "Answer the client", "Update the slides", "Read the contract"),
    "home": ("Fix the shelf", "Clean the hall", "Water the plants", "Change the filter"),
    "health": ("Book the check-up", "Stretch the back", "Plan the meals", "Order the lenses"),
    "admin": ("Pay the bill", "File the receipt", "Renew the pass", "Check the statement"),
    "family": ("Call grandma", "Order the present", "Plan the weekend", "Write to Tom"),
    "leisure": ("Sort the photos", "Tune the guitar", "Read a chapter", "Pick a film"),
}
_MINUTES: Final = (5, 10, 15, 20, 30, 45, 60, 90)
_HABITS: Final = (("Stretch", 10, "health"), ("Read ten pages", 15, "leisure"), ("Tidy the desk", 5, "home"))


class Life:
    """The days of one person from `first_day` on."""

    def __init__(self, person: Person, first_day: date, seed: int) -> None:
        self.person = person
        self.first_day = first_day
        self._zone = ZoneInfo(person.timezone)
        self._seed = seed
        self._likes = np.random.default_rng([seed, 7, person.number]).dirichlet(np.full(len(CATEGORIES), 0.7))

    def at(self, day: int, hour: float) -> datetime:
        """The moment of a local hour on the day of that number, in UTC."""
        midnight = datetime.combine(self.first_day + timedelta(days=day), datetime.min.time(), self._zone)
        wall = midnight.replace(tzinfo=None) + timedelta(hours=hour)
        return wall.replace(tzinfo=self._zone).astimezone(UTC)

    def energy(self, day: int) -> int:
        """How much energy the person has that day, 1 to 5."""
        return int(np.random.default_rng([self._seed, 11, self.person.number, day]).integers(1, 6))

    def day(self, day: int) -> list[tuple[datetime, list[Entry]]]:
        """What is sent that day and when, in order. The first day also brings what was there before."""
        draws = np.random.default_rng([self._seed, 13, self.person.number, day])
        sent: list[tuple[datetime, list[Entry]]] = []
        morning = self.at(day, 6.5)
        fresh = [*self._tasks(day, 8 if day == self.person.begins_on else 1, draws, morning)]
        if day == self.person.begins_on:
            fresh += self._habits(morning)
        fresh += self._meetings(day, draws, morning)
        sent.append((morning, fresh))
        if draws.random() < 0.4:
            woke = self.at(day, 7.0)
            mood = {"type": "mood", "occurred_at": woke.isoformat(), "source": "simulation"}
            sent.append((woke, [{**mood, "energy": self.energy(day), "valence": int(draws.integers(2, 6))}]))
        for number, (title, _, _) in enumerate(_HABITS):
            if draws.random() < (0.75, 0.45, 0.2)[number]:
                done = self.at(day, float(np.clip(self.person.best_hour + draws.normal(0, 0.7), 7, 22)))
                sent.append((done, [self._entry("habit", done, f"h{number}", status="done", title=title)]))
        return sorted(sent, key=lambda pair: pair[0])

    def _tasks(self, day: int, mean: int, draws: np.random.Generator, at: datetime) -> Iterator[Entry]:
        for number in range(int(draws.poisson(mean)) + (mean > 1)):
            category = str(draws.choice(CATEGORIES, p=self._likes))
            due = self.first_day + timedelta(days=day + int(draws.integers(0, 9)))
            yield self._entry(
                "task", at, f"t{day}.{number}",
                title=f"{draws.choice(_ACTS[category])} {day}.{number}",
                category=category,
                effort_minutes=int(draws.choice(_MINUTES)),
                priority=int(draws.integers(1, 5)),
                **({"due_on": due.isoformat()} if draws.random() < 0.6 else {}),
            )  # fmt: skip

    def _habits(self, at: datetime) -> Iterator[Entry]:
        for number, (title, minutes, category) in enumerate(_HABITS):
            yield self._entry(
                "habit", at, f"h{number}", status="active", title=title, effort_minutes=minutes,
                category=category,
            )  # fmt: skip

    def _meetings(self, day: int, draws: np.random.Generator, at: datetime) -> Iterator[Entry]:
        if (self.first_day + timedelta(days=day)).weekday() >= 5:
            return
        for number in range(int(draws.integers(0, 4))):
            starts = self.at(day, float(draws.integers(18, 36)) / 2.0)
            ends = starts + timedelta(minutes=int(draws.choice((15, 30, 60))))
            yield self._entry(
                "event", at, f"e{day}.{number}", title=f"Meeting {day}.{number}",
                starts_at=starts.isoformat(), ends_at=ends.isoformat(),
            )  # fmt: skip

    def _entry(self, kind: str, at: datetime, ref: str, **fields: Any) -> Entry:
        item_ref = f"simulation:{ref}"
        return {
            "type": kind,
            "occurred_at": at.isoformat(),
            "source": "simulation",
            "item_ref": item_ref,
            **fields,
        }
