"""Every wording and every reason, with every kind of title: within the rules, in the person's words."""

import itertools
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contracts.ml import Candidate, Reason
from chalicelib.domain.style import violations
from chalicelib.domain.wordings import LANGUAGES, Rendered, fitting, language_of, render
from chalicelib.domain.wordings.titles import clean, shorten
from tests.unit.domain.people import NOW

# Every parameter that an angle may give; a reason or a wording takes those it names.
PARAMS = {
    "at": "2026-11-23T13:30:00+00:00",
    "until": "2026-11-23T13:30:00+00:00",
    "slot": "2026-11-24T08:00:00+00:00",
    "slot_until": "2026-11-24T20:30:00+00:00",
    "start": "2026-11-23T11:30:00+00:00",
    "end": "2026-11-23T13:00:00+00:00",
    "on": "2026-12-23",
    "tomorrow": 1,
    "stated": 90,
    "takes": 150,
    "hour": 10,
    "minute": 1065,
    "done": 29,
    "day": 30,
    "year": 2024,
}
ITEM, ANCHOR = "task-1", "event-1"
NASTY = (
    "Call the bank",
    "call mum!",
    "Tax letter",
    "Where is the passport?",
    "…",
    "-",
    "A",
    "and then and then and",
    "Finally pay the overdue bill, quickly!!!",
    "You must not forget: 3 times late again",
    "x" * 500,
    "word " * 100,
    "https://example.com/" + "a-very-long-path/" * 20,
    "[Read the paper](https://example.com/paper) **today**",
    "line one\nline two\r\n\tline three",
    "evil \u202edrow desrever\u202c and \u2066isolated\u2069",
    "nul\x00 bell\x07 zero\u200bwidth \ufeffbom",
    "{title} {0} {} %s ${x} <b>bold</b> & <script>alert(1)</script>",
    "日本語の長い題名" * 20,
    "חשבונית לשלוח למירה",
    "می‌خواهم کتاب بخوانم",
    "👩‍👩‍👧‍👦" * 60,
    "🎉 Party!!! 🎉",
    "Zo\u0308e\u0301" * 80,
    "iPhone back-up",
    "ßtraße fegen",
    "1 minutes of 1 hours",
    "Rechnung an Mira schicken, und zwar heute noch",
    '"Quoted" (bracketed) — dashed – thing;',
    "a.b.c... d?!",
    "* Todoist heading",
)
LOCALES = {
    "en": ("en-US", "en-GB"),
    "de": ("de-DE", "de-AT"),
    "es": ("es-ES", "es-MX"),
    "ru": ("ru-RU", "ru-KZ"),
}
LENGTHS = (1, 2, 5, 21, 25, 60, 90, 150)


def candidate(angle: str, wording: str, code: str, minutes: int = 25, **values: object) -> Candidate:
    item = None if angle in {"rest", "close_day"} else ITEM
    return Candidate(
        angle=angle,
        kind="todo",
        wording=wording,
        reason=Reason(code=code, params=PARAMS),
        minutes=minutes,
        expires_at=NOW + timedelta(hours=1),
        item_ref=item,
        anchor_ref=ANCHOR,
        **values,
    )


