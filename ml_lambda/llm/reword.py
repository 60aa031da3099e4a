"""A draft as a question to a model that can only reword: a stand-in for the title, a grammar for the answer.

The model never sees a person's words: it rewords "call Anna", and code puts the title back. What stands in a
title or a calendar entry can so not talk to it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from chalicelib.domain.style import MAX_CHARACTERS, MAX_WORDS
from chalicelib.domain.wordings import language_of
from ml_lambda.llm.draft import Draft
from ml_lambda.llm.frames import FRAMES
from ml_lambda.llm.hedges import HEDGES

LANGUAGE: Final = "en"
ACTION: Final = "call Anna"
THING: Final = "Tax letter"
EVENT: Final = "Lunch"
# "Only 90 minutes" is no small thing.
SMALL: Final = 20

_CLOCK: Final = r"\d{1,2}:\d\d(?: [ap]m)?|\d{1,2} [ap]m"
_SIZE: Final = re.compile(r"\b\d+ h \d+ min\b|\b\d+ (?:minutes?|hours?)\b")
_BEFORE: Final = "|".join(HEDGES[LANGUAGE].before.values())
_AFTER: Final = "|".join(HEDGES[LANGUAGE].after.values())
_HEDGED: Final = re.compile(
    rf"\b(?:{_BEFORE}) (?:{_SIZE.pattern})|(?:{_SIZE.pattern}) (?:{_AFTER})\b", re.IGNORECASE
)
_DAY: Final = re.compile(r"\b[Dd]ay \d+\b")
_BOUND: Final = re.compile(r"\b(?:before|until) (\d{1,2}:\d\d(?: [ap]m)?|\d{1,2} [ap]m)")
_THEN: Final = re.compile(rf"\btomorrow at (?P<a>{_CLOCK})|(?P<b>{_CLOCK}) tomorrow\b|(?P<c>{_CLOCK})")
_GROUP: Final = re.compile(r"\(([^()]*)\)")
_HOLE: Final = re.compile(r"\{(\w+)\}")
_NEEDS_ACTION: Final = re.compile(r"\{Act\}|(?:to|,) \{act\}")
# A title that ends a sentence by itself cannot stand within one.
_WITHIN: Final = re.compile(r"\{(?:[Aa]ct|Title)\}(?![.?]|\(\.\|\?\))")
_LITTLE: Final = re.compile(r"\b(?:just|only|little|small)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """A finished sentence about a stand-in, and the pattern that its rewording must match."""

    sentence: str
    pattern: str


def ask(draft: Draft, *, turn: int = 0, avoid: Collection[str] = ()) -> Asked | None:
    """What to ask at the `turn`-th try; None for a draft whose shape no frame has.

    Frames that begin as something in `avoid` (masked wordings) come last.
    """
    parts = _parts(draft)
    openings = _openings(draft, parts) if parts is not None else []
    if parts is None or not openings:
        return None
    seed = f"{draft.text}|{draft.why}"
    begun = [wording.split("…")[0].split("#")[0].strip() for wording in avoid]

    def order(frame: str) -> tuple[bool, int]:
        start = _GROUP.split(frame)[0].split("{")[0].strip().lower()
        return any(b.startswith(start) for b in begun) if start else False, crc32(f"{seed}|{frame}".encode())

    chosen = sorted(openings, key=order)[turn % len(openings)]
    return Asked(_sentence(draft, parts), _pattern(chosen, parts))


def fill(text: str, draft: Draft) -> str:
    """The model's sentence with the person's own words in the stand-ins' places."""
    action = _is_action(draft)
    for stand_in, own in ((ACTION if action else THING, draft.title), (EVENT, draft.anchor)):
        if not own:
            continue
        inside = own if stand_in == EVENT or not action else _form(draft, lower=True)
        begins = own if stand_in == EVENT else _form(draft, lower=False)
        text = text.replace(stand_in[0].upper() + stand_in[1:], "\0").replace(stand_in, "\1")
        text = text.replace("\0", begins if action or stand_in == EVENT else inside).replace("\1", inside)
    return text


def _form(draft: Draft, *, lower: bool) -> str:
    forms = [w for w in draft.own_words if w.casefold() == draft.title.casefold()]
    return next((w for w in forms if w[:1].islower() == lower), draft.title)


def _is_action(draft: Draft) -> bool:
    return not draft.title or language_of(draft.lang).is_action(draft.title)


