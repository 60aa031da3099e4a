"""By keyboard, by touch, by eye: the tip page for everybody."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest
from playwright.sync_api import expect

from chalicelib.contracts.http import Profile
from tests.e2e.page.browser import until
from tests.e2e.page.fake_api import World, make_tip
from tests.e2e.page.looks import SCREENS, check_view
from tests.e2e.page.visits import INVOICE, LONG, PHONE, Visits, world_with

pytestmark = pytest.mark.browser


# --- keyboard, touch, sight -----------------------------------------------------------------------


def test_everything_works_by_keyboard(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    page = one.open()
    expect(page.locator("#tip")).to_be_visible()
    page.keyboard.press("w")
    expect(page.locator("#why")).to_be_visible()
    page.keyboard.press("n")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.press("2")
    expect(page.locator("#says")).to_have_text("Wrong time.")
    page.keyboard.press("u")
    expect(page.locator("#tip")).to_be_visible()
    page.keyboard.press("c")
    page.keyboard.type("done n l")
    page.keyboard.press("Enter")
    expect(page.locator("#capture")).to_be_hidden()
    page.keyboard.press("d")
    expect(page.locator("#says")).to_have_text("Done.")
    until(page, lambda: len(one.world.reactions) == 3)
    assert [r.kind for _, r in one.world.reactions] == ["dismiss", "undo", "done"]
    assert [signal.title for signal in one.world.signals] == ["done n l"]


def test_tab_alone_reaches_every_control_and_the_focus_is_never_lost(visit: Visits) -> None:
    page = visit(world_with(INVOICE)).open()
    expect(page.locator("#tip")).to_be_visible()
    order = []
    for _ in range(6):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id"))
    assert order == ["menu", "add", "tip", "done", "not-now", "later"]
    page.locator("#not-now").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "back"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.evaluate("document.activeElement.id") == "undo"


def test_single_keys_can_be_switched_off(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    page = one.open()
    expect(page.locator("#done")).to_have_attribute("aria-keyshortcuts", "d")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("switch", name="Single keys").click()
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    page.keyboard.press("w")
    expect(page.locator("#tip")).to_have_text(INVOICE)
    expect(page.locator("#why")).to_be_hidden()
    assert page.locator("[aria-keyshortcuts=d]").count() == 0
    page.reload()
    expect(page.locator("#tip")).to_be_visible()
    page.keyboard.press("w")
    expect(page.locator("#why")).to_be_hidden()
    assert one.world.reactions == []


def test_at_rest_there_is_only_the_tip_and_a_first_touch_only_wakes(visit: Visits) -> None:
    one = visit(world_with(INVOICE), **PHONE)
    page = one.open()
    expect(page.locator("#tip")).to_be_visible()
    page.clock.run_for(60_000)
    expect(page.locator("#react")).to_have_css("opacity", "1")  # until one was used on this device
    page.evaluate("localStorage.setItem('oo.learned', '1')")
    page.reload()
    expect(page.locator("#tip")).to_be_visible()
    page.clock.run_for(7_000)
    expect(page.locator("#react")).to_have_css("opacity", "0")
    box = page.locator("#done").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.touchscreen.tap(*middle)
    expect(page.locator("#react")).to_have_css("opacity", "1")
    expect(page.locator("#tip")).to_be_visible()
    assert one.world.reactions == []
    page.touchscreen.tap(*middle)
    until(page, lambda: one.world.reactions)


@pytest.mark.parametrize("screen", SCREENS, ids=["phone", "phone on its side", "desktop"])
def test_every_view_fits_without_scrolling_and_is_big_enough_and_bright_enough(
    visit: Visits, screen: dict[str, Any]
) -> None:
    one = visit(World(tips=deque([make_tip(LONG)]), profile=Profile()), **screen)
    page = one.open()
    expect(page.locator("#consent")).to_be_visible()
    check_view(page, "consent")
    page.get_by_label("Tasks").check()
    page.locator("#consent-save").click()
    expect(page.locator("#tip")).to_have_text(LONG)
    check_view(page, "tip")
    page.locator("#tip").click()
    check_view(page, "why")
    page.locator("#not-now").click()
    check_view(page, "reasons")
    page.locator("#too-big").click()
    expect(page.locator("#says")).to_have_text("Too big.")
    check_view(page, "after")
    page.clock.run_for(5100)
    check_view(page, "calm")
    page.locator("#again").click()
    expect(page.locator("#says")).to_have_text("Nothing now.")
    check_view(page, "nothing")
    page.locator("#add").click()
    check_view(page, "capture")
    page.keyboard.press("Escape")
    page.locator("#menu").click()
    check_view(page, "settings", whole=screen["viewport"]["height"] > 400)
    page.locator("#sign-out").click()
    expect(page.get_by_role("link")).to_be_visible()
    check_view(page, "signed out")


def test_ninety_characters_take_three_lines_on_the_smallest_phone(visit: Visits) -> None:
    assert len(LONG) == 90
    page = visit(world_with(LONG), **PHONE).open()
    expect(page.locator("#tip")).to_have_text(LONG)
    # The fonts of phones are about as wide as this one; what this machine has for system-ui is wider.
    page.evaluate("document.documentElement.style.setProperty('--face', 'Liberation Sans, Arial')")
    lines = """() => { const range = document.createRange();
        range.selectNodeContents(document.getElementById("tip"));
        return new Set([...range.getClientRects()].map((r) => Math.round(r.top))).size }"""
    assert page.evaluate(lines) <= 3


def test_a_very_long_title_is_never_cut_off(visit: Visits) -> None:
    page = visit(world_with("Donaudampfschifffahrtsgesellschaft " * 14), **PHONE).open()
    expect(page.locator("#tip")).to_be_visible()
    box = page.locator("#tip").bounding_box()
    below = page.locator("#done").bounding_box()
    assert box is not None
    assert below is not None
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= below["y"]
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_forced_colours_and_more_contrast_never_hide_controls(visit: Visits) -> None:
    for options in ({"forced_colors": "active"}, {"contrast": "more"}):
        page = visit(world_with(INVOICE), **options).open()
        page.evaluate("localStorage.setItem('oo.learned', '1')")
        page.reload()
        expect(page.locator("#tip")).to_be_visible()
        page.clock.run_for(10_000)
        assert not page.evaluate("'awake' in document.documentElement.dataset")
        expect(page.locator("#react")).to_have_css("opacity", "1")


def test_reduced_motion_moves_nothing(visit: Visits) -> None:
    page = visit(world_with(INVOICE), reduced_motion="reduce").open()
    page.locator("#done").click()
    expect(page.locator("#says")).to_have_text("Done.")
    assert page.evaluate("document.getAnimations().length") == 0
