"""Charts as SVG text, without a plotting library: small, sharp, readable in the dark, no script.

Colours are classes that the page's style names, so that one file follows light and dark. Every chart has a
title and a description for those who cannot see it. Text is escaped; what is no number or absurd is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10
from typing import Final

WIDTH: Final = 640
_LEFT: Final = 64
_RIGHT: Final = 16
_TOP: Final = 12
_BOTTOM: Final = 28
_ROW: Final = 30
_NAMES: Final = 190
_ABSURD: Final = 1e100
SERIES: Final = ("a", "b", "c", "d", "e")
"""Style classes of series, in their order."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """One curve. `band`: (x, low, high) around it."""

    name: str
    points: Sequence[Point]
    band: Sequence[tuple[float, float, float]] = ()


@dataclass(frozen=True)
class Mark:
    """A level that means something, e.g. where the gate promotes."""

    level: float
    name: str


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval. `grey`: too little is known to look at it."""

    name: str
    value: float
    low: float
    high: float
    grey: bool = False
    note: str = ""


def lines(
    title: str,
    curves: Sequence[Line],
    marks: Sequence[Mark] = (),
    ends: tuple[str, str] | None = None,
    height: int = 200,
) -> str:
    """Curves over a common x axis; y from the data and the marks. `ends`: what x begins and ends with."""
    curves = [_of_numbers(curve) for curve in curves]
    xs = [x for curve in curves for x, _ in curve.points]
    ys = [y for curve in curves for _, y in curve.points]
    ys += [y for curve in curves for _, *ends in curve.band for y in ends] + [m.level for m in marks]
    if not xs:
        return nothing(title)
    x = _scale(min(xs), max(xs), _LEFT, WIDTH - _RIGHT)
    low, high = _padded(min(ys), max(ys))
    y = _scale(low, high, height - _BOTTOM, _TOP)
    parts = [*_grid(low, high, y), _axis_labels(ends or (_number(min(xs)), _number(max(xs))), height)]
    for mark in marks:
        parts.append(f'<line class="mark" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" {_at(y(mark.level))}/>')
        parts.append(_text(WIDTH - _RIGHT, y(mark.level) - 4, mark.name, "end"))
    for style, curve in zip(SERIES, curves, strict=False):
        if curve.band:
            edge = [(a, c) for a, _, c in curve.band] + [(a, b) for a, b, _ in reversed(curve.band)]
            parts.append(f'<polygon class="band {style}" points="{_points(edge, x, y)}"/>')
        if len(curve.points) == 1:
            (px, py) = curve.points[0]
            parts.append(f'<circle class="dot {style}" cx="{x(px):.1f}" cy="{y(py):.1f}" r="3"/>')
            # A band over one point has no width: its ends are joined.
            for _, b, c in curve.band:
                parts.append(f'<polyline class="line {style}" points="{_points([(px, b), (px, c)], x, y)}"/>')
        parts.append(f'<polyline class="line {style}" points="{_points(curve.points, x, y)}"/>')
    return _svg(title, height, parts) + _legend([curve.name for curve in curves])


def bars(
    title: str, names: Sequence[str], groups: Sequence[tuple[str, Sequence[float]]], height: int = 180
) -> str:
    """Groups of bars beside one another, from 0."""
    values = [v for _, vs in groups for v in vs if _drawable(v)]
    if not values:
        return nothing(title)
    high = max(*values, 1e-9) * 1.05
    y = _scale(0.0, high, height - _BOTTOM, _TOP)
    slot = (WIDTH - _LEFT - _RIGHT) / len(names)
    wide = slot * 0.8 / len(groups)
    parts = list(_grid(0.0, high, y))
    for g, (_, heights) in enumerate(groups):
        for i, value in enumerate(heights):
            if _drawable(value):
                left = _LEFT + slot * i + slot * 0.1 + wide * g
                parts.append(
                    f'<rect class="bar {SERIES[g % len(SERIES)]}" x="{left:.1f}" y="{y(value):.1f}" '
                    f'width="{max(wide - 1, 1):.1f}" height="{max(y(0.0) - y(value), 0.0):.1f}"/>'
                )
    every = max(1, ceil(len(names) / 14))
    for i, name in enumerate(names):
        if i % every == 0:
            parts.append(_text(_LEFT + slot * (i + 0.5), height - 10, name, "middle"))
    legend = _legend([name for name, _ in groups]) if len(groups) > 1 else ""
    return _svg(title, height, parts) + legend


