"""What sources share when they read what a third party told: item by item, and what is odd is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from chalicelib.integrations.contract import Fetched, Item, SourceFailed


def read_all(told: Any, read: Callable[[Any], Item | None], cursor: Any) -> Fetched:
    """Each of the list as an item; None is left out on purpose. Raises SourceFailed when it is no list."""
    if not isinstance(told, list) or not isinstance(cursor, str | int) or cursor == "":
        raise SourceFailed("not the JSON that was asked for")
    items, refused = list[Item](), 0
    for one in told:
        try:
            item = read(one)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            refused += 1
            continue
        if item is not None:
            items.append(item)
    return Fetched(items, str(cursor), refused)


def given(**fields: Any) -> dict[str, Any]:
    """Only what is said."""
    return {name: value for name, value in fields.items() if value not in (None, "")}


def first(values: Iterable[Any]) -> Any:
    """The first, or None."""
    return next(iter(values), None)
