"""Reading a table that some program wrote: any of the usual separators, quotes, broken rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from chalicelib.integrations.files.base import Refused, decode

MAX_FIELD = 200_000


def header_of(head: str) -> tuple[list[str], str]:
    """The names in the first non-empty line, as written, and the separator that splits it best."""
    line = next((line for line in head.lstrip("\ufeff").splitlines() if line.strip()), "")
    separator = max(",;\t", key=line.count)
    names = next(csv.reader([line], delimiter=separator), [])
    return [name.strip() for name in names], separator


def rows(data: bytes) -> Iterator[tuple[str, dict[str, str]] | Refused]:
    """Each row as (where, values by column); a row that cannot be read is refused."""
    text = decode(data).replace("\x00", "")
    names, separator = header_of(text)
    csv.field_size_limit(MAX_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    seen_header = False
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Refused(f"line {reader.line_num}", f"the row cannot be read as CSV: {error}")
            continue
        if not any(value.strip() for value in values):
            continue
        if not seen_header:
            seen_header = True
            continue
        yield (
            f"line {reader.line_num}",
            {name: value.strip() for name, value in zip(names, values, strict=False)},
        )