def intervals(title: str, rows: Sequence[Interval], zero: float | None = None) -> str:
    """Estimates with their intervals, a row each; `zero`: the value to compare with."""
    rows = [r for r in rows if all(map(_drawable, (r.value, r.low, r.high)))]
    if not rows:
        return nothing(title)
    ends = [e for r in rows for e in (r.low, r.high, r.value)] + ([zero] if zero is not None else [])
    low, high = _padded(min(ends), max(ends))
    x = _scale(low, high, _NAMES, WIDTH - _RIGHT)
    height = _TOP + _ROW * len(rows) + _BOTTOM
    parts = []
    for tick in _ticks(low, high):
        parts.append(
            f'<line class="grid" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{_TOP}" y2="{height - _BOTTOM}"/>'
        )
        parts.append(_text(x(tick), height - 10, _number(tick), "middle"))
    if zero is not None:
        parts.append(
            f'<line class="mark" x1="{x(zero):.1f}" x2="{x(zero):.1f}" y1="{_TOP}" y2="{height - _BOTTOM}"/>'
        )
    for i, row in enumerate(rows):
        middle = _TOP + _ROW * (i + 0.5)
        style = "grey" if row.grey else "a"
        parts.append(_text(0, middle + 4, row.name, "start"))
        parts.append(
            f'<line class="line {style}" x1="{x(row.low):.1f}" x2="{x(row.high):.1f}" '
            f'y1="{middle:.1f}" y2="{middle:.1f}"/>'
        )
        parts.append(f'<circle class="dot {style}" cx="{x(row.value):.1f}" cy="{middle:.1f}" r="4"/>')
        if row.note:
            parts.append(_text(WIDTH - _RIGHT, middle - 6, row.note, "end"))
    return _svg(title, height, parts)


def nothing(title: str, why: str = "nothing yet") -> str:
    """What stands where there is nothing to draw."""
    said = escape(why)
    return f'<p class="nothing" role="img" aria-label="{escape(title)}: {said}">{said}</p>'


def _svg(title: str, height: int, parts: Iterable[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )


def _legend(names: Sequence[str]) -> str:
    marks = "".join(
        f'<span class="key {style}">{escape(name)}</span> '
        for style, name in zip(SERIES, names, strict=False)
    )
    return f'<p class="legend">{marks}</p>'


def _drawable(value: float) -> bool:
    return abs(value) < _ABSURD  # false for NaN, too


def _of_numbers(curve: Line) -> Line:
    return Line(
        curve.name,
        [p for p in curve.points if all(map(_drawable, p))],
        [b for b in curve.band if all(map(_drawable, b))],
    )


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    span = (high - low) or 1.0
    return lambda value: start + (end - start) * (value - low) / span


def _padded(low: float, high: float) -> tuple[float, float]:
    margin = (high - low) * 0.06 or abs(high) * 0.1 or 0.5
    return low - margin, high + margin


def _ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers: 1, 2 or 5 times a power of ten apart."""
    raw = (high - low) / wanted
    power = 10.0 ** floor(log10(raw)) if raw > 0 else 1.0
    step = next(s for s in (power, 2 * power, 5 * power, 10 * power) if s >= raw)
    first = ceil(low / step)
    return [n * step for n in range(first, first + wanted + 2) if n * step <= high]


def _grid(low: float, high: float, y: Callable[[float], float]) -> Iterable[str]:
    for tick in _ticks(low, high):
        yield f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" {_at(y(tick))}/>'
        yield _text(_LEFT - 6, y(tick) + 4, _number(tick), "end")


def _axis_labels(ends: tuple[str, str], height: int) -> str:
    first, last = ends
    label = _text(_LEFT, height - 10, first, "start")
    return label + _text(WIDTH - _RIGHT, height - 10, last, "end") if last != first else label


def _points(points: Iterable[Point], x: Callable[[float], float], y: Callable[[float], float]) -> str:
    return " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in points)


def _at(y: float) -> str:
    return f'y1="{y:.1f}" y2="{y:.1f}"'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _number(value: float) -> str:
    return f"{value:.4g}".replace("e+0", "e").replace("e-0", "e-")
