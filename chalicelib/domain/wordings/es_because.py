"""Spanish: why a tip was chosen, while it is open and when one looks back (`domain/because.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib.domain.wordings.base import always

BECAUSE: Final[Mapping[str, tuple[str, str]]] = {
    "free_fit.fits": ("Cabe en tu tiempo libre.", "Cabía en tu tiempo libre."),
    "free_fit.nearer": ("Se acerca más a tu tiempo libre.", "Se acercaba más a tu tiempo libre."),
    "free_fit.too_long": ("Dura más que tu tiempo libre.", "Duraba más que tu tiempo libre."),
    "free_fit.fills": ("Te deja menos tiempo de sobra.", "Te dejaba menos tiempo de sobra."),
    "done_hour.often": ("A esta hora sueles terminar cosas.", "A aquella hora sueles terminar cosas."),
    "done_hour.seldom": ("A esta hora terminas pocas cosas.", "A aquella hora terminas pocas cosas."),
    "done_hour.quiet": ("Pide poco a una hora tranquila.", "Pedía poco a una hora tranquila."),
    "done_hour.unused": (
        "Deja sin usar una de tus buenas horas.",
        "Dejaba sin usar una de tus buenas horas.",
    ),
    "energy_effort.suits": (
        "Su duración va bien con la energía que anotaste.",
        "Su duración iba bien con la energía que anotaste.",
    ),
    "energy_effort.unsuited": (
        "Su duración no va con la energía que anotaste.",
        "Su duración no iba con la energía que anotaste.",
    ),
    "energy_effort.others_less": (
        "Otras duraciones van peor con la energía anotada.",
        "Otras duraciones iban peor con la energía anotada.",
    ),
    "energy_effort.others_more": (
        "Otras duraciones van mejor con la energía anotada.",
        "Otras duraciones iban mejor con la energía anotada.",
    ),
    "deadline.speaks": ("Su fecha habla a favor de ahora.", "Su fecha hablaba a favor de aquel momento."),
    "deadline.less": (
        "Otra idea ayuda más con una fecha cercana.",
        "Otra idea ayudaba más con una fecha cercana.",
    ),
    "streak_at_risk.keeps": ("Mantiene hoy tu racha.", "Estaba ahí para mantener tu racha."),
    "streak_at_risk.less": ("Otra idea hace más por una racha.", "Otra idea hacía más por una racha."),
    "affinity.liked": always("Sueles hacer cosas de este tipo."),
    "affinity.others_less": always("Haces menos las cosas de otros tipos."),
    "affinity.passed": always("Sueles dejar pasar este tipo."),
    "affinity.others_more": always("Haces más las cosas de otros tipos."),
    "novelty.new": ("Hace tiempo que no la ves.", "Hacía tiempo que no la veías."),
    "novelty.newer": (
        "Viste las otras ideas más recientemente.",
        "Habías visto las otras ideas más recientemente.",
    ),
    "novelty.seen": ("La viste hace poco.", "La habías visto poco antes."),
    "novelty.others_newer": ("Otras ideas son más nuevas para ti.", "Otras ideas eran más nuevas para ti."),
    "effort.longer": ("Dura más que otras ideas, en promedio.", "Duraba más que otras ideas, en promedio."),
    "effort.shorter": (
        "Dura menos que otras ideas, en promedio.",
        "Duraba menos que otras ideas, en promedio.",
    ),
    "place_match.here": ("Encaja con el lugar donde estás.", "Encajaba con el lugar donde estabas."),
    "place_match.elsewhere": ("Es para otro lugar.", "Era para otro lugar."),
    "place_match.anywhere": ("Se puede hacer en cualquier lugar.", "Se podía hacer en cualquier lugar."),
    "place_match.other_here": (
        "Otra idea encaja con el lugar donde estás.",
        "Otra idea encajaba con el lugar donde estabas.",
    ),
    "goal_alignment.serves": ("Sirve a una meta que elegiste.", "Servía a una meta que elegiste."),
    "goal_alignment.none": ("No sirve a ninguna de tus metas.", "No servía a ninguna de tus metas."),
    "goal_alignment.others_none": (
        "Otra idea no sirve a ninguna de tus metas.",
        "Otra idea no servía a ninguna de tus metas.",
    ),
    "goal_alignment.other_serves": (
        "Otra idea sirve a una meta que elegiste.",
        "Otra idea servía a una meta que elegiste.",
    ),
    "similarity_done.like": ("Se parece a consejos que seguiste.", "Se parecía a consejos que seguiste."),
    "similarity_done.unlike": (
        "Se distingue de los consejos que seguiste.",
        "Se distinguía de los consejos que seguiste.",
    ),
    "activity_length.longer": ("Es algo más largo en un día activo.", "Era algo más largo en un día activo."),
    "activity_length.shorter": (
        "Es algo más corto en un día activo.",
        "Era algo más corto en un día activo.",
    ),
    "try": always("Una prueba: oO quiere aprender de ella."),
    "only": ("Es la única idea con un motivo ahora.", "Era la única idea con un motivo entonces."),
    "close": ("Nada la separa mucho de las otras.", "Nada la separaba mucho de las otras."),
    "rules": always("Esta vez oO siguió reglas sencillas."),
    "ground": ("{reason}", "Cuando se eligió: {reason}"),
    "for_event": ("Es para algo de tu calendario.", "Era para algo de tu calendario."),
    "routine": ("Sigue a una de tus rutinas.", "Seguía a una de tus rutinas."),
    "against": always("En contra: {fact}"),
}
