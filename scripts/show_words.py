"""Two weeks of tips for one invented person, as the rules give them: read them as a human would.

`python scripts/show_words.py [de|es|ru]` prints them all; with `--write` samples go into docs/words.md.
The unit tests walk the same fortnight and check every tip.
"""

# ruff: noqa: E402 - the path comes first, so that the script runs from anywhere

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from chalicelib.domain.wordings import LANGUAGES
from scripts.show_life import BERLIN, fortnight


def rows(lang: str = "en") -> list[str]:
    """The fortnight as lines of a table."""
    lines = []
    for moment in fortnight(lang=lang):
        there = moment.now.astimezone(BERLIN)
        if moment.candidate is None or moment.rendered is None:
            again = moment.proposal.next_look_at.astimezone(BERLIN)
            lines.append(f"| {there:%a %H:%M} | silence | Nothing now. | Looks again at {again:%H:%M}. |")
        else:
            shown = moment.rendered
            lines.append(f"| {there:%a %H:%M} | {moment.candidate.angle} | {shown.text} | {shown.why} |")
    return lines


def sample(lang: str = "en") -> list[str]:
    """Lines spread evenly over the fortnight: 30 in English, 10 tips in any other language."""
    lines, count = rows(lang), 30
    if lang != "en":
        lines, count = [line for line in lines if " | silence | " not in line], 10
    return [lines[(2 * i + 1) * len(lines) // (2 * count)] for i in range(count)]


def main(arguments: list[str]) -> None:
    """Print the fortnight, or refresh the samples in docs/words.md."""
    if "--write" not in arguments:
        print("\n".join(rows(*arguments)))
        return
    page = ROOT / "docs" / "words.md"
    text = page.read_text()
    for lang in LANGUAGES:
        begin, end = f"<!-- sample {lang}: begin -->", f"<!-- sample {lang}: end -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        table = "\n".join(["| when | angle | tip | why |", "|---|---|---|---|", *sample(lang)])
        text = f"{before}{begin}\n{table}\n{end}{after}"
    page.write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])
