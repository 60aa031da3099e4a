"""What is believed of a model's wording: nothing that the draft does not say. Pure, and never raises.

The person's own words are looked for and taken out; of what is left every word stands in the draft or among
the small words of `lexicon.py`, and everything that can be true or untrue is the draft's: numbers, sizes and
what hedges them, dates, what comes before or after what. An invented name, a leaked title and an obeyed
attack so have no words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

from chalicelib.domain import style
from chalicelib.domain.wordings import language_of
from ml_lambda.llm.draft import Draft
from ml_lambda.llm.hedges import hedged
from ml_lambda.llm.house import templates
from ml_lambda.llm.lexicon import LEXICONS, Lexicon
from ml_lambda.llm.meaning import mask, plain

Reason = Literal[
    "malformed",  # the answer is no tip: not what was asked, or empty
    "no_frame",  # a model that can only reword was not asked: no frame fits, or it is another language
    "too_long",
    "own_words",  # the person's words are missing, changed, doubled, or where they cannot stand
    "markup",  # signs that a sentence does not have: links, brackets, hidden characters
    "numbers",  # a number, unit or size that is not the draft's
    "hedge",  # "about 15 minutes" became "just 15 minutes", or the other way round
    "dates",  # a day or a part of the day that is not the draft's, or is gone
    "meaning",  # before became after, a first step the whole, a choice an order; or a fact is gone
    "advice",  # an instruction of medicine, money or law
    "prompt",  # what the model was told, not the person
    "language",
    "unfounded",  # a word that is neither the draft's, the person's, nor small
    "style",
    "unchanged",  # a template says it so
    "repeated",  # the person saw one like it
]
_OWN: Final = "\ufffc"
_TOKEN: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NUMBER: Final = re.compile(r"\d+(?:[.:,]\d+)*")
_SENTENCE: Final = re.compile(r"[.?…](?=\s|$)")
_SIZED: Final = re.compile(r"(\d+(?:[.:,]\d+)*)\s*([^\W\d_]+)?")
_MARKS: Final = frozenset(" .,:;?¿!'’-–…" + _OWN)
_JOINED: Final = re.compile(r"[^\W\d_][.:@][^\W\d_]|\d[^\W\d_]|[^\W\d_]\d")
_BEFORE_NUMBER: Final = re.compile(r"([^\W\d_]+) \d")
_BEFORE_SIZE: Final = re.compile(r"\b[^\W\d_]+ (?=\d+ [^\W\d_])")
_PROMPT_RUN: Final = 5  # words in a row that are the system prompt's
# What an angle itself says about before and after.
_SAYS_AFTER: Final = frozenset({"plan_slot", "anchor"})
_SAYS_BEFORE: Final = frozenset({"prepare"})


def check(draft: Draft, text: str, why: str = "", *, told: str = "") -> Reason | None:
    """Why the wording is not shown; None when it may be. An empty `why` keeps the template's.

    `told` is the system prompt, of which nothing may come back.
    """
    if not text.strip() or len(text) > 10 * style.MAX_CHARACTERS or len(why) > 10 * style.MAX_CHARACTERS:
        return "malformed" if not text.strip() else "too_long"
    if len(text.split()) > style.MAX_WORDS or len(text) > style.MAX_CHARACTERS:
        return "too_long"
    if len(why.split()) > style.MAX_WHY_WORDS or len(why) > style.MAX_CHARACTERS:
        return "too_long"
    lexicon = LEXICONS.get(draft.lang)
    if lexicon is None:
        return "language"
    ours = _without(text, draft)
    said = _without(draft.text, draft)
    found = _held(draft, text) or _true(draft.lang, ours, said, facts=not draft.title, told=told)
    found = found or _kept_angle(draft, lexicon, ours, said)
    if found is None and why:
        found = _why(draft, why, told)
    if found is None and style.violations(text, why or draft.why, draft.own_words, draft.lang):
        found = "style"
    if found is None and _known(draft, text):
        found = "unchanged"
    return found


def _why(draft: Draft, why: str, told: str) -> Reason | None:
    for own in (draft.title, draft.anchor):
        if own and _count(why, own) != _count(draft.why, own):
            return "own_words"
    return _true(draft.lang, _without(why, draft), _without(draft.why, draft), facts=True, told=told)


def _held(draft: Draft, text: str) -> Reason | None:
    """Whether the person's words stand in it as in the draft: as often, and where they can be read."""
    for own in (draft.title, draft.anchor):
        if own and _count(text, own, draft.own_words) != _count(draft.text, own, draft.own_words):
            return "own_words"
    # A name does not bend into a sentence: it begins one or follows a colon, as in the draft.
    if _runs_on(_without(text, draft)) and not _runs_on(_without(draft.text, draft)):
        return "own_words"
    name = bool(draft.title) and not language_of(draft.lang).is_action(draft.title)
    return "own_words" if name and _stands(draft.text, draft) and not _stands(text, draft) else None


