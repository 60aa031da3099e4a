"""Writing one draft after the other for a person: what a model is given, and what is kept of its answer."""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Protocol

from chalicelib.contracts.ml import HabitState, Snapshot
from chalicelib.contracts.pool import PoolEntry
from chalicelib.contracts.ports import Sealer, Unsealable
from chalicelib.contracts.records import ItemRecord
from chalicelib.domain import calendar, pooling
from chalicelib.domain.permitted import PromptContext
from chalicelib.domain.wordings import language_of
from ml_lambda.features.context import assemble
from ml_lambda.llm.contract import ModelUnavailable
from ml_lambda.llm.draft import Draft
from ml_lambda.llm.meaning import mask
from ml_lambda.llm.wording import Rejected, Wording
from ml_lambda.serving import drafting
from ml_lambda.serving.ahead import Planned
from ml_lambda.serving.pool_reads import Person
from ml_lambda.serving.pools import WORDS_LIVE, purpose
from ml_lambda.serving.titles import SealedTitle

RENEW_BEFORE: Final = timedelta(hours=6)
"""A wording that ends this soon is written anew when its titles live longer."""
REFUSED_FOR: Final = timedelta(days=1)
"""For how long a draft is left alone that no wording of the model came through for."""
RESERVE: Final = 50.0
"""Seconds that a wording may take with all its tries, and the write after it: none begins with less left."""


class Words(Protocol):
    """Who words a draft (`llm/wording.py`)."""

    def word(  # noqa: D102
        self, draft: Draft, *, avoid: Sequence[str] = (), seen: Sequence[Sequence[int]] = ()
    ) -> Wording | Rejected: ...


@dataclass
class Refilled:
    """What became of a pool: kept, fresh (there was nothing to do), nothing (nothing can be said), erased,
    handed_on (another refills it now, and looks again).
    """

    outcome: str = "nothing"
    ready: int = 0
    written: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    unavailable: str = ""
    """Why the model was not asked for more; empty: it answered."""
    cut: bool = False
    """Whether time ran out."""

    def then(self, other: Refilled) -> Refilled:
        """What became of it in two rounds."""
        kept = self.outcome == "kept" and other.outcome != "erased"
        return Refilled(
            outcome="kept" if kept else other.outcome,
            ready=other.ready,
            written=self.written + other.written,
            rejected=self.rejected + other.rejected,
            unavailable=self.unavailable or other.unavailable,
            cut=self.cut or other.cut,
        )


@dataclass(frozen=True)
class Made:
    """A wording of this run that no row holds yet, kept over its attempts."""

    entry: PoolEntry
    meaning: tuple[int, ...]


@dataclass
class Run:
    """One refill over all its attempts."""

    time_left: Callable[[], float]
    said: Refilled = field(default_factory=Refilled)
    made: dict[str, Made] = field(default_factory=dict)
    """By digest of the draft."""
    refused: dict[str, datetime] = field(default_factory=dict)
    themes: tuple[dict[str, str], dict[str, str]] | None = None
    """Themes that were made in this run, and what of."""
    unstored: int = 0
    """Answers of the model that no row remembers yet."""
    over: bool = False
    """Whether no more is asked of the model."""

    def stored(self, entries: Collection[PoolEntry]) -> None:
        """What was said until now rests in the pool, these wordings among it."""
        self.unstored = 0
        kept = {entry.wording for entry in entries}
        self.made = {draft: made for draft, made in self.made.items() if made.entry.wording not in kept}


@dataclass(frozen=True)
class Standing:
    """A person as they stand, and what may be said to them in which words."""

    person_id: str
    person: Person
    known: PromptContext
    now: datetime
    closed: frozenset[str]
    titles: Mapping[str, SealedTitle]
    themes: Mapping[str, str]

    @property
    def lang(self) -> str:
        """The language that the person is spoken to in."""
        return language_of(self.person.profile.locale).lang

    def facts(self, planned: Planned) -> tuple[str, ...]:
        """What else a model may know: nothing that it could state."""
        return assemble(
            self.known.snapshot,
            planned.candidate,
            now=self.now,
            timezone=self.person.profile.timezone,
            granted=self.person.granted,
            recent=self.person.tips.recent,
            themes=self.themes,
        ).phrases()

    def fits(self, entry: PoolEntry, planned: Planned) -> bool:
        """Whether the entry's words say what is planned."""
        timezone = self.person.profile.timezone
        return pooling.fits(entry, planned.candidate, lang=self.lang, timezone=timezone)

    def stands(self, entry: PoolEntry, shown: Collection[str]) -> bool:
        """Whether it may still be shown: alive, unseen, about items that are open and called as they were."""
        refs = {ref for ref in (entry.item_ref, entry.anchor_ref) if ref}
        marks = {ref: self.titles[ref].mark for ref in refs if ref in self.titles}
        return (
            pooling.usable(entry, self.now, shown)
            and entry.lang == self.lang
            and refs <= self.known.refs - self.closed
            and entry.titles == marks
        )

    def ends(self, planned: Planned) -> datetime:
        """Until when words about it may rest: as long as its titles, three days at most."""
        return min([self.now + WORDS_LIVE, *_title_ends(self.known.snapshot, planned.refs)])

    def ends_soon(self, entry: PoolEntry, planned: Planned) -> bool:
        """Whether it is worth writing anew."""
        soon = calendar.utc(entry.expires_at) < self.now + RENEW_BEFORE
        return soon and self.ends(planned) > self.now + RENEW_BEFORE


