"""The days of simulated people in one world: signals, looks, answers, in the order of the clock.

The same seed makes the same people, signals, looks and luck whichever policy serves; what differs is which
tips they get and what follows from those.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Final

from chalicelib.contracts.errors import Conflict, Gone
from chalicelib.contracts.http import ReactionRequest
from chalicelib.contracts.ml import Candidate, Decision
from chalicelib.contracts.ports import Scorer
from chalicelib.contracts.signals import MAX_ENTRIES
from chalicelib.contracts.tips import RecommendContext
from ml_lambda.serving.ranking import Ranker
from ml_lambda.simulation import policies
from ml_lambda.simulation.life import Life
from ml_lambda.simulation.memory.scoring import MemoryReads
from ml_lambda.simulation.nights import Nights
from ml_lambda.simulation.people import Answer, Person, Population
from ml_lambda.simulation.world import World

FIRST_DAY: Final = date(2026, 3, 2)
"""A Monday; within four weeks America and Europe change their clocks on different days."""
_AGAIN_WITHIN: Final = timedelta(days=3)


@dataclass(frozen=True)
class Outcome:
    """One decision, and what the world knows of it."""

    person: int
    day: int
    """Days since the first day of the run."""
    life_day: int
    """Days since the person came."""
    decision: Decision
    """As it stood at the end."""
    worths: tuple[float, ...]
    """The expected reward of each candidate, had it been seen."""

    @property
    def worth(self) -> float:
        """Of what was chosen."""
        assert self.decision.choice.chosen is not None
        return self.worths[self.decision.choice.chosen]

    @property
    def regret(self) -> float:
        """How much less than the best candidate's."""
        return max(self.worths) - self.worth

    @property
    def seen(self) -> bool:
        """Whether the person saw it."""
        return self.decision.exposed_at is not None

    @property
    def done(self) -> bool:
        """Whether it was done on the tip."""
        return any(r.kind == "done" for r in self.decision.reactions)


@dataclass
class _Open:
    outcome: Callable[[], Outcome]
    chances: tuple[float, ...]
    answered: bool = False


@dataclass(order=True)
class _Step:
    at: datetime
    order: int
    act: Callable[[], None] = field(compare=False)


