"""The German wordings by angle. Ids as in English: never reused for other words.

An event stands in quotes, so that it needs no article. No time stands before a length of time, with which
it would read as one ("um 14 Uhr 30 Minuten").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib.domain.wordings.base import Template, rows, same

DO_NOW: Final = (
    rows("do_now", "estimate", (
        ("{title}. {minutes}.", "Fang an mit: {title}. {minutes}."),
        ("Leg jetzt los: {act}. {minutes}.", "Leg jetzt los mit: {title}. {minutes}."),
        ("{title}. Etwa {minutes}.", "Beginne mit: {title}. Etwa {minutes}."),
        ("Nimm das als Nächstes: {act}. {minutes}.", "Nimm als Nächstes: {title}. {minutes}."),
        ("{title}. Das dauert {minutes}.", "Kümmere dich um: {title}. Das dauert {minutes}."),
        ("Nimm dir {minutes}: {act}.", "Nimm dir {minutes} für: {title}."),
        ("Rechne mit {minutes}: {act}.", "Rechne mit {minutes} für: {title}."),
        ("Nutze jetzt {minutes} dafür: {act}.", "Nutze jetzt {minutes} für: {title}."),
        ("Magst du? {title}. {minutes}.", "Magst du das angehen: {title}? {minutes}."),
        ("Mach es gleich: {act}. {minutes}.", "Mach das gleich: {title}. {minutes}."),
    ))
    | rows("do_now", "estimate until", (
        ("{title}, am besten vor {until}. {minutes}.", "Kümmere dich vor {until} um: {title}. {minutes}."),
        ("Nutze die Zeit bis {until}: {act}. {minutes}.",
         "Nutze die Zeit bis {until} für: {title}. {minutes}."),
    ), "u")
    | rows("do_now", "box", (
        ("{title}. {minutes} lang.", "Fang an mit: {title}. {minutes} lang."),
        ("{title}. Erst mal {minutes}.", "Beginne mit: {title}. Erst mal {minutes}."),
        ("Steck {minutes} hinein: {act}.", "Steck {minutes} in: {title}."),
        ("{title}. Bis zu {minutes}.", "Leg los mit: {title}. Bis zu {minutes}."),
        ("{title}. Höchstens {minutes}.", "Kümmere dich um: {title}. Höchstens {minutes}."),
        ("Bleib {minutes} dabei: {act}.", "Bleib {minutes} bei: {title}."),
        ("Halt dir {minutes} frei: {act}.", "Halt dir {minutes} frei für: {title}."),
        ("Lust darauf? {title}. Jetzt {minutes}.", "Magst du das anfangen: {title}? Jetzt {minutes}."),
    ), "b")
)  # fmt: skip

SMALLEST_STEP: Final = (
    rows("smallest_step", "", (
        ("{title}. Nur {minutes}.", "Fang an mit: {title}. Nur {minutes}."),
        ("Probier es {minutes} lang: {act}.", "Probier es {minutes} lang: {title}."),
        ("Stell einen Timer auf {minutes}: {act}.", "Stell einen Timer auf {minutes}: {title}."),
        ("Leg alles dafür bereit: {act}. {minutes}.", "Leg alles bereit für: {title}. {minutes}."),
        ("Fang klein an: {act}. {minutes}, dann Pause.", "Fang klein an: {title}. {minutes}, dann Pause."),
        ("Beginne mit {minutes}: {act}.", "Beginne mit {minutes}: {title}."),
        ("Gib dir {minutes} dafür: {act}.", "Gib dir {minutes} für: {title}."),
        ("Mach nur {minutes} davon: {act}.", "Mach nur {minutes} davon: {title}."),
    ))
    | rows("smallest_step", "task", (
        ("Schreib den ersten Schritt auf: {act}. {minutes}.",
         "Schreib den ersten Schritt auf: {title}. {minutes}."),
        ("Mach einen Anfang: {act}. {minutes}.", "Mach einen Anfang bei: {title}. {minutes}."),
        ("{title}. Nach {minutes} ist Pause.", "Fang an mit: {title}. Nach {minutes} ist Pause."),
        ("Such dir aus, wo du anfängst: {act}. {minutes}.", "Such dir den Anfang aus: {title}. {minutes}."),
    ), "t")
)  # fmt: skip

PLAN_SLOT: Final = (
    rows("plan_slot", "", (
        ("Passt es dir {slot}? {title}.", "Passt dir das {slot}? {title}."),
        ("Plan es für {when} ein: {act}.", "Plan das für {when} ein: {title}."),
        ("Halt dir {takes} frei: {act}, {slot}.", "Halt dir {takes} frei: {title}, {slot}."),
        ("Trag es dir für {when} ein: {act}.", "Trag dir das für {when} ein: {title}."),
        ("Reservier dir {takes}: {act}, {slot}.", "Reservier dir {takes}: {title}, {slot}."),
        ("Schaff {slot} Platz dafür: {act}.", "Schaff {slot} Platz für: {title}."),
        ("Hebst du es dir für {when} auf? {title}.", "Hebst du dir das für {when} auf? {title}."),
        ("Fang {slot} an: {act}.", "Fang {slot} an mit: {title}."),
    ))
    | rows("plan_slot", "anchor", (
        ("Nach „{anchor}“: {act}.", "Nach „{anchor}“: {title}."),
        ("Direkt nach „{anchor}“: {act}.", "Direkt nach „{anchor}“: {title}."),
        ("Passt es nach „{anchor}“? {title}.", "Passt das nach „{anchor}“? {title}."),
        ("Plan es nach „{anchor}“ ein: {act}.", "Plan das nach „{anchor}“ ein: {title}."),
        ("Wenn „{anchor}“ um {when} endet: {act}.", "Wenn „{anchor}“ um {when} endet: {title}."),
    ), "a")
)  # fmt: skip

KEEP_STREAK: Final = (
    rows("keep_streak", "day", (
        ("{title}. Tag {day}. {minutes}.", "Tag {day}: {title}. {minutes}."),
        ("Mach weiter mit Tag {day}: {act}. {minutes}.", "Mach weiter mit Tag {day}: {title}. {minutes}."),
        ("Mach heute Tag {day} daraus: {act}. {minutes}.",
         "Mach heute Tag {day} daraus: {title}. {minutes}."),
        ("Nimm dir {minutes} für Tag {day}: {act}.", "Nimm dir {minutes} für Tag {day}: {title}."),
        ("Häng Tag {day} an: {act}. {minutes}.", "Häng Tag {day} an: {title}. {minutes}."),
        ("Hol dir Tag {day}: {act}. {minutes}.", "Hol dir Tag {day}: {title}. {minutes}."),
    ))
    | rows("keep_streak", "", (
        ("{title}. Heute {minutes}.", "Mach heute: {title}. {minutes}."),
        ("Mach heute Platz dafür: {act}. {minutes}.", "Mach heute Platz für: {title}. {minutes}."),
        ("Nimm dir heute {minutes} dafür: {act}.", "Nimm dir heute {minutes} für: {title}."),
        ("Bleib dran: {act}. {minutes}.", "Bleib dran: {title}. {minutes}."),
        ("Halt es am Laufen: {act}. {minutes}.", "Halt es am Laufen: {title}. {minutes}."),
        ("Finde {minutes} dafür: {act}.", "Finde {minutes} für: {title}."),
    ), "p")
    | rows("keep_streak", "until", (
        ("Nimm dir vor {until} Zeit: {act}. {minutes}.",
         "Nimm dir vor {until} Zeit für: {title}. {minutes}."),
        ("{title}. {minutes}, vor {until}.", "Beginne: {title}. {minutes}, vor {until}."),
    ), "u")
)  # fmt: skip

REST: Final = (
    same("rest", "", (
        "Geh {minutes} weg vom Bildschirm.",
        "Schau {minutes} aus dem Fenster.",
        "Ruh deine Augen {minutes} aus.",
        "Vertritt dir {minutes} die Beine.",
        "Leg das Handy {minutes} weg.",
        "Geh {minutes} an die Luft.",
        "Tu {minutes} lang nichts.",
        "Nimm dir {minutes} für dich.",
    ))
    | same("rest", "desk", (
        "Steh {minutes} vom Schreibtisch auf.",
        "Koch dir einen Tee. {minutes} Pause.",
        "Setz dich {minutes} woandershin.",
    ), "d")
    | same("rest", "until", (
        "Geh vor {until} weg vom Bildschirm. {minutes}.",
        "Geh vor {until} an die Luft. {minutes}.",
    ), "u")
)  # fmt: skip

ANCHOR: Final = rows("anchor", "", (
    ("Nach „{anchor}“: {act}. {minutes}.", "Nach „{anchor}“: {title}. {minutes}."),
    ("Gleich nach „{anchor}“: {act}. {minutes}.", "Gleich nach „{anchor}“: {title}. {minutes}."),
    ("Wenn „{anchor}“ erledigt ist: {act}. {minutes}.", "Wenn „{anchor}“ erledigt ist: {title}. {minutes}."),
    ("Lass es auf „{anchor}“ folgen: {act}. {minutes}.",
     "Lass das auf „{anchor}“ folgen: {title}. {minutes}."),
    ("Häng es an „{anchor}“ an: {act}. {minutes}.", "Häng das an „{anchor}“ an: {title}. {minutes}."),
    ("Mach nach „{anchor}“ weiter: {act}. {minutes}.",
     "Mach nach „{anchor}“ weiter mit: {title}. {minutes}."),
    ("Nimm dir nach „{anchor}“ {minutes}: {act}.", "Nimm dir nach „{anchor}“ {minutes} für: {title}."),
    ("Verbinde es mit „{anchor}“: {act}. {minutes}.", "Verbinde das mit „{anchor}“: {title}. {minutes}."),
    ("Setz es hinter „{anchor}“: {act}. {minutes}.", "Setz das hinter „{anchor}“: {title}. {minutes}."),
    ("Leg nach „{anchor}“ los: {act}. {minutes}.", "Leg nach „{anchor}“ los mit: {title}. {minutes}."),
))  # fmt: skip

RESTART: Final = rows("restart", "", (
    ("{title}. Ein neuer Anfang, {minutes}.", "Mach einen neuen Anfang: {title}. {minutes}."),
    ("Fang frisch an: {act}. {minutes}.", "Fang frisch an mit: {title}. {minutes}."),
    ("Mach heute zum ersten Tag: {act}. {minutes}.", "Mach heute zum ersten Tag: {title}. {minutes}."),
    ("{title}. Tag eins dauert {minutes}.", "Beginne mit Tag eins: {title}. {minutes}."),
    ("Steig mit {minutes} ein: {act}.", "Steig mit {minutes} ein: {title}."),
    ("Komm darauf zurück: {act}. {minutes}.", "Komm zurück zu: {title}. {minutes}."),
    ("Starte neu: {act}. {minutes}.", "Starte neu mit: {title}. {minutes}."),
    ("Beginne eine neue Reihe: {act}. {minutes}.", "Beginne eine neue Reihe: {title}. {minutes}."),
    ("Nimm {minutes} als Anfang: {act}.", "Nimm {minutes} als Anfang: {title}."),
    ("Leg mit {minutes} los: {act}.", "Leg mit {minutes} los: {title}."),
))  # fmt: skip

PREPARE: Final = rows("prepare", "", (
    ("Schau vor „{anchor}“ hinein: {act}. {minutes}.", "Schau vor „{anchor}“ hinein: {title}. {minutes}."),
    ("Mach dich bereit für „{anchor}“: {act}. {minutes}.",
     "Mach dich bereit für „{anchor}“: {title}. {minutes}."),
    ("Sieh es dir vor „{anchor}“ an: {act}. {minutes}.",
     "Sieh dir das vor „{anchor}“ an: {title}. {minutes}."),
    ("Hab es für „{anchor}“ parat: {act}. {minutes}.", "Hab das für „{anchor}“ parat: {title}. {minutes}."),
    ("Nimm dir vor „{anchor}“ {minutes}: {act}.", "Nimm dir vor „{anchor}“ {minutes} für: {title}."),
    ("Stimm dich auf „{anchor}“ ein: {act}. {minutes}.",
     "Stimm dich auf „{anchor}“ ein: {title}. {minutes}."),
    ("Leg es für „{anchor}“ bereit: {act}. {minutes}.", "Leg das für „{anchor}“ bereit: {title}. {minutes}."),
    ("Beginne vor „{anchor}“ damit: {act}. {minutes}.", "Beginne vor „{anchor}“ mit: {title}. {minutes}."),
    ("Nutze {minutes} vor „{anchor}“: {act}.", "Nutze {minutes} vor „{anchor}“ für: {title}."),
))  # fmt: skip

BATCH: Final = rows("batch", "", (
    ("Erledige drei am Stück, {minutes}. Zuerst: {act}.",
     "Erledige drei am Stück, {minutes}. Zuerst: {title}."),
    ("Nimm drei ähnliche, {minutes}. Zuerst: {act}.", "Nimm drei ähnliche, {minutes}. Beginne mit: {title}."),
    ("Mach drei hintereinander, {minutes}. Erst: {act}.",
     "Mach drei hintereinander, {minutes}. Erst: {title}."),
    ("Schaff drei kleine weg, {minutes}: {act}.", "Schaff drei kleine weg, {minutes}: {title}."),
    ("Fass drei zusammen, {minutes} insgesamt. Erst: {act}.",
     "Fass drei zusammen, {minutes} insgesamt. Erst: {title}."),
    ("Nutze {minutes} für drei ähnliche. Zuerst: {act}.",
     "Nutze {minutes} für drei ähnliche. Zuerst: {title}."),
    ("Geh drei dieser Art durch, {minutes}: {act}.", "Geh drei dieser Art durch, {minutes}: {title}."),
    ("Reih drei aneinander, {minutes}. Zuerst: {act}.", "Reih drei aneinander, {minutes}. Zuerst: {title}."),
    ("Nimm dir {minutes} für drei dieser Art. Erst: {act}.",
     "Nimm dir {minutes} für drei dieser Art: {title}."),
))  # fmt: skip

KEEP_OR_LET_GO: Final = rows("keep_or_let_go", "", (
    ("{title}: behalten oder streichen?", "{title}: behalten oder streichen?"),
    ("Entscheide neu: {act}. Behalten oder streichen?", "Entscheide über: {title}. Behalten oder streichen?"),
    ("Behalten oder streichen? {title}.", "Behalten oder streichen? {title}."),
    ("Bleibt das auf der Liste oder nicht? {title}.", "Bleibt das auf der Liste oder nicht? {title}."),
    ("Schau neu darauf: {act}. Behalten oder loslassen?", "Schau neu auf: {title}. Behalten oder loslassen?"),
    ("{title}. Willst du das behalten oder loslassen?", "{title}. Willst du das behalten oder loslassen?"),
    ("Sag ja oder nein dazu: {act}. {minutes}.", "Sag ja oder nein dazu: {title}. {minutes}."),
    ("Nimm dir {minutes}: {act}. Bleibt es oder geht es?",
     "Nimm dir {minutes} für: {title}. Bleibt es oder geht es?"),
    ("Gehört das noch auf deine Liste? {title}.", "Gehört das noch auf deine Liste? {title}."),
))  # fmt: skip

CLOSE_DAY: Final = (
    same("close_day", "", (
        "Mach Feierabend.",
        "Lass den Rest für morgen.",
        "Schließ die Liste für heute.",
        "Hör hier auf. Genug für heute.",
        "Lass es für heute gut sein.",
        "Leg die Liste bis morgen weg.",
        "Beende den Tag hier.",
        "Nimm dir den Abend frei.",
        "Lass den Rest bis morgen warten.",
        "Leg die Liste beiseite. Der Abend gehört dir.",
    ))
    | same("close_day", "anchor", (
        "„{anchor}“ ist erledigt. Genug für heute.",
        "Mit „{anchor}“ ist es genug für heute.",
        "„{anchor}“ ist erledigt. Lass den Rest für morgen.",
        "Hör hier auf: „{anchor}“ ist erledigt.",
    ), "a")
)  # fmt: skip

TEMPLATES: Final[Mapping[str, Mapping[str, Template]]] = {
    "do_now": DO_NOW,
    "smallest_step": SMALLEST_STEP,
    "plan_slot": PLAN_SLOT,
    "keep_streak": KEEP_STREAK,
    "rest": REST,
    "anchor": ANCHOR,
    "restart": RESTART,
    "prepare": PREPARE,
    "batch": BATCH,
    "keep_or_let_go": KEEP_OR_LET_GO,
    "close_day": CLOSE_DAY,
}
