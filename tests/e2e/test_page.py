"""The tip page in a real Chromium, against the contract's stand-in; the last test on the real stack."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from chalicelib.contracts.consents import TEXT_VERSION
from chalicelib.contracts.errors import ConsentRequired, Gone, RateLimited, Unavailable
from chalicelib.contracts.http import Profile
from tests.e2e.browser import CONTRASTS, STILL, TARGETS, Watch, chromium, hide, until
from tests.e2e.fake_api import FakeApi, World, make_tip

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 320, "height": 568}, "has_touch": True, "is_mobile": True}
REST = 15 * 60


@pytest.fixture(scope="module")
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
        self.watch = Watch(self.context, self.api.origin)

    def open(self, query: str = "") -> Page:
        page = self.context.new_page()
        page.clock.install()
        page.goto(self.api.url + query)
        return page

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


INVOICE = "Send the invoice to Mira. 5 minutes."


# --- the tip ----------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["/", "/v1/"])
def test_a_tip_is_all_there_is_and_was_seen_once(visit: Visits, prefix: str) -> None:
    one = visit(world_with(INVOICE), prefix)
    page = one.open()
    expect(page.get_by_role("heading", name=INVOICE)).to_be_visible()
    expect(page.locator("#block")).to_have_text(INVOICE, use_inner_text=True)
    until(page, lambda: one.world.exposures)
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
    hide(page, False)
    page.clock.run_for(900)
    assert one.world.exposures == []
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


# --- answers ----------------------------------------------------------------------------------


def test_done_can_be_undone_for_five_seconds_and_then_it_is_quiet(visit: Visits) -> None:
    one = visit(world_with(INVOICE, "Water the basil. 2 minutes."))
    page = one.open()
    page.locator("#done").click()
    expect(page.locator("#says")).to_have_text("Done.")
    page.clock.run_for(3500)
    page.locator("#undo").click()
    expect(page.locator("#tip")).to_have_text(INVOICE)
    until(page, lambda: [r.kind for _, r in one.world.reactions] == ["done", "undo"])

    page.locator("#done").click()
    expect(page.locator("#undo")).to_be_visible()
    asked = one.world.count("api/recommend")
    page.clock.run_for(5100)
    expect(page.locator("#undo")).to_be_hidden()
    expect(page.locator("#says")).to_have_text("Done.")
    page.clock.run_for(60_000)
    assert one.world.count("api/recommend") == asked, "no instant next tip"
    page.clock.fast_forward(REST * 1000)
    expect(page.locator("#tip")).to_have_text("Water the basil. 2 minutes.")


def test_the_next_tip_comes_at_once_when_asked_for(visit: Visits) -> None:
    page = visit(world_with(INVOICE, "Water the basil. 2 minutes.")).open()
    page.locator("#done").click()
    expect(page.locator("#undo")).to_be_visible()
    page.clock.run_for(5100)
    page.get_by_role("button", name="next").click()
    expect(page.locator("#tip")).to_have_text("Water the basil. 2 minutes.")


@pytest.mark.parametrize(
    ("button", "reason", "answer"),
    [
        ("too big", "too_big", "Too big."),
        ("wrong time", "wrong_time", "Wrong time."),
        ("not mine", "not_mine", "Not yours."),
    ],
)
def test_not_now_opens_three_taps(visit: Visits, button: str, reason: str, answer: str) -> None:
    one = visit(world_with(INVOICE))
    page = one.open()
    page.get_by_role("button", name="not now").click()
    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="not now").click()
    page.get_by_role("button", name=button).click()
    expect(page.locator("#says")).to_have_text(answer)
    until(page, lambda: one.world.reactions)
    (_, given), *more = one.world.reactions
    assert (given.kind, given.reason, more) == ("dismiss", reason, [])


def test_later_is_in_three_hours(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    page = one.open()
    page.locator("#later").click()
    expect(page.locator("#note")).to_contain_text("Not before")
    until(page, lambda: one.world.reactions)
    given = one.world.reactions[0][1]
    assert given.kind == "snooze"
    assert given.until is not None
    assert abs(given.until - datetime.now(UTC) - timedelta(hours=3)) < timedelta(minutes=1)


def test_a_reaction_survives_closing_the_tab(visit: Visits) -> None:
    """The tab goes while the request is under way; the next visit delivers what was not confirmed."""
    one = visit(world_with(INVOICE))
    tip = one.world.tips[0]
    page = one.open()
    expect(page.locator("#tip")).to_be_visible()
    path = f"api/tips/{tip.id}/reaction"
    one.world.held[path] = threading.Event()
    page.locator("#done").click()
    page.close()
    one.world.held[path].set()
    until(one.context.new_page(), lambda: one.world.reactions)
    assert one.world.reactions[0][0] == tip.id

    again = one.open()
    expect(again.locator("#says")).to_have_text("Nothing now.")
    assert {(given, reaction.kind) for given, reaction in one.world.reactions} == {(tip.id, "done")}


def test_a_reaction_survives_a_dead_network_and_a_closed_tab(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    tip = one.world.tips[0]
    page = one.open()
    expect(page.locator("#tip")).to_be_visible()
    one.context.set_offline(True)
    page.locator("#not-now").click()
    page.locator("#too-big").click()
    expect(page.locator("#note")).to_have_text("Kept here, and sent when you are back.")
    page.close()
    one.context.set_offline(False)
    assert one.world.reactions == []

    again = one.open()
    expect(again.locator("#says")).to_have_text("Nothing now.")
    assert [(given, reaction.reason) for given, reaction in one.world.reactions] == [(tip.id, "too_big")]
    assert one.world.count("api/recommend") == 2, "the answer came before the next look"


def test_a_reaction_waits_for_a_server_that_fails(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    path = f"api/tips/{one.world.tips[0].id}/reaction"
    one.world.failing[path] = Unavailable("Not now.")
    page = one.open()
    page.locator("#done").click()
    expect(page.locator("#note")).to_have_text("Kept here, and sent as soon as oO answers.")
    page.locator("#undo").click()
    expect(page.locator("#tip")).to_have_text(INVOICE)
    del one.world.failing[path]
    hide(page, False)
    until(page, lambda: [r.kind for _, r in one.world.reactions] == ["done", "undo"])


def test_a_reaction_that_came_too_late_says_so(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    one.world.failing[f"api/tips/{one.world.tips[0].id}/reaction"] = Gone("That was 7 days ago.")
    page = one.open()
    page.locator("#done").click()
    expect(page.locator("#note")).to_have_text("That tip is over; nothing was changed.")


# --- nothing now ------------------------------------------------------------------------------


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


# --- the gate ---------------------------------------------------------------------------------


def test_signed_out_is_one_quiet_link_that_leads_to_a_tip(visit: Visits) -> None:
    one = visit(world_with(INVOICE, signed_in=False))
    page = one.open()
    link = page.get_by_role("link", name="Sign in with your account")
    expect(link).to_be_visible()
    expect(page.locator("#tip")).to_be_hidden()
    link.click()
    expect(page.locator("#tip")).to_have_text(INVOICE)


def test_a_sign_in_that_failed_says_so_once(visit: Visits) -> None:
    one = visit(world_with(INVOICE, signed_in=False))
    page = one.open("?signin=failed&reason=denied")
    expect(page.locator("#note")).to_have_text("Signing in did not work. Try once more.")
    expect(page.get_by_role("link", name="Sign in with your account")).to_be_visible()
    assert page.url == one.api.url
    page.reload()
    expect(page.locator("#note")).to_have_text("One tip, at the right time.")


def test_the_first_visit_asks_source_by_source(visit: Visits) -> None:
    one = visit(World(tips=deque([make_tip(INVOICE)]), profile=Profile()))
    page = one.open()
    expect(page.get_by_role("heading", name="What may oO look at?")).to_be_visible()
    boxes = page.locator("#asks input")
    assert boxes.count() == 6
    assert page.locator("#asks input:checked").count() == 0, "nothing is ticked beforehand"
    assert one.world.count("api/recommend") == 0
    page.get_by_label("Tasks").check()
    page.get_by_label("Calendar").check()
    page.get_by_role("button", name="save").click()
    expect(page.locator("#tip")).to_have_text(INVOICE)
    granted = {name for name, state in one.world.consents.items() if state and state.granted}
    assert granted == {"tasks", "calendar"}
    assert {state.text_version for state in one.world.consents.values() if state} == {TEXT_VERSION}
    assert (one.world.profile.timezone, one.world.profile.locale) == ("Europe/Berlin", "en-GB")


def test_a_chosen_profile_stays_as_it_is(visit: Visits) -> None:
    one = visit(world_with(INVOICE, profile=Profile(timezone="Asia/Tokyo", locale="ja")))
    page = one.open()
    expect(page.locator("#tip")).to_have_text(INVOICE)
    assert ("PATCH", "api/profile") not in one.world.requests


def test_who_allows_nothing_is_not_asked_again_and_again(visit: Visits) -> None:
    page = visit(World()).open()
    page.get_by_role("button", name="save").click()
    expect(page.locator("#says")).to_have_text("oO may look at nothing yet.")
    page.reload()
    expect(page.locator("#says")).to_have_text("oO may look at nothing yet.")
    page.get_by_role("button", name="choose").click()
    expect(page.get_by_role("heading", name="What may oO look at?")).to_be_visible()


def test_a_session_that_ends_leads_to_the_link_and_keeps_the_answer(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    page = one.open()
    expect(page.locator("#tip")).to_be_visible()
    one.world.signed_in = False
    page.locator("#done").click()
    page.get_by_role("link", name="Sign in with your account").click()
    expect(page.locator("#says")).to_have_text("Nothing now.")
    assert {reaction.kind for _, reaction in one.world.reactions} == {"done"}


def test_sign_out_and_forget_me(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    page = one.open()
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign in with your account").click()
    expect(page.locator("#tip")).to_be_visible()

    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Forget me").click()
    page.get_by_role("button", name="Keep everything").click()
    assert not one.world.erased
    page.get_by_role("button", name="Forget me").click()
    page.locator("#forget-yes").click()
    expect(page.locator("#says")).to_have_text("Forgotten.")
    expect(page.locator("#note")).to_have_text("Receipt r-42")
    assert one.world.erased
    assert page.evaluate("Object.keys(localStorage).filter((k) => k !== 'oo.learned')") == []


# --- capture ----------------------------------------------------------------------------------


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


# --- keyboard, touch, sight -------------------------------------------------------------------


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


SCREENS = [
    PHONE,
    {"viewport": {"width": 568, "height": 320}, "has_touch": True},
    {"viewport": {"width": 1280, "height": 800}},
]
LONG = "Open the tax letter for the landlord in Friedrichshain. Just read the very first line now."


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
    page.locator("#forget").click()
    check_view(page, "forget")
    page.locator("#forget-no").click()
    page.locator("#sign-out").click()
    expect(page.get_by_role("link")).to_be_visible()
    check_view(page, "signed out")


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


# --- when things fail -------------------------------------------------------------------------


def test_a_failing_server_is_one_calm_sentence_and_mends_itself(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    one.world.failing["api/recommend"] = Unavailable("Down.")
    page = one.open()
    until(page, lambda: one.world.count("api/recommend") == 1)
    page.clock.run_for(3_000)
    until(page, lambda: one.world.count("api/recommend") == 2)
    page.clock.run_for(3_000)
    expect(page.locator("#says")).to_have_text("oO does not answer right now.")
    expect(page.get_by_role("button", name="try again")).to_be_visible()
    assert one.world.count("api/recommend") == 3, "tried three times, with pauses"
    del one.world.failing["api/recommend"]
    page.clock.run_for(16_000)
    expect(page.locator("#tip")).to_have_text(INVOICE)


def test_too_many_calls_waits_as_long_as_it_is_told(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    one.world.failing["api/recommend"] = RateLimited("Slow down.", retry_after=90)
    page = one.open()
    expect(page.locator("#note")).to_have_text("Looking again in 90 s.")
    del one.world.failing["api/recommend"]
    page.clock.run_for(80_000)
    assert one.world.count("api/recommend") == 1
    page.clock.run_for(11_000)
    expect(page.locator("#tip")).to_have_text(INVOICE)


def test_a_lost_network_is_said_and_the_page_comes_back_by_itself(visit: Visits) -> None:
    one = visit(world_with(next_look_at=datetime.now(UTC) + timedelta(minutes=40)))
    page = one.open()
    expect(page.locator("#says")).to_have_text("Nothing now.")
    one.context.set_offline(True)
    page.locator("#again").click()
    expect(page.locator("#says")).to_have_text("Offline.")
    one.world.tips.append(make_tip(INVOICE))
    page.clock.run_for(6_000)
    one.context.set_offline(False)
    expect(page.locator("#tip")).to_have_text(INVOICE)


def test_the_installed_page_opens_without_a_network_and_keeps_no_answers(visit: Visits) -> None:
    one = visit(world_with(INVOICE), service_workers="allow")
    page = one.open()
    expect(page.locator("#tip")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready")
    one.world.requests.clear()
    page.reload()
    expect(page.locator("#tip")).to_be_visible()
    assert page.evaluate("navigator.serviceWorker.controller !== null")
    assert ("GET", "") in one.world.requests, "the network comes first"
    kept = page.evaluate(
        """async () => { const all = [];
            for (const name of await caches.keys()) {
                const cache = await caches.open(name);
                for (const request of await cache.keys()) all.push(new URL(request.url).pathname);
            }
            return all; }"""
    )
    assert "/v1/" in kept
    assert "/v1/assets/tip.js" in kept
    assert [path for path in kept if "/api/" in path] == []
    one.api.stop()
    answer = page.goto(one.api.url + "?capture")
    assert answer is not None
    assert answer.status == 200
    expect(page.locator("#ring")).to_be_visible()
    page.clock.run_for(10_000)
    expect(page.locator("#says")).to_have_text("oO does not answer right now.")
    page.locator("#line").fill("Call the dentist")
    page.keyboard.press("Enter")
    expect(page.locator("#capture-note")).to_have_text("Kept here, and sent when you are back.")


# --- what it costs ----------------------------------------------------------------------------


def test_the_page_is_light_and_a_second_visit_fetches_only_itself(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    sizes: dict[str, int] = {}
    one.context.on(
        "response", lambda r: sizes.update({r.url: len(r.body())}) if r.ok and "/api/" not in r.url else None
    )
    page = one.open()
    expect(page.locator("#tip")).to_be_visible()
    assert 20_000 < sum(sizes.values()) < 60_000
    one.world.requests.clear()
    again = one.open()
    expect(again.locator("#tip")).to_be_visible()
    assert [
        path for _, path in one.world.requests if path.endswith((".js", ".css")) and path != "sw.js"
    ] == []


# --- the real thing ---------------------------------------------------------------------------


@pytest.mark.stack
def test_the_page_on_the_real_stack(browser: Browser, stack: Any) -> None:
    """A new person signs in through the local provider, consents, adds a task, and answers."""
    context = browser.new_context(locale="en-GB", timezone_id="Europe/Berlin")
    watch = Watch(context, stack.url)
    page = context.new_page()
    try:
        page.goto(stack.url + "/")
        expect(page.get_by_role("link", name="Sign in with").first).to_be_visible(timeout=20_000)
        assert watch.wrong == []
        page.get_by_role("link", name="Sign in with").first.click()
        page.locator("input[name=sub]").fill(f"page-{datetime.now(UTC).timestamp()}")
        page.locator("input[name=sub]").press("Enter")
        expect(page.get_by_role("heading", name="What may oO look at?")).to_be_visible(timeout=20_000)
        watch.wrong.clear()  # the provider's own page is another origin
        page.get_by_label("Tasks").check()
        page.get_by_label("Learn from my answers").check()
        page.locator("#consent-save").click()
        expect(page.locator("#says")).to_have_text("Nothing now.", timeout=20_000)
        page.keyboard.press("c")
        page.locator("#line").fill("Send the invoice to Mira")
        page.keyboard.press("Enter")
        expect(page.locator("#capture")).to_be_hidden(timeout=20_000)
        tip = page.locator("#tip")
        for _ in range(20):
            if tip.is_visible():
                break
            page.wait_for_timeout(1_000)
            if page.locator("#again").is_visible():
                page.locator("#again").click()
        expect(tip).to_contain_text("invoice")
        page.locator("#done").click()
        expect(page.locator("#says")).to_have_text("Done.")
        page.wait_for_function("!Object.keys(localStorage).some((key) => key.startsWith('oo.out.'))")
        assert watch.wrong == []
    finally:
        context.close()
