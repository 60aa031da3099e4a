"""What a model is given: a tip that is finished but for its sound."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.contracts.tips import Angle


@dataclass(frozen=True, slots=True)
class Draft:
    """What code decided, in a template's words: a model may change how it reads, never what it says."""

    angle: Angle
    lang: str
    text: str
    why: str
    title: str
    """The item's words as the tip shows them; empty when the tip is about none."""
    anchor: str
    """The event's words as the tip shows them; empty when it names none."""
    own_words: tuple[str, ...]
    """Every form in which the tip may show the person's words (`Rendered.own_words`)."""
    context: tuple[str, ...] = ()
    """Further facts that a model may know, as short phrases; it may state none of their numbers."""
