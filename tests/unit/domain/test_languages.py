"""German, Spanish and Russian as careful as English: numbers, times, cases, verbs, ids across languages."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contracts.http import ProfilePatch
from chalicelib.domain.style import violations
from chalicelib.domain.wordings import LANGUAGES, cldr, fitting, language_of, render
from chalicelib.domain.wordings.de import German
from tests.unit.domain.test_domain_words import ANCHOR, ITEM, LENGTHS, LOCALES, candidate

EVERY_LOCALE = [(lang, locale) for lang, locales in LOCALES.items() for locale in (lang, *locales)]
DAY = date(2028, 1, 1)


# --- numbers, times, days ---------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "locale"), EVERY_LOCALE)
@given(minutes=st.integers(1, 720))
def test_every_length_agrees_with_its_number(lang: str, locale: str, minutes: int) -> None:
    language = language_of(locale)
    for said in (language.minutes(minutes), *language.length_cases(minutes).values()):
        assert said.split()[0] == str(minutes if minutes <= 90 and minutes != 60 else minutes // 60)
    assert violations(f"X: {language.minutes(minutes)}.", "X", lang=lang) == []


def test_english_says_lengths_as_cldr_does() -> None:
    for minutes in (*range(1, 91), *range(120, 721, 60)):
        assert language_of("en").minutes(minutes) == cldr.length(minutes, "en")
        assert language_of("en").in_a_row(minutes) == cldr.of_unit(minutes, "day", "en")


@pytest.mark.parametrize("locale", ["en-GB", "en-US"])
def test_english_says_days_as_cldr_does(locale: str) -> None:
    english = language_of(locale)
    for number in range(366):
        day = DAY + timedelta(days=number)
        assert english.date(day, locale) == cldr.day_of_year(day, locale, "en")
        assert english.weekday(day) == cldr.weekday(day, "en")


@pytest.mark.parametrize(
    ("count", "nominative", "accusative", "genitive"),
    [
        (1, "1 минута", "1 минуту", "1 минуты"),
        (2, "2 минуты", "2 минуты", "2 минут"),
        (5, "5 минут", "5 минут", "5 минут"),
        (11, "11 минут", "11 минут", "11 минут"),
        (21, "21 минута", "21 минуту", "21 минуты"),
        (60, "1 час", "1 час", "1 часа"),
        (120, "2 часа", "2 часа", "2 часов"),
        (300, "5 часов", "5 часов", "5 часов"),
        (150, "2 ч 30 мин", "2 ч 30 мин", "2 ч 30 мин"),
    ],
)
def test_russian_cases(count: int, nominative: str, accusative: str, genitive: str) -> None:
    russian = LANGUAGES["ru"]
    assert russian.minutes(count) == nominative
    assert russian.length_cases(count) == {"acc": accusative, "gen": genitive}


@pytest.mark.parametrize(("lang", "locale"), EVERY_LOCALE)
@given(minute=st.integers(0, 1439))
def test_every_wall_time_reads_back(lang: str, locale: str, minute: int) -> None:
    at = datetime(2026, 11, 23, minute // 60, minute % 60, tzinfo=UTC)
    said = language_of(locale).clock(at, locale)
    if locale == "en-US":
        assert said.endswith((" am", " pm"))
        return
    clock = said.removeprefix("las ").removeprefix("la ").removesuffix(" Uhr")
    hour, _, rest = clock.partition(":")
    assert (int(hour), int(rest or 0)) == (at.hour, at.minute)
    assert "am" not in said.split()


@pytest.mark.parametrize(
    ("locale", "clock", "slot", "when", "on", "weekday"),
    [
        ("de-DE", "14 Uhr", "morgen um 14 Uhr", "morgen 14 Uhr", "3. Dezember", "Donnerstag"),
        ("es-ES", "las 14:00", "mañana a las 14:00", "mañana a las 14:00", "3 de diciembre", "jueves"),
        ("ru-RU", "14:00", "завтра в 14:00", "завтра в 14:00", "3 декабря", "четверг"),
        ("en-GB", "14:00", "tomorrow at 14:00", "14:00 tomorrow", "3 December", "Thursday"),
        ("en-US", "2 pm", "tomorrow at 2 pm", "2 pm tomorrow", "December 3", "Thursday"),
    ],
)
def test_times_and_days(locale: str, clock: str, slot: str, when: str, on: str, weekday: str) -> None:
    language, at = language_of(locale), datetime(2026, 12, 3, 14, tzinfo=UTC)
    assert language.clock(at, locale) == clock
    assert language.slot(at, True, locale) == slot
    assert language.when(at, True, locale) == when
    assert language.date(at.date(), locale) == on
    assert language.weekday(at.date()) == weekday


def test_one_o_clock_and_minutes_past() -> None:
    at = datetime(2026, 12, 3, 1, 5, tzinfo=UTC)
    assert language_of("es").clock(at, "es-ES") == "la 1:05"
    assert language_of("es").clock(at, "es-AR") == "la 01:05"
    assert language_of("de").clock(at, "de") == "01:05"


@pytest.mark.parametrize("locale", ["de-XX", "de_CH", "de-1996", "de-DE-u-co-phonebk", "DE", "de-Latn-DE"])
def test_any_german_is_german(locale: str) -> None:
    assert language_of(locale).date(date(2026, 12, 3), locale) == "3. Dezember"


@pytest.mark.parametrize(
    "locale", ["de-DE", "de-CH", "de", "es-419", "es-MX", "ru-RU", "ru-Cyrl-KZ", "en-US"]
)
def test_the_profile_takes_every_variant(locale: str) -> None:
    assert ProfilePatch(locale=locale).locale == locale
    assert language_of(locale).lang == locale[:2]


def test_russian_days_stand_in_their_cases() -> None:
    def why(day: str, code: str, wording: str) -> str:
        found = candidate("do_now", wording, code)
        found = found.model_copy(update={"reason": found.reason.model_copy(update={"params": {"on": day}})})
        words = {ITEM: "Позвонить маме", ANCHOR: "Обед"}
        return render(found, words, timezone="UTC", locale="ru-RU").why

    def whys(day: str, code: str) -> set[str]:
        return {why(day, code, f"do_now.{n}") for n in range(1, 11)}

    assert whys("2026-12-01", "listed_since_weekday") == {
        "В списке со вторника.",
        "Появилось в списке во вторник.",
    }
    assert whys("2026-12-04", "listed_since_weekday") == {
        "В списке с пятницы.",
        "Появилось в списке в пятницу.",
    }
    assert whys("2026-12-02", "listed_since") == {"В списке со 2 декабря.", "Появилось в списке 2 декабря."}


@pytest.mark.parametrize(("done", "days"), [(3, "3 дня"), (5, "5 дней"), (21, "21 день")])
def test_a_streak_in_russian(done: int, days: str) -> None:
    found = candidate("keep_streak", "keep_streak.p4", "streak")
    found = found.model_copy(update={"reason": found.reason.model_copy(update={"params": {"done": done}})})
    assert days in render(found, {ITEM: "Гулять", ANCHOR: "Обед"}, timezone="UTC", locale="ru").why


# --- the person's own words -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "title", "action"),
    [
        ("de", "Rechnung an Mira schicken", True),
        ("de", "aufräumen", True),
        ("de", "Zahnarzt anrufen wegen Termin", True),
        ("de", "Pass verlängern (dringend)", True),
        ("de", "Schick die Rechnung", True),
        ("de", "Zwiebeln schälen", True),
        ("de", "Brief vom Finanzamt", False),
        ("de", "Garten", False),
        ("de", "Termin morgen", False),
        ("de", "Treffen mit Ines gestern", False),
        ("es", "Llamar al banco", True),
        ("es", "enviárselo a Mira", True),
        ("es", "No olvidar el pasaporte", True),
        ("es", "Compra pan", False),
        ("es", "Compra el pan", True),
        ("es", "Compra semanal", False),
        ("es", "Taller de pintura", False),
        ("es", "Charla con Inés", False),
        ("es", "Mujer: regalo", False),
        ("es", "Oír el concierto", True),
        ("ru", "Позвонить маме", True),
        ("ru", "Позвони маме", True),
        ("ru", "Напишите отчёт", True),
        ("ru", "Записаться к зубному", True),
        ("ru", "Не забыть паспорт", True),
        ("ru", "Найти ключи", True),
        ("ru", "Испечь пирог", True),
        ("ru", "Кровать", False),
        ("ru", "Новость для Миры", False),
        ("ru", "Часть вторая", False),
        ("ru", "Письмо из налоговой", False),
        ("ru", "Дочь: подарок", False),
    ],
)
def test_a_title_that_already_asks(lang: str, title: str, action: bool) -> None:
    assert LANGUAGES[lang].is_action(title) is action


@pytest.mark.parametrize(
    ("locale", "title", "wording", "text"),
    [
        ("de-DE", "Rechnung an Mira schicken", "do_now.1", "Rechnung an Mira schicken. 5 Minuten."),
        ("de-DE", "Brief vom Finanzamt", "do_now.1", "Fang an mit: Brief vom Finanzamt. 5 Minuten."),
        ("de-DE", "Zahnarzt anrufen", "plan_slot.a2", "Direkt nach „Teammeeting“: Zahnarzt anrufen."),
        ("es-ES", "Llamar al banco", "do_now.6", "Tómate 5 minutos: llamar al banco."),
        ("es-MX", "Carta de Hacienda", "do_now.6", "Tómate 5 minutos para: Carta de Hacienda."),
        (
            "es",
            "¿Dónde está el pasaporte?",
            "plan_slot.1",
            "¿Te va bien mañana a las 8:00? ¿Dónde está el pasaporte?",
        ),
        ("ru-RU", "Позвонить маме", "do_now.6", "Удели этому 5 минут: позвонить маме."),
        ("ru-RU", "Письмо из налоговой", "do_now.b4", "Приступи: Письмо из налоговой. До 5 минут."),
    ],
)
def test_a_tip_in_the_person_s_words(locale: str, title: str, wording: str, text: str) -> None:
    found = candidate(wording.split(".", maxsplit=1)[0], wording, "due_today", minutes=5)
    shown = render(found, {ITEM: title, ANCHOR: "Teammeeting"}, timezone="UTC", locale=locale)
    assert shown.text == text
    assert any(title.lower() == own.lower() for own in shown.own_words)


# --- ids, angles and reasons across languages ---------------------------------------------------


def test_every_language_has_every_angle_and_every_reason_in_two_variants() -> None:
    english = LANGUAGES["en"]
    for language in LANGUAGES.values():
        assert set(language.templates) == set(english.templates)
        assert set(language.reasons) == set(english.reasons)
        assert all(len(set(variants)) >= 2 for variants in language.reasons.values())


def test_an_id_needs_the_same_in_every_language_and_a_letter_in_every_number() -> None:
    needs: dict[str, frozenset[str]] = {}
    for language in LANGUAGES.values():
        for templates in language.templates.values():
            for wording, template in templates.items():
                group = wording.rstrip("0123456789")
                assert needs.setdefault(group, template.needs) == template.needs, (language.lang, wording)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_id_of_one_language_or_of_none_has_words_in_any_other(lang: str) -> None:
    others = {w for language in LANGUAGES.values() for ts in language.templates.values() for w in ts}
    invented = {w.rstrip("0123456789") + "99" for w in others}
    words = {ITEM: "Rechnung", ANCHOR: "Standup"}
    for n, wording in enumerate(sorted(others | invented)):
        found = candidate(wording.split(".", maxsplit=1)[0], wording, "due_today", LENGTHS[n % len(LENGTHS)])
        shown = render(found, words, timezone="UTC", locale=lang)
        assert violations(shown.text, shown.why, shown.own_words, lang) == []
        assert shown.lang == lang


def test_what_a_language_cannot_say_is_not_offered_and_told_in_english(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    german = LANGUAGES["de"]
    without = {angle: words for angle, words in german.templates.items() if angle != "anchor"}
    monkeypatch.setattr(German, "templates", without)
    assert fitting("anchor", frozenset(), "de-DE") == []
    words = {ITEM: "Zehn Wörter Spanisch", ANCHOR: "Kaffee"}
    told = render(candidate("anchor", "anchor.1", "routine"), words, timezone="UTC", locale="de-DE")
    assert (told.lang, told.text) == ("en", "After Kaffee: Zehn Wörter Spanisch. 25 minutes.")

    monkeypatch.setattr(German, "reasons", {c: w for c, w in german.reasons.items() if c != "due_today"})
    told = render(candidate("do_now", "do_now.1", "due_today"), words, timezone="UTC", locale="de-DE")
    assert told.lang == "en"
    assert (
        render(candidate("do_now", "do_now.1", "due_tomorrow"), words, timezone="UTC", locale="de").lang
        == "de"
    )


def test_english_loads_no_rules_of_other_languages() -> None:
    code = (
        "import sys; import ml_lambda.serving.rank; "
        "from chalicelib.domain.wordings import language_of, LANGUAGES; "
        "assert language_of('en-US').lang == 'en' and len(LANGUAGES) == 4; "
        "loaded = [m for m in sys.modules if m == 'babel' or m.startswith('chalicelib.domain.wordings.de')]; "
        "assert not loaded, loaded; "
        "assert language_of('de-DE').lang == 'de' and 'babel' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- the checker --------------------------------------------------------------------------------

OFFENCES = {
    "de": (
        "Du musst die Bank anrufen.", "Du solltest anrufen.", "Vergiss nicht anzurufen.", "Ruf endlich an.",
        "Ruf wieder an.", "Die Rechnung ist überfällig.", "Ein schneller Anruf.", "Ruf kurz an.",
        "Du hast es verpasst.", "Das wurde 3 mal geändert.", "Seit 5 Tagen offen.", "Ruf an!",
        "Ruf an und schreib einen Brief.", "Ruf an. 1 Minuten.", "Ruf an. 5 Minute.", "Ruf an. 21 Minute.",
        "Super, ruf an.", "Weiter so.", "Du fühlst dich müde.", "Rufen Sie an.", "Hier ist Ihre Liste.",
        "Ruf {title} an.", "Ruf an 🎉.", "Ruf an  jetzt.",
    ),
    "es": (
        "Debes llamar al banco.", "Tienes que llamar.", "No olvides llamar.", "Llama por fin.",
        "Llama otra vez.", "La factura está atrasada.", "Una llamada rápida.", "Lo pospusiste.",
        "Cambiado 3 veces.", "Desde hace 5 días.", "¡Llama!", "Llama y escribe una carta.",
        "Llama e informa.", "Llama. 1 minutos.", "Llama. 5 minuto.", "Genial, llama.", "Tú puedes.",
        "Te sientes cansado.", "Llame usted.", "Llamar al banco?", "¿Hoy? Llamar?", "Llama a {title}.",
    ),
    "ru": (
        "Ты должен позвонить.", "Нужно позвонить.", "Надо позвонить.", "Не забудь позвонить.",
        "Позвони наконец.", "Позвони снова.", "Счёт просрочен.", "Быстрый звонок.", "Ты это пропустил.",
        "Перенесено 3 раза.", "Было 5 дней назад.", "Позвони!", "Позвони и напиши.", "Звонок. 1 минут.",
        "Звонок. 2 минут.", "Звонок. 5 минуты.", "Звонок. 21 минут.", "Около 2 минуты.", "Отлично.",
        "Так держать.", "Ты чувствуешь стресс.", "Вам пора.", "Ты сказала, что есть время.",
        "Позвони {title}.",
    ),
}  # fmt: skip
FINE = {
    "de": ("Ruf die Bank an. 5 Minuten.", "Nach 1 Minute ist Pause. Heute um 14 Uhr fällig."),
    "es": ("Llamar al banco. 1 minuto.", "¿Te va bien a las 14:00? Llamar al banco."),
    "ru": ("Позвонить маме. 21 минута.", "До 2 минут. Около 21 минуты. На 1 минуту. Через 3 дня."),
}


@pytest.mark.parametrize(
    ("lang", "text"), [(lang, text) for lang, texts in OFFENCES.items() for text in texts]
)
def test_the_checker_finds_each_offence_in_its_language(lang: str, text: str) -> None:
    assert violations(text, "X", lang=lang)
    assert violations("X", text, lang=lang)


@pytest.mark.parametrize(("lang", "text"), [(lang, text) for lang, texts in FINE.items() for text in texts])
def test_the_checker_lets_good_words_pass(lang: str, text: str) -> None:
    assert violations(text, "X", lang=lang) == []


def test_own_words_are_exempt_in_any_language() -> None:
    for lang, own in (
        ("de", "Endlich aufräumen und putzen!"),
        ("es", "Y por fin, rápido!"),
        ("ru", "Надо и снова!"),
    ):
        assert violations(f"{own} 5.", "X", [own], lang) == []


def test_a_language_without_a_file_is_held_to_english() -> None:
    assert violations("Call the bank again.", "X", lang="xx") == ["text: a reproach"]
