"""Settlement: exposures, reactions, deadlines and closed items become rewards; the outbox; the log.

Every message may come twice, late or out of order: each handler reads the decision as it stands,
computes what should stand, and writes only a difference, on condition that nothing changed between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from chalicelib.contracts.events import Envelope, ItemClosed, moment, type_of
from chalicelib.contracts.ml import Decision, RecentTip
from chalicelib.contracts.ports import Bus, Clock, Ids
from chalicelib.domain.angles import COMPLETING
from chalicelib.domain.rewards import is_later_done, reward_of, standing
from chalicelib.recommender.contract import (
    DecisionLogStore,
    LostRace,
    OpenTip,
    StoredDecision,
    TipState,
    TipStore,
    Training,
    due_hour,
)
from chalicelib.recommender.relay import completion_event, due_event, events_of
from chalicelib.runtime.logging import logger

if TYPE_CHECKING:
    from chalicelib.runtime.settings import Settings

ATTEMPTS: Final = 6
LOOK_BACK: Final = timedelta(days=8)
MOST_DUE: Final = 5_000
"""Per run of the schedule; what is left comes with the next, oldest first."""

_log = logger("recommender")


class SettlementService:
    """What happens to a decision after it was answered; nobody waits for it."""

    def __init__(
        self,
        store: TipStore,
        log: DecisionLogStore,
        training: Training,
        bus: Bus,
        clock: Clock,
        ids: Ids,
        settings: Settings,
    ) -> None:
        self._store = store
        self._decision_log = log
        self._training = training
        self._bus = bus
        self._clock = clock
        self._ids = ids
        self._no_reaction_reward = settings.no_reaction_reward

    # --- the outbox and the clock -------------------------------------------------------------------

    def relay(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Publish what changed. A record that cannot be read is logged and passed over: it would stop the
        stream for ever. A bus that refuses raises, so that the stream sends the records again."""
        events: list[Envelope] = []
        poisoned = 0
        for record in records:
            try:
                events.extend(events_of(record))
            except Exception as error:
                poisoned += 1
                _log.exception("stream record skipped", error, record=str(record.get("eventID", "")))
        if events:
            self._bus.publish(events)
        _log.info("relayed", events=len(events), poisoned=poisoned)

    def publish_due(self) -> int:
        """Fan out every decision whose time has come, page by page, oldest first; how many."""
        now, trace, count = self._clock.now(), self._ids.new(), 0
        hours = int(LOOK_BACK / timedelta(hours=1))
        for back in range(hours, -1, -1):
            hour, start = due_hour(now - timedelta(hours=back)), None
            while count < MOST_DUE:
                page = self._store.due(hour, now, start)
                if page.tips:
                    self._bus.publish([due_event(tip, now, trace) for tip in page.tips])
                count += len(page.tips)
                start = page.next
                if start is None:
                    break
        _log.info("due", decisions=count, more=count >= MOST_DUE)
        return count

    # --- settling -----------------------------------------------------------------------------------

    def settle(self, event: Envelope) -> None:
        """Consume TipExposed, TipReacted, TipDue and ItemClosed; anything else is not for here."""
        kind = type_of(event)
        if kind == "item_closed":
            self._close_item(event.person_id, event.item_closed)
            return
        if kind not in {"tip_exposed", "tip_reacted", "tip_due"}:
            return
        decision_id = getattr(event, kind).decision_id
        stored = self._update(event.person_id, decision_id, event.trace_id, lambda s, now: s)
        if stored is not None and kind == "tip_reacted" and event.tip_reacted.kind == "done":
            self._done_after_snooze(stored, event.trace_id)
        if stored is not None and kind == "tip_due" and stored.words is None:
            # The state holds the same sealed words while the tip is the open one.
            self._without(event.person_id, lambda tip: tip.decision_id == decision_id)

    def _update(
        self,
        person_id: str,
        decision_id: str,
        trace: str,
        change: Callable[[StoredDecision, datetime], StoredDecision],
    ) -> StoredDecision | None:
        """Apply the change, then what follows from it: reward, next due moment, expiry of words."""
        for _ in range(ATTEMPTS):
            now = self._clock.now()
            before = self._store.decision(person_id, decision_id)
            if before is None:
                # Erased meanwhile: nothing is owed any more.
                return None
            after = self._settled(change(before, now), now)
            if after == before:
                return before
            try:
                self._store.change(before, replace(after, changed_at=now, trace_id=trace or after.trace_id))
            except LostRace:
                continue
            return after
        raise LostRace(f"decision {decision_id}")

    def _settled(self, stored: StoredDecision, now: datetime) -> StoredDecision:
        decision = stored.decision
        reward = reward_of(decision, now=now, no_reaction_reward=self._no_reaction_reward)
        pending = reward is None and now < decision.settle_at
        if reward is None and decision.reward is not None:
            # The reaction it came from was taken back: until the deadline, as if there were none.
            reward = self._no_reaction_reward
        if reward is not None and reward != decision.reward:
            decision = decision.model_copy(
                update={"reward": reward, "reward_revision": decision.reward_revision + 1}
            )
        words, words_end = stored.words, stored.words_expire_at
        if words is not None and words_end is not None and words_end <= now:
            words = None
        due = decision.settle_at if pending else (words_end if words is not None else None)
        return replace(stored, decision=decision, words=words, due_at=due)

    def _done_after_snooze(self, done: StoredDecision, trace: str) -> None:
        """A later tip that does the same item was done: the earlier ones are later done.

        A step, a plan or a question that was done leaves the item open.
        """
        decision = done.decision
        says, item_ref = standing(decision.reactions).says, decision.candidate.item_ref
        completes = decision.candidate.angle in COMPLETING
        if says is None or says.kind != "done" or item_ref is None or not completes:
            return
        for tip in self._store.state(decision.person_id).recent:
            if tip.item_ref == item_ref and tip.decided_at < decision.decided_at:
                self._later_done(decision.person_id, tip, says.at, trace)

    def _close_item(self, person_id: str, closed: ItemClosed) -> None:
        """The item needs nothing more: its open tip, blocks and words go; done may count as later done."""
        item_ref, at = closed.item_ref, moment(closed.closed_at)
        state, shut = self._without(
            person_id, lambda tip: item_ref in {tip.item_ref, tip.anchor_ref}, item_ref
        )
        for tip in state.recent:
            if tip.item_ref != item_ref and tip.decision_id != shut:
                continue
            if closed.status == "done" and tip.item_ref == item_ref:
                self._later_done(person_id, tip, at, "")
            self._update(person_id, tip.decision_id, "", lambda s, now: replace(s, words=None))

    def _later_done(self, person_id: str, tip: RecentTip, at: datetime, trace: str) -> None:
        if not is_later_done(tip.decided_at, at):
            return

        def mark(stored: StoredDecision, now: datetime) -> StoredDecision:
            decision = stored.decision
            if decision.later_done_at is not None:
                return stored
            update = {"later_done_at": at, "revision": decision.revision + 1}
            return replace(stored, decision=decision.model_copy(update=update))

        self._update(person_id, tip.decision_id, trace, mark)

    def _without(
        self, person_id: str, closes: Callable[[OpenTip], bool], item_ref: str | None = None
    ) -> tuple[TipState, str | None]:
        """The state without an open tip that `closes` names and without the item's blocks; that tip's id."""
        for _ in range(ATTEMPTS):
            state = self._store.state(person_id)
            shut = state.open if state.open is not None and closes(state.open) else None
            blocks = [b for b in state.blocks if item_ref is None or b.item_ref != item_ref]
            if shut is None and len(blocks) == len(state.blocks):
                return state, None
            after = state.next(self._clock.now(), open=None if shut else state.open, blocks=blocks)
            try:
                self._store.write_state(after)
            except LostRace:
                continue
            return after, shut.decision_id if shut else None
        raise LostRace("tip state")

    def complete(self, event: Envelope) -> None:
        """Consume TipReacted a minute later: if the tip still stands as done and doing it does the item,
        tell the item's owner. Anything else is not for here."""
        if type_of(event) != "tip_reacted" or event.tip_reacted.kind != "done":
            return
        stored = self._store.decision(event.person_id, event.tip_reacted.decision_id)
        if stored is not None and (completed := completion_event(stored.decision, event.trace_id)):
            self._bus.publish([completed])

    # --- the log ------------------------------------------------------------------------------------

    def record(self, event: Envelope) -> None:
        """Consume DecisionMade and RewardSettled: one line each in the decision log, without words.

        Training reads the log, so only what may be learned from now is in it."""
        kind = type_of(event)
        if kind == "decision_made":
            self._record(event, "decisions", event.decision_made.decision_id)
        elif kind == "reward_settled":
            self._record(event, "rewards", event.reward_settled.decision_id)

    def _record(self, event: Envelope, kind: Any, decision_id: str) -> None:
        made = event.occurred_at if kind == "decisions" else event.reward_settled.decided_at
        day = moment(made).date().isoformat()
        stored = self._loggable(event.person_id, decision_id)
        if stored is not None:
            line = _decided(stored.decision) if kind == "decisions" else _rewarded(event)
            self._decision_log.write(kind, day, event.person_id, event.event_id, line)
            stored = self._loggable(event.person_id, decision_id)
        if stored is None:
            # Erased or withdrawn before the write or after it, perhaps in an attempt that died: no line may
            # stay.
            self._decision_log.remove(kind, day, event.person_id, event.event_id)

    def _loggable(self, person_id: str, decision_id: str) -> StoredDecision | None:
        """The decision, while it is there and may be learned from."""
        stored = self._store.decision(person_id, decision_id)
        if stored is None:
            return None
        decided_at = stored.decision.decided_at
        return stored if self._training.trainable(person_id, decided_at, stored.granted) else None


def _decided(decision: Decision) -> dict[str, Any]:
    """The decision as it was made; what came later is told by its rewards."""
    later = {"exposed_at", "reactions", "later_done_at", "revision", "reward", "reward_revision"}
    return decision.model_dump(mode="json", exclude=later)


def _rewarded(event: Envelope) -> dict[str, Any]:
    settled = event.reward_settled
    return {
        "decision_id": settled.decision_id,
        "person_id": event.person_id,
        "revision": settled.revision,
        "reward": settled.reward,
        "decided_at": moment(settled.decided_at).isoformat(),
        "settled_at": moment(event.occurred_at).isoformat(),
    }
