"""The tip page in a real Chromium, against the contract's stand-in."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from chalicelib.contracts.errors import ConsentRequired
from tests.e2e.page.browser import hide, until
from tests.e2e.page.fake_api import make_tip
from tests.e2e.page.visits import INVOICE, Visits, world_with

pytestmark = pytest.mark.browser


# --- the tip --------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["/", "/v1/"])
def test_a_tip_is_all_there_is_and_was_seen_once(visit: Visits, prefix: str) -> None:
    one = visit(world_with(INVOICE), prefix)
    page = one.open()
    expect(page.get_by_role("heading", name=INVOICE)).to_be_visible()
    expect(page.locator("#block")).to_have_text(INVOICE, use_inner_text=True)
    until(page, lambda: one.world.exposures)
    # Until the answer is back it would be said again, which counts once.
    until(page, lambda: not page.evaluate("Object.keys(localStorage).some((k) => k.startsWith('oo.out.'))"))
    page.reload()
    expect(page.locator("#tip")).to_be_visible()
    page.clock.run_for(3000)
    page.locator("#done").click()
    until(page, lambda: one.world.reactions)
    assert one.world.exposures == [one.world.reactions[0][0]]


def test_a_tip_in_the_background_was_not_seen(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    one.world.held["api/recommend"] = threading.Event()
    page = one.open()
    until(page, lambda: one.world.count("api/recommend"))
    hide(page, True)
    one.world.held["api/recommend"].set()
    expect(page.locator("#tip")).to_have_text(INVOICE)
    page.clock.run_for(60_000)
    assert one.world.exposures == []
    # From here the page's time passes only when it is moved, however slow the machine is.
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
    asked = one.heard("api/recommend")
    hide(page, False)
    page.clock.run_for(900)
    assert one.world.exposures == []
    # It asked whether the tip still holds; the answer that it does begins no second anew.
    until(page, lambda: one.heard("api/recommend") > asked)
    page.clock.run_for(200)
    until(page, lambda: one.world.exposures)


def test_the_why_opens_on_demand_and_moves_nothing(visit: Visits) -> None:
    page = visit(world_with(INVOICE)).open()
    tip, why = page.locator("#tip"), page.locator("#why")
    expect(tip).to_be_visible()
    expect(why).to_be_hidden()
    before = [page.locator(name).bounding_box() for name in ("#ring", "#done", "#later")]
    tip.click()
    expect(why).to_have_text("You have 25 minutes before the call at 15:00.")
    expect(tip).to_have_attribute("aria-expanded", "true")
    assert [page.locator(name).bounding_box() for name in ("#ring", "#done", "#later")] == before
    tip.click()
    expect(why).to_be_hidden()


def test_words_are_words_and_keep_their_direction(visit: Visits) -> None:
    text = "<img src=x onerror=alert(1)> שלח את החשבונית"
    world = world_with()
    world.tips.append(make_tip(text, lang="he-IL"))
    page = visit(world).open()
    expect(page.locator("#tip")).to_have_text(text)
    expect(page.locator("#tip")).to_have_attribute("dir", "rtl")
    expect(page.locator("#tip")).to_have_attribute("lang", "he-IL")
    assert page.locator("#block img").count() == 0


def test_an_expired_tip_is_replaced(visit: Visits) -> None:
    one = visit(world_with(INVOICE, "Water the basil. 2 minutes."))
    page = one.open()
    expect(page.locator("#tip")).to_have_text(INVOICE)
    one.world.open_tip = None
    page.clock.fast_forward(26 * 60_000)
    expect(page.locator("#tip")).to_have_text("Water the basil. 2 minutes.")


# --- nothing now ----------------------------------------------------------------------------------


def test_nothing_now_says_when_it_looks_again_and_does(visit: Visits) -> None:
    one = visit(world_with(next_look_at=datetime.now(UTC) + timedelta(minutes=40)))
    page = one.open()
    expect(page.locator("#says")).to_have_text("Nothing now.")
    expect(page.locator("#note")).to_contain_text("Looking again at ")
    one.world.tips.append(make_tip(INVOICE))
    page.clock.fast_forward(41 * 60_000)
    expect(page.locator("#tip")).to_have_text(INVOICE)


def test_nothing_now_looks_again_when_the_page_is_seen_again(visit: Visits) -> None:
    one = visit(world_with(next_look_at=datetime.now(UTC) + timedelta(minutes=40)))
    page = one.open()
    expect(page.locator("#says")).to_have_text("Nothing now.")
    one.world.tips.append(make_tip(INVOICE))
    hide(page, True)
    page.clock.run_for(10_000)
    hide(page, False)
    expect(page.locator("#tip")).to_have_text(INVOICE)


# --- capture --------------------------------------------------------------------------------------


def test_a_line_becomes_a_task(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    page = one.open()
    page.get_by_role("button", name="Add a task").click()
    page.get_by_label("A task, in your own words").fill("  Call the dentist  ")
    page.keyboard.press("Enter")
    expect(page.locator("#capture")).to_be_hidden()
    until(page, lambda: one.world.signals)
    (task,) = one.world.signals
    assert (task.type, task.title, task.status) == ("task", "Call the dentist", "open")
    assert task.item_ref == f"oo:{task.id}"


def test_a_refused_line_stays_and_says_why(visit: Visits) -> None:
    one = visit(world_with(INVOICE, capture_problem=ConsentRequired("Allow tasks first.")))
    page = one.open()
    page.get_by_role("button", name="Add a task").click()
    page.get_by_label("A task, in your own words").fill("Call the dentist")
    page.get_by_role("button", name="keep").click()
    expect(page.locator("#capture-note")).to_have_text("Allow tasks first.")
    expect(page.locator("#line")).to_have_value("Call the dentist")


def test_what_was_shared_with_the_app_is_ready_to_keep(visit: Visits) -> None:
    page = visit(world_with(INVOICE)).open("?capture&title=Read&text=this%20page")
    expect(page.locator("#line")).to_have_value("Read this page")
    assert "Read" not in page.url
