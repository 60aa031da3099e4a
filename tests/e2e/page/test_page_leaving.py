"""A copy of everything, erasing everything, and the receipt; once, calmly, and when things fail."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from chalicelib.contracts.errors import RateLimited, Unavailable
from chalicelib.contracts.privacy import ErasedStore
from tests.e2e.page.browser import hide, until
from tests.e2e.page.fake_api import World
from tests.e2e.page.visits import INVOICE, PHONE, Visits, screen, world_with

pytestmark = pytest.mark.browser

NOTE = "#screen-note"
POLL = "api/me/export/e-1"


# --- a copy ---------------------------------------------------------------------------------------


def polls(world: World) -> int:
    return world.count(POLL)


def test_a_copy_is_asked_for_once_watched_ever_more_seldom_and_downloaded(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    account = one.world.account
    account.copies = [account.copy("preparing")]
    one.world.held["api/me/export"] = threading.Event()
    page = one.open()
    body = screen(page, "A copy of everything")
    assert polls(one.world) == 0
    body.get_by_role("button", name="prepare a copy").dblclick()
    one.world.held["api/me/export"].set()
    expect(body.get_by_role("status")).to_contain_text("Being prepared since ")
    expect(body.get_by_role("button", name="prepare a copy")).to_be_hidden()
    expect(page.get_by_role("heading", name="A copy of everything")).to_be_focused()
    assert one.world.requests.count(("POST", "api/me/export")) == 1
    for seen, longest in ((1, 2_300), (2, 3_450), (3, 5_750)):
        page.clock.run_for(longest)
        until(page, lambda seen=seen: one.heard(POLL) == seen)
    page.clock.run_for(6_000)
    assert polls(one.world) == 3, "the pauses grow"
    account.copies = [account.copy("ready")]
    page.clock.run_for(4_000)
    download = body.get_by_role("link", name="download")
    expect(download).to_be_visible()
    expect(body.get_by_role("status")).to_contain_text("whoever has it can read everything")
    with page.expect_download() as got:
        download.click()
    assert got.value.suggested_filename == "oo.zip"
    done = polls(one.world)
    page.clock.run_for(300_000)
    assert polls(one.world) == done, "nothing is asked any more"
    account.copies = [account.copy("expired")]
    page.clock.fast_forward(3_600_000)
    expect(body.get_by_role("status")).to_have_text("The link of the last copy is over. It lives an hour.")
    expect(download).to_be_hidden()
    expect(body.get_by_role("button", name="prepare a copy")).to_be_visible()


def test_nobody_looks_for_a_copy_behind_the_scenes(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    account = one.world.account
    account.copies = [account.copy("preparing")]
    page = one.open()
    screen(page, "A copy of everything").get_by_role("button", name="prepare a copy").click()
    expect(page.get_by_role("status").get_by_text("Being prepared since")).to_be_visible()
    hide(page, True)
    page.clock.run_for(60_000)
    assert polls(one.world) == 0, "not in a hidden tab"
    hide(page, False)
    until(page, lambda: one.heard(POLL) == 1)
    page.get_by_role("button", name="Back").click()
    page.clock.run_for(60_000)
    assert polls(one.world) == 1, "not behind another screen"
    account.copies = [account.copy("ready")]
    expect(screen(page, "A copy of everything").get_by_role("link", name="download")).to_be_visible()
    page.reload()
    expect(screen(page, "A copy of everything").get_by_role("link", name="download")).to_be_visible()


@pytest.mark.parametrize(
    ("state", "values", "says"),
    [
        ("failed", {}, "This copy did not come about. Nothing is lost; ask for another."),
        ("expired", {}, "The link of the last copy is over. It lives an hour."),
        (
            "ready",
            {"link": "javascript:alert(1)"},
            "This copy did not come about. Nothing is lost; ask for another.",
        ),
    ],
)
def test_a_copy_that_failed_or_is_over_can_be_asked_for_again(
    visit: Visits, state: str, values: dict[str, str], says: str
) -> None:
    one = visit(world_with(INVOICE))
    account = one.world.account
    account.copies = [account.copy("preparing"), account.copy(state, **values), account.copy("preparing")]
    page = one.open()
    body = screen(page, "A copy of everything")
    body.get_by_role("button", name="prepare a copy").click()
    expect(body.get_by_role("status")).to_contain_text("Being prepared")
    page.clock.run_for(2_400)
    expect(body.get_by_role("status")).to_have_text(says)
    assert body.locator("a[href]").count() == 0
    body.get_by_role("button", name="prepare a copy").click()
    expect(body.get_by_role("status")).to_contain_text("Being prepared")


def test_the_sixth_copy_of_a_day_is_told_plainly(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    page = one.open()
    body = screen(page, "A copy of everything")
    one.world.failing["api/me/export"] = RateLimited("At most 5 exports a day.", retry_after=7_200)
    body.get_by_role("button", name="prepare a copy").click()
    expect(page.locator(NOTE)).to_contain_text("At most 5 exports a day. Again from ")


def test_a_look_that_fails_is_said_and_looked_again(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    account = one.world.account
    account.copies = [account.copy("preparing")]
    page = one.open()
    body = screen(page, "A copy of everything")
    body.get_by_role("button", name="prepare a copy").click()
    expect(body.get_by_role("status")).to_contain_text("Being prepared")
    one.context.set_offline(True)
    page.clock.run_for(2_400)
    expect(page.locator(NOTE)).to_have_text("Offline.")
    one.context.set_offline(False)
    account.copies = [account.copy("ready")]
    page.clock.run_for(5_000)
    expect(body.get_by_role("link", name="download")).to_be_visible()
    expect(page.locator(NOTE)).to_be_empty()


# --- erasing --------------------------------------------------------------------------------------


def erase(page: Page, word: str = "erase") -> None:
    body = screen(page, "Erase everything")
    body.get_by_label("Type “erase” to go on").fill(word)


def emptied(*, done: bool) -> list[ErasedStore]:
    now = datetime.now(UTC)
    gone = now if done else None
    later = now + timedelta(days=35)
    return [
        ErasedStore(store="signals", holds="signals", gone_at=now, backups_until=later, unreadable=False),
        ErasedStore(store="item-words", holds="titles", gone_at=now, backups_until=later, unreadable=True),
        ErasedStore(
            store="of-tomorrow", holds="what is newer", gone_at=gone, backups_until=None, unreadable=False
        ),
    ]


def test_erasing_takes_a_typed_word_and_is_sent_once(visit: Visits) -> None:
    one = visit(world_with(INVOICE), service_workers="allow")
    one.world.account.stores = emptied(done=False)
    page = one.open()
    expect(page.locator("#tip")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready")
    page.evaluate("localStorage.setItem('oo.out.1', '{}')")
    erase(page, "")
    page.get_by_role("button", name="erase everything").click()
    expect(page.locator(NOTE)).to_have_text("Type “erase” first; nothing was erased.")
    expect(page.locator("#erase-word")).to_be_focused()
    page.get_by_role("button", name="keep everything").click()
    assert not one.world.erased

    erase(page, " Erase ")
    page.get_by_role("button", name="erase everything").dblclick()
    receipt = page.get_by_role("dialog", name="Erased")
    expect(receipt.get_by_role("status").first).to_have_text(
        "2 of 3 places are empty; the rest follows by itself."
    )
    assert one.world.erased
    assert one.world.requests.count(("DELETE", "api/me")) == 1
    assert page.evaluate("Object.keys(localStorage)") == []
    assert page.evaluate("caches.keys()") == []
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
    lines = receipt.get_by_role("listitem")
    expect(lines.nth(0)).to_contain_text("What happened: your tasks, calendar, habits, mood and places")
    expect(lines.nth(1)).to_contain_text(", unreadable.")
    expect(lines.nth(2)).to_have_text("what is newer Not yet.", use_inner_text=True)

    one.world.account.stores = emptied(done=True)
    page.clock.run_for(2_400)
    expect(receipt.get_by_role("status").first).to_have_text("Everything is gone.")
    expect(receipt).to_contain_text("The last backup ends on ")
    expect(receipt).to_contain_text("What was under way when it began is dropped, and gone by ")
    expect(receipt.get_by_role("link", name="Receipt r-42")).to_have_attribute("href", "?receipt=r-42")
    expect(page).to_have_url(one.api.url + "?receipt=r-42")
    page.reload()
    expect(receipt.get_by_role("status").first).to_have_text("Everything is gone.")
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("link", name="Sign in with your account")).to_be_visible()
    expect(page).to_have_url(one.api.url)


def test_after_the_receipt_the_page_is_signed_out_and_still_leads_to_it(visit: Visits) -> None:
    one = visit(world_with(INVOICE), **PHONE)
    page = one.open()
    erase(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Erased")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#says")).to_have_text("Erased.")
    expect(page.locator("#note")).to_have_text("Receipt r-42")
    expect(page.get_by_role("link", name="Sign in with your account")).to_be_visible()
    expect(page.locator("#tip")).to_be_hidden()
    page.get_by_role("link", name="receipt").click()
    expect(page.get_by_role("dialog", name="Erased")).to_be_visible()


def test_an_erasure_that_did_not_begin_says_so(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    page = one.open()
    erase(page)
    one.world.failing["api/me"] = Unavailable("Nothing was erased; ask again.")
    page.get_by_role("button", name="erase everything").click()
    expect(page.locator(NOTE)).to_have_text("Nothing was erased; ask again.")
    assert not one.world.erased
    assert page.evaluate("localStorage.getItem('oo.person')") is not None


def test_an_erasure_whose_answer_was_lost_is_not_asked_in_vain(visit: Visits) -> None:
    one = visit(world_with(INVOICE))
    page = one.open()
    erase(page)
    one.context.set_offline(True)
    page.get_by_role("button", name="erase everything").click()
    expect(page.locator(NOTE)).to_have_text("No answer came; it may have begun. Press once more to be sure.")
    one.context.set_offline(False)
    one.world.signed_in = False  # it had begun
    page.get_by_role("button", name="erase everything").click()
    expect(page.locator("#says")).to_have_text("Erased.")
    expect(page.locator("#note")).to_have_text("The receipt did not reach this page.")
    assert page.evaluate("Object.keys(localStorage)") == []


def test_a_receipt_that_is_not_there_says_so(visit: Visits) -> None:
    one = visit(world_with(INVOICE, signed_in=False))
    page = one.open("?receipt=another")
    expect(page.locator("#screen-body")).to_have_text("There is no such receipt. Each is kept for 90 days.")
