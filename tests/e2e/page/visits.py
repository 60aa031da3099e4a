"""Visits to the tip page: a browser, a person, the API that they see; fixtures for conftest.py."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.e2e.page.browser import Watch, chromium
from tests.e2e.page.fake_api import World, make_tip
from tests.e2e.page.fake_server import FakeApi

PHONE = {"viewport": {"width": 320, "height": 568}, "has_touch": True, "is_mobile": True}
REST = 15 * 60


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


class Visit:
    """One person's browser and the API that it sees."""

    def __init__(self, browser: Browser, world: World, prefix: str, options: dict[str, Any]) -> None:
        self.world = world
        self.api = FakeApi(world, prefix)
        settings = {"locale": "en-GB", "timezone_id": "Europe/Berlin", "service_workers": "block", **options}
        self.context: BrowserContext = browser.new_context(**settings)
        self._heard: list[str] = []
        self.context.on("requestfinished", lambda request: self._heard.append(request.url))
        self.watch = Watch(self.context, self.api.origin)

    def open(self, query: str = "") -> Page:
        page = self.context.new_page()
        page.clock.install()
        page.goto(self.api.url + query)
        return page

    def heard(self, path: str) -> int:
        """How many answers to calls of this path the page has.

        Before the clock is moved, these are to be waited for: a call that reached the server but is still
        under way would run into its deadline, or its answer would begin a pause that the clock has passed.
        """
        return self._heard.count(self.api.url + path)

    def close(self) -> None:
        self.context.close()
        self.api.stop()


Visits = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visits]:
    """Make a visit; afterwards nothing may have gone wrong that a person would not have seen."""
    made: list[Visit] = []

    def make(world: World, prefix: str = "/v1/", **options: Any) -> Visit:
        made.append(Visit(browser, world, prefix, options))
        return made[-1]

    yield make
    for one in made:
        one.close()
    assert [wrong for one in made for wrong in [*one.watch.wrong, *one.world.broken]] == []


def world_with(*texts: str, **values: Any) -> World:
    """A signed-in, consenting person for whom these tips wait."""
    world = World(tips=deque(make_tip(text) for text in texts), **values)
    world.consent()
    return world


def screen(page: Page, title: str) -> Locator:
    """Open a screen behind the settings, by its title; its body."""
    if not page.locator("#settings-main").is_visible():
        page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name=title, exact=True).click()
    expect(page.get_by_role("dialog", name=title)).to_be_visible()
    expect(page.locator("#screen-body > *").first).to_be_visible()
    return page.locator("#screen-body")


INVOICE = "Send the invoice to Mira. 5 minutes."
LONG = "Open the tax letter for the landlord in Friedrichshain. Just read the very first line now."
