"""The report as one page of HTML: no script, no request, nothing that is not in the file.

First a sentence of state and what would change it; then the four charts that a person looks at each
morning; the rest folds away. No p-value is shown, and nothing is green before the gate says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape
from math import log
from typing import Final

from ml_lambda.experiments.gate import needed
from ml_lambda.pipelines.report import charts
from ml_lambda.pipelines.report.content import ENOUGH, LEAST, Basis, Lift, Report

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE: Final = """
:root{--ink:#1b1b1b;--dim:#666;--ground:#fff;--line:#ddd;--a:#2b6cb0;--b:#b7791f;--c:#6b46c1;--d:#2f855a;--e:#97266d}
@media(prefers-color-scheme:dark){:root{--ink:#e6e6e6;--dim:#9a9a9a;--ground:#000;--line:#333;--a:#63b3ed;
--b:#ecc94b;--c:#b794f4;--d:#68d391;--e:#f687b3}}
body{background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif;margin:0 auto;
max-width:720px;padding:24px 16px}
h1{font-size:1.3rem;font-weight:600;margin:0 0 .3em}h2{font-size:1rem;margin:2.2em 0 .4em}
p{margin:.3em 0}.dim,figcaption,.legend,.nothing{color:var(--dim);font-size:.85rem}figure{margin:0}
.wide{overflow-x:auto}svg{display:block;width:100%;min-width:560px;height:auto}
svg text{fill:var(--dim);font-size:11px}
.grid{stroke:var(--line);stroke-width:1}.mark{stroke:var(--dim);stroke-width:1;stroke-dasharray:4 3}
.line{fill:none;stroke-width:2}.a{stroke:var(--a)}.b{stroke:var(--b)}.c{stroke:var(--c)}.d{stroke:var(--d)}
.e{stroke:var(--e)}.grey{stroke:var(--line)}.dot.a{fill:var(--a)}.dot.b{fill:var(--b)}.dot.grey{fill:var(--line)}
.bar{stroke:none}.bar.a{fill:var(--a)}.bar.b{fill:var(--b)}.band{stroke:none;opacity:.18}.band.a{fill:var(--a)}
.band.b{fill:var(--b)}.key::before{content:"";display:inline-block;width:.7em;height:.7em;margin-right:.3em;
background:var(--a)}.key.b::before{background:var(--b)}.key.c::before{background:var(--c)}
table{border-collapse:collapse;width:100%;font-size:.9rem}td,th{border-bottom:1px solid var(--line);
padding:.3em .5em;text-align:left;font-weight:400}th{color:var(--dim)}td.n,th.n{text-align:right}
tr.grey td{color:var(--dim)}details{margin-top:2em}summary{cursor:pointer;min-height:44px;line-height:44px}
"""


def page(report: Report) -> str:
    """The whole file."""
    body = "".join(
        [
            f"<h1>{escape(report.state)}</h1><p>{escape(report.change)}</p>",
            f'<p class="dim">Tonight: {escape(report.step)}. {escape(report.reason)}</p>',
            f'<p class="dim">{escape(_summary(report))}</p>',
            *_first(report),
            "<details><summary>Everything else</summary>",
            *_rest(report),
            "</details>",
        ]
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>oO, the night of {escape(report.day)}</title><style>{_STYLE}</style></head>"
        f"<body>{body}</body></html>\n"
    )


def plots(report: Report) -> dict[str, str]:
    """The main charts as files of their own, for the registry."""
    return {
        "plots/estimates.svg": styled(_estimates(report)),
        "plots/evidence.svg": styled(_evidence(report)),
        "plots/lift.svg": styled(_lift(report)),
    }


def _first(report: Report) -> Iterator[str]:
    yield _figure("What each policy would have earned", _estimates(report), report.basis, _EARNED)
    if report.phase == "ab":
        title = f"Are people better off with {report.challenger}?"
        yield _figure(title, _split(report), _people(report, report.split), _tonight(report.split))
    else:
        observed = replace(report.basis, n=report.history[-1].observed if report.history else 0)
        yield _figure("How far the evidence is", _evidence(report), observed, _ODDS)
    yield _figure(
        "Better than the holdback?", _lift(report), _people(report, report.lift), _tonight(report.lift)
    )
    names = [share.arm for share in report.arms]
    shares = charts.bars(
        "Share of people by arm",
        names,
        [("planned", [s.planned for s in report.arms]), ("actual", [s.actual for s in report.arms])],
    )
    if not report.arms:
        why = "nothing yet" if report.challenger else "nobody challenges the champion"
        shares = charts.nothing("Share of people by arm", why)
    basis = replace(report.basis, n=sum(s.n for s in report.arms), what=_PEOPLE)
    yield _figure("Who is in which arm", shares, basis, report.sample_ratio if report.arms else "")
    yield "<h2>Guardrails</h2>" + _table(
        ("guardrail", "more often by", "breached above", ""),
        [
            (
                g.name,
                f"{g.value:+.1%}" if g.tells else "",
                f"{g.limit:+.1%}" if g.tells else "",
                f"breached: {g.note}" if g.breached else g.note,
            )
            for g in report.guardrails
        ],
        nothing="they watch as soon as a challenger serves anybody",
    )


_EARNED: Final = (
    "reward per decision with its 95% interval, estimated from whatever was served; dashed: what serves; "
    f"grey: effective sample size under {ENOUGH}, too little to look at"
)
_ODDS: Final = f"logarithms: 0 is even, {log(needed()):.0f} is {needed():.0f} to 1; valid at any look"
_PEOPLE: Final = "people"


def _people(report: Report, points: Sequence[Lift]) -> Basis:
    return replace(report.basis, n=points[-1].n if points else 0, what=_PEOPLE)


def _tonight(points: Sequence[Lift]) -> str:
    """The newest point in words."""
    if not points:
        return ""
    p = points[-1]
    tells = "no difference can be told" if p.low <= 0.0 <= p.high else "more than chance explains"
    return (
        f"{p.lift:+.3f} of reward per decision, between {p.low:+.3f} and {p.high:+.3f}: {tells}; "
        "valid at any look"
    )


def _rest(report: Report) -> Iterator[str]:
    basis = report.basis
    yield "<h2>Estimates</h2>" + _table(
        ("policy", "role", "by", "value", "from", "to", "effective n", "largest weight"),
        [
            (e.policy, e.role, e.estimator, f"{e.value:.3f}", f"{e.low:.3f}", f"{e.high:.3f}",
             f"{e.effective:.0f}", f"{e.largest:.1%}")
            for e in report.estimates
        ],
        [e.grey for e in report.estimates],
    )  # fmt: skip
    histogram = charts.bars(
        "How likely the shown tips were",
        [b.name for b in report.propensities],
        [("decisions", [float(b.n) for b in report.propensities])],
    )
    note = f"least {report.least_propensity:.4f}, at the floor {report.at_the_floor:.1%}"
    yield _figure("How likely the shown tips were", histogram, basis, note)
    calibration = charts.bars(
        "Predicted and real reward",
        [b.name for b in report.calibration],
        [
            ("predicted", [b.predicted for b in report.calibration]),
            ("real", [b.actual for b in report.calibration]),
        ],
    )
    yield _figure(
        "Predicted and real reward, in tenths of the prediction",
        calibration,
        basis,
        "the reward model behind the doubly-robust estimates, on people it was not fitted on",
    )
    ages = report.ages
    waiting = charts.bars(
        "Hours until settled", [b.name for b in ages.hours], [("rewards", [float(b.n) for b in ages.hours])]
    )
    note = (
        f"settled {ages.settled}, of these without an answer {ages.defaulted}; waiting {ages.waiting}; "
        f"never seen {ages.unseen}"
    )
    yield _figure("How long rewards take", waiting, basis, note)
    days = charts.lines(
        "Mean reward by day",
        [charts.Line("mean reward", [(float(i), b.actual) for i, b in enumerate(report.rewards) if b.n])],
        ends=_ends([b.name for b in report.rewards if b.n]),
    )
    yield _figure("Reward by day", days, basis)
    yield "<h2>Features then and now</h2>" + _table(
        ("feature", "older half", "newer half", "moved (sd)"),
        [(d.feature, f"{d.before:.2f}", f"{d.after:.2f}", f"{d.moved:+.2f}") for d in report.drift],
    )
    yield "<h2>Angles: could be offered, was chosen</h2>" + _table(
        ("angle", "offered", "chosen"),
        [(a.angle, f"{a.eligible:.1%}", f"{a.chosen:.1%}") for a in report.angles],
    )
    if report.training:
        yield "<h2>The last refit</h2>" + _table(
            ("", ""), [(str(key), str(value)) for key, value in report.training.items()]
        )


def _estimates(report: Report) -> str:
    shown = [e for e in report.estimates if e.estimator == "dr"]
    rows = [
        charts.Interval(
            f"{e.policy} ({e.role})", e.value, e.low, e.high, e.grey, f"effective n {e.effective:.0f}"
        )
        for e in shown
    ]
    earned = next((e.value for e in shown if e.role == "champion"), None)
    return charts.intervals("Estimated reward per decision, by policy", rows, earned)


def _evidence(report: Report) -> str:
    if not report.history:
        why = (
            f"the gate takes rewards as soon as {report.challenger} serves in a canary"
            if report.challenger
            else "nobody challenges the champion"
        )
        return charts.nothing("Evidence", why)
    curves = [
        charts.Line("promote", [(float(p.observed), p.log_promote) for p in report.history]),
        charts.Line("roll back", [(float(p.observed), p.log_rollback) for p in report.history]),
    ]
    marks = [charts.Mark(log(needed()), f"decides: e-value {needed():.0f}")]
    return charts.lines("log e-value by observed rewards", curves, marks)


def _lift(report: Report) -> str:
    return _difference("Reward above the holdback, by night", "lift", report.lift)


def _split(report: Report) -> str:
    name = f"{report.challenger} less {report.champion}"
    return _difference("Reward of the challenger's people above the champion's, by night", name, report.split)


def _difference(title: str, name: str, points: Sequence[Lift]) -> str:
    if not points:
        return charts.nothing(title, f"fewer than {LEAST} people with a settled reward on one of the sides")
    curve = charts.Line(
        name,
        [(float(i), p.lift) for i, p in enumerate(points)],
        [(float(i), p.low, p.high) for i, p in enumerate(points)],
    )
    ends = _ends([p.day for p in points])
    return charts.lines(title, [curve], [charts.Mark(0.0, "no difference")], ends)


def _ends(names: Sequence[str]) -> tuple[str, str] | None:
    return (names[0], names[-1]) if names else None


def _figure(title: str, chart: str, basis: Basis, note: str = "") -> str:
    said = f"n = {basis.n} {basis.what} · {basis.window} · updated {basis.updated}"
    said = f"{said} · {note}" if note else said
    return (
        f'<h2>{escape(title)}</h2><figure><div class="wide">{chart}</div>'
        f"<figcaption>{escape(said)}</figcaption></figure>"
    )


def _table(
    heads: tuple[str, ...],
    rows: list[tuple[str, ...]],
    grey: list[bool] | None = None,
    nothing: str = "nothing yet",
) -> str:
    if not rows:
        return f'<p class="nothing">{escape(nothing)}</p>'
    head = "".join(f"<th>{escape(h)}</th>" for h in heads)
    lines = []
    for i, row in enumerate(rows):
        style = ' class="grey"' if grey and grey[i] else ""
        lines.append(f"<tr{style}>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>")
    return f'<div class="wide"><table><tr>{head}</tr>{"".join(lines)}</table></div>'


def _summary(report: Report) -> str:
    read = "every line was read" if report.complete else "a random sample of each full day was read"
    said = f"{report.basis.n} {report.basis.what} of {report.people} people, {report.basis.window}; {read}."
    if report.left_out:
        said += f" {report.left_out} decisions left out: no consent to learning, or gone."
    return f"{said} Manifest {report.manifest}. Updated {report.basis.updated}."


def styled(chart: str) -> str:
    """A chart that stands alone carries the style; what is not SVG becomes a line of it."""
    if not chart.startswith("<svg"):
        text = '<text y="24">nothing yet</text>'
        return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 40">{text}</svg>'
    svg, _, _ = chart.partition("</svg>")
    head, _, rest = svg.partition(">")
    return f"{head}><style>{_STYLE}</style>{rest}</svg>"
