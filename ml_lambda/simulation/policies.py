"""What can serve in a simulated world: the real policies, the rules, and two that only a world can have.

`oracle` knows what each tip is worth to the person and takes the best: nobody can do better tip by tip.
`random` takes any. Both choose among the candidates that the real Ranker proposes.
"""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from chalicelib.contracts.ml import Candidate, PolicyRef, RankRequest, RankResponse
from chalicelib.contracts.ports import Scorer, ScorerUnavailable
from ml_lambda.policies import NAMES as LEARNING
from ml_lambda.serving.configuration import Configuration
from ml_lambda.serving.ranking import Ranker
from ml_lambda.serving.titles import SealedTitle

RULES: Final = "rules"
RANDOM: Final = "random"
ORACLE: Final = "oracle"
NAMES: Final = (RULES, RANDOM, ORACLE, *LEARNING)

_SOMEBODY: Final = "epsilon_greedy_v2"
"""What the Ranker is configured with where its choice is not used."""

Worth = Callable[[str, Sequence[Candidate], datetime], Sequence[float]]
"""What each candidate would be worth to the person now."""


class _Words(Protocol):
    def words(self, person_id: str, refs: Sequence[str], now: datetime) -> Mapping[str, SealedTitle]: ...


def configuration(policy: str) -> Configuration:
    """What `rank` and `learn` are configured with when that policy serves."""
    return Configuration.of(policy if policy in LEARNING else _SOMEBODY)


def scorer(policy: str, ranker: Ranker, words: _Words, worth: Worth) -> Scorer:
    """What stands behind the Scorer port."""
    if policy == RULES:
        return Resting()
    if policy == RANDOM:
        return Instead(ranker, words, RANDOM, _any)
    if policy == ORACLE:
        return Instead(ranker, words, ORACLE, lambda request, tips: _best(worth, request, tips))
    return ranker


class Resting:
    """A scorer that never answers: the rules decide, as they do in a deployed oO whose scorer is down."""

    def rank(self, request: RankRequest) -> RankResponse:
        """Raises ScorerUnavailable."""
        raise ScorerUnavailable("the rules are to decide")


class Instead:
    """Lets the Ranker propose and takes another of its candidates."""

    def __init__(
        self,
        ranker: Ranker,
        words: _Words,
        name: str,
        choose: Callable[[RankRequest, Sequence[Candidate]], int],
    ) -> None:
        self._ranker = ranker
        self._words = words
        self._name = name
        self._choose = choose

    def rank(self, request: RankRequest) -> RankResponse:
        """The Ranker's answer, but for what is chosen and its words."""
        answer = self._ranker.rank(request)
        if answer.choice.chosen is None:
            return answer
        candidates = [scored.candidate for scored in answer.choice.candidates]
        index = self._choose(request, candidates)
        refs = [r for r in (candidates[index].item_ref, candidates[index].anchor_ref) if r]
        sealed = self._words.words(request.person_id, refs, request.now)
        policy = PolicyRef(name=self._name, version="1")
        return answer.model_copy(
            update={
                "choice": answer.choice.model_copy(update={"chosen": index, "policy": policy}),
                "words": {ref: b64encode(title.sealed).decode() for ref, title in sealed.items()},
                "pooled": None,
                "words_expire_at": None,
            }
        )


def _any(request: RankRequest, candidates: Sequence[Candidate]) -> int:
    return random.Random(request.seed).randrange(len(candidates))  # noqa: S311 - no secret


def _best(worth: Worth, request: RankRequest, candidates: Sequence[Candidate]) -> int:
    values = worth(request.person_id, candidates, request.now)
    return max(range(len(candidates)), key=values.__getitem__)
