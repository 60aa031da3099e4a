"""German: why a tip was chosen, while it is open and when one looks back (`domain/because.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib.domain.wordings.base import always

BECAUSE: Final[Mapping[str, tuple[str, str]]] = {
    "free_fit.fits": ("Es passt in deine freie Zeit.", "Es passte in deine freie Zeit."),
    "free_fit.nearer": ("Es kommt deiner freien Zeit näher.", "Es kam deiner freien Zeit näher."),
    "free_fit.too_long": ("Es dauert länger, als du Zeit hast.", "Es dauerte länger, als du Zeit hattest."),
    "free_fit.fills": ("Es lässt dir weniger Zeit übrig.", "Es ließ dir weniger Zeit übrig."),
    "done_hour.often": ("Um diese Zeit erledigst du oft etwas.", "Um jene Zeit erledigst du oft etwas."),
    "done_hour.seldom": (
        "Um diese Zeit erledigst du selten etwas.",
        "Um jene Zeit erledigst du selten etwas.",
    ),
    "done_hour.quiet": (
        "Es verlangt wenig in einer ruhigen Stunde.",
        "Es verlangte wenig in einer ruhigen Stunde.",
    ),
    "done_hour.unused": (
        "Es lässt eine deiner guten Stunden ungenutzt.",
        "Es ließ eine deiner guten Stunden ungenutzt.",
    ),
    "energy_effort.suits": (
        "Die Länge passt zur Energie, die du notiert hast.",
        "Die Länge passte zur Energie, die du notiert hattest.",
    ),
    "energy_effort.unsuited": (
        "Die Länge passt nicht zu deiner notierten Energie.",
        "Die Länge passte nicht zu deiner notierten Energie.",
    ),
    "energy_effort.others_less": (
        "Andere Längen passen weniger zu deiner notierten Energie.",
        "Andere Längen passten weniger zu deiner notierten Energie.",
    ),
    "energy_effort.others_more": (
        "Andere Längen passen besser zu deiner notierten Energie.",
        "Andere Längen passten besser zu deiner notierten Energie.",
    ),
    "deadline.speaks": ("Das Datum spricht für jetzt.", "Das Datum sprach für den Moment damals."),
    "deadline.less": (
        "Eine andere Idee hilft mehr bei einem nahen Datum.",
        "Eine andere Idee half mehr bei einem nahen Datum.",
    ),
    "streak_at_risk.keeps": (
        "Es hält deine Serie heute am Laufen.",
        "Es war da, um deine Serie zu halten.",
    ),
    "streak_at_risk.less": (
        "Eine andere Idee tut mehr für eine Serie.",
        "Eine andere Idee tat mehr für eine Serie.",
    ),
    "affinity.liked": always("So etwas machst du meistens."),
    "affinity.others_less": always("Dinge anderer Art machst du seltener."),
    "affinity.passed": always("So etwas lässt du meistens aus."),
    "affinity.others_more": always("Dinge anderer Art machst du häufiger."),
    "novelty.new": ("Du hast es länger nicht gesehen.", "Du hattest es länger nicht gesehen."),
    "novelty.newer": (
        "Die anderen Ideen hast du zuletzt gesehen.",
        "Die anderen Ideen hattest du zuletzt gesehen.",
    ),
    "novelty.seen": ("Du hast es vor Kurzem gesehen.", "Du hattest es kurz davor gesehen."),
    "novelty.others_newer": ("Andere Ideen sind für dich neuer.", "Andere Ideen waren für dich neuer."),
    "effort.longer": (
        "Es dauert länger als andere Ideen im Schnitt.",
        "Es dauerte länger als andere Ideen im Schnitt.",
    ),
    "effort.shorter": (
        "Es dauert kürzer als andere Ideen im Schnitt.",
        "Es dauerte kürzer als andere Ideen im Schnitt.",
    ),
    "place_match.here": ("Es passt zu dem Ort, wo du bist.", "Es passte zu dem Ort, wo du warst."),
    "place_match.elsewhere": ("Es gehört an einen anderen Ort.", "Es gehörte an einen anderen Ort."),
    "place_match.anywhere": ("Das geht überall.", "Das ging überall."),
    "place_match.other_here": (
        "Eine andere Idee passt zu deinem Ort.",
        "Eine andere Idee passte zu deinem Ort.",
    ),
    "goal_alignment.serves": ("Es dient einem Ziel, das du gewählt hast.", "Es diente einem Ziel von dir."),
    "goal_alignment.none": ("Es dient keinem deiner Ziele.", "Es diente keinem deiner Ziele."),
    "goal_alignment.others_none": (
        "Eine andere Idee dient keinem deiner Ziele.",
        "Eine andere Idee diente keinem deiner Ziele.",
    ),
    "goal_alignment.other_serves": (
        "Eine andere Idee dient einem deiner Ziele.",
        "Eine andere Idee diente einem deiner Ziele.",
    ),
    "similarity_done.like": (
        "Es ähnelt Tipps, die du umgesetzt hast.",
        "Es ähnelte Tipps, die du umgesetzt hast.",
    ),
    "similarity_done.unlike": (
        "Es ist anders als Tipps, die du umgesetzt hast.",
        "Es war anders als Tipps, die du umgesetzt hast.",
    ),
    "activity_length.longer": (
        "Es ist etwas Längeres an einem aktiven Tag.",
        "Es war etwas Längeres an einem aktiven Tag.",
    ),
    "activity_length.shorter": (
        "Es ist etwas Kürzeres an einem aktiven Tag.",
        "Es war etwas Kürzeres an einem aktiven Tag.",
    ),
    "try": always("Ein Versuch: oO will daraus lernen."),
    "only": ("Es ist die einzige Idee mit einem Grund.", "Es war die einzige Idee mit einem Grund."),
    "close": ("Nichts hebt es deutlich von den anderen ab.", "Nichts hob es deutlich von den anderen ab."),
    "rules": always("Diesmal folgte oO einfachen Regeln."),
    "ground": ("{reason}", "Als es gewählt wurde: {reason}"),
    "for_event": ("Es gehört zu etwas in deinem Kalender.", "Es gehörte zu etwas in deinem Kalender."),
    "routine": ("Es folgt auf eine deiner Gewohnheiten.", "Es folgte auf eine deiner Gewohnheiten."),
    "against": always("Dagegen: {fact}"),
}
