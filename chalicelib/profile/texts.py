"""What a person reads before they agree, by version. A text that was ever in force is never changed: a
change of words is a new version here and in `contracts/consents.py`; the page asks for the words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib.contracts.consents import TEXT_VERSION, Consent
from chalicelib.contracts.errors import NotFound
from chalicelib.contracts.privacy import ConsentText, ConsentTexts

TEXTS: Final[Mapping[str, Mapping[Consent, tuple[str, str]]]] = {
    "2026-11": {
        "tasks": ("Tasks", "what you want to do, and when it is due"),
        "calendar": ("Calendar", "when you are busy, what comes next"),
        "habits": ("Habits", "what you do regularly"),
        "mood": ("Mood", "how you say you are"),
        "context": ("Where you are", "home, work, out, travelling"),
        "notifications": ("Notifications", "so that a tip can come to you"),
        "learning": ("Learn from my answers", "so that the next tip fits better"),
        "research": ("Research", "so that tips get better for everyone"),
    },
}


def texts(version: str) -> ConsentTexts:
    """That version. Raises NotFound."""
    found = TEXTS.get(version)
    if found is None:
        raise NotFound(f"There was never such a text; the one in force is {TEXT_VERSION}.")
    return ConsentTexts(
        text_version=version,
        in_force=version == TEXT_VERSION,
        texts={consent: ConsentText(title=title, what=what) for consent, (title, what) in found.items()},
    )
