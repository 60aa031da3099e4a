"""The page of an export that a person can read: what oO holds, in words, from the same documents. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any, Final

SHOWN: Final = 200
"""Rows of a store on the page; all of them are in the data."""

_STYLE: Final = (
    "body{margin:2rem auto;max-width:60rem;padding:0 1rem;background:#000;color:#e6e6e6;"
    "font:1rem/1.5 system-ui,sans-serif}h1,h2{font-weight:400}h2{margin-top:2.5rem}"
    "p,td,th{color:#a8a8a8}table{border-collapse:collapse;width:100%}caption{text-align:start;color:#a8a8a8}"
    "td,th{padding:.25rem .75rem .25rem 0;text-align:start;vertical-align:top;"
    "border-bottom:1px solid #1c1c1c;overflow-wrap:anywhere;font-weight:400}th{color:#e6e6e6}a{color:#e6e6e6}"
    ".wide{overflow-x:auto}@media print{body{background:#fff;color:#000}p,td,th,caption,a{color:#000}}"
)


class Section:
    """One store's document, read while it passes: how many rows, and the first of them.

    The writer puts each row on a line of its own, so that no document is ever whole in memory.
    """

    def __init__(self, name: str, holds: str) -> None:
        self.name = name
        self.holds = holds
        self.count = 0
        self.rows: list[dict[str, Any]] = []
        self._rest = b""

    def feed(self, piece: bytes) -> None:
        """The next bytes."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            self._line(line)

    def end(self) -> None:
        """That was all."""
        self._line(self._rest)
        self._rest = b""

    def _line(self, line: bytes) -> None:
        if not line.startswith(b"{") or line.endswith(b"["):
            return  # the head or the end of the document
        self.count += 1
        if len(self.rows) < SHOWN:
            self.rows.append(json.loads(line.rstrip(b",")))


def page(sections: Sequence[Section], at: datetime) -> str:
    """The whole page."""
    by_name = {section.name: section for section in sections}
    body = [
        "<h1>Everything oO holds about you</h1>",
        f"<p>Made on {at:%d %B %Y at %H:%M} UTC. Times are UTC. Beside this page, <code>data/</code> has "
        "every row for a machine to read and <code>schemas/</code> says what each field means.</p>",
        *_you(_rows(by_name, "profiles")),
        *_items(_rows(by_name, "items"), _rows(by_name, "item-words")),
        *_tips(_rows(by_name, "decisions")),
        *_signals(by_name.get("signals")),
        *_stores(sections),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>What oO holds about you</title>'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="dark">'
        f"<style>{_STYLE}</style></head><body>\n" + "\n".join(body) + "\n</body></html>\n"
    )


def _you(rows: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    parts = {row["part"]: row["content"] for row in rows}
    profile = parts.get("profile", {})
    yield "<h2>You</h2>"
    yield _table(
        ("", ""),
        [
            ("Name", profile.get("display_name")),
            ("Time zone", profile.get("timezone", "UTC")),
            ("Language", profile.get("locale", "en")),
        ],
    )
    decisions = sorted(
        (content for part, content in parts.items() if part.startswith("consents#")), key=lambda d: d["at"]
    )
    yield "<h2>What you agreed to, and when</h2>"
    yield _table(
        ("when", "what", "", "text"),
        [
            (_moment(d["at"]), d["consent"], "agreed" if d["granted"] else "withdrawn", d["text_version"])
            for d in decisions
        ],
    )


def _items(items: Sequence[Mapping[str, Any]], words: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    titles = {row["item_ref"]: row["title"] for row in words}
    yield "<h2>Tasks, calendar, habits</h2>"
    yield _table(
        ("title", "kind", "state", "when", "category"),
        [
            (
                titles.get(item["item_ref"]),
                item["type"],
                item["status"],
                _moment(item.get("due_at") or item.get("due_on") or item.get("starts_at")),
                item.get("category"),
            )
            for item in items
        ],
    )


def _tips(decisions: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    yield "<h2>Tips</h2>"
    yield _table(
        ("when", "tip", "kind", "your answer"),
        [
            (
                _moment(d["decided_at"]),
                (d["words"] or {}).get("text"),
                d["choice"]["candidates"][d["choice"]["chosen"]]["candidate"]["angle"],
                ", ".join(reaction["kind"] for reaction in d["reactions"]),
            )
            for d in decisions
        ],
    )


def _signals(section: Section | None) -> Iterable[str]:
    rows = section.rows if section else []
    yield "<h2>Signals</h2>"
    yield "<p>What came in about you. Titles are kept apart and shown above.</p>"
    yield _table(
        ("when", "kind", "from", "says"),
        [
            (
                _moment(row.get("occurred_at")),
                row["type"],
                row.get("source"),
                "taken back" if "taken_back_at" in row else _says(row),
            )
            for row in rows
        ],
    )


def _says(signal: Mapping[str, Any]) -> str:
    told = ("status", "category", "valence", "energy", "place", "effort_minutes", "priority", "due_on")
    return ", ".join(
        f"{name.replace('_', ' ')} {signal[name]}" for name in told if signal.get(name) is not None
    )


def _stores(sections: Sequence[Section]) -> Iterable[str]:
    yield "<h2>Every store</h2>"
    lines = [
        f'<tr><th><a href="data/{escape(s.name)}.json">{escape(s.name)}</a></th><td>{escape(s.holds)}</td>'
        f'<td>{s.count}</td><td><a href="schemas/{escape(s.name)}.schema.json">schema</a></td></tr>'
        for s in sections
    ]
    yield '<div class="wide"><table><caption>What is held, and how many rows of it</caption>'
    yield "\n".join(lines) + "</table></div>"


def _rows(sections: Mapping[str, Section], name: str) -> list[dict[str, Any]]:
    return sections[name].rows if name in sections else []


def _moment(text: Any) -> str:
    return str(text)[:16].replace("T", " ") if text else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    if not rows:
        return "<p>Nothing.</p>"
    lines = [
        "<tr>"
        + "".join(f"<td>{escape(str(cell)) if cell is not None else ''}</td>" for cell in row)
        + "</tr>"
        for row in rows
    ]
    top = "<tr>" + "".join(f"<th>{escape(cell)}</th>" for cell in head) + "</tr>" if any(head) else ""
    more = f"<p>The first {SHOWN}; all are in the data.</p>" if len(rows) >= SHOWN else ""
    return f'<div class="wide"><table>{top}{"".join(lines)}</table></div>{more}'
