"""Ranking: ready candidates, their vectors, the exact probabilities of the person's arm, one seeded draw."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol

import numpy as np

from chalicelib.contracts.ml import (
    Choice,
    HabitState,
    RankRequest,
    RankResponse,
    ScoredCandidate,
    Snapshot,
)
from chalicelib.contracts.records import ItemRecord
from chalicelib.domain import pooling
from chalicelib.domain.candidates import propose
from chalicelib.domain.features import FEATURE_VERSION
from chalicelib.domain.freshness import current, outdated
from chalicelib.domain.permitted import restrict
from chalicelib.domain.wordings import language_of
from chalicelib.runtime.logging import Logger, trace
from ml_lambda.features.group import Moment
from ml_lambda.features.themes import ThemeSpace
from ml_lambda.features.vector import candidate_vectors, context_vector, degraded
from ml_lambda.policies.store import StoredState
from ml_lambda.serving.choosing import Chooser
from ml_lambda.serving.configuration import Configuration, Serves
from ml_lambda.serving.reads import Known
from ml_lambda.serving.titles import SealedTitle

NEW_PERSON: Final = timedelta(minutes=5)
"""When to look again for someone without a snapshot: their first signals may be on the way."""


class Reads(Protocol):
    """What ranking reads (`serving/reads.py`)."""

    def person(self, person_id: str) -> Known: ...  # noqa: D102
    def words(  # noqa: D102
        self, person_id: str, refs: Collection[str], now: datetime
    ) -> Mapping[str, SealedTitle]: ...


class Ranker:
    """Chooses one candidate. Writes nothing: the caller stores what it answers."""

    def __init__(self, reads: Reads, serves: Serves, log: Logger) -> None:
        self._reads = reads
        self._serves = serves
        self._log = log

    def rank(self, request: RankRequest) -> RankResponse:
        """Answer one request: the same request over the same rows gives the same answer."""
        started = time.perf_counter()
        with trace(request.trace_id):
            response = self._rank(request)
            self._log.info(
                "ranked",
                policy=response.choice.policy.name,
                arm=response.choice.arm,
                rho=response.choice.rho,
                manifest=response.choice.manifest_version,
                candidates=len(response.choice.candidates),
                chosen=response.choice.chosen,
                words=len(response.words),
                pooled=response.pooled is not None,
                sequence=response.choice.posterior_sequence,
                milliseconds=round(1000 * (time.perf_counter() - started), 1),
            )
        return response

    def _rank(self, request: RankRequest) -> RankResponse:
        known = self._reads.person(request.person_id)
        snapshot, stored = known.snapshot, known.state
        # After the read, which may have brought another manifest; one for the whole request.
        configuration = self._serves.current()
        if snapshot is None:
            return self._silence(request, configuration, None, request.now + NEW_PERSON)
        old = outdated(snapshot, request.now)
        snapshot = restrict(current(snapshot), request.granted)
        themes = known.pool.themes if known.pool and "tasks" in request.granted else {}
        proposal = propose(
            snapshot,
            now=request.now,
            timezone=request.timezone,
            locale=request.locale,
            granted=frozenset(request.granted),
            context=request.context,
            recent=request.recent,
            blocks=request.blocks,
            themes=themes,
        )
        if not proposal.candidates:
            return self._silence(request, configuration, snapshot, proposal.next_look_at, outdated=old)
        context = request.context.model_copy(
            update={
                **({} if "mood" in request.granted else {"energy": None}),
                **({} if "context" in request.granted else {"place": None}),
            }
        )
        recent = request.recent
        if "learning" not in request.granted:
            # The rules heed an answer anyway; a feature made of answers learns from them.
            stored = StoredState()
            recent = [tip.model_copy(update={"reaction": None, "reason": None}) for tip in recent]
        space = ThemeSpace(themes) if themes else None
        moment = Moment(snapshot, request.now, request.timezone, context, recent, space)
        features = candidate_vectors(moment, proposal.candidates)
        shared = context_vector(moment)
        chooser = Chooser(configuration, request.person_id, stored, request.seed, self._log)
        made = chooser.choose(np.asarray(shared), np.asarray(features))
        chosen = proposal.candidates[made.index]
        refs = [ref for ref in (chosen.item_ref, chosen.anchor_ref) if ref]
        words = self._reads.words(request.person_id, refs, request.now) if refs else {}
        pooled = pooling.find(
            known.pool,
            chosen,
            titles={ref: title.mark for ref, title in words.items()},
            recent=request.recent,
            now=request.now,
            lang=language_of(request.locale).lang,
            timezone=request.timezone,
        )
        return RankResponse(
            choice=Choice.model_validate(
                {
                    **made.said,
                    "candidates": [
                        ScoredCandidate(candidate=c, features=f)
                        for c, f in zip(proposal.candidates, features, strict=True)
                    ],
                    "chosen": made.index,
                    "context": shared,
                    "feature_version": FEATURE_VERSION,
                    "snapshot_at": snapshot.computed_at,
                    "degraded": degraded(moment),
                }
            ),
            words={ref: b64encode(title.sealed).decode() for ref, title in words.items()},
            pooled=pooled,
            words_expire_at=_words_end(snapshot, words),
            next_look_at=proposal.next_look_at,
            outdated=old,
        )

    def _silence(
        self,
        request: RankRequest,
        configuration: Configuration,
        snapshot: Snapshot | None,
        look_at: datetime,
        *,
        outdated: bool = True,
    ) -> RankResponse:
        chooser = Chooser(configuration, request.person_id, StoredState(), request.seed, self._log)
        return RankResponse(
            choice=Choice.model_validate(
                {
                    **chooser.silent(),
                    "candidates": [],
                    "chosen": None,
                    "context": [],
                    "feature_version": FEATURE_VERSION,
                    "probabilities": [],
                    "snapshot_at": snapshot.computed_at if snapshot else None,
                }
            ),
            next_look_at=look_at,
            outdated=outdated,
        )


def _words_end(snapshot: Snapshot, refs: Collection[str]) -> datetime | None:
    """Until when all of these items' titles may be shown: a tip's words live no longer than theirs."""
    items: list[ItemRecord | HabitState] = [*snapshot.tasks, *snapshot.events, *snapshot.habits]
    return min((i.words_expire_at for i in items if i.item_ref in refs and i.words_expire_at), default=None)
