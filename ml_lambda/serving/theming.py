"""Grouping a person's open tasks into themes while a pool is filled: when there are new ones, not too often.

Titles go to the alias `embedder` for that, and their vectors are used and forgotten: what rests is a name per
task that says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from chalicelib.contracts.pool import Worded
from chalicelib.contracts.ports import Sealer, Unsealable
from chalicelib.contracts.records import ItemRecord
from chalicelib.domain.permitted import PromptContext
from ml_lambda.llm.contract import EmbeddingModel, ModelUnavailable
from ml_lambda.serving.titles import SealedTitle
from ml_lambda.serving.writing import Run

RESTS: Final = timedelta(hours=1)
"""How long themes stay as they are once they were made: a burst of new tasks is one embedding."""


def shape(task: ItemRecord) -> str:
    """What of a title rests in the clear, by which a changed one is mostly told."""
    return f"{task.title_words}.{task.title_chars}"


def due(known: PromptContext, worded: Worded, now: datetime) -> bool:
    """Whether there are tasks that were not looked at, or not under this title, and it is time."""
    rested = worded.themed_at is None or now - worded.themed_at >= RESTS
    return rested and any(worded.themed.get(task.item_ref) != shape(task) for task in known.snapshot.tasks)


def kept(themes: Mapping[str, str], known: PromptContext) -> dict[str, str]:
    """The themes of tasks that are open, or that a tip was about lately; none without consent to tasks."""
    lately = {tip.item_ref for tip in known.recent}
    open_now = {task.item_ref for task in known.snapshot.tasks}
    if "tasks" not in known.snapshot.as_of:
        return {}
    return {ref: theme for ref, theme in themes.items() if ref in open_now | lately}


class Theming:
    """Makes themes anew."""

    def __init__(self, sealer: Sealer, embedder: Callable[[str], EmbeddingModel], alike: float) -> None:
        """`embedder`: on whose budget. `alike`: from which cosine on tasks are of one theme."""
        self._sealer = sealer
        self._embedder = embedder
        self._alike = alike

    def regroup(
        self,
        person_id: str,
        known: PromptContext,
        themes: Mapping[str, str],
        worded: Worded,
        titles: Mapping[str, SealedTitle],
        run: Run,
    ) -> tuple[dict[str, str], dict[str, str]] | None:
        """The themes, and the shapes of the titles that they rest on; None when the model is not there."""
        # numpy costs a function's cold start more than the rest: only who groups loads it.
        from ml_lambda.features.themes import regroup

        shapes = {task.item_ref: shape(task) for task in known.snapshot.tasks}
        opened: dict[str, str] = {}
        for ref in sorted(shapes.keys() & titles.keys()):
            try:
                opened[ref] = self._sealer.open(person_id, f"item:{ref}", titles[ref].sealed)
            except Unsealable:
                continue
        refs = sorted(opened)
        try:
            vectors = self._embedder(person_id).embed([opened[ref] for ref in refs]) if refs else []
        except ModelUnavailable as error:
            run.over, run.said.unavailable = True, error.reason
            return None
        same = {ref: t for ref, t in themes.items() if worded.themed.get(ref) == shapes.get(ref)}
        lately = {tip.item_ref for tip in known.recent if tip.item_ref} - shapes.keys()
        before = same | {ref: themes[ref] for ref in lately & themes.keys()}
        made = regroup(before, dict(zip(refs, vectors, strict=True)), alike=self._alike, keep=lately)
        return made, shapes
