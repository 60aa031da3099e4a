"""What the client reserves is no less than real models count, and a real embedder's vectors make themes."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import pytest

from ml_lambda.features.themes import regroup
from ml_lambda.llm.client import HttpModels
from ml_lambda.llm.contract import TIP_GENERATOR, Message, ModelUnavailable
from oo_local.models.proxy import Models
from tests.ai.conftest import schema

TEXT = schema(text={"type": "string", "maxLength": 120})


class Purse:
    """A budget that notes what was reserved and what was used."""

    def __init__(self) -> None:
        self.settled = list[tuple[int, int]]()

    def reserve(self, person_id: str | None, tokens: int, now: datetime) -> None:
        """There is always enough."""

    def settle(self, person_id: str | None, reserved: int, used: int, now: datetime) -> None:
        self.settled.append((reserved, used))


@pytest.mark.parametrize("words", ["Call Anna.", "Позвонить маме 🙂🙂🙂 завтра", "ﷺ𒀱" * 40])
def test_no_call_costs_more_than_was_reserved(proxy: Models, words: str) -> None:
    """Even of text that a tokenizer takes apart to single bytes."""
    purse = Purse()
    models = HttpModels(
        proxy.configuration.litellm_url, timeout_seconds=60, key=lambda: proxy.key, budget=purse
    )
    try:
        models.embedder("p").embed([words])
        # A small model may come to no end in 40 tokens; they were written all the same.
        with suppress(ModelUnavailable):
            models.chat(TIP_GENERATOR, "p").ask([Message("user", words)], schema=TEXT, max_tokens=40)
    finally:
        models.close()
    assert len(purse.settled) == 2
    for reserved, used in purse.settled:
        assert 0 < used <= reserved


def test_tasks_are_grouped_as_people_would(aliases: HttpModels) -> None:
    about = {
        "Call Mum": "calls", "Call the plumber": "calls", "Call the bank about the card": "calls",
        "Buy milk": "groceries", "Buy bread and eggs": "groceries", "Buy coffee beans": "groceries",
        "Prepare the budget report": "work", "Review the project budget": "work",
        "Update the project plan": "work",
        "Clean the kitchen": "home", "Clean the bathroom": "home", "Practise Spanish": "learning",
    }  # fmt: skip
    titles = list(about)
    themes = regroup({}, dict(zip(titles, aliases.embedder().embed(titles), strict=True)))
    groups = [{t for t in titles if themes[t] == theme} for theme in set(themes.values())]
    assert all(len({about[title] for title in group}) == 1 for group in groups)
    assert {"Call Mum", "Call the plumber", "Call the bank about the card"} in groups
    assert {"Buy milk", "Buy bread and eggs", "Buy coffee beans"} in groups
    assert {"Clean the kitchen", "Clean the bathroom"} in groups
    assert themes["Prepare the budget report"] == themes["Review the project budget"]
