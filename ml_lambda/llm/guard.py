"""What is believed of a model's wording: nothing that the draft does not say. Pure, never raises."""

from __future__ import annotations

import re
from typing import Final, Literal

from chalicelib.domain import style
from ml_lambda.llm.draft import Draft

Reason = Literal[
    "malformed", "too_long", "markup", "own_words", "numbers", "dates", "unfounded", "advice",
    "language", "style", "unchanged", "repeated",
]  # fmt: skip
_NUMBER: Final = re.compile(r"\d+")


def check(draft: Draft, text: str, why: str = "") -> Reason | None:
    """Why the wording is not shown; None when it may be. An empty `why` keeps the template's."""
    if draft.title and not any(own in text for own in draft.own_words):
        return "own_words"
    if sorted(_NUMBER.findall(text)) != sorted(_NUMBER.findall(draft.text)):
        return "numbers"
    if style.violations(text, why or draft.why, draft.own_words):
        return "style"
    return "unchanged" if text == draft.text else None
