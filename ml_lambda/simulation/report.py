"""The page of a simulation, its charts as files and its numbers: one folder that a person can open."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

from ml_lambda.pipelines.report import charts
from ml_lambda.simulation import policies
from ml_lambda.simulation.measures import ENOUGH, Row, Trace, curve

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_COLOURS: Final = {
    "a": ("#2b6cb0", "#63b3ed"),
    "b": ("#b7791f", "#ecc94b"),
    "c": ("#6b46c1", "#b794f4"),
    "d": ("#2f855a", "#68d391"),
    "e": ("#97266d", "#f687b3"),
}
_STYLE: Final = (
    ":root{--ink:#1b1b1b;--dim:#666;--ground:#fff;--line:#ddd"
    + "".join(f";--{name}:{light}" for name, (light, _) in _COLOURS.items())
    + "}@media(prefers-color-scheme:dark){:root{--ink:#e6e6e6;--dim:#9a9a9a;--ground:#000;--line:#333"
    + "".join(f";--{name}:{dark}" for name, (_, dark) in _COLOURS.items())
    + """}}
body{background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif;margin:0 auto;
max-width:820px;padding:24px 16px}
h1{font-size:1.3rem;font-weight:600;margin:0 0 .3em}h2{font-size:1rem;margin:2.2em 0 .4em}
p{margin:.3em 0}.dim,figcaption,.legend,.nothing{color:var(--dim);font-size:.85rem}figure{margin:0}
svg{display:block;width:100%;height:auto;background:var(--ground)}svg text{fill:var(--dim);font-size:11px}
.grid{stroke:var(--line);stroke-width:1}.mark{stroke:var(--dim);stroke-width:1;stroke-dasharray:4 3}
.line{fill:none;stroke-width:2}.grey{stroke:var(--line)}.dot.grey{fill:var(--line)}
.band{stroke:none;opacity:.14}rect.key{opacity:1}.key::before{content:"";display:inline-block;width:.7em;height:.7em;
margin-right:.3em;background:var(--a)}
"""
    + "".join(
        f".{c}{{stroke:var(--{c})}}.dot.{c},.band.{c}{{fill:var(--{c})}}.key.{c}::before{{background:var(--{c})}}"
        for c in _COLOURS
    )
    + """
table{border-collapse:collapse;width:100%;font-size:.85rem}td,th{border-bottom:1px solid var(--line);
padding:.3em .5em;text-align:left;font-weight:400}th{color:var(--dim)}
"""
)
HEADS: Final = ("policy", "tips", "seen", "reward", "done", "regret", "gap closed", "ahead of {}")
NOTE: Final = (
    "Per tip, mean over people with 95% intervals over people. Reward as the service settled it, of tips "
    "that were seen; regret and gap closed by what the world knows, against the best of the same candidates. "
    "Free of nudges: nobody is notified, people look by themselves."
)


@dataclass(frozen=True)
class Setting:
    """What was simulated."""

    population: str
    people: int
    days: int
    seeds: tuple[int, ...]
    policies: tuple[str, ...]
    baseline: str
    nights: bool = True

    @property
    def weeks(self) -> int:
        """Whole or begun."""
        return -(-self.days // 7)

    def __str__(self) -> str:
        worlds = f"{len(self.seeds)} worlds of " if len(self.seeds) > 1 else ""
        nights = "" if self.nights else ", without nightly refits"
        return f"{worlds}{self.people} people ({self.population}), {self.days} days{nights}"


def cells(row: Row) -> tuple[str, ...]:
    """A line of the table as text."""
    return (
        row.policy,
        str(row.decisions),
        str(row.seen),
        str(row.reward),
        f"{row.done.value:.1%} [{row.done.low:.1%}, {row.done.high:.1%}]",
        str(row.regret),
        f"{row.gap_closed.value:.0%} [{row.gap_closed.low:.0%}, {row.gap_closed.high:.0%}]",
        "" if row.ahead is None else f"{row.ahead.value:+.3f} [{row.ahead.low:+.3f}, {row.ahead.high:+.3f}]",
    )


def finding(table: Sequence[Row], baseline: str) -> str:
    """What the differences come to, in a sentence: only those that the intervals bear out."""
    if min(row.people for row in table) < ENOUGH:
        return f"Too few people to tell policies apart: {ENOUGH} are the least."
    better = [r.policy for r in table if r.ahead is not None and r.ahead.low > 0]
    worse = [r.policy for r in table if r.ahead is not None and r.ahead.high < 0]
    same = [r.policy for r in table if r.ahead is not None and r.ahead.low <= 0 <= r.ahead.high]
    parts = [
        f"{what} {baseline}: {', '.join(names)}"
        for what, names in (("ahead of", better), ("behind", worse), ("not to be told apart from", same))
        if names
    ]
    said = "; ".join(parts)
    return said[:1].upper() + said[1:] + "." if said else f"Only {baseline} was simulated."


def plots(setting: Setting, traces: Sequence[Trace], table: Sequence[Row]) -> dict[str, str]:
    """The charts, by file name."""
    by = {p: [t for t in traces if t.policy == p] for p in setting.policies}
    return {
        "regret.svg": charts.lines(
            "Regret per tip, by week with oO",
            [
                _line(p, curve(by[p], lambda t: t.best - t.worth, weeks=setting.weeks))
                for p in _learners(setting)
            ],
        ),
        "reward.svg": charts.lines(
            "Reward per tip that was seen, by week with oO",
            [_line(p, curve(by[p], lambda t: t.reward, weeks=setting.weeks)) for p in _shown(setting)],
        ),
        "ahead.svg": charts.intervals(
            f"Expected reward per tip above {setting.baseline}, same people",
            [
                charts.Interval(r.policy, r.ahead.value, r.ahead.low, r.ahead.high)
                for r in table
                if r.ahead is not None
            ],
            0.0,
        ),
    }


def _learners(setting: Setting) -> list[str]:
    """The oracle's regret is none by definition. Five curves are as many as can be told apart."""
    return [p for p in setting.policies if p != policies.ORACLE][: len(charts.SERIES)]


