"""German: the words of every reason, each a sentence of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    "due_today_at": ("Heute um {at} fällig.", "Der Termin ist heute um {at}.", "Das steht heute um {at} an."),
    "due_today": ("Heute fällig.", "Das steht für heute an.", "Es ist für heute vorgesehen."),
    "moved_to_today": ("Du hast es auf heute gelegt.", "Das neue Datum ist heute."),
    "due_tomorrow": ("Morgen fällig.", "Das steht für morgen an.", "Es ist für morgen vorgesehen."),
    "due_weekday": ("Am {weekday} fällig.", "Das steht am {weekday} an.", "Es ist für {weekday} vorgesehen."),
    "due_date": ("Am {on} fällig.", "Das Datum ist der {on}."),
    "was_due_at": ("Es war für heute um {at} gedacht.", "Vorgesehen war heute um {at}."),
    "was_due_weekday": ("Es war für {weekday} gedacht.", "Vorgesehen war {weekday}."),
    "was_due_date": ("Es war für den {on} gedacht.", "Vorgesehen war der {on}."),
    "was_due_year": ("Es war für {year} gedacht.", "Das Datum lag im Jahr {year}."),
    "for_event": ("Für „{anchor}“ um {at}.", "„{anchor}“ ist um {at}."),
    "said_free": ("Du hast gesagt, du hast {stated}.", "Du hast {stated} Zeit, sagst du."),
    "free_until_event": ("Frei bis „{anchor}“ um {at}.", "Bis „{anchor}“ um {at} hast du Zeit."),
    "free_until": ("Frei bis {at}.", "Du hast bis {at} Zeit."),
    "clear_day": ("Heute steht nichts mehr im Kalender.", "Dein Kalender ist für den Rest des Tages frei."),
    "good_hour": ("Gegen {hour} schaffst du am meisten.", "Um {hour} herum erledigst du am meisten."),
    "top_priority": ("Du hast ihm höchste Priorität gegeben.", "Es hat die höchste Priorität."),
    "added_today": ("Heute neu auf deiner Liste.", "Es kam heute auf deine Liste."),
    "listed_since_weekday": ("Seit {weekday} auf deiner Liste.", "Es kam am {weekday} auf deine Liste."),
    "listed_since": ("Seit dem {on} auf deiner Liste.", "Es kam am {on} auf deine Liste."),
    "usual_time": ("Du machst das meist gegen {minute}.", "Die übliche Zeit ist gegen {minute}."),
    "too_big": ("Du fandest es zu groß.", "Als Ganzes zu groß, hast du gesagt."),
    "wrong_time": ("Du wolltest eine andere Zeit.", "Der Moment passte nicht, hast du gesagt."),
    "moved_dates": ("Das Datum hat sich unterwegs geändert.", "Das Datum war vorher ein anderes."),
    "set_aside": ("Du hast es für später aufgehoben.", "Du hast dafür „Später“ gewählt."),
    "large": ("Alles zusammen dauert {takes}.", "Insgesamt dauert es {takes}."),
    "low_energy_now": ("Du hast gerade wenig Energie, sagst du.", "Wenig Energie, hast du gesagt."),
    "low_energy_today": ("Du hast heute wenig Energie notiert.", "Wenig Energie, hast du heute notiert."),
    "low_mood_today": (
        "Du hast heute gedrückte Stimmung notiert.",
        "Gedrückte Stimmung, hast du heute notiert.",
    ),
    "slot_free": ("Von da an bis {slot_until} frei.", "Dann hast du Zeit, bis {slot_until}."),
    "slot_free_tomorrow": ("Von da an bis {slot_until} frei.", "Dann hast du bis {slot_until} Zeit."),
    "slot_open": ("Danach steht nichts im Kalender.", "Von da an ist dein Kalender frei."),
    "slot_open_tomorrow": ("Morgen ist von da an frei.", "Danach steht morgen nichts im Kalender."),
    "streak": ("Bisher {done} Tage in Folge.", "Das sind {done} Tage in Folge."),
    "long_streak": ("Mehr als drei Wochen in Folge.", "Über drei Wochen ohne Lücke."),
    "alike": ("Ähnliches steht auch auf deiner Liste.", "Auf deiner Liste steht mehr davon."),
    "routine": ("Das machst du meistens gegen {minute}.", "An den meisten Tagen ist das gegen {minute}."),
    "starts_at": ("Das beginnt um {at}.", "Um {at} geht das los."),
    "three_short": ("Keines der drei dauert länger als {takes}.", "Jedes der drei dauert höchstens {takes}."),
    "done_today": ("Heute erledigt: {done}.", "Für heute erledigt: {done}."),
    "booked": ("Von {start} bis {end} belegt.", "Dein Kalender war von {start} bis {end} voll."),
}