def _runs_on(ours: str) -> bool:
    """Whether a title that ends a sentence by itself stands within one: "Buy milk? now"."""
    return any(match[1].islower() for match in re.finditer(rf"{_OWN}[?…] +(.)", ours))


def _stands(text: str, draft: Draft) -> bool:
    at = text.casefold().find(draft.title.casefold())
    return at == 0 or text[:at].rstrip().endswith((":", ".", "?", "…"))


def _true(lang: str, ours: str, said: str, *, facts: bool, told: str) -> Reason | None:
    """Whether what is left without the person's words says what the draft says. `facts`: all that it says."""
    lexicon = LEXICONS[lang]
    if _strange(ours, said):
        return "markup"
    if _sizes(ours, lexicon) != _sizes(said, lexicon) or _numbered(ours, lexicon) != _numbered(said, lexicon):
        return "numbers"
    if hedged(ours, lang, lexicon.units) != hedged(said, lang, lexicon.units):
        return "hedge"
    dates = _of(ours, lexicon.dates) != _of(said, lexicon.dates)
    if dates or _of(ours, lexicon.today) - _of(said, lexicon.today):
        return "dates"
    return _founded(lexicon, ours, said, facts=facts, told=told)


def _founded(lexicon: Lexicon, ours: str, said: str, *, facts: bool, told: str) -> Reason | None:
    """Whether each word is the draft's or a small one."""
    words, allowed = _tokens(ours), set(_tokens(said))
    strangers = [w for w in words if w not in allowed and w not in lexicon.free]
    found: Reason | None = None
    if any(w.startswith(tuple(lexicon.advice)) for w in strangers):
        found = "advice"
    elif told and _runs(ours) & _runs(told) - _runs(said):
        found = "prompt"
    elif strangers:
        found = "language" if _foreign(words, lexicon) else "unfounded"
    elif not lexicon.nouns_capital and _named(ours, said):
        found = "unfounded"
    elif facts and {w for w in allowed if w not in lexicon.free} - set(words) - lexicon.today:
        found = "meaning"
    return found


def _kept_angle(draft: Draft, lexicon: Lexicon, ours: str, said: str) -> Reason | None:
    """Whether the angle is still the draft's."""
    if _delayed(ours, lexicon) and not _delayed(said, lexicon):
        return "meaning"
    if _ordered(draft, lexicon, ours) != _ordered(draft, lexicon, said):
        return "meaning"
    if draft.title and draft.angle != "keep_or_let_go" and _asides(ours) > _asides(said):
        return "meaning"
    groups: tuple[frozenset[str], ...] = ()
    if draft.angle == "smallest_step":
        groups = (lexicon.part,)
    elif draft.angle == "keep_or_let_go":
        groups = (lexicon.stay, lexicon.go)
        if "?" in said and "?" not in ours:
            return "meaning"
    if any(_of(said, group) and not _of(ours, group) for group in groups):
        return "meaning"
    return None