def _shown(setting: Setting) -> list[str]:
    return [p for p in setting.policies if p != policies.RANDOM][: len(charts.SERIES)]


def _line(name: str, found: Sequence[tuple[int, Any]]) -> charts.Line:
    return charts.Line(
        name,
        [(float(week), b.value) for week, b in found],
        [(float(week), b.low, b.high) for week, b in found],
    )


def page(setting: Setting, table: Sequence[Row], drawn: dict[str, str], judged: dict[str, str]) -> str:
    """The whole file; no script, no request."""
    heads = [h.format(setting.baseline) for h in HEADS]
    lines = "".join(f"<tr>{''.join(f'<td>{escape(c)}</td>' for c in cells(row))}</tr>" for row in table)
    figures = "".join(
        f"<h2>{escape(title)}</h2><figure>{drawn[name]}<figcaption>{escape(said)}</figcaption></figure>"
        for name, title, said in (
            ("regret.svg", "Regret by week", "weeks since the person came; bands over people"),
            ("reward.svg", "Reward by week", "as settled, of tips that were seen"),
            ("ahead.svg", f"Above {setting.baseline}", "paired: the same people and the same luck"),
        )
    )
    words = "".join(f"<p>{escape(policy)}: {escape(said)}</p>" for policy, said in judged.items())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>oO, simulated: {escape(str(setting))}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(finding(table, setting.baseline))}</h1>"
        f'<p class="dim">{escape(str(setting))}. Simulated people: what this can and cannot show is in '
        "ml_lambda/simulation/README.md.</p>"
        f"<table><tr>{''.join(f'<th>{escape(h)}</th>' for h in heads)}</tr>{lines}</table>"
        f'<p class="dim">{escape(NOTE)}</p>{figures}'
        f"{'<h2>What the judge says of the words, 1 to 5</h2>' + words if words else ''}</body></html>\n"
    )


def files(
    setting: Setting, traces: Sequence[Trace], table: Sequence[Row], judged: dict[str, str]
) -> dict[str, str]:
    """Everything that is kept of a simulation, by file name."""
    drawn = plots(setting, traces, table)
    names = {"regret.svg": _learners(setting), "reward.svg": _shown(setting)}
    alone = {name: _alone(chart, names.get(name, ())) for name, chart in drawn.items()}
    numbers = {"setting": asdict(setting), "table": [asdict(row) for row in table], "judge": judged}
    return {
        "index.html": page(setting, table, drawn, judged),
        "figures.json": json.dumps(numbers, indent=1) + "\n",
        **alone,
    }


def _alone(chart: str, names: Sequence[str]) -> str:
    """A chart that stands alone carries the style, and says which curve is whose."""
    svg, closed, _ = chart.partition("</svg>")
    if not closed:
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 40"><text y="24">nothing</text></svg>'
        )
    head, _, rest = svg.partition(">")
    legend, height = "", int(head.split("viewBox=", 1)[1].split('"')[1].split()[3])
    for number, (style, name) in enumerate(zip(charts.SERIES, names, strict=False)):
        left = 64 + 115 * number
        legend += f'<rect class="band {style} key" x="{left}" y="{height}" width="9" height="9"/>'
        legend += f'<text x="{left + 13}" y="{height + 9}">{escape(name)}</text>'
    head = head.replace(f' {height}"', f' {height + 16}"', 1)
    return f"{head}><style>{_STYLE}</style>{rest}{legend}</svg>"


def keep(folder: Path, written: dict[str, str]) -> Path:
    """Write the files; where the page is."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "index.html"
