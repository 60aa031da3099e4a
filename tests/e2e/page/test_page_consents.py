"""What a person agrees to: at the first visit, when the words change, in the settings, and read again."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from chalicelib.contracts.consents import CONSENTS, TEXT_VERSION, Consent
from chalicelib.contracts.errors import Unavailable
from chalicelib.contracts.http import Profile
from chalicelib.contracts.privacy import ConsentDecision
from chalicelib.profile.texts import TEXTS
from tests.e2e.page.browser import until
from tests.e2e.page.fake_api import World, make_tip
from tests.e2e.page.visits import INVOICE, Visits, screen, world_with

pytestmark = pytest.mark.browser

ASKED: tuple[Consent, ...] = ("tasks", "calendar", "habits", "mood", "context", "learning")


# --- the first visit ------------------------------------------------------------------------------


def test_the_first_visit_asks_source_by_source_in_the_words_of_the_api(visit: Visits) -> None:
    one = visit(World(tips=deque([make_tip(INVOICE)]), profile=Profile()))
    page = one.open()
    expect(page.get_by_role("heading", name="What may oO look at?")).to_be_focused()
    labels = [page.locator("#asks label").nth(n).inner_text().split("\n") for n in range(6)]
    assert [tuple(label) for label in labels] == [TEXTS[TEXT_VERSION][name] for name in ASKED]
    assert page.locator("#asks input").count() == 6
    assert page.locator("#asks input:checked").count() == 0, "nothing is ticked beforehand"
    assert one.world.count("api/recommend") == 0
    page.get_by_label("Tasks").check()
    page.get_by_label("Calendar").check()
    page.get_by_role("button", name="begin").dblclick()
    expect(page.locator("#tip")).to_have_text(INVOICE)
    assert one.world.requests.count(("PUT", "api/profile/consents")) == 1
    granted = {name for name, state in one.world.consents.items() if state and state.granted}
    assert granted == {"tasks", "calendar"}
    assert set(one.world.consents) == set(ASKED), "what nobody asked for is not decided"
    assert {state.text_version for state in one.world.consents.values() if state} == {TEXT_VERSION}
    assert (one.world.profile.timezone, one.world.profile.locale) == ("Europe/Berlin", "en-GB")


def test_it_can_be_skipped_which_decides_nothing_and_is_not_asked_again(visit: Visits) -> None:
    one = visit(World())
    page = one.open()
    page.get_by_role("button", name="skip").click()
    expect(page.locator("#says")).to_have_text("oO may look at nothing yet.")
    assert one.world.consents == {}
    page.reload()
    expect(page.locator("#says")).to_have_text("oO may look at nothing yet.")
    expect(page.locator("#consent")).to_be_hidden()
    page.get_by_role("button", name="choose").click()
    page.get_by_label("Tasks").check()
    page.get_by_role("button", name="begin").click()
    expect(page.locator("#says")).to_have_text("Nothing now.")


def test_who_allows_nothing_is_not_asked_again_and_again(visit: Visits) -> None:
    page = visit(World()).open()
    page.get_by_role("button", name="begin").click()
    expect(page.locator("#says")).to_have_text("oO may look at nothing yet.")
    page.reload()
    expect(page.locator("#says")).to_have_text("oO may look at nothing yet.")
    page.get_by_role("button", name="choose").click()
    expect(page.get_by_role("heading", name="What may oO look at?")).to_be_visible()
    page.get_by_role("button", name="close").click()
    expect(page.locator("#says")).to_have_text("oO may look at nothing yet.")


def test_a_failing_server_keeps_what_was_ticked(visit: Visits) -> None:
    one = visit(World(tips=deque([make_tip(INVOICE)])))
    page = one.open()
    page.get_by_label("Tasks").check()
    one.world.failing["api/profile/consents"] = Unavailable("Nothing was kept; try again.")
    page.get_by_role("button", name="begin").click()
    expect(page.locator("#consent-note")).to_have_text("Nothing was kept; try again.")
    del one.world.failing["api/profile/consents"]
    one.context.set_offline(True)
    page.get_by_role("button", name="begin").click()
    expect(page.locator("#consent-note")).to_have_text("Offline.")
    one.context.set_offline(False)
    page.get_by_role("button", name="begin").click()
    expect(page.locator("#tip")).to_have_text(INVOICE)
    assert {name for name, state in one.world.consents.items() if state and state.granted} == {"tasks"}


def test_without_its_words_nothing_is_asked(visit: Visits) -> None:
    one = visit(World())
    path = f"api/profile/consents/texts/{TEXT_VERSION}"
    one.world.failing[path] = Unavailable("Down.")
    page = one.open()
    for answers in (1, 2):
        until(page, lambda answers=answers: one.heard(path) >= answers)
        page.clock.run_for(3_000)
    expect(page.locator("#says")).to_have_text("oO does not answer right now.")
    assert one.world.count(path) == 3, "tried three times, with pauses"
    expect(page.locator("#consent")).to_be_hidden()
    del one.world.failing[path]
    page.clock.run_for(16_000)
    expect(page.locator("#consent")).to_be_visible()


# --- newer words ----------------------------------------------------------------------------------


def test_newer_words_are_asked_again_and_tick_only_what_reads_the_same(visit: Visits) -> None:
    world = world_with(INVOICE)
    world.consent(version="2026-01")
    world.account.old_words["2026-01"] = {
        **TEXTS[TEXT_VERSION],
        "calendar": ("Calendar", "when you are busy"),
        "research": ("Research", "studies"),
    }
    one = visit(world)
    page = one.open()
    expect(page.get_by_role("heading", name="The words have changed.")).to_be_visible()
    assert page.locator("#asks input").count() == 8, "what was decided by older words is asked again"
    unticked = page.locator("#asks input:not(:checked)")
    assert {unticked.nth(n).get_attribute("name") for n in range(unticked.count())} == {
        "calendar",
        "research",
    }
    expect(page.get_by_label("Calendar")).to_have_accessible_name(
        "Calendar when you are busy, what comes next (new words)"
    )
    page.get_by_label("Calendar").check()
    page.get_by_role("button", name="save").click()
    expect(page.locator("#consent-note")).to_have_text(
        "What rests on “Research” is removed. Press save once more to go on."
    )
    assert ("PUT", "api/profile/consents") not in world.requests
    page.get_by_role("button", name="save").click()
    expect(page.locator("#tip")).to_have_text(INVOICE)
    assert {state.text_version for state in world.consents.values() if state} == {TEXT_VERSION}
    assert {name for name, state in world.consents.items() if state and not state.granted} == {"research"}


def test_newer_words_can_be_skipped_and_what_was_agreed_to_stays(visit: Visits) -> None:
    world = world_with(INVOICE)
    world.consent(version="2025-01")  # of which even the words are gone
    one = visit(world)
    page = one.open()
    expect(page.get_by_role("heading", name="The words have changed.")).to_be_visible()
    expect(page.locator("#asks input:checked")).to_have_count(0)
    page.get_by_role("button", name="skip").click()
    expect(page.locator("#tip")).to_have_text(INVOICE)
    assert {state.text_version for state in world.consents.values() if state} == {"2025-01"}
    page.reload()
    expect(page.locator("#tip")).to_have_text(INVOICE)
    expect(page.locator("#consent")).to_be_hidden()


# --- in the settings ------------------------------------------------------------------------------


def test_every_consent_is_changed_in_the_settings_and_a_withdrawal_is_pressed_twice(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    page = one.open()
    expect(page.locator("#tip")).to_be_visible()
    looks = one.world.count("api/recommend")
    body = screen(page, "What oO may look at")
    assert body.get_by_role("checkbox").count() == len(CONSENTS)
    expect(body.get_by_role("group", name="What for")).to_be_visible()
    body.get_by_label("Mood").uncheck()
    body.get_by_label("Research").uncheck()
    save = body.get_by_role("button", name="save")
    save.click()
    expect(page.locator("#screen-note")).to_have_text(
        "What rests on “Mood” and “Research” is removed. Press save once more to go on."
    )
    assert ("PUT", "api/profile/consents") not in one.world.requests
    body.get_by_label("Research").check()
    save.click()
    expect(page.locator("#screen-note")).to_contain_text("What rests on “Mood” is removed.")
    save.click()
    expect(page.locator("#screen-note")).to_have_text("Saved.")
    assert {name for name, state in one.world.consents.items() if state and not state.granted} == {"mood"}
    expect(body.get_by_label("Mood")).not_to_be_checked()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    until(page, lambda: one.world.count("api/recommend") == looks + 1)


def test_what_was_agreed_to_is_read_page_by_page_in_the_words_of_its_time(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    start = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    one.world.account.old_words["2026-01"] = {"mood": ("Feelings", "how you are")}
    one.world.account.decisions = [
        ConsentDecision(
            consent="tasks", granted=True, at=start + timedelta(days=30 - n), text_version=TEXT_VERSION
        )
        for n in range(20)
    ] + [
        ConsentDecision(consent="mood", granted=False, at=start, text_version="2026-01"),
        ConsentDecision(consent="mood", granted=True, at=start, text_version="2020-01"),
    ]
    page = one.open()
    screen(page, "What oO may look at").get_by_role("button", name="What you agreed to").click()
    lines = page.locator("#screen-body li")
    expect(lines).to_have_count(20)
    expect(lines.first).to_contain_text("Tasks: agreed")
    expect(lines.first).to_contain_text(
        "31 Mar 2026, 11:30 · Text 2026-11 · “what you want to do, and when it is due”"
    )
    page.get_by_role("button", name="older").dblclick()
    expect(lines).to_have_count(22)
    expect(lines.nth(20)).to_contain_text("Feelings: did not agree")
    expect(lines.nth(20)).to_contain_text("“how you are”")
    expect(lines.nth(21)).to_contain_text("mood: agreed")
    expect(page.get_by_role("button", name="older")).to_be_hidden()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("heading", name="What oO may look at")).to_be_focused()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("button", name="What oO may look at")).to_be_focused()


def test_who_decided_nothing_has_no_history(visit: Visits) -> None:
    page = visit(world_with(INVOICE)).open()
    screen(page, "What oO knows").get_by_role("button", name="What you agreed to").click()
    expect(page.locator("#screen-body")).to_have_text("You have not decided anything yet.")
