"""What a model says is shown only where it says what the draft says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lambda.llm import guard
from ml_lambda.llm.draft import Draft
from ml_lambda.llm.prompts import TOLD
from tests.unit.ml_lambda.llm.drafts import SLOT, TOMORROW, draft

INVOICE = draft()
STEP = draft("smallest_step.t3", "Renew the passport", minutes=2, reason="large", takes=40)
SLOTTED = draft(
    "plan_slot.1", slot=TOMORROW, slot_until=TOMORROW, tomorrow=1, takes=5, reason="slot_free_tomorrow"
)
UNTIL = draft("do_now.u1", until=SLOT)
AFTER = draft("plan_slot.a1", anchor="Team meeting", slot=SLOT, slot_until=SLOT, takes=5, reason="slot_free")
CHOICE = draft("keep_or_let_go.1", "Garage door", minutes=1)
REST = draft("rest.1", "", minutes=10, reason="low_energy_today")
AMERICAN = draft("do_now.u1", until=SLOT, lang="en-US")
LETTER = draft("do_now.1", "Tax letter", minutes=25)


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (INVOICE, "Take 5 minutes now to send the invoice to Mira."),
        (INVOICE, "Send the invoice to Mira next, in just 5 minutes."),
        (STEP, "Renew the passport, but only the first 2 minutes."),
        (SLOTTED, "Would tomorrow at 09:00 suit: send the invoice to Mira?"),
        (UNTIL, "Take 5 minutes before 12:45 to send the invoice to Mira."),
        (AFTER, "Once Team meeting ends, send the invoice to Mira?"),
        (CHOICE, "Garage door: hold on to it, or let it go?"),
        (REST, "For the next 10 minutes, step away from the screen."),
        (LETTER, "Give this the next 25 minutes: Tax letter."),
    ],
)
def test_another_way_to_say_the_same_passes(of: Draft, text: str) -> None:
    assert guard.check(of, text) is None


@pytest.mark.parametrize(
    ("of", "text", "reason"),
    [
        (INVOICE, "", "malformed"),
        (
            INVOICE,
            "Take 5 minutes now to send the invoice to Mira so that it is all done and out of the way.",
            "too_long",
        ),
        (INVOICE, "x" * 1_000_000, "too_long"),
        (INVOICE, "Take 5 minutes to send the bill to Mira.", "own_words"),
        (INVOICE, "Send the invoice to Mira: send the invoice to Mira. 5 minutes.", "own_words"),
        (INVOICE, "Take 5 minutes to send the invoice to Mirabelle.", "own_words"),
        (draft("do_now.1", "Buy milk?"), "Buy milk? now, in just 5 minutes.", "own_words"),
        (LETTER, "Take 25 minutes to Tax letter.", "own_words"),
        (AFTER, "After that, send the invoice to Mira?", "own_words"),
        (INVOICE, "Take 5 minutes to send the invoice to Mira <b>now</b>.", "markup"),
        (INVOICE, "Send the invoice to Mira. 5 minutes. See evil.com now.", "markup"),
        (INVOICE, "Send the invoice to Mira. 5 minutes\u200b now.", "markup"),
        (INVOICE, "Send the invoice to Mira. 5 minutes ✅.", "markup"),
        (INVOICE, "Take 10 minutes to send the invoice to Mira.", "numbers"),
        (INVOICE, "Take 5 hours to send the invoice to Mira.", "numbers"),
        (INVOICE, "Take some time to send the invoice to Mira.", "numbers"),
        (INVOICE, "Take five minutes, 5 minutes, to send the invoice to Mira.", "numbers"),
        (INVOICE, "Take 5 minutes, not ten, to send the invoice to Mira.", "numbers"),
        (INVOICE, "Take 5 minutes today to send the invoice to Mira.", "dates"),
        (INVOICE, "Take 5 minutes on Monday to send the invoice to Mira.", "dates"),
        (SLOTTED, "How about 09:00: send the invoice to Mira?", "dates"),
        (UNTIL, "Take 5 minutes at 12:45 to send the invoice to Mira.", "meaning"),
        (UNTIL, "Take 5 minutes after 12:45 to send the invoice to Mira.", "meaning"),
        (INVOICE, "In 5 minutes: send the invoice to Mira.", "meaning"),
        (AFTER, "Before Team meeting, send the invoice to Mira?", "meaning"),
        (STEP, "Take 2 minutes to renew the passport.", "meaning"),
        (INVOICE, "Let it go. Send the invoice to Mira. 5 minutes.", "meaning"),
        (CHOICE, "Garage door: keep it?", "meaning"),
        (CHOICE, "Garage door: keep it, or let it go.", "meaning"),
        (REST, "Take 10 minutes off.", "meaning"),
        (INVOICE, "Buy shares now. Send the invoice to Mira. 5 minutes.", "advice"),
        (INVOICE, "Take 5 minutes and aspirin to send the invoice to Mira.", "advice"),
        (INVOICE, "Send the invoice to Mira, as often as the draft does. 5 minutes.", "prompt"),
        (INVOICE, "Send the invoice to Mira jetzt gleich, nur 5 minutes.", "language"),
        (INVOICE, "Take 5 minutes at Jonas to send the invoice to Mira.", "unfounded"),
        (INVOICE, "Take 5 minutes for Will to send the invoice to Mira.", "unfounded"),
        (INVOICE, "Smile, then send the invoice to Mira. 5 minutes.", "unfounded"),
        (INVOICE, "Send the invoice to Mira, and then start. 5 minutes.", "unfounded"),
        (draft("do_now.6"), "Take 5 minutes: send the invoice to Mira , now.", "style"),
        (INVOICE, "Send the invoice to Mira. 5 minutes.", "unchanged"),
        (INVOICE, "Send the invoice to Mira! 5 minutes.", "style"),
        (INVOICE, "Send the invoice to Mira now. 5 minutes.", "unchanged"),
        (AMERICAN, AMERICAN.text, "unchanged"),
    ],
)
def test_what_the_draft_does_not_say_is_not_shown(of: Draft, text: str, reason: str) -> None:
    assert guard.check(of, text, told=TOLD) == reason


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("It is due today.", None),
        ("Due tomorrow.", "dates"),
        ("Due today at 5.", "numbers"),
        ("Mira waits, due today.", "unfounded"),
        ("Today.", "meaning"),
        ("Send the invoice to Mira, due today.", "own_words"),
        ("It is due today, and so it is good to have it done right now.", "too_long"),
    ],
)
def test_a_why_is_held_to_the_drafts_why(why: str, reason: str | None) -> None:
    assert guard.check(INVOICE, "Take 5 minutes now to send the invoice to Mira.", why) == reason


def test_a_language_without_a_lexicon_is_not_believed() -> None:
    italian = Draft(
        "do_now", "it", "Chiama Anna. 5 minuti.", "Per oggi.", "Chiama Anna", "", ("Chiama Anna",)
    )
    assert guard.check(italian, "Chiama Anna ora, 5 minuti.") == "language"


def test_the_persons_own_words_may_say_what_a_model_may_not() -> None:
    own = draft("do_now.1", "Buy 3 tablets on Monday!")
    assert guard.check(own, f"Take 5 minutes now: {own.own_words[1]}.") is None


GERMAN = draft("do_now.1", "Steuererklärung", minutes=25, lang="de")
SPANISH = draft("do_now.1", "Llamar al banco", lang="es")
RUSSIAN = draft("do_now.1", "Позвонить в банк", lang="ru")
NACH = draft("plan_slot.a1", "Anna anrufen", anchor="Mittagessen", lang="de", slot=SLOT, slot_until=SLOT,
             takes=5, reason="slot_free")  # fmt: skip


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (GERMAN, "Nimm dir jetzt 25 Minuten dafür: Steuererklärung."),
        (GERMAN, "Gib diesem Schritt die nächsten 25 Minuten: Steuererklärung."),
        (SPANISH, "Guarda los próximos 5 minutos para esto: llamar al banco."),
        (SPANISH, "Hay un rato ahora, solo 5 minutos: llamar al banco."),
        (RUSSIAN, "Удели этому сейчас 5 минут: позвонить в банк."),
    ],
)
def test_other_languages_have_their_own_small_words(of: Draft, text: str) -> None:
    assert guard.check(of, text) is None


@pytest.mark.parametrize(
    ("of", "text", "reason"),
    [
        (GERMAN, "Nimm dir jetzt 7 Minuten dafür: Steuererklärung.", "numbers"),
        (GERMAN, "Nimm dir jetzt 25 Stunden dafür: Steuererklärung.", "numbers"),
        (GERMAN, "Nimm dir zwei mal 25 Minuten dafür: Steuererklärung.", "numbers"),
        (GERMAN, "Nimm dir am Montag 25 Minuten dafür: Steuererklärung.", "dates"),
        (GERMAN, "Nimm dir in Berlin 25 Minuten dafür: Steuererklärung.", "unfounded"),
        (GERMAN, "Nimm dir eine Tablette, dann 25 Minuten: Steuererklärung.", "advice"),
        (GERMAN, "Give this the next 25 Minuten now: Steuererklärung.", "language"),
        (NACH, "Plane es vor «Mittagessen» ein: Anna anrufen.", "markup"),
        (SPANISH, "Dedica mañana 5 minutos a esto: llamar al banco.", "dates"),
        (SPANISH, "Dedica 5 minutos con Lucía a esto: llamar al banco.", "unfounded"),
        (SPANISH, "Compra acciones. Llamar al banco. 5 minutos.", "advice"),
        (RUSSIAN, "Удели этому завтра 5 минут: позвонить в банк.", "dates"),
        (RUSSIAN, "Удели этому 5 минут в Москве: позвонить в банк.", "unfounded"),
        (RUSSIAN, "Прими таблетки. Позвонить в банк. 5 минут.", "advice"),
    ],
)
def test_and_say_as_little(of: Draft, text: str, reason: str) -> None:
    assert of.lang in {"de", "es", "ru"}
    assert guard.check(of, text) == reason


@given(st.text(max_size=200), st.text(max_size=120))
def test_the_guard_never_raises(text: str, why: str) -> None:
    for of in (INVOICE, REST, AFTER, CHOICE):
        guard.check(of, text, why, told=TOLD)


_PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [*INVOICE.own_words, "5 minutes", "5", "Take", "now", "to", ":", ".", "the", "next", "for it"]
        ),
        st.sampled_from(
            ["7", "Jonas", "tomorrow", "buy", "ten", "http://x.y", "{", "!", "before", "Mira", "minutes"]
        ),
        st.text(max_size=6),
    ),
    max_size=9,
)


@given(_PIECES)
def test_what_passes_has_the_own_words_once_and_no_number_of_its_own(pieces: list[str]) -> None:
    text = " ".join(pieces)
    if guard.check(INVOICE, text) is None:
        assert text.casefold().count("send the invoice to mira") == 1
        rest = text.casefold().replace("send the invoice to mira", "")
        assert [c for c in rest if c.isnumeric()] == ["5"]
        assert "minutes" in rest
        for never in ("jonas", "tomorrow", "buy", "ten", "http", "{", "!", "mira"):
            assert never not in rest.split()
