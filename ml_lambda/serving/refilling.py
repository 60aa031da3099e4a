"""Refilling one person's pool: what is true and unseen stays, what is missing is worded, what fell goes.

A model that is not there changes nothing but how much is written: what lies ready stays ready, and where
nothing does, the templates serve.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.pool import Pool, PoolEntry, Worded
from chalicelib.contracts.ports import Clock, KeyDestroyed, Sealer
from chalicelib.domain.freshness import current
from chalicelib.domain.permitted import PromptContext, prompt_context
from ml_lambda.serving import theming
from ml_lambda.serving.ahead import MOST, Planned, ahead
from ml_lambda.serving.pool_reads import Person
from ml_lambda.serving.pools import LostRace, PersonErased
from ml_lambda.serving.theming import Theming
from ml_lambda.serving.titles import SealedTitle
from ml_lambda.serving.writing import Refilled, Run, Standing, Words, Writer

ATTEMPTS: Final = 4
"""How often it begins again when the pool changed meanwhile; what was worded by then stays worded."""
STORE_EVERY: Final = 4
"""Answers of the model after which they are stored: a function that is killed loses no more. A first pool of
24 wordings is stored in six writes; to count the tokens of one wording takes eight anyway."""


class Reads(Protocol):
    """What is read of a person (`pool_reads.py`)."""

    def person(self, person_id: str) -> Person: ...  # noqa: D102
    def titles(  # noqa: D102
        self, person_id: str, refs: Collection[str], now: datetime
    ) -> Mapping[str, SealedTitle]: ...


class PoolStore(Protocol):
    """Where a pool is kept (`pools.py`)."""

    def save(  # noqa: D102
        self, pool: Pool, worded: Worded, granted: Collection[Consent], now: datetime
    ) -> None: ...


class Refilling:
    """Fills pools. Raises LostRace only when others were faster every time: the message comes again."""

    def __init__(
        self,
        reads: Reads,
        store: PoolStore,
        sealer: Sealer,
        words: Callable[[str], Words],
        themes: Theming,
        clock: Clock,
    ) -> None:
        """`words`: whoever words for a person, on that person's budget."""
        self._reads = reads
        self._store = store
        self._sealer = sealer
        self._words = words
        self._theming = themes
        self._clock = clock

    def refill(self, person_id: str, closed: Collection[str], time_left: Callable[[], float]) -> Refilled:
        """Fill one pool. `closed`: items that are done, which the snapshot may not know yet."""
        run = Run(time_left)
        for _ in range(ATTEMPTS):
            try:
                return self._once(person_id, frozenset(closed), run)
            except LostRace:
                continue
            except (PersonErased, KeyDestroyed):
                run.said.outcome = "erased"
                return run.said
        raise LostRace

    def _once(self, person_id: str, closed: frozenset[str], run: Run) -> Refilled:
        now, person = self._clock.now(), self._reads.person(person_id)
        if person.erased:
            raise PersonErased
        if person.snapshot is None or person.wrapped_key is None:
            return run.said
        self._sealer.prime(person_id, person.wrapped_key)
        known = prompt_context(current(person.snapshot), person.tips.recent, person.granted)
        before = person.pool or Pool(person_id=person_id)
        themes, remembered = self._themed(person_id, person, known, before, run, now)
        plan = ahead(
            known.snapshot,
            now=now,
            timezone=person.profile.timezone,
            locale=person.profile.locale,
            granted=person.granted,
            recent=person.tips.recent,
            blocks=person.tips.blocks,
            themes=themes,
            closed=closed,
        )
        named = {ref for planned in plan for ref in planned.refs}
        named |= {ref for entry in before.entries for ref in entry.titles}
        titles = self._reads.titles(person_id, named & known.refs, now)
        one = Standing(person_id, person, known, now, closed, titles, themes)
        version, stored = person.version, (before.entries, person.worded, before.themes)
        for entries, written in self._filled(one, plan, before.entries, run):
            worded = written.model_copy(update=remembered)
            run.said.ready = len(entries)
            anything = version or entries or themes or worded != Worded()
            if anything and stored != (entries, worded, themes):
                version += 1
                pool = Pool(
                    person_id=person_id, version=version, refilled_at=now, entries=entries, themes=themes
                )
                self._store.save(pool, worded, person.granted, now)
                stored, run.said.outcome = (entries, worded, themes), "kept"
            run.stored(entries)
        if run.said.outcome != "kept":
            run.said.outcome = "fresh" if run.said.ready else "nothing"
        return run.said

    def _themed(
        self, person_id: str, person: Person, known: PromptContext, before: Pool, run: Run, now: datetime
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """The themes from now on, and what `Worded` remembers of them."""
        worded, themes = person.worded, theming.kept(before.themes, known)
        open_now = {task.item_ref for task in known.snapshot.tasks}
        told, at = worded.themed, worded.themed_at
        if run.themes is None and not run.over and theming.due(known, worded, now):
            titles = self._reads.titles(person_id, open_now & known.refs, now)
            run.themes = self._theming.regroup(person_id, known, before.themes, worded, titles, run)
        if run.themes is not None:
            themes, told = run.themes
            themes, at = theming.kept(themes, known), now.replace(microsecond=0)
        told = {ref: shape for ref, shape in told.items() if ref in open_now}
        return themes, {"themed": told, "themed_at": at}

    def _filled(
        self, one: Standing, plan: Sequence[Planned], before: Sequence[PoolEntry], run: Run
    ) -> Iterator[tuple[list[PoolEntry], Worded]]:
        """The entries from now on, the best first, and what is remembered: on the way and at the end."""
        shown = {tip.wording for tip in one.person.tips.recent}
        standing = [entry for entry in before if one.stands(entry, shown)]
        meanings = dict(one.person.worded.meanings)
        ready = {entry.wording for entry in standing}
        writer = Writer(self._sealer, one, self._words(one.person_id), run, meanings, shown, ready)
        entries: list[PoolEntry] = []

        def so_far() -> tuple[list[PoolEntry], Worded]:
            planned_for = [(e.angle, e.item_ref, e.says) for e in entries]
            left = [e for e in standing if (e.angle, e.item_ref, e.says) not in planned_for]
            left.sort(key=lambda e: (e.written_at, e.wording), reverse=True)
            together = [*entries, *left][:MOST]
            remembered = {*shown, *(entry.wording for entry in together)}
            lasting = {wording: list(m) for wording, m in meanings.items() if wording in remembered}
            return together, Worded(meanings=lasting, refused=dict(writer.refused))

        for planned in plan:
            there = next((e for e in standing if e not in entries and one.fits(e, planned)), None)
            if there is None or one.ends_soon(there, planned):
                there = writer.write(planned) or there
            if there is not None:
                entries.append(there)
            if run.unstored >= STORE_EVERY:
                yield so_far()
        yield so_far()
