"""Charts: SVG that parses, everything inside the frame, what is no number left out, text escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lambda.pipelines.report import charts
from ml_lambda.pipelines.report.charts import Interval, Line, Mark

SVG = "{http://www.w3.org/2000/svg}"
NAN, INF = float("nan"), float("inf")
_any_float = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 1e-9, 1e9, -3.0])


def drawn(text: str) -> ElementTree.Element:
    """The SVG, without the legend that follows it."""
    return ElementTree.fromstring(text.partition("</svg>")[0] + "</svg>")


def numbers(svg: ElementTree.Element) -> list[tuple[float, float]]:
    """Every place that something is drawn at."""
    found: list[tuple[float, float]] = []
    for element in svg.iter():
        at = element.attrib
        pairs = [("x", "y"), ("x1", "y1"), ("x2", "y2"), ("cx", "cy")]
        found += [(float(at[a]), float(at[b])) for a, b in pairs if a in at and b in at]
        found += [
            (float(x), float(y)) for x, y in (p.split(",") for p in at.get("points", "").split() if "," in p)
        ]
    return found


def inside(text: str) -> None:
    svg = drawn(text)
    _, _, wide, high = map(float, svg.attrib["viewBox"].split())
    for x, y in numbers(svg):
        assert -1 <= x <= wide + 1
        assert -1 <= y <= high + 1


def test_a_line_goes_where_the_data_go() -> None:
    text = charts.lines("reward", [Line("champion", [(0, 0.1), (1, 0.5), (2, 0.3)])], [Mark(0.4, "aim")])
    inside(text)
    svg = drawn(text)
    [line] = svg.findall(f"{SVG}polyline")
    (ax, ay), (bx, by), (cx, cy) = (tuple(map(float, p.split(","))) for p in line.attrib["points"].split())
    assert ax < bx < cx
    assert by < cy < ay, "up is more"
    [mark] = [e for e in svg.iter(f"{SVG}line") if e.attrib["class"] == "mark"]
    assert by < float(mark.attrib["y1"]) < cy
    assert "champion" in text.partition("</svg>")[2]


def test_a_single_point_is_a_dot_and_a_band_is_around_its_line() -> None:
    text = charts.lines("lift", [Line("lift", [(0, 0.2)], [(0, 0.1, 0.3)])])
    inside(text)
    svg = drawn(text)
    [dot] = svg.findall(f"{SVG}circle")
    [band] = svg.findall(f"{SVG}polygon")
    ends = [float(p.split(",")[1]) for p in band.attrib["points"].split()]
    assert min(ends) < float(dot.attrib["cy"]) < max(ends)
    # The band of one point has no width: a line between its ends is what is seen.
    seen = [line.attrib["points"].split() for line in svg.findall(f"{SVG}polyline")]
    assert [[float(p.split(",")[1]) for p in points] for points in seen if len(points) == 2] == [ends[::-1]]


def test_an_axis_of_nights_ends_with_their_days() -> None:
    text = charts.lines("lift", [Line("lift", [(0, 0.2), (1, 0.3)])], ends=("May 1", "May 2"))
    assert [t.text for t in drawn(text).findall(f"{SVG}text")][-2:] == ["May 1", "May 2"]
    once = charts.lines("lift", [Line("lift", [(0, 0.2)])], ends=("May 1", "May 1"))
    assert once.count("May 1") == 1


def test_bars_are_as_high_as_their_values_and_stand_on_zero() -> None:
    text = charts.bars("arms", ["a", "b"], [("planned", [1.0, 3.0]), ("actual", [2.0, NAN])])
    inside(text)
    bars = drawn(text).findall(f"{SVG}rect")
    heights = [float(b.attrib["height"]) for b in bars]
    assert heights[1] == pytest.approx(3 * heights[0], abs=0.2)
    assert heights[2] == pytest.approx(2 * heights[0], abs=0.2)
    assert len(heights) == 3, "what is no number is not drawn"
    ground = {round(float(b.attrib["y"]) + float(b.attrib["height"]), 0) for b in bars}
    assert len(ground) == 1
    assert "planned" in text
    assert "actual" in text


def test_an_interval_is_grey_when_too_little_is_known() -> None:
    rows = [Interval("now", 0.3, 0.2, 0.4), Interval("new", 0.5, 0.1, 0.9, grey=True, note="n 12")]
    text = charts.intervals("estimates", rows, zero=0.3)
    inside(text)
    svg = drawn(text)
    assert [c.attrib["class"] for c in svg.findall(f"{SVG}circle")] == ["dot a", "dot grey"]
    now, mark = svg.findall(f"{SVG}circle")[0], next(e for e in svg if e.attrib.get("class") == "mark")
    assert float(now.attrib["cx"]) == pytest.approx(float(mark.attrib["x1"]), abs=0.1)
    assert "n 12" in text


@pytest.mark.parametrize(
    "chart",
    [
        lambda: charts.lines("x", []),
        lambda: charts.lines("x", [Line("a", [(0, NAN), (INF, 1)])]),
        lambda: charts.bars("x", [], []),
        lambda: charts.bars("x", ["a"], [("n", [NAN])]),
        lambda: charts.intervals("x", []),
        lambda: charts.intervals("x", [Interval("a", NAN, 0, 1)]),
    ],
)
def test_without_numbers_it_says_so(chart: Callable[[], str]) -> None:
    assert chart() == charts.nothing("x")


def test_text_cannot_leave_its_place() -> None:
    evil = "<script>alert(1)</script>&\"'"
    for text in (
        charts.lines(evil, [Line(evil, [(0, 1), (1, 2)])], [Mark(1, evil)]),
        charts.bars(evil, [evil], [(evil, [1.0]), (evil, [2.0])]),
        charts.intervals(evil, [Interval(evil, 1, 0, 2, note=evil)]),
        charts.nothing(evil),
    ):
        assert "<script" not in text
        assert not re.search(r'aria-label="[^"]*<', text)


@given(
    points=st.lists(st.tuples(st.floats(-1e6, 1e6), _any_float), max_size=20),
    band=st.lists(st.tuples(st.floats(0, 10), _any_float, _any_float), max_size=5),
    level=st.floats(-1e6, 1e6),
)
@settings(max_examples=150)
def test_whatever_the_numbers_it_is_a_picture(
    points: Sequence[tuple[float, float]], band: Sequence[tuple[float, float, float]], level: float
) -> None:
    text = charts.lines("any", [Line("a", points, band)], [Mark(level, "m")])
    if text != charts.nothing("any"):
        assert "nan" not in text
        drawn(text)


@given(values=st.lists(st.floats(0, 1e12), min_size=1, max_size=40))
@settings(max_examples=100)
def test_whatever_the_counts_bars_stay_inside(values: list[float]) -> None:
    inside(charts.bars("any", [str(i) for i in range(len(values))], [("n", values)]))
