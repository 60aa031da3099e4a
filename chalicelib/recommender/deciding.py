"""How one tip is chosen and worded: the scorer, and rules when it does not answer or cannot be worded."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.contracts.ml import Candidate, Choice, RankRequest
from chalicelib.contracts.pool import Pool, PooledWords
from chalicelib.contracts.ports import Scorer, ScorerUnavailable, Sealer, Unsealable
from chalicelib.contracts.tips import RecommendContext, TipSource
from chalicelib.domain import candidates as rule_candidates
from chalicelib.domain import pooling, wordings
from chalicelib.domain.freshness import current, outdated
from chalicelib.recommender import rules
from chalicelib.recommender.contract import WORDS_FOR, WORDS_UNKNOWN, PersonNow, TipStore
from chalicelib.runtime.logging import logger

TEMPLATE: Final[TipSource] = "template"
LOOK_AGAIN: Final = timedelta(hours=1)

_log = logger("recommender")


@dataclass(frozen=True)
class Draft:
    """What was chosen and how it reads; `rendered` is None when there is no ground for a tip."""

    choice: Choice
    source: TipSource
    rendered: wordings.Rendered | None
    words_expire_at: datetime
    next_look_at: datetime
    outdated: bool
    """Whether the features were old, so that they are worth making anew."""


class Decider:
    """Chooses and words. Writes nothing."""

    def __init__(self, store: TipStore, scorer: Scorer, sealer: Sealer) -> None:
        self._store = store
        self._scorer = scorer
        self._sealer = sealer

    def draft(
        self,
        person: PersonNow,
        context: RecommendContext,
        now: datetime,
        seed: int,
        trace: str,
    ) -> Draft:
        """One tip or an honest nothing. Raises KeyDestroyed for a person erased meanwhile."""
        state = person.state
        request = RankRequest(
            person_id=state.person_id,
            now=now,
            timezone=person.profile.timezone,
            locale=person.profile.locale,
            granted=sorted(person.granted),
            context=context,
            recent=state.recent,
            blocks=state.blocks,
            seed=seed,
            trace_id=trace,
        )
        try:
            return self._by_scorer(request)
        except ScorerUnavailable as error:
            _log.warning("rules decide", why=str(error))
            return self._by_rules(request)

    def _by_scorer(self, request: RankRequest) -> Draft:
        response = self._scorer.rank(request)
        chosen = response.choice.chosen
        rendered, longest = None, WORDS_FOR
        if chosen is not None:
            candidate = response.choice.candidates[chosen].candidate
            sealed = {ref: _decoded(text) for ref, text in response.words.items()}
            try:
                titles = self._titles(request.person_id, _refs([candidate]), sealed)
                rendered = _render(candidate, titles, request)
            except KeyError as error:
                # A title that nothing opens, or a wording that only a newer scorer knows.
                raise ScorerUnavailable("its choice cannot be worded") from error
            if titles and response.words_expire_at is None:
                longest = WORDS_UNKNOWN
        choice, source = response.choice, TEMPLATE
        if rendered is not None and response.pooled is not None:
            choice, source, rendered = self._worded(request.person_id, choice, response.pooled, rendered)
        return Draft(
            choice=choice,
            source=source,
            rendered=rendered,
            words_expire_at=_words_end(request.now, response.words_expire_at, longest),
            next_look_at=response.next_look_at,
            outdated=response.outdated,
        )

    def _worded(
        self, person_id: str, choice: Choice, pooled: PooledWords, template: wordings.Rendered
    ) -> tuple[Choice, TipSource, wordings.Rendered]:
        """The choice in a model's words; as it was, in the template's, when they cannot be opened."""
        try:
            plain = self._sealer.open(person_id, f"pool:{pooled.wording}", _decoded(pooled.sealed))
            words = json.loads(plain)
            text, why = str(words["text"]), str(words["why"])
        except (Unsealable, ValueError, KeyError, TypeError) as error:
            _log.warning("pooled words cannot be opened", error=type(error).__name__)
            return choice, TEMPLATE, template
        rendered = replace(template, text=text, why=why if pooled.own_why and why else template.why)
        return _with_wording(choice, pooled.wording), "model", rendered

    def _by_rules(self, request: RankRequest) -> Draft:
        made = self._store.made_ahead(request.person_id)
        snapshot = made.snapshot
        old = outdated(snapshot, request.now)
        if snapshot is None:
            nothing = rules.choose([], seed=request.seed, snapshot_at=None)
            return Draft(nothing, TEMPLATE, None, request.now, request.now + LOOK_AGAIN, old)
        proposal = rule_candidates.propose(
            current(snapshot),
            now=request.now,
            timezone=request.timezone,
            locale=request.locale,
            granted=request.granted,
            context=request.context,
            recent=request.recent,
            blocks=request.blocks,
            themes=made.pool.themes if made.pool and "tasks" in request.granted else {},
        )
        refs = _refs(proposal.candidates)
        kept = self._store.item_words(request.person_id, refs) if refs else {}
        alive = {r: w for r, w in kept.items() if w.expires_at is None or w.expires_at > request.now}
        titles = self._titles(request.person_id, refs, {r: w.sealed for r, w in alive.items()})
        worded = []
        for candidate in proposal.candidates:
            try:
                worded.append((candidate, _render(candidate, titles, request)))
            except KeyError:
                continue
        choice = rules.choose([c for c, _ in worded], seed=request.seed, snapshot_at=snapshot.computed_at)
        if choice.chosen is None:
            return Draft(choice, TEMPLATE, None, request.now, proposal.next_look_at, old)
        candidate, rendered = worded[choice.chosen]
        ends = [e for r in _refs([candidate]) if (e := alive[r].expires_at) is not None]
        end = _words_end(request.now, min(ends, default=None), WORDS_FOR)
        source = TEMPLATE
        marks = {ref: alive[ref].mark for ref in _refs([candidate])}
        if (pooled := _pooled(made.pool, candidate, marks, request)) is not None:
            choice, source, rendered = self._worded(request.person_id, choice, pooled, rendered)
        return Draft(choice, source, rendered, end, proposal.next_look_at, old)

    def _titles(self, person_id: str, refs: Iterable[str], sealed: Mapping[str, bytes]) -> dict[str, str]:
        titles = {}
        for ref in refs:
            if ref not in sealed:
                continue
            try:
                titles[ref] = self._sealer.open(person_id, f"item:{ref}", sealed[ref])
            except Unsealable:
                _log.warning("title cannot be opened")
        return titles


def _render(candidate: Candidate, titles: Mapping[str, str], request: RankRequest) -> wordings.Rendered:
    return wordings.render(candidate, titles, timezone=request.timezone, locale=request.locale)


def _pooled(
    pool: Pool | None, candidate: Candidate, marks: Mapping[str, str], request: RankRequest
) -> PooledWords | None:
    """A model's wording that says what was chosen, as `rank` would find it."""
    return pooling.find(
        pool,
        candidate,
        titles=marks,
        recent=request.recent,
        now=request.now,
        lang=wordings.language_of(request.locale).lang,
        timezone=request.timezone,
    )


def _refs(candidates: Iterable[Candidate]) -> list[str]:
    return sorted({r for c in candidates for r in (c.item_ref, c.anchor_ref) if r is not None})


def _with_wording(choice: Choice, wording: str) -> Choice:
    """The choice with another wording of the chosen candidate: the one that is shown."""
    assert choice.chosen is not None
    candidates = list(choice.candidates)
    scored = candidates[choice.chosen]
    worded = scored.candidate.model_copy(update={"wording": wording})
    candidates[choice.chosen] = scored.model_copy(update={"candidate": worded})
    return choice.model_copy(update={"candidates": candidates})


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""


def _words_end(now: datetime, titles_end: datetime | None, longest: timedelta) -> datetime:
    """Until when the rendered words may rest: as long as the titles in them, within bounds."""
    return min(titles_end or now + longest, now + longest)
