"""The report's page: says the state first, draws what there is, holds nothing that could run."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

from ml_lambda.experiments.guardrails import Guardrail
from ml_lambda.pipelines.report import page
from ml_lambda.pipelines.report.content import (
    AS_PLANNED,
    Ages,
    Angle,
    Basis,
    Bin,
    Drift,
    Estimate,
    Evidence,
    Lift,
    Report,
    Share,
    curves_of,
)

BARE = Report(
    day="2026-11-20",
    basis=Basis(n=0, window="2026-11-01 to 2026-11-20", updated="2026-11-20 02:40 UTC"),
    people=0,
    left_out=0,
    complete=True,
    state="v2 serves everybody.",
    change="An operator names a challenger.",
    step="stay",
    reason="Nobody challenges the champion.",
    manifest=3,
    champion="v2",
)
FULL = replace(
    BARE,
    basis=replace(BARE.basis, n=1200),
    people=40,
    left_out=7,
    complete=False,
    experiment="mixed_ts-4",
    challenger="mixed_ts",
    phase="canary",
    rho=0.1,
    estimates=[
        Estimate("v2", "champion", "ips", 0.9, 0.8, 1.0, 900, 0.01),
        Estimate("v2", "champion", "dr", 0.31, 0.29, 0.33, 900, 0.01),
        Estimate("mixed_ts", "challenger", "dr", 0.35, 0.2, 0.5, 120, 0.04),
    ],
    history=[Evidence("2026-11-19", 200, 0.4, -0.5), Evidence("2026-11-20", 400, 1.2, -1.4)],
    lift=[Lift("2026-11-19", 500, 0.01, -0.05, 0.07)],
    arms=[Share("holdback", 0.05, 0.06, 2), Share("canary", 0.95, 0.94, 38)],
    sample_ratio=AS_PLANNED,
    propensities=[Bin("0.1", 4), Bin("1.0", 900)],
    least_propensity=0.0012,
    at_the_floor=0.03,
    calibration=[Bin("1", 100, 0.2, 0.25)],
    ages=Ages(1200, 300, 20, 5, [Bin("1 h", 800)]),
    rewards=[Bin("2026-11-19", 500, actual=0.3), Bin("2026-11-20", 0)],
    drift=[Drift("deadline", 0.1, 0.4, 0.8)],
    angles=[Angle("do_now", 0.9, 0.5)],
    guardrails=[Guardrail("turned down", 0.05, 0.02, breached=True, note="5% of 900")],
    training={"people": 40},
)


class _Tags(HTMLParser):
    """What is open, what was seen, and whether all of it was closed in order."""

    _VOID = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self._VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(report: Report) -> tuple[str, _Tags]:
    text, tags = page.page(report), _Tags()
    tags.feed(text)
    assert tags.open == []
    return text, tags


def test_a_first_night_is_a_whole_page_that_says_nothing_yet() -> None:
    text, _ = read(BARE)
    assert text.index("v2 serves everybody.") < text.index("An operator names") < text.index("<figure>")
    assert text.count("nothing yet</p>") >= 3
    assert text.count("nobody challenges the champion</p>") == 2
    assert "they watch as soon as a challenger serves anybody" in text
    for plot in page.plots(BARE).values():
        ElementTree.fromstring(plot)


def test_a_full_night_shows_each_number_with_its_basis() -> None:
    text, tags = read(FULL)
    assert "n = 1200 settled rewards" in text
    assert "a random sample of each full day was read" in text
    assert "7 decisions left out" in text
    assert "decides: e-value 20" in text
    assert "breached: 5% of 900" in text
    assert "<td>+5.0%</td><td>+2.0%</td>" in text
    assert "n = 400 settled rewards" in text, "the gate's own"
    assert "n = 40 people" in text, "those in the arms"
    assert "2026-11-19</text>" in text, "a curve over nights says which"
    assert "effective n 120" in text
    assert sum(tag == "svg" for tag, _ in tags.seen) >= 7
    assert ' class="grey"><td>mixed_ts' in text
    assert ' class="grey"><td>v2' not in text


def test_estimates_are_compared_with_what_serves() -> None:
    svg = ElementTree.fromstring(page.plots(FULL)["plots/estimates.svg"])
    space = "{http://www.w3.org/2000/svg}"
    dots = [float(c.attrib["cx"]) for c in svg.iter(f"{space}circle")]
    [mark] = [float(e.attrib["x1"]) for e in svg.iter(f"{space}line") if e.attrib["class"] == "mark"]
    assert len(dots) == 2, "one row per policy: the doubly-robust estimate"
    assert mark == dots[0] < dots[1]
    swapped = replace(FULL, estimates=FULL.estimates[::-1])
    svg = ElementTree.fromstring(page.plots(swapped)["plots/estimates.svg"])
    dots = [float(c.attrib["cx"]) for c in svg.iter(f"{space}circle")]
    [mark] = [float(e.attrib["x1"]) for e in svg.iter(f"{space}line") if e.attrib["class"] == "mark"]
    assert mark == dots[1]


def test_nothing_in_it_can_run_or_be_fetched() -> None:
    evil = '<img src=x onerror="alert(1)"><script>alert(1)</script>'
    report = replace(
        FULL,
        state=evil,
        reason=evil,
        challenger=evil,
        arms=[Share(evil, 0.5, 0.5, 1)],
        guardrails=[Guardrail(evil, 0, 1, breached=False, note=evil)],
        estimates=[Estimate(evil, evil, "dr", 0.3, 0.2, 0.4, 900, 0.01)],
        angles=[Angle(evil, 0.5, 0.5)],
        training={evil: evil},
    )
    _, tags = read(report)
    assert {"script", "img", "link", "iframe"}.isdisjoint(tag for tag, _ in tags.seen)
    assert not [a for _, at in tags.seen for a in at if a.startswith("on") or a in {"src", "href"}]
    assert any("default-src 'none'" in (at.get("content") or "") for _, at in tags.seen)


def test_an_ab_test_is_told_by_its_sides_and_not_by_the_gate() -> None:
    night = Lift("2026-11-20", 60, 0.08, 0.03, 0.13)
    text, _ = read(replace(FULL, phase="ab", history=[], split=[night]))
    assert "How far the evidence is" not in text
    assert "Are people better off with mixed_ts?" in text
    assert "n = 60 people" in text
    assert "+0.080 of reward per decision, between +0.030 and +0.130: more than chance explains" in text
    few, _ = read(replace(FULL, phase="ab", history=[], split=[]))
    assert "fewer than 10 people with a settled reward on one of the sides" in few
    unsure, _ = read(replace(FULL, phase="ab", history=[], split=[replace(night, low=-0.01)]))
    assert "no difference can be told" in unsure


def test_what_the_gate_waits_for_is_said() -> None:
    text, _ = read(replace(FULL, phase="shadow", history=[]))
    assert "the gate takes rewards as soon as mixed_ts serves in a canary" in text


def test_a_rail_with_too_little_to_look_at_shows_no_figures() -> None:
    silent = Guardrail("turned down", 0.0, 1.0, breached=False, note="3 decisions: too few to tell")
    text, _ = read(replace(FULL, guardrails=[silent]))
    assert "<td>turned down</td><td></td><td></td><td>3 decisions: too few to tell</td>" in text


def test_curves_go_on_from_the_night_before() -> None:
    kept = replace(FULL, split=FULL.lift).to_json()
    curves = curves_of(kept, "mixed_ts-4", "2026-11-21")
    assert (curves.history, curves.lift, curves.split) == (FULL.history, FULL.lift, FULL.lift)
    another = curves_of(kept, "mixed_ts-9", "2026-11-21")
    assert (another.history, another.lift, another.split) == ([], FULL.lift, [])
    assert curves_of(kept, "mixed_ts-4", "2026-11-20").history == FULL.history[:1]
    assert curves_of(kept, "mixed_ts-4", "2026-11-19").split == []
    nothing = curves_of(None, "mixed_ts-4", "2026-11-20")
    assert nothing.history == nothing.lift == nothing.split == []