def _ordered(draft: Draft, lexicon: Lexicon, ours: str) -> tuple[bool, bool]:
    """Whether it puts something before, and something after, what it names; as the angle says it anyway."""
    if draft.angle == "smallest_step":  # "stop after 2 minutes" puts nothing after anything
        ours = _BEFORE_SIZE.sub("", ours)
    named = bool(draft.anchor) and draft.anchor in draft.text
    before = bool(_of(ours, lexicon.before)) or (named and draft.angle in _SAYS_BEFORE)
    after = bool(_of(ours, lexicon.after)) or (named and draft.angle in _SAYS_AFTER)
    return before, after


def _asides(ours: str) -> int:
    """Sentences with neither the person's words nor a number: each would say a second thing."""
    sentences = [end for end in _SENTENCE.split(ours) if _tokens(end)]
    return sum(_OWN not in sentence and not _NUMBER.search(sentence) for sentence in sentences)


def _delayed(ours: str, lexicon: Lexicon) -> bool:
    """Whether it says "in 5 minutes": when to do it, not how long."""
    return any(word.casefold() in lexicon.delays for word in _BEFORE_NUMBER.findall(ours))


def _known(draft: Draft, text: str) -> bool:
    masked = plain(mask(text, draft.own_words))
    return masked == plain(mask(draft.text, draft.own_words)) or masked in templates(draft.lang)


def _strange(ours: str, said: str) -> bool:
    """Whether it has signs that neither a plain sentence nor the draft has."""
    return bool(_JOINED.search(ours)) or not all(_plain(char) or char in said for char in ours)


def _plain(char: str) -> bool:
    return char in _MARKS or char.isalpha() or (char.isascii() and char.isdecimal())


def _named(ours: str, said: str) -> bool:
    """Whether a word has a capital inside a sentence that the draft has not: a name, whatever the word is."""
    had = {match[0] for match in _TOKEN.finditer(said)}
    for match in _TOKEN.finditer(ours):
        before = ours[: match.start()].rstrip()
        begins = not before or before[-1] in ".?:…¿"
        if not begins and match[0] not in had and match[0] != match[0].lower():
            return True
    return False


def _foreign(words: Iterable[str], lexicon: Lexicon) -> bool:
    listed = list(words)

    def known(other: Lexicon) -> int:
        return sum(w in other.free or w in other.dates or w in other.units for w in listed)

    return any(known(other) > max(1, known(lexicon)) for other in LEXICONS.values())


def _sizes(ours: str, lexicon: Lexicon) -> list[tuple[str, str]]:
    """Every number with the unit that follows it, sorted."""
    found = [(n, unit.casefold()) for n, unit in _SIZED.findall(ours)]
    return sorted((n, unit if unit in lexicon.units else "") for n, unit in found)


def _numbered(ours: str, lexicon: Lexicon) -> list[str]:
    """The numbers and units in words, sorted."""
    return sorted(w for w in _tokens(ours) if w in lexicon.numbers or w in lexicon.units)


def _of(ours: str, group: frozenset[str]) -> frozenset[str]:
    return group & frozenset(_tokens(ours))


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _tokens(text)
    return {tuple(words[i : i + _PROMPT_RUN]) for i in range(len(words) - _PROMPT_RUN + 1)}


def _tokens(text: str) -> list[str]:
    return [match[0].casefold() for match in _TOKEN.finditer(text)]


def _own(draft: Draft) -> list[str]:
    """The title and the event in every form in which they may be shown, longest first."""
    own = {draft.title, draft.anchor} - {""}
    folded = {w.casefold() for w in own}
    return sorted(own | {w for w in draft.own_words if w.casefold() in folded}, key=lambda w: (-len(w), w))


def _count(text: str, own: str, forms: Iterable[str] = ()) -> int:
    shown = {own} | {w for w in forms if w.casefold() == own.casefold()}
    pattern = "|".join(re.escape(w) for w in sorted(shown))
    return len(re.findall(rf"(?<!\w)(?:{pattern})(?!\w)", text))


def _without(text: str, draft: Draft) -> str:
    """The text with a sign in the place of the person's words."""
    for own in _own(draft):
        text = re.sub(rf"(?<!\w){re.escape(own)}(?!\w)", _OWN + (own[-1] if own[-1] in "?…" else ""), text)
    return text
