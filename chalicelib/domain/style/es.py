"""Spanish: what breaks a rule. It says "tú", and opens each question."""

from __future__ import annotations

from typing import Final

RULES: Final = (
    (r"\b(debes?|deber[ií]as?|debemos|tienes que|tendrías que|hay que|necesitas|has de)\b", "an order"),
    (r"\b(no (te )?olvides|recuerda|inmediatamente|ya mismo)\b", "an order"),
    (r"\b(por fin|finalmente|todavía|aún|otra vez|de nuevo|nuevamente|de una vez|sigues sin)\b",
     "a reproach"),
    (r"\b(atrasad[oa]s?|vencid[oa]s?|con retraso|demasiado tarde|pendiente desde)\b", "a reproach"),
    (r"\b(rápid[oa]s?|rápidamente|rapidito|breve(mente)?|un momentito|un ratito|en un (momento|segundo))\b",
     "a size that says nothing"),
    (r"\b(perdiste|perdid[oa]s?|fallaste|fallad[oa]s?|saltaste|olvidaste|abandonaste|rompiste|rot[oa])\b",
     "a count of what was missed"),
    (r"\b(pospusiste|pospuest[oa]s?|aplazaste|aplazad[oa]s?|retrasaste)\b", "a count of what was missed"),
    (r"\b(\d+ veces|hace \d+ días?|\d+ días? (tarde|de retraso))\b", "a count of what was missed"),
    (r"\b(genial|estupend[oa]|fantástic[oa]|increíble|excelente|bravo|enhorabuena|felicidades)\b", "praise"),
    (r"\b(bien hecho|buen trabajo|orgullos[oa]|tú puedes|sigue así)\b", "praise"),
    (r"\b(sientes|sentirte|sentimientos?|estrés|estresad[oa]|ansios[oa]|ansiedad)\b", "a diagnosis"),
    (r"\b(agobiad[oa]|abrumad[oa]|quemad[oa]|agotad[oa]|cansad[oa]|triste|depri\w+|depresi\w+)\b",
     "a diagnosis"),
    (r"\b(y|e|además)\b", "a second action"),
    (r"\bustede?s?\b", "a stranger's address"),
    (r"(?:^|\?)[^¿?]*\?", "a question that is not opened"),
)  # fmt: skip
