"""Which wording of the pool fits a candidate: the one whose stated facts are the candidate's. Pure.

A wording stays true as long as what it states does: the item and its title, the angle, how long it takes, and
those of the reason's parameters that its text names. Its why states the whole reason, and fits less often.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from chalicelib.contracts.ml import Candidate, RecentTip
from chalicelib.contracts.pool import Pool, PooledWords, PoolEntry
from chalicelib.domain import calendar

WHOLE: Final = "*"
"""Among what a text states: the reason as a whole, with every parameter."""
_DIGITS: Final = 16


def says(candidate: Candidate, stated: Iterable[str], *, lang: str, timezone: str) -> str:
    """Digest of what a text about the candidate states. `stated`: the reason's parameters in it."""
    params, names = candidate.reason.params, sorted(set(stated))
    told: dict[str, object] = {name: params.get(name) for name in names if name != WHOLE}
    if WHOLE in names:
        told[WHOLE] = [candidate.reason.code, params]
    return _digest([*_about(candidate, lang, timezone), candidate.minutes, told])


def because(candidate: Candidate, *, lang: str, timezone: str) -> str:
    """Digest of what a why of the candidate states."""
    reason = candidate.reason
    return _digest([*_about(candidate, lang, timezone), reason.code, dict(sorted(reason.params.items()))])


def find(
    pool: Pool | None,
    candidate: Candidate,
    *,
    titles: Mapping[str, str],
    recent: Sequence[RecentTip],
    now: datetime,
    lang: str,
    timezone: str,
) -> PooledWords | None:
    """The first wording that fits, may be shown at `now` and was not shown in the days of `recent`.

    `titles`: the marks of the titles that the candidate names, as they are now.
    """
    if pool is None:
        return None
    shown = {tip.wording for tip in recent}
    entry = next(
        (
            e
            for e in pool.entries
            if usable(e, now, shown)
            and e.titles == titles
            and fits(e, candidate, lang=lang, timezone=timezone)
        ),
        None,
    )
    if entry is None:
        return None
    return PooledWords(
        wording=entry.wording,
        sealed=entry.sealed,
        own_why=entry.because == because(candidate, lang=lang, timezone=timezone),
    )


def usable(entry: PoolEntry, now: datetime, shown: Collection[str] = ()) -> bool:
    """Whether its words may still be shown, and were not."""
    return calendar.utc(entry.expires_at) > now and entry.wording not in shown


def fits(entry: PoolEntry, candidate: Candidate, *, lang: str, timezone: str) -> bool:
    """Whether everything that the entry's text states is true of the candidate."""
    return (
        entry.angle == candidate.angle
        and entry.item_ref == candidate.item_ref
        and entry.says == says(candidate, entry.stated, lang=lang, timezone=timezone)
    )


def _about(candidate: Candidate, lang: str, timezone: str) -> list[object]:
    # The zone counts: the same moment reads as another time of day elsewhere.
    return [candidate.angle, candidate.item_ref, candidate.anchor_ref, lang, timezone]


def _digest(facts: list[object]) -> str:
    return sha256(json.dumps(facts, ensure_ascii=True, sort_keys=True).encode()).hexdigest()[:_DIGITS]
