"""What could be said to a person now and in the hours ahead: the tips that are worth wording. Pure.

The rules propose at the present moment and at each full hour of a waking day; what one text could say in
several of these counts once. The best come first, the sooner the better, no item more than a few times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from string import Formatter
from typing import Final

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.ml import Candidate, ItemBlock, RecentTip, Snapshot
from chalicelib.contracts.tips import RecommendContext
from chalicelib.domain import pooling
from chalicelib.domain.candidates import propose
from chalicelib.domain.wordings import language_of

HOURS: Final = 16
"""How far ahead: a waking day."""
FADES: Final = 0.95
"""How much of its worth a tip keeps for each hour that it lies ahead."""
PER_ITEM: Final = 3
MOST: Final = 24
"""Wordings that are ready for one person, at most."""

_SHOWN: Final = frozenset({"title", "act", "anchor", "minutes"})
"""What every text may state: it is bound to the item, the event, their titles and the minutes anyway."""
_MADE_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "slot": ("slot", "tomorrow"),
    "when": ("slot", "tomorrow"),
    "weekday": ("on",),
}
"""Placeholders that are not called as what they are made of."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A tip that may be chosen soon, as its template words it."""

    candidate: Candidate
    stated: tuple[str, ...]
    """The reason's parameters that the template states."""
    says: str
    worth: float

    @property
    def refs(self) -> tuple[str, ...]:
        """The items that it names."""
        return tuple(ref for ref in (self.candidate.item_ref, self.candidate.anchor_ref) if ref)


def ahead(
    snapshot: Snapshot,
    *,
    now: datetime,
    timezone: str,
    locale: str,
    granted: Collection[Consent],
    recent: Sequence[RecentTip],
    blocks: Sequence[ItemBlock],
    themes: Mapping[str, str],
    closed: Collection[str] = (),
    most: int = MOST,
) -> list[Planned]:
    """At most `most` tips, the best first. `closed`: items that are done, whatever the snapshot knows."""
    lang = language_of(locale).lang
    best: dict[str, Planned] = {}
    for hours, moment in enumerate(_moments(now)):
        proposal = propose(
            snapshot,
            now=moment,
            timezone=timezone,
            locale=locale,
            granted=granted,
            context=RecommendContext(),
            recent=recent,
            blocks=blocks,
            themes=themes,
        )
        for candidate in proposal.candidates:
            stated = stated_by(candidate, locale)
            says = pooling.says(candidate, stated, lang=lang, timezone=timezone)
            worth = candidate.score * FADES**hours
            known = best.get(says)
            if known is None:
                best[says] = Planned(candidate, stated, says, worth)
            elif worth > known.worth:
                # Worded as it would be at first: its reason is the one that comes soonest.
                best[says] = replace(known, worth=worth)
    named = [p for p in best.values() if not set(p.refs) & set(closed)]
    return _few_of_each(sorted(named, key=lambda p: (-p.worth, p.says)), most)


def stated_by(candidate: Candidate, locale: str) -> tuple[str, ...]:
    """The reason's parameters that the candidate's template states, for either kind of title."""
    template = language_of(locale).templates[candidate.angle].get(candidate.wording)
    if template is None:
        return (pooling.WHOLE,)
    patterns = (template.action, template.thing)
    names = {name for pattern in patterns for _, name, _, _ in Formatter().parse(pattern) if name}
    params = candidate.reason.params
    stated: set[str] = set()
    for name in names:
        # A language may need a length or a day in another case: {minutes_acc}.
        spelt = (name, name.rpartition("_")[0])
        plain = next((n for n in spelt if _heard_of(n, params)), "")
        if not plain:
            return (pooling.WHOLE,)
        stated |= {part for part in _MADE_OF.get(plain, (plain,)) if part in params}
    return tuple(sorted(stated))


def _heard_of(name: str, params: Mapping[str, object]) -> bool:
    """Whether it is known what a placeholder is made of."""
    return name in _SHOWN or name in params or bool(params.keys() & set(_MADE_OF.get(name, ())))


def _moments(now: datetime) -> list[datetime]:
    hour = now.replace(minute=0, second=0, microsecond=0)
    return [now, *(hour + timedelta(hours=n) for n in range(1, HOURS + 1))]


def _few_of_each(ranked: Sequence[Planned], most: int) -> list[Planned]:
    of_item: Counter[str | None] = Counter()
    first: list[Planned] = []
    rest: list[Planned] = []
    for planned in ranked:
        item = planned.candidate.item_ref
        of_item[item] += 1
        (first if of_item[item] <= PER_ITEM else rest).append(planned)
    return [*first, *rest][:most]
