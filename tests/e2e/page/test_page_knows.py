"""What oO knows: each line with what is behind it, and forgetting it; and screens that cannot be had."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from chalicelib.contracts.errors import Unavailable
from tests.e2e.page.browser import until
from tests.e2e.page.fake_account import PROFILE_LINE, line
from tests.e2e.page.fake_api import World
from tests.e2e.page.visits import INVOICE, Visits, screen, world_with

pytestmark = pytest.mark.browser

NOTE = "#screen-note"


def known() -> World:
    """Somebody of whom three things are known."""
    world = world_with(INVOICE)
    world.account.lines = [
        line("tasks", "You have 5 open tasks. One is “<img src=x onerror=alert(1)>”.", "tasks", more=True),
        line("walking", "Walking, 6 days in a row.", "habits", "tasks", count=1),
        line("learning", "oO has learned from 18 answers which tips fit you.", "learning", count=18),
        PROFILE_LINE,
    ]
    return world


def test_each_line_says_what_is_behind_it_and_words_are_words(visit: Visits) -> None:
    page = visit(known()).open()
    body = screen(page, "What oO knows")
    expect(page.get_by_role("heading", name="What oO knows")).to_be_focused()
    expect(body).to_contain_text("As of today, ")
    lines = body.get_by_role("listitem")
    expect(lines).to_have_count(4)
    expect(lines.nth(0)).to_contain_text("One is “<img src=x onerror=alert(1)>”.")
    assert body.locator("img").count() == 0
    expect(lines.nth(0)).to_contain_text("From at least 3 signals, the newest today, ")
    expect(lines.nth(1)).to_contain_text("From 1 signal, the newest today, ")
    expect(lines.nth(1)).to_contain_text("You agreed to “Habits” and “Tasks”.")
    expect(lines.nth(2)).to_contain_text("From 18 answers. You agreed to “Learn from my answers”.")
    expect(lines.nth(3)).to_contain_text("You set this yourself.")
    forget = lines.nth(1).get_by_role("button", name="forget this")
    expect(forget).to_have_accessible_description("Walking, 6 days in a row.")


def test_forgetting_says_what_goes_asks_back_and_sends_once(visit: Visits) -> None:
    one = visit(known())
    page = one.open()
    lines = screen(page, "What oO knows").get_by_role("listitem")
    walking = lines.nth(1)
    walking.get_by_role("button", name="forget this").click()
    keep = walking.get_by_role("button", name="keep it")
    expect(keep).to_be_focused()
    expect(keep.locator("xpath=..")).to_have_accessible_description(
        "This goes: 1 signals about walking, and what was made of them."
    )
    keep.click()
    expect(walking.get_by_role("button", name="forget this")).to_be_focused()
    assert not [path for method, path in one.world.requests if method == "DELETE"]

    walking.get_by_role("button", name="forget this").click()
    walking.get_by_role("button", name="forget", exact=True).dblclick()
    expect(lines).to_have_count(3)
    expect(page.locator(NOTE)).to_have_text("Forgotten; it goes within moments.")
    expect(lines.nth(1).get_by_role("button", name="forget this")).to_be_focused()
    assert one.world.requests.count(("DELETE", "api/me/profile-card/walking")) == 1
    looks = one.world.count("api/recommend")
    page.get_by_role("button", name="Back").click()
    # It goes within moments: meanwhile it does not come back.
    expect(screen(page, "What oO knows").get_by_role("listitem")).to_have_count(3)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    until(page, lambda: one.world.count("api/recommend") == looks + 1)


def test_it_works_by_keyboard_alone(visit: Visits) -> None:
    one = visit(known())
    page = one.open()
    expect(page.locator("#tip")).to_be_visible()
    page.locator("#menu").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Settings")).to_be_focused()
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What oO knows")).to_be_focused()
    lines = page.get_by_role("listitem")
    expect(lines).to_have_count(4)
    for key in ("Tab", "Enter", "Tab", "Enter"):
        page.keyboard.press(key)
    expect(lines).to_have_count(3)
    expect(lines.first.get_by_role("button", name="forget this")).to_be_focused()
    assert one.world.requests.count(("DELETE", "api/me/profile-card/tasks")) == 1
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="What oO knows")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#menu")).to_be_focused()


def test_one_question_at_a_time(visit: Visits) -> None:
    page = visit(known()).open()
    body = screen(page, "What oO knows")
    body.get_by_role("button", name="forget this").nth(0).click()
    body.get_by_role("button", name="forget this").nth(1).click()
    expect(body.get_by_role("button", name="keep it")).to_have_count(1)
    expect(body.get_by_role("button", name="keep it")).to_be_focused()


def test_a_profile_that_is_forgotten_is_not_filled_in_again_by_this_device(visit: Visits) -> None:
    one = visit(known())
    page = one.open()
    lines = screen(page, "What oO knows").get_by_role("listitem")
    lines.nth(3).get_by_role("button", name="forget this").click()
    one.world.profile = one.world.profile.model_copy(update={"timezone": "UTC", "locale": "en"})
    lines.nth(3).get_by_role("button", name="forget", exact=True).click()
    expect(page.locator(NOTE)).to_have_text("Forgotten; it goes within moments.")
    expect(lines).to_have_count(4)
    page.evaluate("localStorage.removeItem('oo.settled')")
    page.reload()
    expect(page.locator("#tip")).to_be_visible()
    assert ("PATCH", "api/profile") not in one.world.requests


def test_what_could_not_be_forgotten_stays_and_says_why(visit: Visits) -> None:
    one = visit(known())
    page = one.open()
    first = screen(page, "What oO knows").get_by_role("listitem").first
    path = "api/me/profile-card/tasks"
    one.world.failing[path] = Unavailable("Nothing was removed; delete the line again.")
    first.get_by_role("button", name="forget this").click()
    yes = first.get_by_role("button", name="forget", exact=True)
    yes.click()
    expect(page.locator(NOTE)).to_have_text("Nothing was removed; delete the line again.")
    expect(yes).to_be_focused()
    one.context.set_offline(True)
    yes.click()
    expect(page.locator(NOTE)).to_have_text("Offline.")
    one.context.set_offline(False)
    del one.world.failing[path]
    one.world.account.lines = one.world.account.lines[1:]  # gone meanwhile: as good as forgotten
    yes.click()
    expect(page.locator(NOTE)).to_have_text("Forgotten; it goes within moments.")


def test_knowing_nothing_is_said(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    page = one.open()
    expect(screen(page, "What oO knows")).to_contain_text("Nothing yet from what you do.")
    page.get_by_role("button", name="Back").click()
    one.world.account.lines = []
    expect(screen(page, "What oO knows")).to_contain_text("oO knows nothing about you yet.")


@pytest.mark.parametrize("title", ["What oO knows", "Signing in", "Connections", "What oO may look at"])
def test_a_screen_that_cannot_be_had_is_one_sentence_and_can_be_tried_again(
    visit: Visits, title: str
) -> None:
    one = visit(known())
    page = one.open()
    expect(page.locator("#tip")).to_be_visible()
    paths = ("api/me/profile-card", "api/auth/sessions", "api/integrations", "api/profile/consents")
    one.world.failing.update(dict.fromkeys(paths, Unavailable("Not available right now.")))
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name=title, exact=True).click()
    for _ in range(4):
        page.clock.run_for(1_500)
    expect(page.locator(NOTE)).to_have_text("Not available right now.")
    one.world.failing.clear()
    page.get_by_role("button", name="try again").click()
    expect(page.locator("#screen-body").get_by_role("button", name="try again")).to_be_hidden()
    expect(page.locator(NOTE)).to_be_empty()
    expect(page.locator("#screen-body > *").first).to_be_visible()


def test_a_session_that_ends_behind_a_screen_leads_to_the_link(visit: Visits) -> None:
    one = visit(known())
    page = one.open()
    first = screen(page, "What oO knows").get_by_role("listitem").first
    first.get_by_role("button", name="forget this").click()
    one.world.signed_in = False
    first.get_by_role("button", name="forget", exact=True).click()
    expect(page.get_by_role("link", name="Sign in with your account")).to_be_visible()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_screens_that_cannot_be_fetched_are_said(visit: Visits) -> None:
    one = visit(known())
    page = one.open()
    expect(page.locator("#tip")).to_be_visible()
    one.context.set_offline(True)
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="What oO knows").click()
    expect(page.locator("#settings-note")).to_have_text("Offline.")
