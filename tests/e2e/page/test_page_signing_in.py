"""Where a person is signed in, by which ways, and what is connected."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from chalicelib.auth.http import LinkedIdentity
from chalicelib.contracts.errors import ConsentRequired, NotFound, Unavailable
from chalicelib.contracts.http import ProviderInfo
from tests.e2e.page.fake_account import integration, session
from tests.e2e.page.fake_api import World
from tests.e2e.page.visits import INVOICE, Visits, screen, world_with

pytestmark = pytest.mark.browser

NOTE = "#screen-note"


def busy() -> World:
    """Somebody with three sessions and two ways to sign in."""
    world = world_with(INVOICE)
    world.account.sessions = [session("s-1"), session("s-2", current=True), session("s-3", client="app")]
    world.account.identities.append(
        LinkedIdentity(id="i-2", provider="google", created_at=datetime(2026, 3, 1, tzinfo=UTC))
    )
    world.providers += [
        ProviderInfo(name=name, title=title, login=f"api/auth/login/{name}")
        for name, title in (("google", "Google"), ("apple", "Apple"))
    ]
    return world


# --- sessions -------------------------------------------------------------------------------------


def test_sessions_are_told_apart_and_ended_one_by_one(visit: Visits) -> None:
    one = visit(busy())
    page = one.open()
    lines = screen(page, "Signing in").get_by_role("list").first.get_by_role("listitem")
    expect(lines).to_have_count(3)
    expect(lines.nth(0)).to_contain_text("This browser")
    expect(lines.nth(0).get_by_role("button")).to_have_count(0)
    expect(lines.nth(2)).to_contain_text("An app")
    expect(lines.nth(2)).to_contain_text("your account, last seen today, ")
    lines.nth(2).get_by_role("button", name="end").dblclick()
    expect(page.locator(NOTE)).to_have_text("Ended.")
    expect(lines).to_have_count(2)
    assert one.world.requests.count(("DELETE", "api/auth/sessions/s-3")) == 1


def test_signing_out_everywhere_ends_the_others_and_then_this_one(visit: Visits) -> None:
    one = visit(busy())
    page = one.open()
    body = screen(page, "Signing in")
    one.world.failing["api/auth/sessions/s-1"] = Unavailable("Not now.")
    one.world.failing["api/auth/sessions/s-3"] = NotFound("It is over already.")
    body.get_by_role("button", name="sign out everywhere").click()
    expect(page.locator(NOTE)).to_have_text("Some could not be ended. Try once more.")
    assert one.world.signed_in, "what is left can still be ended from here"
    del one.world.failing["api/auth/sessions/s-1"]
    body.get_by_role("button", name="sign out everywhere").click()
    expect(page.get_by_role("link", name="Sign in with your account")).to_be_visible()
    assert ("DELETE", "api/auth/sessions/s-1") in one.world.requests
    assert one.world.requests.count(("POST", "api/auth/logout")) == 1


# --- ways to sign in ------------------------------------------------------------------------------


def test_a_way_to_sign_in_is_removed_but_not_the_last_one(visit: Visits) -> None:
    one = visit(busy())
    page = one.open()
    body = screen(page, "Signing in")
    google = body.get_by_role("listitem").filter(has_text="Since 1 Mar 2026")
    google.get_by_role("button", name="remove").click()
    expect(google).to_contain_text("The other sessions that it began end.")
    google.get_by_role("button", name="remove").click()
    expect(google).to_have_count(0)
    expect(body.get_by_role("button", name="remove")).to_have_count(0)
    expect(body.get_by_role("button", name="add Google")).to_be_visible()
    assert one.world.requests.count(("DELETE", "api/auth/identities/i-2")) == 1


def test_a_way_to_sign_in_is_added_and_comes_back_to_the_screen(visit: Visits) -> None:
    one = visit(busy())
    page = one.open()
    add = screen(page, "Signing in").get_by_role("button", name="add Apple")
    with page.expect_navigation(url=one.api.url):
        add.click()
    assert ("GET", "api/auth/login/apple") in one.world.requests
    page.goto(one.api.url + "?screen=access")
    expect(page.get_by_role("dialog", name="Signing in")).to_be_visible()
    expect(page).to_have_url(one.api.url)


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("conflict", "That account already signs in to another oO."),
        ("denied", "Adding it did not work. Try once more."),
    ],
)
def test_a_way_that_could_not_be_added_says_why(visit: Visits, reason: str, says: str) -> None:
    page = visit(busy()).open(f"?signin=failed&reason={reason}")
    expect(page.get_by_role("alert")).to_have_text(says)
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


# --- connections ----------------------------------------------------------------------------------


def test_a_source_is_connected_and_disconnected(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    one.world.account.integrations = [integration("todoist", "Todoist")]
    page = one.open()
    body = screen(page, "Connections")
    expect(body).to_contain_text("Not connected")
    body.get_by_role("button", name="connect").dblclick()
    expect(page.get_by_role("alert")).to_have_text("Todoist is connected.")
    expect(page).to_have_url(one.api.url)
    assert one.world.requests.count(("POST", "api/integrations/todoist/connect")) == 1
    expect(body).to_contain_text("Connected since ")
    body.get_by_role("button", name="disconnect").click()
    expect(body).to_contain_text("oO gives back what it was given.")
    body.get_by_role("button", name="disconnect").dblclick()
    expect(page.locator(NOTE)).to_have_text("Disconnected.")
    expect(body).to_contain_text("Not connected")
    assert one.world.requests.count(("DELETE", "api/integrations/todoist")) == 1


def test_a_source_that_lets_nobody_in_any_more_is_connected_again_or_ended(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    one.world.account.integrations = [
        integration("todoist", "Todoist", status="needs_reconnect", connected_at=datetime.now(UTC))
    ]
    page = one.open()
    body = screen(page, "Connections")
    expect(body).to_contain_text("It no longer lets oO in")
    expect(body.get_by_role("button", name="disconnect")).to_be_visible()
    body.get_by_role("button", name="connect again").click()
    expect(page.get_by_role("alert")).to_have_text("Todoist is connected.")


def test_a_source_without_its_consent_leads_to_it(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    one.world.consents["mood"] = None
    one.world.account.integrations = [
        integration("diary", "Diary", consent="mood"),
        integration("todoist", "Todoist"),
    ]
    page = one.open()
    body = screen(page, "Connections")
    expect(body).to_contain_text("It needs your consent to “Mood”")
    one.world.failing["api/integrations/todoist/connect"] = ConsentRequired(
        "Agree to it first.", consent="tasks"
    )
    body.get_by_role("button", name="connect").click()
    expect(page.locator(NOTE)).to_have_text("Agree to it first.")
    body.get_by_role("button", name="allow").click()
    body.get_by_label("Mood").check()
    body.get_by_role("button", name="save").click()
    expect(page.locator(NOTE)).to_have_text("Saved.")
    page.get_by_role("button", name="Back").click()
    expect(body.get_by_role("button", name="connect")).to_have_count(2)


@pytest.mark.parametrize(
    ("reason", "says"),
    [("denied", "Todoist was not connected."), ("state", "Connecting Todoist did not work. Try once more.")],
)
def test_connecting_that_failed_says_so(visit: Visits, reason: str, says: str) -> None:
    one = visit(world_with(INVOICE))
    one.world.account.integrations = [integration("todoist", "Todoist")]
    page = one.open(f"?connect=failed&source=todoist&reason={reason}")
    expect(page.get_by_role("alert")).to_have_text(says)


def test_nothing_to_connect_is_said(visit: Visits) -> None:
    page = visit(world_with(INVOICE)).open()
    expect(screen(page, "Connections")).to_have_text("Nothing can be connected here yet.")
