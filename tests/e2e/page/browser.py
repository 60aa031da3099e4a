"""A real Chromium for tests, and a page that reports what must not happen."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

_ARGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--no-first-run",
)
# What the browser itself logs for an answer of 400 or more, or a refused connection, and Playwright's
# own note when a test blocks workers: neither is an error of the page.
_EXPECTED: Final = ("Failed to load resource", "Service Worker registration blocked by Playwright")
_WATCH: Final = """
addEventListener("securitypolicyviolation", (event) =>
  console.error("CSP", event.violatedDirective, event.blockedURI));
addEventListener("unhandledrejection", (event) => console.error("unhandled", String(event.reason)));
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; skips loudly where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("NO BROWSER: install chromium; the tip page was NOT tested")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGS))
        try:
            yield browser
        finally:
            browser.close()


class Watch:
    """Collects console errors, page errors and requests to other origins."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.wrong: list[str] = []
        self.origin = origin
        context.add_init_script(_WATCH)
        context.on("page", self._page)
        context.on("request", lambda request: self._request(request.url))

    def _page(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.wrong.append(f"page error: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_EXPECTED):
            self.wrong.append(f"console {message.type}: {message.text}")

    def _request(self, url: str) -> None:
        if not url.startswith((self.origin + "/", "data:", "blob:")):
            self.wrong.append(f"another origin: {url}")


def until(page: Page, condition: Callable[[], Any], seconds: float = 10) -> None:
    """Wait for something that the server sees; lets the browser go on meanwhile."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        page.wait_for_timeout(20)


def hide(page: Page, hidden: bool) -> None:
    """Send the tab to the background, or bring it back, as the page sees it."""
    page.evaluate(
        """(hidden) => {
            const state = hidden ? "hidden" : "visible";
            Object.defineProperty(document, "visibilityState", {configurable: true, get: () => state});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


# The contrast of every visible text against the black ground, opacity included (WCAG 2.2, 1.4.3).
CONTRASTS: Final = """() => {
  const linear = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const channels = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const [r, g, b, a = 1] = channels(getComputedStyle(e).backgroundColor);
      if (a > 0) return [r, g, b];
    }
    return [0, 0, 0];
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    let opacity = 1;
    for (let e = element; e; e = e.parentElement) opacity *= Number(getComputedStyle(e).opacity);
    const back = ground(element);
    const own_ink = channels(getComputedStyle(element).color).slice(0, 3);
    const ink = own_ink.map((v, i) => v * opacity + back[i] * (1 - opacity));
    const [high, low] = [luminance(ink), luminance(back)].sort((a, b) => b - a);
    found.push([element.id || element.textContent.trim().slice(0, 30), (high + 0.05) / (low + 0.05)]);
  }
  return found;
}"""

# Every control that can be used now: what it is and its size.
TARGETS: Final = """() => [...document.querySelectorAll("button, a, input, label.ask")]
  .filter((e) => e.checkVisibility({visibilityProperty: true}) && !(e.matches(".ask input")))
  .map((e) => {
    const r = e.getBoundingClientRect();
    return [e.id || e.textContent.trim(), r.width, r.height, r.left, r.top, r.right, r.bottom];
  })"""

# Every cross-fade and transition is over.
STILL: Final = """() => !document.querySelector("#block.out")
  && document.getAnimations().every((one) => one.playState === "finished")"""
