"""Spanish words that begin a to-do: an infinitive, mostly, or an imperative with what it is about."""

from __future__ import annotations

import re
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Nouns and others that end like an infinitive; a stress mark before the ending tells the rest ("azúcar").
_NO_INFINITIVES: Final = _words(
    """
    alfiler alquiler altar atelier ayer bar bazar bienestar billar blazer bulevar calamar carlos charla
    charlas collar cualquier deber dinner elixir escolar familiar flyer fuerte hangar hogar jaguar lugar
    lunar malestar manager mar militar muerte mujer newsletter nuclear paladar par parte particular perla
    perlas pilar placer polar popular porvenir poster preescolar primer quehacer regular router server
    similar solar suerte taller tercer vulgar water
    """
)
_IMPERATIVES: Final = _words(
    """
    agenda anota apunta arregla averigua avisa barre busca cambia cancela cocina comenta compara completa
    compra confirma consulta contesta corrige cose crea da deja descarga devuelve di dile elige empieza
    encarga entrega envía escribe estudia firma friega guarda haz imprime instala invita lava lee limpia
    llama lleva manda mira ordena organiza paga pasa pide planea plancha pon practica pregunta prepara
    prueba recoge recuerda regala repara repasa reserva responde revisa riega saca solicita sube termina
    tira trae ve vende visita
    """
)
# What an imperative's object begins with; without it "Compra semanal" is a thing.
_OBJECT: Final = _words(
    "a al el la los las lo un una unos unas mi mis tu tus su sus este esta con por en para"
)
_INFINITIVE: Final = re.compile(
    r"[a-zñü]+(ar|er|ir|ír)|ir|(?:[a-záéíóúñü]+[aeiáéí]r)(?:se|me|te|les?|l[ao]s?|nos){1,2}"
)
_MARKS: Final = ".,;:!?…\"'«»“”()[]¿¡"


def is_action(title: str) -> bool:
    """Whether the title asks for something: "Llamar al banco", "Llama al banco"; not "Taller de pintura"."""
    words = [word.lower().strip(_MARKS) for word in title.split()]
    if words[:1] == ["no"]:
        words = words[1:]
    if not words or not words[0]:
        return False
    if words[0] in _IMPERATIVES:
        return len(words) > 1 and words[1] in _OBJECT
    return bool(_INFINITIVE.fullmatch(words[0])) and words[0] not in _NO_INFINITIVES
