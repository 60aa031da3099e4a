"""One model over all contexts: each draft to the worder, what is delivered measured."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from ml_lambda.bench.contexts import Context
from ml_lambda.bench.measures import Row
from ml_lambda.llm.contract import ChatModel, EmbeddingModel, ModelUnavailable
from ml_lambda.llm.draft import Draft
from ml_lambda.llm.meaning import alike, mask, quantise
from ml_lambda.llm.prompts import Mode
from ml_lambda.llm.wording import Worder, Wording


def run(
    contexts: Sequence[Context],
    model: ChatModel,
    mode: Mode,
    embedder: EmbeddingModel | None,
    *,
    step: Callable[[str], None] = lambda name: None,
) -> list[Row]:
    """A row per context that has a tip; each person's wordings are kept from returning, as a pool does it.

    `step` is told each context when it is done. Never raises for a model that is not there: its reason is the
    row's.
    """
    worder = Worder(model, mode, embedder=embedder)
    masked: dict[str, list[str]] = defaultdict(list)
    meanings: dict[str, list[tuple[int, ...]]] = defaultdict(list)
    rows = []
    for context in contexts:
        if context.draft is not None:
            row = _row(
                context, context.draft, worder, embedder, masked[context.person], meanings[context.person]
            )
            masked[context.person].append(mask(row.text, row.draft.own_words))
            if row.meaning:
                meanings[context.person].append(tuple(int(x) for x in row.meaning))
            rows.append(row)
        step(context.id)
    return rows


def _row(
    context: Context,
    draft: Draft,
    worder: Worder,
    embedder: EmbeddingModel | None,
    masked: Sequence[str],
    meanings: Sequence[Sequence[int]],
) -> Row:
    started = time.perf_counter()
    text, why, reason, read, written = draft.text, draft.why, "", 0, 0
    try:
        worded = worder.word(draft, avoid=masked, seen=meanings)
        read, written = worded.usage.read, worded.usage.written
        if isinstance(worded, Wording):
            text, why = worded.text, worded.why or draft.why
        else:
            reason = worded.reason
    except ModelUnavailable as error:
        reason = error.reason
    milliseconds = 1000 * (time.perf_counter() - started)
    meaning, topic = _vectors(embedder, text, draft)
    return Row(
        context=context.id,
        person=context.person,
        draft=draft,
        text=text,
        why=why,
        reason=reason,
        asked=reason != "no_frame",
        read=read,
        written=written,
        milliseconds=milliseconds,
        meaning=meaning,
        topic=topic,
    )


def _vectors(
    embedder: EmbeddingModel | None, text: str, draft: Draft
) -> tuple[tuple[float, ...], float | None]:
    if embedder is None:
        return (), None
    try:
        bare, whole, title = embedder.embed([mask(text, draft.own_words), text, draft.title or text])
    except ModelUnavailable:
        return (), None
    return tuple(quantise(bare)), alike(whole, title) if draft.title else None