def _parts(draft: Draft) -> Mapping[str, str] | None:
    """The draft's parts that a rewording keeps; None when its shape is not known."""
    ours = draft.text
    for own in sorted((w for w in draft.own_words if w), key=len, reverse=True):
        ours = ours.replace(own, "…")
    parts: dict[str, str] = {}
    if draft.title:
        parts |= {"act": ACTION if _is_action(draft) else THING, "Act": ACTION[0].upper() + ACTION[1:]}
        parts["Title"] = parts["Act"] if _is_action(draft) else THING
    else:
        match = re.fullmatch(r"([A-Z][^.\d]*) for (\d+ \w+)\.", ours)
        if match is None:
            return None
        parts |= {"Act": match[1], "act": match[1][0].lower() + match[1][1:]}
    if draft.anchor and draft.anchor in draft.text:
        parts["event"] = EVENT
    if hedged := _HEDGED.search(ours):
        parts["hedged"] = hedged[0][0].lower() + hedged[0][1:]
    elif size := _SIZE.search(ours):
        parts["size"] = size[0]
    if day := _DAY.search(ours):
        parts["day"] = day[0].lower()
    if bound := _BOUND.search(ours):
        parts["bound"] = bound[1]
    elif (then := _THEN.search(_SIZE.sub("", ours))) is not None:
        at = then["a"] or then["b"] or then["c"]
        tomorrow = then["c"] is None
        parts["then"] = f"{at} tomorrow" if tomorrow else at
        parts["adv"] = f"tomorrow at {at}" if tomorrow else f"at {at}"
    return parts


def _openings(draft: Draft, parts: Mapping[str, str]) -> list[str]:
    """The frames that fit, one for each first word."""
    have = {name for name in parts if name not in {"act", "Act", "Title", "adv"}}
    frames = next((frames for needs, frames in FRAMES.get(draft.angle, ()) if needs == have), ())
    found: list[str] = []
    for frame in frames:
        if _NEEDS_ACTION.search(frame) and not _is_action(draft):
            continue
        if draft.title.endswith(("?", "…")) and _WITHIN.search(frame):
            continue
        group = _GROUP.match(frame)
        found += [option + frame[group.end() :] for option in group[1].split("|")] if group else [frame]
    fitted = (_fitted(frame, draft, parts) for frame in found)
    return [frame for frame in fitted if frame is not None]


def _fitted(frame: str, draft: Draft, parts: Mapping[str, str]) -> str | None:
    """The frame without what has no room beside the title and the event; None when nothing of it has."""
    shown = {**parts, "event": draft.anchor} | {
        n: draft.title for n in ("act", "Act", "Title") if draft.title
    }
    while True:
        groups = [match[0] for match in _GROUP.finditer(frame)]
        longest = _GROUP.sub(lambda group: max(group[1].split("|"), key=_length), frame)
        text = _HOLE.sub(lambda hole: shown[hole[1]], longest)
        if len(text.split()) <= MAX_WORDS and len(text) <= MAX_CHARACTERS:
            return frame
        wide = max(groups, key=_spread, default="()")
        if _spread(wide) <= (0, 0):
            return None
        options = wide[1:-1].split("|")
        options.remove(max(options, key=_length))
        frame = frame.replace(wide, f"({'|'.join(options)})", 1)


def _spread(group: str) -> tuple[int, int]:
    """How much shorter its shortest option is than its longest, in words and characters."""
    lengths = sorted(_length(option) for option in group[1:-1].split("|"))
    return lengths[-1][0] - lengths[0][0], lengths[-1][1] - lengths[0][1]


def _length(text: str) -> tuple[int, int]:
    return len(text.split()), len(text)


def _pattern(frame: str, parts: Mapping[str, str]) -> str:
    """The frame as a regular expression."""
    size = parts.get("size", "")
    count = int(size.split()[0]) if size else 0
    large = "h" in size or count > SMALL

    def options(match: re.Match[str]) -> str:
        kept = [o for o in match[1].split("|") if not (large and _LITTLE.search(o))] or [""]
        return "\2" + "\3".join(kept) + "\4"

    filled = _HOLE.sub(lambda hole: parts[hole[1]], _GROUP.sub(options, frame))
    escaped = re.escape(filled).replace("\\ ", " ").replace("\\-", "-").replace("\\,", ",")
    for mark, sign in (("\2", "("), ("\3", "|"), ("\4", ")")):
        escaped = escaped.replace(re.escape(mark), sign).replace(mark, sign)
    return f"^{escaped}$"


def _sentence(draft: Draft, parts: Mapping[str, str]) -> str:
    text = draft.text
    for own in sorted((w for w in draft.own_words if w), key=len, reverse=True):
        stand_in = EVENT if own.casefold() == draft.anchor.casefold() else parts["act"]
        text = text.replace(own, stand_in)
    return text[:1].upper() + text[1:]