class Run:
    """One policy serving one population, once."""

    def __init__(
        self, policy: str, population: Population, days: int, seed: int, *, nights: bool = True
    ) -> None:
        """`nights`: whether what people have in common is refitted after each day."""
        self.policy, self.days, self.seed = policy, days, seed
        self.people = [Person(n, population, days, seed) for n in range(population.people)]
        self._lives = [Life(person, FIRST_DAY, seed) for person in self.people]
        self._by_name = {person.name: person for person in self.people}
        begins = datetime.combine(FIRST_DAY, datetime.min.time(), UTC) - timedelta(days=1)
        self.nights = Nights(policies.configuration(policy))
        self._refits = nights
        self.world = World(self.nights, begins, seed, self._scorer)
        self._steps: list[_Step] = []
        self._order = count()
        self._given: dict[str, _Open] = {}
        self._day = 0
        self.texts: dict[str, tuple[str, str]] = {}
        """What each tip said and why, by its id."""
        self.looks = 0
        self.silences = 0
        """Looks at which there was no ground for a tip."""

    def _scorer(self, ranker: Ranker, reads: MemoryReads) -> Scorer:
        return policies.scorer(self.policy, ranker, reads, self._worths)

    def go(self) -> Iterator[int]:
        """Live the days; yields after each how many there were."""
        self._plan(0)
        for day in range(self.days):
            if day + 1 < self.days:
                # Tomorrow has begun in Tokyo while today goes on in New York.
                self._plan(day + 1)
            self._until(datetime.combine(FIRST_DAY + timedelta(days=day + 1), datetime.min.time(), UTC))
            if self._refits:
                self.nights.night(self.world.statistics.states.values(), self.world.clock.at)
            yield day + 1
        # What was asked last is settled: every deadline passes, every late answer comes.
        self._until(self.world.clock.at + timedelta(days=3))

    def outcomes(self) -> list[Outcome]:
        """Every decision, in the order in which they were made."""
        return [given.outcome() for given in self._given.values()]

    # --- what happens -------------------------------------------------------------------------------

    def _plan(self, day: int) -> None:
        for person, life in zip(self.people, self._lives, strict=True):
            if day < person.begins_on:
                continue
            if day == person.begins_on:
                self._at(life.at(day, 6.0), self._welcome, person)
            for at, entries in life.day(day):
                self._at(at, self._send, person, entries)
            for number, hour in enumerate(person.looks(day)):
                self._at(life.at(day, hour), self._look, person, life, day, number)

    def _at(self, at: datetime, act: Callable[..., None], *given: object) -> None:
        heapq.heappush(self._steps, _Step(at, next(self._order), lambda: act(*given)))

    def _until(self, end: datetime) -> None:
        while self._steps and self._steps[0].at < end:
            step = heapq.heappop(self._steps)
            self.world.advance(max(step.at, self.world.clock.at))
            step.act()
            self.world.work()
        self.world.advance(end)

    def _welcome(self, person: Person) -> None:
        self.world.welcome(person.name, person.timezone)

    def _send(self, person: Person, entries: Sequence[dict[str, object]]) -> None:
        for start in range(0, len(entries), MAX_ENTRIES):
            answer = self.world.door.receive(person.name, entries[start : start + MAX_ENTRIES], "")
            refused = [r.problem for r in answer.results if r.status == "rejected"]
            if refused:
                raise RuntimeError(f"the door refused a simulated signal: {refused[0]}")

    def _look(self, person: Person, life: Life, day: int, number: int) -> None:
        self._day = day
        self.looks += 1
        self.world.ids.occasion = f"{self.seed}|{person.number}|{day}|{number}"
        tip = self.world.recommender.recommend(person.name, RecommendContext()).tip
        if tip is None:
            self.silences += 1
            return
        self.texts[tip.id] = tip.text, tip.why
        given = self._given.get(tip.id) or self._note(person, tip.id, day)
        if given.answered or not person.sees(day, number):
            return
        given.answered = True
        self.world.recommender.expose(person.name, tip.id, None)
        stored = self.world.tips.decisions[person.name, tip.id].decision
        chosen = stored.choice.chosen
        assert chosen is not None
        answer = person.answer(stored.candidate, given.chances[chosen], day, number)
        if answer is not None:
            self._at(self.world.clock.at + answer.after, self._answer, person, tip.id, answer)

    def _answer(self, person: Person, tip_id: str, answer: Answer) -> None:
        said = ReactionRequest(kind=answer.kind, reason=answer.reason)
        # Too late, as people sometimes are.
        with suppress(Gone, Conflict):
            self.world.recommender.react(person.name, tip_id, said)

    def _note(self, person: Person, tip_id: str, day: int) -> _Open:
        """A tip that is new: what the world knows of its candidates, as of now."""
        choice = self.world.tips.decisions[person.name, tip_id].decision.choice
        candidates = [scored.candidate for scored in choice.candidates]
        chances = self._chances(person, candidates, self.world.clock.at, tip_id)
        worths = tuple(person.worth(c, self.world.settings.no_reaction_reward) for c in chances)
        given = self._given[tip_id] = _Open(
            lambda: Outcome(
                person.number,
                day,
                day - person.begins_on,
                self.world.tips.decisions[person.name, tip_id].decision,
                worths,
            ),
            chances,
        )
        return given

    def _worths(self, name: str, candidates: Sequence[Candidate], at: datetime) -> Sequence[float]:
        person = self._by_name[name]
        default = self.world.settings.no_reaction_reward
        return [person.worth(c, default) for c in self._chances(person, candidates, at)]

    def _chances(
        self, person: Person, candidates: Sequence[Candidate], at: datetime, but: str = ""
    ) -> tuple[float, ...]:
        """The chance that each is done. `but`: the tip itself is no repetition of itself."""
        life, shown = self._lives[person.number], dict[str, int]()
        for tip in self.world.tips.state(person.name).recent:
            seen = tip.exposed_at is not None and at - tip.exposed_at <= _AGAIN_WITHIN
            if seen and tip.item_ref and tip.decision_id != but:
                shown[tip.item_ref] = shown.get(tip.item_ref, 0) + 1
        energy = life.energy(self._day)
        return tuple(
            person.chance(c, at, self._day, energy=energy, shown=shown.get(c.item_ref or "", 0))
            for c in candidates
        )
