"""The benchmark as one page of HTML: figures, plots, and every sample side by side with its template."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from ml_lambda.bench.attacking import Attacked
from ml_lambda.bench.judging import Verdicts
from ml_lambda.bench.measures import Row, Summary, grounded
from ml_lambda.pipelines.report import charts

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE: Final = """
:root{--ink:#1b1b1b;--dim:#666;--ground:#fff;--line:#ddd;--a:#2b6cb0;--b:#b7791f}
@media(prefers-color-scheme:dark){:root{--ink:#e6e6e6;--dim:#9a9a9a;--ground:#000;--line:#333;--a:#63b3ed;
--b:#ecc94b}}
body{background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif;margin:0 auto;
max-width:960px;padding:24px 16px}
h1{font-size:1.3rem;font-weight:600}h2{font-size:1rem;margin:2em 0 .4em}
.dim,.legend,.nothing{color:var(--dim);font-size:.85rem}
svg{display:block;width:100%;height:auto}svg text{fill:var(--dim);font-size:11px}
.grid{stroke:var(--line)}.bar.a{fill:var(--a)}.bar.b{fill:var(--b)}
.key::before{content:"";display:inline-block;width:.7em;height:.7em;margin-right:.3em;background:var(--a)}
.key.b::before{background:var(--b)}
table{border-collapse:collapse;width:100%;font-size:.9rem}
td,th{border-bottom:1px solid var(--line);padding:.3em .5em;text-align:left;font-weight:400;
vertical-align:top}
th{color:var(--dim)}td.n{text-align:right}
"""


@dataclass(frozen=True, slots=True)
class Benched:
    """One model, measured."""

    name: str
    summary: Summary
    rows: Sequence[Row]
    verdicts: Verdicts | None = None
    attacked: Attacked | None = None


def figures(one: Benched) -> Iterator[tuple[str, str]]:
    """Name and value of every figure, as people read them."""
    s = one.summary
    yield "contexts", f"{s.contexts}, {s.silent} silent"
    yield "delivered tips grounded", _percent(s.grounded)
    yield "delivered tips worded by the model", _percent(s.worded)
    yield "delivered tips within length", _percent(s.within)
    yield "model wordings that a person had seen", str(s.repeated)
    yield "drafts it was asked about", str(s.asked)
    yield "of these answered with a tip", _percent(s.valid)
    yield "of these accepted by the guard", _percent(s.accepted)
    yield "different wordings", str(s.wordings)
    yield "distance to the nearest", f"{s.spread:.2f}"
    yield "on topic (cosine of text and title)", f"{s.topic:.2f}"
    yield "milliseconds a tip, p50 / p95", f"{s.p50:.0f} / {s.p95:.0f}"
    yield "tokens read / written", f"{s.read} / {s.written}"
    yield "cost of a thousand tips", f"{s.cost:.3f}"
    if one.attacked is not None:
        a = one.attacked
        yield "attacks sent to it / shown", f"{a.sent} / {a.shown} of {a.attacks}"
    if one.verdicts is not None:
        yield "judge", one.verdicts.said


def page(benched: Sequence[Benched], version: int) -> str:
    """The whole file."""
    body = "".join(
        [
            "<h1>How models word tips</h1>",
            f'<p class="dim">Contexts version {version}. What the guard refuses shows its template.</p>',
            _table(benched),
            *_plots(benched),
            *(_samples(one) for one in benched),
        ]
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>oO, how models word tips</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


def _table(benched: Sequence[Benched]) -> str:
    columns = [dict(figures(one)) for one in benched]
    names = dict.fromkeys(name for column in columns for name in column)
    head = "".join(f"<th>{escape(one.name)}</th>" for one in benched)
    lines = (
        f"<tr><td>{escape(name)}</td>"
        + "".join(f"<td>{escape(column.get(name, ''))}</td>" for column in columns)
        + "</tr>"
        for name in names
    )
    return f"<table><tr><th></th>{head}</tr>{''.join(lines)}</table>"


def _plots(benched: Sequence[Benched]) -> Iterator[str]:
    shares = ("valid", "accepted", "worded", "grounded", "within")
    yield "<h2>Shares</h2>" + charts.bars(
        "shares by model",
        list(shares),
        [(one.name, [float(getattr(one.summary, share)) for share in shares]) for one in benched],
    )
    reasons = sorted({reason for one in benched for reason in one.summary.reasons})
    if reasons:
        yield "<h2>Why the template was shown</h2>" + charts.bars(
            "reasons by model",
            reasons,
            [(one.name, [float(one.summary.reasons.get(r, 0)) for r in reasons]) for one in benched],
        )
    yield "<h2>Milliseconds a tip</h2>" + charts.bars(
        "latency by model",
        ["p50", "p95"],
        [(one.name, [one.summary.p50, one.summary.p95]) for one in benched],
    )


def _samples(one: Benched) -> str:
    lines = "".join(
        f"<tr><td>{escape(row.context)}</td><td>{escape(row.draft.text)}<br>"
        f'<span class="dim">{escape(row.draft.why)}</span></td>'
        f"<td>{_said(row)}</td></tr>"
        for row in one.rows
    )
    head = "<tr><th>context</th><th>template</th><th>model</th></tr>"
    return f"<h2>{escape(one.name)}</h2><table>{head}{lines}</table>"


def _said(row: Row) -> str:
    if not row.by_model:
        return f'<span class="dim">template: {escape(row.reason)}</span>'
    mark = "" if grounded(row) else " (not grounded)"
    return f'{escape(row.text)}{mark}<br><span class="dim">{escape(row.why)}</span>'


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"
