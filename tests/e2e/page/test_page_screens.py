"""Every screen behind the settings, on every size of screen, by every light."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import expect

from chalicelib.auth.http import LinkedIdentity
from chalicelib.contracts.consents import TEXT_VERSION
from chalicelib.contracts.http import ProviderInfo
from chalicelib.contracts.privacy import ConsentDecision, ErasedStore
from tests.e2e.page.fake_account import PROFILE_LINE, integration, line, session
from tests.e2e.page.fake_api import World
from tests.e2e.page.looks import SCREENS, check_screen
from tests.e2e.page.visits import INVOICE, Visits, screen, world_with

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("screen_size", SCREENS, ids=["phone", "phone on its side", "desktop"])
def test_every_screen_behind_the_settings_fits_and_is_bright_and_named(
    visit: Visits, screen_size: dict[str, Any]
) -> None:
    one = visit(full_world(), **screen_size)
    page = one.open()
    expect(page.locator("#tip")).to_be_visible()
    for title in TITLES:
        screen(page, title)
        check_screen(page, title)
        for asks in page.get_by_role("button", name=re.compile("^(forget this|remove|disconnect)$")).all()[
            :1
        ]:
            asks.click()
            check_screen(page, f"{title}, asked back")
        page.get_by_role("button", name="Back").click()
    screen(page, "What oO knows")
    page.get_by_role("button", name="What you agreed to").click()
    expect(page.locator("#screen-body .lines")).to_be_visible()
    check_screen(page, "history")
    page.goto(one.api.url + "?receipt=r-42")
    expect(page.get_by_role("dialog", name="Erased")).to_be_visible()
    expect(page.locator("#screen-body .lines")).to_be_visible()
    check_screen(page, "receipt")


TITLES = (
    "What oO may look at",
    "What oO knows",
    "Connections",
    "Signing in",
    "A copy of everything",
    "Erase everything",
)


def full_world() -> World:
    """A person of whom every screen has something to show, some of it long."""
    world = world_with(INVOICE)
    now = datetime.now(UTC)
    account = world.account
    account.lines = [
        line("tasks", "You have 5 open tasks. One is “Rechtsschutzversicherungsgesellschaften”.", "tasks"),
        line("learning", "oO has learned from 18 answers which tips fit you.", "learning"),
        PROFILE_LINE,
    ]
    account.decisions = [
        ConsentDecision(consent=name, granted=granted, at=now, text_version=TEXT_VERSION)
        for name, granted in (("tasks", True), ("mood", False))
    ]
    account.sessions = [session("s-1", current=True), session("s-2"), session("s-3", client="app")]
    account.identities.append(LinkedIdentity(id="i-2", provider="google", created_at=now))
    world.providers += [
        ProviderInfo(name=name, title=title, login=f"api/auth/login/{name}")
        for name, title in (("google", "Google"), ("apple", "Apple"))
    ]
    account.integrations = [
        integration("todoist", "Todoist"),
        integration("calendar", "Google Calendar", status="needs_reconnect", connected_at=now),
        integration("fit", "Fit", status="connected", connected_at=now),
    ]
    account.stores = [
        ErasedStore(store="signals", holds="signals", gone_at=now, backups_until=now, unreadable=False),
        ErasedStore(store="newer", holds="what is newer", gone_at=None, backups_until=None, unreadable=True),
    ]
    return world


def test_with_more_contrast_or_forced_colours_every_button_has_an_edge(visit: Visits) -> None:
    for options in ({"forced_colors": "active"}, {"contrast": "more"}):
        page = visit(full_world(), **options).open()
        expect(page.locator("#tip")).to_be_visible()
        screen(page, "What oO knows")
        expect(page.locator(".lines button")).to_have_count(3)
        edges = """() => [...document.querySelectorAll("#screen button")].map((one) => {
            const style = getComputedStyle(one);
            return style.borderTopColor !== "rgba(0, 0, 0, 0)" && style.borderTopWidth === "1px";
        })"""
        assert all(page.evaluate(edges)), options
