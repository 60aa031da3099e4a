"""What may be used of a person, cut down to what they agree to: of a snapshot, and for a prompt."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chalicelib.contracts.consents import Consent, answers_usable, usable
from chalicelib.contracts.ml import HabitState, RecentTip, Snapshot
from chalicelib.contracts.records import ItemRecord


def restrict(snapshot: Snapshot, granted: Collection[Consent]) -> Snapshot:
    """The snapshot without what the person withdrew since it was made, until it is made anew."""
    gone = {group for group in snapshot.as_of if group not in granted}
    if not gone:
        return snapshot
    changes: dict[str, object] = {"as_of": {g: at for g, at in snapshot.as_of.items() if g not in gone}}
    if "tasks" in gone:
        changes["tasks"] = []
    if "calendar" in gone:
        changes["events"] = []
    if "habits" in gone:
        changes["habits"] = []
    if "mood" in gone:
        changes["mood"] = None
    if "context" in gone:
        changes["place"] = None
    if gone & {"tasks", "habits"}:
        # These sums hold both; what each brought cannot be told apart any more.
        changes |= {"done_hours": [0.0] * 24, "done_by_category": {}, "done_today": 0}
    return snapshot.model_copy(update=changes)


def without_answers(recent: Sequence[RecentTip], granted: Collection[Consent]) -> list[RecentTip]:
    """Recent tips, without what the person answered unless that may be learned from."""
    if answers_usable(granted):
        return list(recent)
    return [tip.model_copy(update={"reaction": None, "reason": None}) for tip in recent]


@dataclass(frozen=True)
class PromptContext:
    """All that a language model may be told of a person."""

    snapshot: Snapshot
    recent: list[RecentTip]
    refs: frozenset[str]
    """Items whose words may be opened for it; no others."""


def prompt_context(
    snapshot: Snapshot, recent: Sequence[RecentTip], granted: Collection[Consent]
) -> PromptContext:
    """What a prompt may use: nothing else may be read, and no words of other items opened, to make one."""
    kept = restrict(snapshot, usable("prompt", granted))
    items: list[ItemRecord | HabitState] = [*kept.tasks, *kept.events, *kept.habits]
    refs = frozenset(item.item_ref for item in items)
    # Where the item is not among these any more, neither is what the tip was about.
    told = [
        tip if tip.item_ref in refs else tip.model_copy(update={"item_ref": None, "category": None})
        for tip in without_answers(recent, granted)
    ]
    return PromptContext(kept, told, refs)
