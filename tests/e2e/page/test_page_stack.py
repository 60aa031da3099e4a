"""The page on the whole stack: what the stand-in promises is what the real API does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.page.browser import Watch, until
from tests.e2e.page.visits import screen

pytestmark = [pytest.mark.browser, pytest.mark.stack]

SLOW = 20_000
TASK = "Send the invoice to Mira"
# A task with a date, which always speaks for now.
ADD = """async ([title, due]) => {
  const task = {type: "task", item_ref: "test:invoice", title, status: "open", due_at: due,
    occurred_at: new Date().toISOString()};
  const sent = await fetch("api/signals", {method: "POST", headers: {"Content-Type": "application/json"},
    body: JSON.stringify({signals: [task]})});
  return (await sent.json()).results[0].status;
}"""


@contextmanager
def newcomer(browser: Browser, stack: Any) -> Iterator[Page]:
    """A new person who signed in through the local provider and agreed to tasks and learning."""
    context = browser.new_context(locale="en-GB", timezone_id="Europe/Berlin")
    watch = Watch(context, stack.url)
    page = context.new_page()
    try:
        page.goto(stack.url + "/")
        link = page.get_by_role("link", name="Sign in with").first
        expect(link).to_be_visible(timeout=SLOW)
        assert watch.wrong == []
        link.click()
        page.locator("input[name=sub]").fill(f"page-{datetime.now(UTC).timestamp()}")
        page.locator("input[name=sub]").press("Enter")
        expect(page.get_by_role("heading", name="What may oO look at?")).to_be_visible(timeout=SLOW)
        watch.wrong.clear()  # the provider's own page is another origin
        page.get_by_label("Tasks").check()
        page.get_by_label("Learn from my answers").check()
        page.get_by_role("button", name="begin").click()
        expect(page.locator("#says")).to_have_text("Nothing now.", timeout=SLOW)
        yield page
        assert watch.wrong == []
    finally:
        context.close()


def add_a_task(page: Page) -> None:
    due = (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    assert page.evaluate(ADD, [TASK, due]) == "accepted"


def test_a_new_person_adds_a_task_and_answers(browser: Browser, stack: Any) -> None:
    with newcomer(browser, stack) as page:
        page.keyboard.press("c")
        page.locator("#line").fill("Water the basil")
        page.keyboard.press("Enter")
        expect(page.locator("#capture")).to_be_hidden(timeout=SLOW)
        add_a_task(page)
        tip = page.locator("#tip")
        until(page, lambda: _look(page, tip), 40)
        # At some hours the gap alone speaks for the one without a date.
        expect(tip).to_contain_text(re.compile("invoice|basil", re.IGNORECASE))
        page.locator("#done").click()
        expect(page.locator("#says")).to_have_text("Done.")
        page.wait_for_function("!Object.keys(localStorage).some((key) => key.startsWith('oo.out.'))")


def test_a_new_person_sees_what_is_known_forgets_it_takes_a_copy_and_goes(
    browser: Browser, stack: Any
) -> None:
    with newcomer(browser, stack) as page:
        add_a_task(page)
        known = page.get_by_role("listitem").filter(has_text="You have 1 open task")
        until(page, lambda: _known(page, known), 40)
        expect(known).to_contain_text("You agreed to “Tasks”.")
        known.get_by_role("button", name="forget this").click()
        known.get_by_role("button", name="forget", exact=True).click()
        expect(page.locator("#screen-note")).to_have_text("Forgotten; it goes within moments.", timeout=SLOW)
        page.get_by_role("button", name="What you agreed to").click()
        expect(page.get_by_role("listitem").filter(has_text="Tasks: agreed")).to_be_visible(timeout=SLOW)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Back").click()

        expect(screen(page, "Signing in").get_by_role("listitem").first).to_contain_text("This browser")
        page.get_by_role("button", name="Back").click()
        screen(page, "Connections")
        page.get_by_role("button", name="Back").click()

        copy = screen(page, "A copy of everything")
        copy.get_by_role("button", name="prepare a copy").click()
        download = copy.get_by_role("link", name="download")
        expect(download).to_be_visible(timeout=60_000)
        address = download.get_attribute("href")
        assert address
        assert page.request.get(address).body().startswith(b"PK")
        page.get_by_role("button", name="Back").click()

        screen(page, "Erase everything").get_by_label("Type “erase” to go on").fill("erase")
        page.get_by_role("button", name="erase everything").click()
        receipt = page.get_by_role("dialog", name="Erased")
        expect(receipt.get_by_role("status").first).to_have_text("Everything is gone.", timeout=60_000)
        expect(receipt.get_by_role("listitem").filter(has_text="Not yet.")).to_have_count(0)
        page.get_by_role("button", name="Back").click()
        expect(page.get_by_role("link", name="Sign in with").first).to_be_visible()
        assert page.evaluate("Object.keys(localStorage)") == []


def _look(page: Page, tip: Locator) -> bool:
    if tip.is_visible():
        return True
    page.wait_for_timeout(1_000)
    if page.locator("#again").is_visible():
        page.locator("#again").click()
    return False


def _known(page: Page, known: Locator) -> bool:
    screen(page, "What oO knows")
    if known.is_visible():
        return True
    page.wait_for_timeout(1_000)
    page.get_by_role("button", name="Back").click()
    return False
