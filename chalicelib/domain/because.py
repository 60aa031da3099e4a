"""Why this tip: what the policy that served weighed, in plain sentences. Pure.

A contribution is a weight of the posterior × how far the chosen candidate's feature stands from the mean of
the others. Its size says how much it counted, its sign whether it spoke for the tip or against it; the
sentence itself states the feature as it was, so that it is true whichever way the weight goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from chalicelib.contracts.ml import Choice
from chalicelib.domain.features import CANDIDATE_FEATURES, FEATURE_VERSION
from chalicelib.domain.wordings import language_of, reason_alone
from chalicelib.domain.wordings.base import Language

MOST: Final = 4
NEGLIGIBLE: Final = 0.01
"""Expected reward, which goes from 0 to 1, that is not worth a sentence."""
NEGLIGIBLE_SHARE: Final = 0.1
"""Nor is what counted less than a tenth of what counted most."""

_EQUAL: Final = 1e-9
# Reasons that say "that" of what the tip names, which is not named here; what is said instead.
_OF_ITS_ANCHOR: Final = {"routine": "routine", "starts_at": "for_event"}
_DAYS_SINCE: Final = 0.63  # 1 - e^-1: novelty of what was shown three days ago


def because(choice: Choice, *, still_open: bool, timezone: str, locale: str) -> list[str]:
    """At most four sentences, the strongest first; none for a choice of nothing.

    A tip that was not the policy's best begins with saying so. Without contributions (the rules served, or
    the decision is of another feature version) the ground speaks that the tip gave as its reason.
    """
    if choice.chosen is None:
        return []
    language = language_of(locale)
    sentences = ["try"] if explored(choice) else []
    told = [_told(language, key, still_open) for key in sentences]
    if not weighed(choice):
        told.append(_ground(choice, language, still_open, timezone, locale))
        if choice.policy.name == "rules":
            told.append(_told(language, "rules", still_open))
    elif len(choice.candidates) == 1:
        told.append(_told(language, "only", still_open))
    else:
        told += _facts(choice, language, still_open) or [_told(language, "close", still_open)]
    return told[:MOST]


def explored(choice: Choice) -> bool:
    """Whether another candidate had a better chance than the one that was drawn."""
    assert choice.chosen is not None
    return choice.probabilities[choice.chosen] < max(choice.probabilities) - _EQUAL


def weighed(choice: Choice) -> bool:
    """Whether it tells what each feature contributed, in the layout that this version reads."""
    return choice.feature_version == FEATURE_VERSION and len(choice.contributions) == len(CANDIDATE_FEATURES)


def case_of(feature: str, value: float, apart: float) -> str:
    """What is said of a feature, by its value and how far that stands from the mean of the others."""
    return f"{feature}.{_CASES[feature](value, apart)}"


def _facts(choice: Choice, language: Language, still_open: bool) -> list[str]:
    assert choice.chosen is not None
    rows = [candidate.features for candidate in choice.candidates]
    counted = sorted(enumerate(choice.contributions), key=lambda pair: (-abs(pair[1]), pair[0]))
    least = max(NEGLIGIBLE, NEGLIGIBLE_SHARE * abs(counted[0][1]))
    told = []
    for index, contribution in counted:
        if abs(contribution) < least:
            break
        value = rows[choice.chosen][index]
        others = [row[index] for at, row in enumerate(rows) if at != choice.chosen]
        case = case_of(CANDIDATE_FEATURES[index], value, value - sum(others) / len(others))
        fact = _told(language, case, still_open)
        told.append(fact if contribution > 0 else _against(language, fact, still_open))
    return told


def _ground(choice: Choice, language: Language, still_open: bool, timezone: str, locale: str) -> str:
    assert choice.chosen is not None
    candidate = choice.candidates[choice.chosen].candidate
    if candidate.reason.code in _OF_ITS_ANCHOR:
        return _told(language, _OF_ITS_ANCHOR[candidate.reason.code], still_open)
    reason = reason_alone(candidate, timezone=timezone, locale=locale)
    if reason is None:
        # Only an event that is not named here speaks for it.
        return _told(language, "for_event", still_open)
    return _told(language, "ground", still_open).format(reason=reason)


def _told(language: Language, key: str, still_open: bool) -> str:
    now, then = language.because[key]
    return now if still_open else then


def _against(language: Language, fact: str, still_open: bool) -> str:
    return _told(language, "against", still_open).format(fact=language.inside(fact))


def _by_difference(more: str, less: str) -> Callable[[float, float], str]:
    return lambda _value, apart: more if apart > 0 else less


def _free_fit(value: float, apart: float) -> str:
    if value >= 0:
        return "fits" if apart > 0 else "fills"
    return "nearer" if apart > 0 else "too_long"


def _done_hour(value: float, apart: float) -> str:
    if value:
        return "often" if value > 0 else "seldom"
    return "quiet" if apart > 0 else "unused"


def _beside(liked: str, disliked: str) -> Callable[[float, float], str]:
    """What it is itself, where that explains the difference; otherwise what the others are."""

    def case(value: float, apart: float) -> str:
        if apart > 0:
            return liked if value > 0 else "others_less"
        return disliked if value < 0 else "others_more"

    return case


def _novelty(value: float, apart: float) -> str:
    long_ago = value >= _DAYS_SINCE
    if apart > 0:
        return "new" if long_ago else "newer"
    return "others_newer" if long_ago else "seen"


def _by_sign(above: str, below: str, more: str, less: str) -> Callable[[float, float], str]:
    """By the value's sign; at 0 by whether the others lie below or above."""

    def case(value: float, apart: float) -> str:
        if value:
            return above if value > 0 else below
        return more if apart > 0 else less

    return case


_CASES: Final[Mapping[str, Callable[[float, float], str]]] = {
    "free_fit": _free_fit,
    "done_hour": _done_hour,
    "energy_effort": _beside("suits", "unsuited"),
    "deadline": _by_difference("speaks", "less"),
    "streak_at_risk": _by_difference("keeps", "less"),
    "affinity": _beside("liked", "passed"),
    "novelty": _novelty,
    "effort": _by_difference("longer", "shorter"),
    "place_match": _by_sign("here", "elsewhere", "anywhere", "other_here"),
    "goal_alignment": _by_sign("serves", "none", "others_none", "other_serves"),
    "similarity_done": _by_difference("like", "unlike"),
    "activity_length": _by_difference("longer", "shorter"),
}
