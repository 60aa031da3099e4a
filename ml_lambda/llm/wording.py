"""One finished draft to a model and back: a wording that the guard passes, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ml_lambda.llm import guard, prompts
from ml_lambda.llm.contract import ChatModel, EmbeddingModel, ModelUnavailable, Usage
from ml_lambda.llm.draft import Draft
from ml_lambda.llm.guard import Reason
from ml_lambda.llm.meaning import mask, quantise, repeated
from ml_lambda.llm.prompts import Mode

__all__ = ["Draft", "Mode", "Reason", "Rejected", "Worder", "Wording"]

# How often a draft is tried, each time with another seed; a rejected try costs tokens and shows nothing.
TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Wording:
    """What a model made of a draft, and the guard passed."""

    text: str
    why: str
    """Empty: it has none, the template's is kept."""
    usage: Usage
    meaning: tuple[int, ...] = ()
    """The masked text, embedded and quantised; empty without an embedder."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The template is shown; `reason` is why the last try did not pass, and is counted."""

    reason: Reason
    usage: Usage


class Worder:
    """Words drafts by one model. `embedder` finds near-duplicates; without it only equal ones are found."""

    def __init__(
        self,
        model: ChatModel,
        mode: Mode,
        *,
        embedder: EmbeddingModel | None = None,
        tries: int = TRIES,
    ) -> None:
        self._model, self._mode, self._embedder, self._tries = model, mode, embedder, tries

    def word(
        self, draft: Draft, *, avoid: Sequence[str] = (), seen: Sequence[Sequence[int]] = ()
    ) -> Wording | Rejected:
        """The first try that the guard passes, or the reason against the last.

        `avoid` are masked wordings seen lately, `seen` the quantised meanings of such. Raises
        ModelUnavailable as the model and the embedder do, but for an answer that is not what was asked: that
        is a try, whose cost the client alone knows.
        """
        read = written = 0
        reason: Reason = "no_frame"
        for turn in range(self._tries):
            request = prompts.request(draft, self._mode, turn=turn, avoid=avoid)
            if request is None:
                break
            try:
                answer = self._model.ask(
                    request.messages,
                    schema=request.schema,
                    max_tokens=request.max_tokens,
                    temperature=request.temperature,
                    seed=request.seed,
                )
            except ModelUnavailable as error:
                if error.reason != "malformed":
                    raise
                reason = "malformed"
                continue
            read, written = read + answer.usage.read, written + answer.usage.written
            said = prompts.said(answer.content, draft, self._mode)
            found = guard.check(draft, said.text, said.why, told=prompts.TOLD) if said else "malformed"
            if found is None and said is not None:
                masked = mask(said.text, draft.own_words)
                meaning = self._meaning(masked)
                if masked not in avoid and not repeated(meaning, seen):
                    why = "" if said.why == draft.why else said.why
                    return Wording(said.text, why, Usage(read, written), meaning)
                found = "repeated"
            reason = found or reason
        return Rejected(reason, Usage(read, written))

    def _meaning(self, masked: str) -> tuple[int, ...]:
        return tuple(quantise(self._embedder.embed([masked])[0])) if self._embedder else ()