class Writer:
    """Words one draft after the other, until the model or the time is no longer there."""

    def __init__(
        self,
        sealer: Sealer,
        one: Standing,
        words: Words,
        run: Run,
        meanings: dict[str, list[int]],
        shown: Collection[str],
        ready: Collection[str],
    ) -> None:
        """`meanings`: of what was written lately, to be added to. `shown`, `ready`: wordings."""
        self._sealer, self._one, self._words, self._run = sealer, one, words, run
        self._meanings, self._taken = meanings, {*meanings, *shown, *ready}
        lately = one.person.worded.refused
        self._refused = run.refused | {d: until for d, until in lately.items() if until > one.now}
        self._avoid = drafting.shown_lately(one.person.tips.recent, one.person.profile.locale)
        self._opened: dict[str, str] = {}

    @property
    def refused(self) -> dict[str, datetime]:
        """The drafts that are left alone, and until when."""
        return self._refused

    def write(self, planned: Planned) -> PoolEntry | None:
        """A new wording; None when there is none now."""
        key = _key(planned)
        if made := self._run.made.get(key):
            return self._keep(made) if made.entry.titles == self._marks(planned) else None
        if self._run.over or key in self._refused:
            return None
        if self._run.time_left() < RESERVE:
            self._run.over = self._run.said.cut = True
            return None
        try:
            titles = {ref: self._title(ref) for ref in planned.refs}
            profile = self._one.person.profile
            draft = drafting.draft_of(
                planned.candidate,
                titles,
                timezone=profile.timezone,
                locale=profile.locale,
                context=self._one.facts(planned),
            )
            return self._ask(key, planned, draft)
        except (KeyError, Unsealable):
            return None
        except ModelUnavailable as error:
            self._run.over, self._run.said.unavailable = True, error.reason
            return None

    def _ask(self, key: str, planned: Planned, draft: Draft) -> PoolEntry | None:
        seen = [meaning for meaning in self._meanings.values() if meaning]
        answer = self._words.word(draft, avoid=self._avoid, seen=seen)
        reason = answer.reason if isinstance(answer, Rejected) else ""
        # Without a frame the model was not asked: that is soon found out again, and cost nothing.
        self._run.unstored += reason != "no_frame"
        if isinstance(answer, Wording):
            wording = self._wording(answer, draft)
            if wording not in self._taken:
                entry = self._entry(planned, draft, answer, wording)
                made = self._run.made[key] = Made(entry, answer.meaning)
                self._run.said.written += 1
                return self._keep(made)
            reason = "repeated"
        self._run.said.rejected[reason] += 1
        self._refused[key] = self._run.refused[key] = self._one.now + REFUSED_FOR
        return None

    def _keep(self, made: Made) -> PoolEntry:
        self._meanings[made.entry.wording] = list(made.meaning)
        self._taken.add(made.entry.wording)
        return made.entry

    def _wording(self, answer: Wording, draft: Draft) -> str:
        """The same id for the same words but for the person's own: what was shown is known by it again."""
        masked = mask(answer.text, draft.own_words)
        return f"m.{self._sealer.digest(self._one.person_id, 'wording', masked)[:16]}"

    def _entry(self, planned: Planned, draft: Draft, answer: Wording, wording: str) -> PoolEntry:
        one, candidate = self._one, planned.candidate
        about = {"lang": one.lang, "timezone": one.person.profile.timezone}
        stated = drafting.stated_in(answer.text, draft, planned)
        plain = json.dumps({"text": answer.text, "why": answer.why}, ensure_ascii=False)
        return PoolEntry(
            wording=wording,
            angle=candidate.angle,
            item_ref=candidate.item_ref,
            anchor_ref=candidate.anchor_ref,
            stated=list(stated),
            says=pooling.says(candidate, stated, **about),
            because=pooling.because(candidate, **about) if answer.why else "",
            titles=self._marks(planned),
            lang=one.lang,
            written_at=one.now,
            expires_at=one.ends(planned),
            sealed=b64encode(self._sealer.seal(one.person_id, purpose(wording), plain)).decode(),
        )

    def _marks(self, planned: Planned) -> dict[str, str]:
        return {ref: self._one.titles[ref].mark for ref in planned.refs if ref in self._one.titles}

    def _title(self, ref: str) -> str:
        """Opened at most once. Raises KeyError where there is none, or none that a model may be told."""
        if ref not in self._opened:
            if ref not in self._one.known.refs:
                raise KeyError(ref)
            sealed = self._one.titles[ref].sealed
            self._opened[ref] = self._sealer.open(self._one.person_id, f"item:{ref}", sealed)
        return self._opened[ref]


def _key(planned: Planned) -> str:
    """Digest of a draft: what it says, and in which template's words."""
    return sha256(f"{planned.says}|{planned.candidate.wording}".encode()).hexdigest()[:16]


def _title_ends(snapshot: Snapshot, refs: Collection[str]) -> list[datetime]:
    items: list[ItemRecord | HabitState] = [*snapshot.tasks, *snapshot.events, *snapshot.habits]
    return [calendar.utc(i.words_expire_at) for i in items if i.item_ref in refs and i.words_expire_at]
