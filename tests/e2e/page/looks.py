"""What every view must look like, whatever it shows: sizes, places, contrast, names."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.e2e.page.browser import CONTRASTS, STILL, TARGETS, until
from tests.e2e.page.visits import PHONE

SCREENS = [
    PHONE,
    {"viewport": {"width": 568, "height": 320}, "has_touch": True},
    {"viewport": {"width": 1280, "height": 800}},
]

# What a screen reader must find: a name for every control, one of each id, nothing that scrolls sideways.
NAMED = """() => {
  const screen = document.getElementById("screen");
  const name = (e) => e.getAttribute("aria-label") || (e.textContent + [...(e.labels ?? [])].map((l) =>
    l.textContent)).trim();
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  return [
    ...[...screen.querySelectorAll("button, a, input")].filter((e) => !name(e)).map((e) => e.outerHTML),
    ...ids.filter((id, at) => ids.indexOf(id) !== at),
    ...[...screen.querySelectorAll("[aria-describedby]")]
      .filter((e) => !document.getElementById(e.getAttribute("aria-describedby"))).map((e) => e.outerHTML),
    ...[screen, document.getElementById("screen-body")].filter((e) => e.scrollWidth > e.clientWidth)
      .map((e) => `${e.id} scrolls sideways`),
  ];
}"""


def check_screen(page: Page, name: str) -> None:
    """A screen may scroll down inside itself; all else is as for the face."""
    assert page.evaluate(NAMED) == [], name
    assert page.get_by_role("dialog").get_by_role("heading", level=2).is_visible(), name
    check_view(page, name, whole=False)


def check_view(page: Page, name: str, whole: bool = True) -> None:
    """Nothing scrolls, every control is on the screen and 44 px or more, every text is 7:1 by any light."""
    until(page, lambda: page.evaluate(STILL))
    fits = """() => [document.documentElement, document.body, document.querySelector("form:not([hidden])")]
        .every((e) => !e || (e.scrollHeight <= e.clientHeight && e.scrollWidth <= e.clientWidth))"""
    assert page.evaluate(fits), f"{name} scrolls"
    size = page.viewport_size
    assert size is not None
    for what, width, height, left, top, right, bottom in page.evaluate(TARGETS):
        assert min(width, height) >= 43.99, f"{name}: {what} is {width}x{height}"
        if whole:
            inside = left >= 0 and top >= 0 and right <= size["width"] and bottom <= size["height"]
            assert inside, f"{name}: {what} is outside"
    for light in ("day", "evening", "night"):
        page.evaluate("(light) => { document.documentElement.dataset.light = light }", light)
        until(page, lambda: page.evaluate(STILL))
        found = page.evaluate(CONTRASTS)
        assert found, f"{name}: no text"
        assert [(what, ratio) for what, ratio in found if ratio < 7] == [], f"{name} by {light}"
