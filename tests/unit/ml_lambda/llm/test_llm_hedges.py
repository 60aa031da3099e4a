"""About stays about, and at most stays at most: in a text, in a why, in every language, and for what ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ml_lambda.llm import guard
from ml_lambda.llm.draft import Draft
from ml_lambda.llm.hedges import HEDGES
from ml_lambda.llm.lexicon import LEXICONS
from tests.unit.ml_lambda.llm.drafts import SLOT, draft


def hedge(wording: str, lang: str) -> Draft:
    title = {"en": "Call Anna", "de": "Anna anrufen", "es": "Llamar a Ana", "ru": "Позвонить Анне"}[lang]
    return draft(f"do_now.{wording}", title, minutes=15, lang=lang)


# By language: the draft's template (3: about, b4: up to, b5: at most), and what is said instead.
CASES: dict[str, list[tuple[str, str, bool]]] = {
    "en": [
        ("3", "Take about 15 minutes to call Anna.", True),
        ("3", "Call Anna next. Around 15 minutes.", True),
        ("3", "Call Anna now, just about 15 minutes.", True),
        ("3", "Call Anna now. 15 minutes or so.", True),
        ("3", "Call Anna now, just 15 minutes.", False),
        ("3", "Take only 15 minutes to call Anna.", False),
        ("3", "How about 15 minutes to call Anna?", False),
        ("3", "Take up to 15 minutes to call Anna.", False),
        ("b4", "Take up to 15 minutes to call Anna.", True),
        ("b4", "Take 15 minutes to call Anna.", False),
        ("b4", "Take over 15 minutes to call Anna.", False),
        ("b5", "Take at most 15 minutes to call Anna.", True),
        ("b5", "Call Anna, just 15 minutes.", False),
        ("b5", "Take about 15 minutes to call Anna.", False),
        ("1", "Take about 15 minutes to call Anna.", False),
        ("1", "How about 15 minutes to call Anna?", True),
        ("1", "Take just 15 minutes to call Anna.", True),
    ],
    "de": [
        ("3", "Anna anrufen, jetzt etwa 15 Minuten.", True),
        ("3", "Rund 15 Minuten dafür: Anna anrufen.", True),
        ("3", "Nimm dir dafür nur 15 Minuten: Anna anrufen.", False),
        ("3", "Anna anrufen, höchstens 15 Minuten.", False),
        ("b4", "Nimm dir bis zu 15 Minuten dafür: Anna anrufen.", True),
        ("b4", "Nimm dir 15 Minuten dafür: Anna anrufen.", False),
        ("b5", "Nimm dir höchstens 15 Minuten dafür: Anna anrufen.", True),
        ("b5", "Nimm dir gut 15 Minuten dafür: Anna anrufen.", False),
        ("1", "Nimm dir etwa 15 Minuten dafür: Anna anrufen.", False),
    ],
    "es": [
        ("3", "Dedica más o menos 15 minutos a esto: llamar a Ana.", True),
        ("3", "Dedica unos 15 minutos a esto: llamar a Ana.", True),
        ("3", "Dedica solo 15 minutos a esto: llamar a Ana.", False),
        ("3", "Dedica hasta 15 minutos a esto: llamar a Ana.", False),
        ("b4", "Dedica hasta 15 minutos a esto: llamar a Ana.", True),
        ("b4", "Dedica justo 15 minutos a esto: llamar a Ana.", False),
        ("b5", "Dedica 15 minutos como mucho a esto: llamar a Ana.", True),
        ("b5", "Dedica 15 minutos a esto: llamar a Ana.", False),
        ("1", "Dedica casi 15 minutos a esto: llamar a Ana.", False),
    ],
    "ru": [
        ("3", "Удели этому примерно 15 минут: позвонить Анне.", True),
        ("3", "Удели этому около 15 минут: позвонить Анне.", True),
        ("3", "Удели этому только 15 минут: позвонить Анне.", False),
        ("3", "Удели этому всего 15 минут: позвонить Анне.", False),
        ("b4", "Удели этому до 15 минут: позвонить Анне.", True),
        ("b4", "Удели этому 15 минут: позвонить Анне.", False),
        ("b5", "Удели этому не больше 15 минут: позвонить Анне.", True),
        ("b5", "Удели этому лишь 15 минут: позвонить Анне.", False),
        ("1", "Удели этому около 15 минут: позвонить Анне.", False),
    ],
}


@pytest.mark.parametrize(
    ("lang", "wording", "text", "kept"),
    [(lang, *case) for lang, cases in CASES.items() for case in cases],
)
def test_about_stays_about_and_at_most_stays_at_most(lang: str, wording: str, text: str, kept: bool) -> None:
    assert guard.check(hedge(wording, lang), text) == (None if kept else "hedge")


@pytest.mark.parametrize(
    ("lang", "draft_why", "why"),
    [
        ("en", "You usually do it around 07:45.", "You usually do it at 07:45."),
        ("en", "Each of the three takes 10 minutes at most.", "Each of the three takes 10 minutes."),
        ("de", "Du machst das meist gegen 18 Uhr.", "Du machst das meist um 18 Uhr."),
        ("es", "Sueles hacerlo hacia las 18:00.", "Sueles hacerlo a las 18:00."),
        ("ru", "Обычно ты делаешь это около 18:00.", "Обычно ты делаешь это в 18:00."),
    ],
)
def test_nor_does_a_why_turn_them(lang: str, draft_why: str, why: str) -> None:
    text = {"en": "Take 15 minutes to call Anna.", "de": "Nimm dir 15 Minuten dafür: Anna anrufen.",
            "es": "Dedica 15 minutos a esto: llamar a Ana.",
            "ru": "Удели этому 15 минут: позвонить Анне."}[lang]  # fmt: skip
    of = replace(hedge("1", lang), why=draft_why)
    assert guard.check(of, text, draft_why) is None
    assert guard.check(of, text, why) == "hedge"


def test_every_language_that_models_may_word_has_its_hedges() -> None:
    assert HEDGES.keys() == LEXICONS.keys()


def test_an_end_is_no_hedge() -> None:
    for lang, text in (("es", "Usa el tiempo hasta las 12:45 para esto: llamar a Ana. 15 minutos."),
                       ("ru", "До 12:45 удели этому 15 минут: позвонить Анне.")):  # fmt: skip
        of = draft("do_now.u2", hedge("1", lang).title, minutes=15, lang=lang, until=SLOT)
        assert guard.check(of, text) is None