def every_wording(lang: str) -> list[tuple[str, str]]:
    return [
        (angle, wording) for angle, templates in LANGUAGES[lang].templates.items() for wording in templates
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
class TestEveryLanguage:
    def test_every_template_with_every_reason_and_every_title(self, lang: str) -> None:
        reasons, wordings = list(LANGUAGES[lang].reasons), every_wording(lang)
        for number, (angle, wording) in enumerate(wordings):
            # The text depends on the template and the titles, the why on the reason and the anchor, and how
            # times are written on the locale: each template meets every title, and over the titles every
            # length and both locales; each reason meets both locales.
            for n, title in enumerate(NASTY):
                locale = LOCALES[lang][(number + n // len(LENGTHS)) % 2]
                code = reasons[(number + n) % len(reasons)]
                anchor = NASTY[(n * 7 + number) % len(NASTY)]
                words = {ITEM: title, ANCHOR: anchor}
                found = candidate(angle, wording, code, LENGTHS[(n + number) % len(LENGTHS)])
                shown = render(found, words, timezone="Asia/Tokyo", locale=locale)
                assert shown.lang == lang
                assert violations(shown.text, shown.why, shown.own_words, lang) == [], (wording, code, shown)

    def test_every_variant_of_every_reason_with_every_anchor(self, lang: str) -> None:
        def shown(code: str, wording: int, anchor: str) -> Rendered:
            words = {ITEM: "Call the bank", ANCHOR: anchor}
            found = candidate("do_now", f"do_now.{wording}", code)
            return render(found, words, timezone="UTC", locale=LOCALES[lang][0])

        for code, variants in LANGUAGES[lang].reasons.items():
            # Which variant is told follows from the wording: one wording for each of them.
            telling = {shown(code, wording, "Standup").why: wording for wording in range(1, 11)}
            assert len(telling) == len(variants), code
            for wording, anchor in itertools.product(telling.values(), NASTY):
                told = shown(code, wording, anchor)
                assert violations(told.text, told.why, told.own_words, lang) == [], (code, told)

    def test_at_least_eight_wordings_for_an_offer_with_the_fewest_traits(self, lang: str) -> None:
        least = {
            "do_now": ("estimate", "box"),
            "smallest_step": ("task", "habit"),
            "plan_slot": ("time", "anchor"),
            "keep_streak": ("day",),
            "rest": ("",),
            "anchor": ("",),
            "restart": ("",),
            "prepare": ("",),
            "batch": ("",),
            "keep_or_let_go": ("",),
            "close_day": ("",),
        }
        assert set(least) == set(LANGUAGES[lang].templates)
        for angle, traits in least.items():
            for trait in traits:
                assert len(fitting(angle, frozenset({trait}), lang)) >= 8, (angle, trait)

    def test_no_two_ids_say_the_same(self, lang: str) -> None:
        for pick in ("action", "thing"):
            said = [
                (getattr(template, pick))
                for ts in LANGUAGES[lang].templates.values()
                for template in ts.values()
            ]
            assert len(said) == len(set(said)), sorted(t for t in said if said.count(t) > 1)


@pytest.mark.parametrize("count", [1, 2, 59, 60, 61, 90, 91, 120, 150, 1440])
def test_lengths_of_time(count: int) -> None:
    said = language_of("en").minutes(count)
    expected = {
        1: "1 minute",
        60: "1 hour",
        90: "90 minutes",
        120: "2 hours",
        150: "2 h 30 min",
        1440: "24 hours",
    }
    assert said == expected.get(count, said)
    assert violations(f"Walk. {said}.", "Due today.") == []


@pytest.mark.parametrize(
    ("title", "locale", "text"),
    [
        ("call the bank", "en", "Call the bank. 10 minutes."),
        ("Tax letter", "en", "Start on: Tax letter. 10 minutes."),
        ("iPhone back-up", "en", "Start on: iPhone back-up. 10 minutes."),
        ("Book club", "en", "Start on: Book club. 10 minutes."),
        ("Book the dentist", "en", "Book the dentist. 10 minutes."),
        ("Swim bag for Lena", "en", "Start on: Swim bag for Lena. 10 minutes."),
        ("Call with Jonas", "en", "Start on: Call with Jonas. 10 minutes."),
        ("Where is the passport?", "en", "Start on: Where is the passport? 10 minutes."),
        ("Send the invoice.", "xx", "Send the invoice. 10 minutes."),
        ("  Send\n the   invoice…", "en", "Send the invoice. 10 minutes."),
        (
            "Write the report about everything that happened in the last quarter of this year",
            "en",
            "Write the report about everything that happened in the last quarter… 10 minutes.",
        ),
    ],
)
def test_the_person_s_own_words_stay(title: str, locale: str, text: str) -> None:
    found = candidate("do_now", "do_now.1", "due_today", minutes=10)
    shown = render(found, {ITEM: title, ANCHOR: "Standup"}, timezone="UTC", locale=locale)
    assert shown.text == text


def test_times_are_the_person_s() -> None:
    found = candidate("plan_slot", "plan_slot.1", "due_today_at")
    words = {ITEM: "Book the dentist", ANCHOR: "Standup"}
    berlin = render(found, words, timezone="Europe/Berlin", locale="en-GB")
    assert berlin.text == "Book the dentist tomorrow at 09:00?"
    assert "14:30" in berlin.why
    york = render(found, words, timezone="America/New_York", locale="en-US")
    assert york.text == "Book the dentist tomorrow at 3 am?"
    assert "8:30 am" in york.why


def test_a_plan_names_its_event() -> None:
    found = candidate("plan_slot", "plan_slot.a1", "slot_free")
    words = {ITEM: "Book the dentist", ANCHOR: "Team meeting"}
    assert render(found, words, timezone="UTC", locale="en").text == "After Team meeting, book the dentist?"


@pytest.mark.parametrize("words", [{}, {ITEM: "x"}, {ANCHOR: "x"}, {ITEM: "\x00\u200b", ANCHOR: "x"}])
def test_a_title_that_is_missing_or_empty_is_a_key_error(words: dict[str, str]) -> None:
    with pytest.raises(KeyError):
        render(candidate("do_now", "do_now.1", "due_today"), words, timezone="UTC", locale="en")


def test_a_wording_that_is_gone_is_replaced_by_one_that_fits() -> None:
    found = candidate("do_now", "do_now.retired", "due_today")
    shown = render(found, {ITEM: "Call the bank", ANCHOR: "Standup"}, timezone="UTC", locale="en")
    assert shown.text.startswith("Call the bank")


@given(st.text(max_size=500), st.integers(1, 14), st.integers(10, 90))
def test_any_title_is_safe_and_short(title: str, words: int, characters: int) -> None:
    cleaned = clean(title)
    assert clean(cleaned) == cleaned
    short = shorten(cleaned, words, characters)
    assert len(short) <= characters
    assert len(short.split()) <= words
    assert violations("Walk. 5 minutes.", short or "x", [short]) == [] or any(
        "why" in wrong for wrong in violations("Walk. 5 minutes.", short, [short])
    )


@given(
    title=st.text(min_size=1, max_size=500),
    anchor=st.text(min_size=1, max_size=200),
    n=st.integers(0, 200),
    lang=st.sampled_from(sorted(LANGUAGES)),
)
def test_any_words_at_all_render_within_the_limits(title: str, anchor: str, n: int, lang: str) -> None:
    wordings, reasons = every_wording(lang), list(LANGUAGES[lang].reasons)
    angle, wording = wordings[n % len(wordings)]
    found = candidate(angle, wording, reasons[n % len(reasons)])
    if not clean(title) or not clean(anchor):
        return
    shown = render(found, {ITEM: title, ANCHOR: anchor}, timezone="Europe/Berlin", locale=lang)
    assert violations(shown.text, shown.why, shown.own_words, lang) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("You must call the bank.", "Due today."),
        ("Call the bank. You should.", "Due today."),
        ("You need to call the bank.", "Due today."),
        ("Don't forget the bank.", "Due today."),
        ("Finally call the bank.", "Due today."),
        ("Call the bank again.", "Due today."),
        ("Call the bank.", "It is overdue."),
        ("A quick call.", "Due today."),
        ("Call the bank!", "Due today."),
        ("Call the bank 🎉.", "Due today."),
        ("Call the bank and write a letter.", "Due today."),
        ("Call the bank. 1 minutes.", "Due today."),
        ("Call the bank. 5 minute.", "Due today."),
        ("Call the bank.", "You missed it twice."),
        ("Call the bank.", "Moved 3 times."),
        ("Call the bank.", ""),
        ("word " * 15, "Due today."),
        ("x" * 91, "Due today."),
        ("Call the bank.", "word " * 12),
        ("Call the\nbank.", "Due today."),
        ("Call the \u202ebank.", "Due today."),
        ("Call {title}.", "Due today."),
        ("Well done. Call the bank.", "Due today."),
        ("Call the bank.", "You feel stressed."),
    ],
)
def test_the_checker_finds_each_offence(text: str, why: str) -> None:
    assert violations(text, why)
    assert violations("Call the bank. 5 minutes.", "Due today.") == []


def test_the_checker_leaves_the_person_s_own_words_alone() -> None:
    title = "Finally pay and forget!"
    assert violations(f"{title} 5 minutes.", "Due today.", [title]) == []
    assert violations(f"{title} 5 minutes.", "Due today.") != []
