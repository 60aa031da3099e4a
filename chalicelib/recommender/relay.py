"""The outbox: what changed in a row of `decisions`, as events. Pure: reads images, sends nothing.

An event's id follows from the decision, the kind and the revision, so a record that is relayed twice
sends the same events twice, and consumers see one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from google.protobuf.message import Message

from chalicelib.contracts.decision_log import event_id
from chalicelib.contracts.events import (
    DecisionMade,
    Envelope,
    ItemCompleted,
    RewardSettled,
    SilenceAnswered,
    TipDue,
    TipExposed,
    TipReacted,
    timestamp,
    wrap,
)
from chalicelib.contracts.ml import Decision
from chalicelib.contracts.records import storable
from chalicelib.domain.angles import COMPLETING
from chalicelib.domain.rewards import standing
from chalicelib.recommender.contract import SILENCE, DueTip


def events_of(record: Mapping[str, Any]) -> list[Envelope]:
    """The events of one stream record. Raises whatever a malformed record makes it raise."""
    if record["eventName"] == "REMOVE":
        return []
    change = record["dynamodb"]
    new, old = change["NewImage"], change.get("OldImage")
    if new.get("decision_id") == {"S": SILENCE}:
        return [_silence(new)]
    decision = Decision.model_validate_json(new["body"]["S"])
    trace = new.get("trace_id", {}).get("S", "")
    if old is None:
        return [_event(decision, "decision_made", 0, _made(decision), decision.decided_at, trace)]
    at = datetime.fromisoformat(new["changed_at"]["S"])
    events = []
    if decision.exposed_at is not None and "exposed_at" not in old:
        seen = TipExposed(decision_id=decision.decision_id, revision=decision.revision)
        events.append(_event(decision, "tip_exposed", 0, seen, decision.exposed_at, trace))
    for index in range(int(old["reactions"]["N"]), len(decision.reactions)):
        reaction = decision.reactions[index]
        said = TipReacted(
            decision_id=decision.decision_id,
            revision=decision.revision,
            kind=reaction.kind,
            reason=reaction.reason,
        )
        events.append(_event(decision, "tip_reacted", index, said, reaction.at, trace))
    if decision.reward is not None and int(old["reward_revision"]["N"]) < decision.reward_revision:
        settled = RewardSettled(
            decision_id=decision.decision_id,
            revision=decision.reward_revision,
            reward=decision.reward,
            decided_at=timestamp(decision.decided_at),
        )
        events.append(_event(decision, "reward_settled", decision.reward_revision, settled, at, trace))
    return events


def _silence(row: Mapping[str, Any]) -> Envelope:
    at, person_id = row["changed_at"]["S"], row["person_id"]["S"]
    answered = SilenceAnswered()
    if "snapshot_at" in row:
        answered.snapshot_at.CopyFrom(timestamp(datetime.fromisoformat(row["snapshot_at"]["S"])))
    return wrap(
        answered,
        person_id=person_id,
        event_id=event_id(person_id, SILENCE, at),
        at=datetime.fromisoformat(at),
        trace_id=row["trace_id"]["S"],
    )


def due_event(tip: DueTip, at: datetime, trace: str) -> Envelope:
    """The deadline of one decision has passed."""
    return wrap(
        TipDue(decision_id=tip.decision_id),
        person_id=tip.person_id,
        event_id=event_id(tip.decision_id, "tip_due", storable(tip.due_at)),
        at=at,
        trace_id=trace,
    )


def completion_event(decision: Decision, trace: str) -> Envelope | None:
    """The item is done, when the tip stands as done and its angle does the item itself."""
    says, candidate = standing(decision.reactions).says, decision.candidate
    if says is None or says.kind != "done" or not candidate.item_ref or candidate.angle not in COMPLETING:
        return None
    completed = ItemCompleted(
        item_ref=candidate.item_ref, decision_id=decision.decision_id, completed_at=timestamp(says.at)
    )
    return _event(decision, "item_completed", 0, completed, says.at, trace)


def _made(decision: Decision) -> DecisionMade:
    choice = decision.choice
    return DecisionMade(
        decision_id=decision.decision_id,
        angle=decision.candidate.angle,
        policy=f"{choice.policy.name}@{choice.policy.version}",
        arm=choice.arm,
        candidates=len(choice.candidates),
    )


def _event(
    decision: Decision, kind: str, revision: int, payload: Message, at: datetime, trace: str
) -> Envelope:
    return wrap(
        payload,
        person_id=decision.person_id,
        event_id=event_id(decision.decision_id, kind, revision),
        at=at,
        trace_id=trace,
    )
