"""The way to the first tip, and what the page does when things fail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from chalicelib.contracts.errors import RateLimited, Unavailable
from chalicelib.contracts.http import Profile
from tests.e2e.page.browser import until
from tests.e2e.page.fake_api import make_tip
from tests.e2e.page.visits import INVOICE, Visits, world_with

pytestmark = pytest.mark.browser


# --- the gate -------------------------------------------------------------------------------------


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
    expect(page).to_have_url(one.api.url)
    page.reload()
    expect(page.locator("#note")).to_have_text("One tip, at the right time.")


def test_a_chosen_profile_stays_as_it_is(visit: Visits) -> None:
    one = visit(world_with(INVOICE, profile=Profile(timezone="Asia/Tokyo", locale="ja")))
    page = one.open()
    expect(page.locator("#tip")).to_have_text(INVOICE)
    assert ("PATCH", "api/profile") not in one.world.requests


def test_a_session_that_ends_leads_to_the_link_and_keeps_the_answer(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    page = one.open()
    expect(page.locator("#tip")).to_be_visible()
    one.world.signed_in = False
    page.locator("#done").click()
    page.get_by_role("link", name="Sign in with your account").click()
    expect(page.locator("#says")).to_have_text("Nothing now.")
    assert {reaction.kind for _, reaction in one.world.reactions} == {"done"}


def test_sign_out_leaves_nothing_of_the_person(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    page = one.open()
    expect(page.locator("#tip")).to_be_visible()
    page.evaluate("localStorage.setItem('oo.copy', 'e-1')")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in with your account")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage).filter((k) => k !== 'oo.learned')") == []
    page.get_by_role("link", name="Sign in with your account").click()
    expect(page.locator("#tip")).to_be_visible()


# --- when things fail -----------------------------------------------------------------------------


def test_a_failing_server_is_one_calm_sentence_and_mends_itself(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    one.world.failing["api/recommend"] = Unavailable("Down.")
    page = one.open()
    for answers in (1, 2):
        until(page, lambda answers=answers: one.heard("api/recommend") >= answers)
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


# --- what it costs --------------------------------------------------------------------------------


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
