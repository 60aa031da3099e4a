"""The rows of the tables of events, and the two rows of `profiles` that a signal's transaction checks."""

from __future__ import annotations

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.indexes import AllProjection, LocalSecondaryIndex

from chalicelib.runtime.dynamodb import Row, TableMeta, table_name


class _ByTime(LocalSecondaryIndex):  # type: ignore[misc]
    class Meta:
        index_name = "by_time"
        projection = AllProjection()

    person_id = UnicodeAttribute(hash_key=True)
    occurred_at = UnicodeAttribute(range_key=True)


class SignalRow(Row):
    """A signal. One that was taken back has no `occurred_at`, so it is in no page, and no `body`.

    Its mark stays, without the item once its end was told: a copy that the queue brings late is known by it.
    """

    class Meta(TableMeta):
        """Where it is."""

        table_name = table_name("signals")

    person_id = UnicodeAttribute(hash_key=True)
    signal_id = UnicodeAttribute(range_key=True)
    type = UnicodeAttribute()
    item_ref = UnicodeAttribute(null=True)
    occurred_at = UnicodeAttribute(null=True)
    body = UnicodeAttribute(null=True)
    taken_back_at = UnicodeAttribute(null=True)
    told = BooleanAttribute(null=True)
    by_time = _ByTime()


class ItemRow(Row):
    """An item: `body` is the ItemRecord for readers, `state` the facts that it is merged from."""

    class Meta(TableMeta):
        """Where it is."""

        table_name = table_name("items")

    person_id = UnicodeAttribute(hash_key=True)
    item_ref = UnicodeAttribute(range_key=True)
    type = UnicodeAttribute()
    open_key = UnicodeAttribute(null=True)
    body = UnicodeAttribute()
    state = UnicodeAttribute()


class WordsRow(Row):
    """A sealed title. `expires` (epoch seconds) is absent when it rests until the item is done."""

    class Meta(TableMeta):
        """Where it is."""

        table_name = table_name("item-words")

    person_id = UnicodeAttribute(hash_key=True)
    item_ref = UnicodeAttribute(range_key=True)
    type = UnicodeAttribute()
    sealed = BinaryAttribute(legacy_encoding=False)
    title_hash = UnicodeAttribute()
    expires_at = UnicodeAttribute()
    expires = NumberAttribute(null=True)


class TailRow(Row):
    """An event that passed, in the bucket of its hour."""

    class Meta(TableMeta):
        """Where it is."""

        table_name = table_name("tail")

    hour = UnicodeAttribute(hash_key=True)
    entry = UnicodeAttribute(range_key=True)
    body = UnicodeAttribute()
    expires = NumberAttribute()


class PersonRow(Row):
    """A part of `profiles` (its layout is in profile/contract.py); checked here, never written."""

    class Meta(TableMeta):
        """Where it is."""

        table_name = table_name("profiles")

    person_id = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    granted = UnicodeSetAttribute(null=True)
