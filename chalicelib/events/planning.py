"""What one signal does to its item and to the item's words, decided from what was read. Pure."""

from __future__ import annotations

from datetime import datetime

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.records import SignalRecord
from chalicelib.events.ports import Removal, SeenItem, Words, Write
from chalicelib.events.projection import is_open, keeps_words, merge, record_of, state_of, without


def plan(
    signal: SignalRecord, sealed: bytes | None, received_at: datetime, seen: SeenItem | None, consent: Consent
) -> Write:
    """The write of one signal. `sealed`: its title; `seen`: its item as it stands."""
    if signal.item_ref is None:
        return Write(signal=signal, consent=consent, received_at=received_at)
    before = seen.state if seen else None
    own = state_of(signal, received_at)
    after = merge(before, own) if before else own
    was_open = before is not None and is_open(record_of(before))
    record = record_of(after)
    if is_open(record):
        after = after.model_copy(update={"announced": None})
    elif was_open and after.own.mark[1] == signal.signal_id:
        after = after.model_copy(update={"announced": signal.signal_id})
    words: Words | None = None
    if keeps_words(after) and after.title and after.title.mark[1] == signal.signal_id:
        if not sealed or not signal.title_hash or record.words_expire_at is None:
            raise ValueError("a signal with a title must carry it sealed")
        words = Words(sealed, signal.title_hash, record.words_expire_at, lasting=signal.origin == "typed")
    dropped = before is not None and keeps_words(before) and not keeps_words(after)
    return Write(
        signal=signal,
        consent=consent,
        received_at=received_at,
        seen=seen,
        item=after if after != before else None,
        words=words or ("drop" if dropped else "keep"),
    )


def plan_removal(signal: SignalRecord, seen: SeenItem | None, at: datetime) -> Removal:
    """What goes with a signal that is taken back."""
    before = seen.state if seen else None
    after = without(before, signal.signal_id) if before else None
    return Removal(
        signal_id=signal.signal_id,
        type=signal.type,
        item_ref=signal.item_ref,
        seen=seen,
        item=after,
        drop_words=before is not None and (after is None or (keeps_words(before) and not keeps_words(after))),
        at=at,
    )
