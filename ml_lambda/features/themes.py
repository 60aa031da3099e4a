"""Themes: a person's open tasks grouped by what their titles mean, online and cheaply. Pure.

    themes = regroup(pool.themes, {ref: vector, ...})        # ref -> theme
    moment = Moment(..., embedder=ThemeSpace(themes))        # for the feature `similarity_done`

A task that shares a theme keeps it, whoever comes or goes. A new one joins the theme whose centroid is
nearest by cosine, if it is near enough, and otherwise begins one: O(tasks × themes). One that is alone may
join later.

Vectors of one language or one person lie close together whatever they are about, some models' closer than
others'. So what they have in common is taken off before they are compared: their mean, shrunk towards 0 by
`_PRIOR` tasks, as few tasks say little of what is common (after Mu and Viswanath, "All-but-the-top", 2018).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Final

import numpy as np
import numpy.typing as npt

from chalicelib.contracts.ml import Candidate, RecentTip

ALIKE: Final = 0.23
"""From this cosine on a task is of a theme. A missed pair costs nothing, a wrong one makes a tip untrue.

Chosen with wordllama 0.4 on 91 titles of five people in four languages, each grouped in 50 orders: of the
pairs in one theme 99% belonged together, and of those that belong 49% were in one theme. At 0.1 it is 87% and
64%, at 0.3 100% and 32%. Without taking off what is common no one threshold serves all four languages: at the
0.2 that fits English, all Russian titles are one theme. Another embedder may want another (`OO_THEME_ALIKE`).
"""
_PRIOR: Final = 2.0
_NOTHING: Final = 1e-9
_DIGITS: Final = 8

Vectors = npt.NDArray[np.float64]


def regroup(
    known: Mapping[str, str],
    vectors: Mapping[str, Sequence[float]],
    *,
    alike: float = ALIKE,
    keep: Collection[str] = (),
) -> dict[str, str]:
    """The theme of each task in `vectors` by its ref; the order of either mapping does not matter.

    `known` is what was answered before; leave out of it those whose title changed, to have them placed anew.
    Who is no longer in `vectors` leaves, but for `keep`: refs that only keep the theme that they had, such as
    items done lately. A vector without direction (a title that the model does not know) has no theme.
    """
    remembered = {ref: known[ref] for ref in keep if ref in known and ref not in vectors}
    groups = _Groups(_directions(vectors), alike)
    for ref in groups.directions:
        if ref in known:
            groups.put(ref, known[ref])
    taken = set(remembered.values())
    for ref in groups.directions:
        if ref not in groups.theme_of:
            groups.put(ref, groups.nearest(ref) or _named(ref, {*groups.sums, *taken}))
    groups.join_loners(apart=taken)
    return remembered | groups.theme_of


class _Groups:
    """Who is in which theme, and each theme's sum of directions. What is gone through is sorted."""

    def __init__(self, directions: Mapping[str, Vectors], alike: float) -> None:
        self.directions = directions
        self.theme_of: dict[str, str] = {}
        self.sums: dict[str, Vectors] = {}
        self._alike = alike

    def put(self, ref: str, theme: str) -> None:
        self.theme_of[ref] = theme
        self.sums[theme] = self.sums.get(theme, 0.0) + self.directions[ref]

    def nearest(self, ref: str, *, but: str = "") -> str | None:
        """The theme whose centroid is nearest, if it is near enough; of two as near, the first by name."""
        names = [name for name in sorted(self.sums) if name != but]
        if not names:
            return None
        sums = np.stack([self.sums[name] for name in names])
        cosines = sums @ self.directions[ref] / np.maximum(np.linalg.norm(sums, axis=1), _NOTHING)
        best = int(np.argmax(cosines))
        return names[best] if cosines[best] >= self._alike else None

    def join_loners(self, *, apart: Collection[str]) -> None:
        """Whoever is alone joins what is near by now, until nobody moves: each leaves fewer alone."""
        moved = True
        while moved:
            moved = False
            for ref, theme in sorted(self._alone(apart).items()):
                # Somebody may have joined them meanwhile.
                if ref in self._alone(apart) and (other := self.nearest(ref, but=theme)):
                    del self.sums[theme]
                    self.put(ref, other)
                    moved = True

    def _alone(self, apart: Collection[str]) -> dict[str, str]:
        many = Counter(self.theme_of.values())
        return {r: t for r, t in self.theme_of.items() if many[t] == 1 and t not in apart}


def _directions(vectors: Mapping[str, Sequence[float]]) -> dict[str, Vectors]:
    """By sorted ref, each one's unit vector without what all have in common."""
    arrays = {ref: np.asarray(vectors[ref], float) for ref in sorted(vectors)}
    lengths = {ref: float(np.linalg.norm(array)) for ref, array in arrays.items()}
    units = {ref: array / lengths[ref] for ref, array in arrays.items() if lengths[ref] > _NOTHING}
    if not units:
        return {}
    # Always shorter than any of them, so that each keeps a direction.
    common = np.sum(list(units.values()), axis=0) / (len(units) + _PRIOR)
    return {ref: (one - common) / np.linalg.norm(one - common) for ref, one in units.items()}


def _named(founder: str, taken: Collection[str]) -> str:
    """A name that says nothing but is the same whenever the same task begins a theme."""
    for again in range(len(taken) + 1):
        name = "t" + sha256(f"{founder}/{again}".encode()).hexdigest()[:_DIGITS]
        if name not in taken:
            return name
    raise AssertionError("unreachable: there are more names than are taken")


@dataclass(frozen=True)
class ThemeSpace:
    """The space of themes as an embedder of tips: of the same theme 1, of another 0, without one unknown."""

    themes: Mapping[str, str]

    @cached_property
    def _axes(self) -> dict[str, list[float]]:
        names = sorted(set(self.themes.values()))
        return {name: [float(name == other) for other in names] for name in names}

    def embed(self, tip: Candidate | RecentTip) -> Sequence[float] | None:
        """The axis of the theme of the tip's item."""
        theme = self.themes.get(tip.item_ref or "")
        return self._axes[theme] if theme is not None else None
