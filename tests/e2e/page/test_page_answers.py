"""Answers on the tip page: none is lost, each can be undone."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from chalicelib.contracts.errors import Gone, Unavailable
from tests.e2e.page.browser import hide, until
from tests.e2e.page.fake_api import make_tip
from tests.e2e.page.visits import INVOICE, REST, Visits, world_with

pytestmark = pytest.mark.browser


# --- answers --------------------------------------------------------------------------------------


def test_done_can_be_undone_for_five_seconds_and_then_it_is_quiet(visit: Visits) -> None:
    one = visit(world_with(INVOICE, "Water the basil. 2 minutes."))
    reaction = f"api/tips/{one.world.tips[0].id}/reaction"
    page = one.open()
    page.locator("#done").click()
    expect(page.locator("#says")).to_have_text("Done.")
    page.clock.run_for(3500)
    page.locator("#undo").click()
    expect(page.locator("#tip")).to_have_text(INVOICE)
    until(page, lambda: one.heard(reaction) == 2)
    assert [r.kind for _, r in one.world.reactions] == ["done", "undo"]

    page.locator("#done").click()
    expect(page.locator("#undo")).to_be_visible()
    until(page, lambda: one.heard(reaction) == 3)
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


@pytest.mark.parametrize(
    ("angle", "press", "given", "answer"),
    [
        ("keep_or_let_go", ["keep it"], ("done", None), "Kept."),
        ("keep_or_let_go", ["not now", "let it go"], ("dismiss", "not_mine"), "Let go."),
        ("keep_or_let_go", ["not now", "too big"], ("dismiss", "too_big"), "Too big."),
        ("batch", ["first done"], ("done", None), "Done."),
        ("close_day", ["enough"], ("done", None), "Enough for today."),
    ],
)
def test_an_angle_that_asks_something_else_names_its_answers(
    visit: Visits, angle: str, press: list[str], given: tuple[str, str | None], answer: str
) -> None:
    world = world_with(INVOICE)
    tip = make_tip("Garage door: keep it, or let it go?", angle=angle)
    world.tips.appendleft(tip)
    one = visit(world)
    page = one.open()
    for name in press:
        page.get_by_role("button", name=name, exact=True).click()
    expect(page.locator("#says")).to_have_text(answer)
    until(page, lambda: one.heard(f"api/tips/{tip.id}/reaction"))
    said = one.world.reactions[0][1]
    assert (said.kind, said.reason) == given
    page.clock.run_for(5100)
    page.get_by_role("button", name="next").click()
    expect(page.locator("#tip")).to_have_text(INVOICE)
    expect(page.locator("#done")).to_have_text("done")
    expect(page.locator("#not-mine")).to_have_text("not mine")


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
