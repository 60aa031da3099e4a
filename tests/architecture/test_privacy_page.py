"""docs/privacy.md says of every store what is so."""

from __future__ import annotations

from pathlib import Path

from chalicelib.contracts.stores import STORES, Store

PAGE = Path(__file__).resolve().parents[2] / "docs" / "privacy.md"


def row(store: Store) -> str:
    """The line of the page about a store."""
    about = "yes" if store.personal else "no"
    backups = f"{store.backup_days} days" if store.backup_days else "none"
    return f"| `{store.name}` | {store.holds} | {about} | {store.retention} | {backups} |"


def test_the_page_lists_every_store_with_its_retention() -> None:
    text = PAGE.read_text()
    begin = text.index("| store | holds |")
    table = text[begin : text.index("\n\n", begin)].splitlines()[2:]
    assert table == [row(store) for store in STORES]


def test_what_is_kept_for_a_while_is_deleted_by_the_store_itself() -> None:
    """A retention in minutes, hours or days is no promise but an expiry: readers and DynamoDB see to it."""
    import re

    for store in STORES:
        timed = re.search(r"\d+ (minute|hour|day)", store.retention)
        if timed and store.kind == "table":
            assert store.expires, store.name


def test_no_backup_outlasts_what_the_page_says() -> None:
    assert max(store.backup_days for store in STORES if store.personal) <= 35
