"""German words that make a title a to-do: an infinitive, mostly at its end, or a leading imperative."""

from __future__ import annotations

import re
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Common ones, found anywhere: "Zahnarzt anrufen wegen Termin".
_INFINITIVES: Final = _words(
    """
    abgeben abholen abklären abmelden abschicken absagen abspülen abstauben abwaschen anfangen anfragen
    anmelden anrufen anschauen ansehen antworten aufhängen aufräumen aufschreiben ausdrucken ausfüllen
    ausleihen ausmisten ausräumen aussuchen backen basteln baden beantragen beantworten bestellen besuchen
    bezahlen bringen buchen bügeln drucken duschen einkaufen einladen einpacken einräumen einreichen
    einrichten eintragen einzahlen entrümpeln entsorgen erledigen fahren finden fragen füttern geben gehen
    gießen hinbringen holen hören installieren joggen kaufen klären kochen kontrollieren korrigieren
    kündigen lackieren laufen leeren lernen lesen liefern löschen machen mähen meditieren melden messen
    mitbringen mitnehmen nachfragen nähen notieren öffnen ordnen packen pflanzen pflegen planen posten
    prüfen putzen reden reparieren reservieren rausbringen sammeln saugen schauen scannen schicken
    schneiden schreiben schwimmen senden sichern sortieren spazieren sprechen spülen staubsaugen streichen
    suchen tanken tauschen telefonieren testen treffen trinken üben überprüfen überweisen umbuchen
    umtauschen unterschreiben verabreden vereinbaren vergleichen verlängern verkaufen verschicken
    vorbereiten waschen wechseln wegbringen wiederholen wischen zahlen zeichnen zeigen zubereiten
    zurückbringen zurückgeben zurückrufen zurückschicken zusammenstellen
    """
)
# Small words that end like an infinitive and are none.
_NO_INFINITIVES: Final = _words(
    """
    allen anderen außen beiden daneben dagegen denen den deinen deswegen diesen draußen drinnen drüben
    eben einen entgegen etlichen extern fern gegen gern gestern gen hinten hingegen hintern ihnen ihren
    innen jeden jenen keinen manchen meinen meisten mitten modern morgen neben oben offen putzmunter
    seinen selten sieben solchen sondern sonntagmorgen trocken unten unseren unserm vielen vorgestern
    vorn wegen welchen wen wenigen willkommen worden zwischen übermorgen übrigen
    """
)
_IMPERATIVES: Final = _words(
    """
    antworte backe beantrage bestell bestelle bezahl bezahle bezahlt bring bringe bügle denk erledige fahr
    finde frag frage füll fülle geh gib gieß gieße hol hole installiere iss kauf kläre koch koche
    kontrolliere kündige lade lass leere lern lerne lies lösche mach mache mäh melde miete nimm öffne
    ordne pack packe prüf prüfe putz putze räum räume reinige repariere reservier reserviere ruf rufe
    saug sauge schau schick schicke schneide schreib schreibe setz setze sieh sortiere sprich stell
    stelle such suche teste trag trage trink triff überweise üb übe unterschreib unterschreibe
    vereinbare verlängere verschick wasch wasche wechsle wirf wisch wische zahl zahle zeig
    """
)
_ENDING: Final = re.compile(r"[a-zäöüß]{2,}(en|ern|eln)|tun|sein")
_ASIDE: Final = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
_MARKS: Final = ".,;:!?…\"'„“”»«()[]"


def is_action(title: str) -> bool:
    """Whether the title asks for something: "Rechnung schicken", "Schick die Rechnung"; not "Garten".

    A small letter tells the infinitive: nouns have a capital.
    """
    words = [word.strip(_MARKS) for word in _ASIDE.sub("", title).split()]
    if not words:
        return False
    if words[0].lower() in _IMPERATIVES and len(words) > 1:
        return True
    last = words[-1]
    return any(word in _INFINITIVES for word in words) or bool(
        _ENDING.fullmatch(last) and last not in _NO_INFINITIVES
    )
