"""The Spanish wordings by angle. Ids as in English: never reused for other words.

A clock carries its article ("las 14:00", "la 1:00"), so that "a", "hasta" and "antes de" take it as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib.domain.wordings.base import Template, rows, same

DO_NOW: Final = (
    rows("do_now", "estimate", (
        ("{title}. {minutes}.", "Empieza con: {title}. {minutes}."),
        ("Hazlo ahora: {act}. {minutes}.", "Ponte ahora con: {title}. {minutes}."),
        ("{title}. Más o menos {minutes}.", "Comienza por: {title}. Más o menos {minutes}."),
        ("Sigue con esto: {act}. {minutes}.", "Sigue con: {title}. {minutes}."),
        ("{title}. Lleva {minutes}.", "Dedícate a: {title}. Lleva {minutes}."),
        ("Tómate {minutes}: {act}.", "Tómate {minutes} para: {title}."),
        ("{title}. {minutes}, de principio a fin.", "Encárgate de: {title}. {minutes}, de principio a fin."),
        ("Dedica ahora {minutes} a esto: {act}.", "Dedica ahora {minutes} a: {title}."),
        ("¿Te animas? {title}. {minutes}.", "¿Te pones con esto? {title}. {minutes}."),
        ("Dale {minutes}: {act}.", "Dale {minutes} a: {title}."),
    ))
    | rows("do_now", "estimate until", (
        ("{title} antes de {until}. {minutes}.", "Aprovecha antes de {until}: {title}. {minutes}."),
        ("Usa el tiempo hasta {until}: {act}. {minutes}.",
         "Usa el tiempo hasta {until} para: {title}. {minutes}."),
    ), "u")
    | rows("do_now", "box", (
        ("{title}. Dale {minutes}.", "Empieza con: {title}. Dale {minutes}."),
        ("{title}. De momento, {minutes}.", "Comienza por: {title}. De momento, {minutes}."),
        ("Échale {minutes}: {act}.", "Échale {minutes} a: {title}."),
        ("{title}. Hasta {minutes}.", "Arranca con: {title}. Hasta {minutes}."),
        ("{title}. {minutes} como mucho.", "Dedícate a: {title}. {minutes} como mucho."),
        ("Quédate {minutes} con esto: {act}.", "Quédate {minutes} con: {title}."),
        ("Reserva {minutes}: {act}.", "Reserva {minutes} para: {title}."),
        ("¿Empiezas? {title}. {minutes} ahora.", "¿Empiezas con esto? {title}. {minutes} ahora."),
    ), "b")
)  # fmt: skip

SMALLEST_STEP: Final = (
    rows("smallest_step", "", (
        ("{title}. Solo {minutes}.", "Empieza con: {title}. Solo {minutes}."),
        ("Prueba {minutes}: {act}.", "Prueba {minutes} con: {title}."),
        ("Pon un temporizador de {minutes}: {act}.", "Pon un temporizador de {minutes}: {title}."),
        ("Deja todo listo: {act}. {minutes}.", "Deja todo listo para: {title}. {minutes}."),
        ("Empieza poco a poco: {act}. {minutes}, luego paras.",
         "Empieza poco a poco: {title}. {minutes}, luego paras."),
        ("Comienza con {minutes}: {act}.", "Comienza con {minutes}: {title}."),
        ("{title}. Con {minutes} basta.", "Empieza con: {title}. Con {minutes} basta."),
        ("Haz solo {minutes}: {act}.", "Haz solo {minutes} de esto: {title}."),
    ))
    | rows("smallest_step", "task", (
        ("Anota el primer paso: {act}. {minutes}.", "Anota el primer paso: {title}. {minutes}."),
        ("Da el primer paso: {act}. {minutes}.", "Da el primer paso con: {title}. {minutes}."),
        ("{title}. Después de {minutes}, descanso.", "Empieza con: {title}. Después de {minutes}, descanso."),
        ("Elige por dónde empezar: {act}. {minutes}.", "Elige por dónde empezar: {title}. {minutes}."),
    ), "t")
)  # fmt: skip

PLAN_SLOT: Final = (
    rows("plan_slot", "", (
        ("¿Te va bien {slot}? {title}.", "¿Te va bien {slot}? {title}."),
        ("Prográmalo para {when}: {act}.", "Programa esto para {when}: {title}."),
        ("Guarda {takes} {slot}: {act}.", "Guarda {takes} {slot} para: {title}."),
        ("¿Lo apuntas para {when}? {title}.", "¿Apuntas esto para {when}? {title}."),
        ("Aparta {takes} {slot}: {act}.", "Aparta {takes} {slot} para: {title}."),
        ("Hazle un hueco {slot}: {act}.", "Haz un hueco {slot} para: {title}."),
        ("¿Lo dejas para {when}? {title}.", "¿Dejas esto para {when}? {title}."),
        ("Resérvalo para {when}: {act}.", "Reserva esto para {when}: {title}."),
    ))
    | rows("plan_slot", "anchor", (
        ("Después de «{anchor}», {act}.", "Después de «{anchor}»: {title}."),
        ("Justo después de «{anchor}»: {act}.", "Justo después de «{anchor}»: {title}."),
        ("¿Te va bien después de «{anchor}»? {title}.", "¿Te va bien después de «{anchor}»? {title}."),
        ("Prográmalo después de «{anchor}»: {act}.", "Programa esto después de «{anchor}»: {title}."),
        ("Cuando «{anchor}» acabe a {when}, {act}.", "Cuando «{anchor}» acabe a {when}: {title}."),
    ), "a")
)  # fmt: skip

KEEP_STREAK: Final = (
    rows("keep_streak", "day", (
        ("{title}. Día {day}. {minutes}.", "Día {day}: {title}. {minutes}."),
        ("Sigue con el día {day}: {act}. {minutes}.", "Sigue con el día {day}: {title}. {minutes}."),
        ("Haz de hoy el día {day}: {act}. {minutes}.", "Haz de hoy el día {day}: {title}. {minutes}."),
        ("Tómate {minutes} para el día {day}: {act}.", "Tómate {minutes} para el día {day}: {title}."),
        ("Suma el día {day}: {act}. {minutes}.", "Suma el día {day}: {title}. {minutes}."),
        ("Pasa al día {day}: {act}. {minutes}.", "Pasa al día {day}: {title}. {minutes}."),
    ))
    | rows("keep_streak", "", (
        ("{title} hoy. {minutes}.", "Dale hoy su momento a: {title}. {minutes}."),
        ("Busca un rato hoy: {act}. {minutes}.", "Busca un rato para: {title}. {minutes}."),
        ("Usa {minutes} para esto: {act}.", "Usa {minutes} para: {title}."),
        ("Mantén el ritmo: {act}. {minutes}.", "Mantén el ritmo: {title}. {minutes}."),
        ("{title}. Con {minutes} es suficiente.", "Dedícate a: {title}. Con {minutes} es suficiente."),
        ("Encuentra {minutes}: {act}.", "Encuentra {minutes} para: {title}."),
    ), "p")
    | rows("keep_streak", "until", (
        ("Encaja {minutes} antes de {until}: {act}.", "Encaja {minutes} antes de {until}: {title}."),
        ("{title}. {minutes}, antes de {until}.", "Empieza: {title}. {minutes}, antes de {until}."),
    ), "u")
)  # fmt: skip

REST: Final = (
    same("rest", "", (
        "Aléjate de la pantalla {minutes}.",
        "Mira por la ventana {minutes}.",
        "Descansa la vista {minutes}.",
        "Estira las piernas {minutes}.",
        "Deja el teléfono {minutes}.",
        "Sal a tomar el aire {minutes}.",
        "Quédate {minutes} sin hacer nada.",
        "Tómate {minutes} para ti.",
    ))
    | same("rest", "desk", (
        "Deja el escritorio {minutes}.",
        "Prepárate un té. {minutes} de pausa.",
        "Siéntate {minutes} en otro sitio.",
    ), "d")
    | same("rest", "until", (
        "Aléjate de la pantalla antes de {until}. {minutes}.",
        "Sal a tomar el aire antes de {until}. {minutes}.",
    ), "u")
)  # fmt: skip

ANCHOR: Final = rows("anchor", "", (
    ("Después de «{anchor}», {act}. {minutes}.", "Después de «{anchor}»: {title}. {minutes}."),
    ("Justo al acabar «{anchor}»: {act}. {minutes}.", "Justo al acabar «{anchor}»: {title}. {minutes}."),
    ("Cuando acabe «{anchor}»: {act}. {minutes}.", "Cuando acabe «{anchor}»: {title}. {minutes}."),
    ("Que venga tras «{anchor}»: {act}. {minutes}.", "Que esto venga tras «{anchor}»: {title}. {minutes}."),
    ("Únelo a «{anchor}»: {act}. {minutes}.", "Une esto a «{anchor}»: {title}. {minutes}."),
    ("{title} después de «{anchor}». {minutes}.", "Tómate {minutes} después de «{anchor}»: {title}."),
    ("Añade {minutes} después de «{anchor}»: {act}.", "Añade {minutes} después de «{anchor}»: {title}."),
    ("Después de «{anchor}», dale {minutes}: {act}.", "Después de «{anchor}», dale {minutes} a: {title}."),
    ("Ponlo detrás de «{anchor}»: {act}. {minutes}.", "Pon esto detrás de «{anchor}»: {title}. {minutes}."),
    ("Enlázalo con «{anchor}»: {act}. {minutes}.", "Enlaza esto con «{anchor}»: {title}. {minutes}."),
))  # fmt: skip

RESTART: Final = rows("restart", "", (
    ("{title}. Un nuevo comienzo, {minutes}.", "Haz un nuevo comienzo: {title}. {minutes}."),
    ("Empieza de cero: {act}. {minutes}.", "Empieza de cero con: {title}. {minutes}."),
    ("Haz de hoy el primer día: {act}. {minutes}.", "Haz de hoy el primer día: {title}. {minutes}."),
    ("{title}. Primer día, {minutes}.", "Comienza el primer día: {title}. {minutes}."),
    ("Retómalo con {minutes}: {act}.", "Retoma esto con {minutes}: {title}."),
    ("Vuelve a ello: {act}. {minutes}.", "Vuelve a esto: {title}. {minutes}."),
    ("Ponlo en marcha: {act}. {minutes}.", "Pon esto en marcha: {title}. {minutes}."),
    ("Empieza una nueva serie: {act}. {minutes}.", "Empieza una nueva serie: {title}. {minutes}."),
    ("Toma {minutes} como comienzo: {act}.", "Toma {minutes} como comienzo: {title}."),
    ("Arranca con {minutes}: {act}.", "Arranca con {minutes}: {title}."),
))  # fmt: skip

PREPARE: Final = rows("prepare", "", (
    ("Ábrelo antes de «{anchor}»: {act}. {minutes}.", "Abre antes de «{anchor}»: {title}. {minutes}."),
    ("Prepárate para «{anchor}»: {act}. {minutes}.", "Prepárate para «{anchor}»: {title}. {minutes}."),
    ("Míralo antes de «{anchor}»: {act}. {minutes}.", "Mira esto antes de «{anchor}»: {title}. {minutes}."),
    ("Tenlo a mano para «{anchor}»: {act}. {minutes}.",
     "Ten esto a mano para «{anchor}»: {title}. {minutes}."),
    ("Tómate {minutes} antes de «{anchor}»: {act}.", "Tómate {minutes} antes de «{anchor}»: {title}."),
    ("Ponte al día para «{anchor}»: {act}. {minutes}.", "Ponte al día para «{anchor}»: {title}. {minutes}."),
    ("Déjalo listo para «{anchor}»: {act}. {minutes}.",
     "Deja esto listo para «{anchor}»: {title}. {minutes}."),
    ("Empieza antes de «{anchor}»: {act}. {minutes}.",
     "Empieza antes de «{anchor}» con: {title}. {minutes}."),
    ("Dedica {minutes} antes de «{anchor}»: {act}.", "Dedica {minutes} antes de «{anchor}» a: {title}."),
))  # fmt: skip

BATCH: Final = rows("batch", "", (
    ("Haz tres tareas seguidas, {minutes}: {act}.", "Haz tres tareas seguidas, {minutes}: {title}."),
    ("Junta tres parecidas, {minutes}. Empieza por {act}.",
     "Junta tres parecidas, {minutes}. Primero: {title}."),
    ("Encadena tres, {minutes}. Primero: {act}.", "Encadena tres, {minutes}. Empieza con: {title}."),
    ("Despeja tres cortas, {minutes}: {act}.", "Despeja tres cortas, {minutes}: {title}."),
    ("Agrupa tres, {minutes} en total. Primero: {act}.",
     "Agrupa tres, {minutes} en total. Primero: {title}."),
    ("Dedica {minutes} a tres parecidas. Primero: {act}.",
     "Dedica {minutes} a tres parecidas. Primero: {title}."),
    ("Repasa tres como esta, {minutes}: {act}.", "Repasa tres como esta, {minutes}: {title}."),
    ("Pon tres en fila, {minutes}. Primero: {act}.", "Pon tres en fila, {minutes}. Primero: {title}."),
    ("Usa {minutes} para tres del mismo tipo. Primero: {act}.",
     "Usa {minutes} para tres del mismo tipo: {title}."),
))  # fmt: skip

KEEP_OR_LET_GO: Final = rows("keep_or_let_go", "", (
    ("{title}: ¿se queda o lo sueltas?", "{title}: ¿se queda o lo sueltas?"),
    ("Decide: {act}. ¿Se queda o se va?", "Decide sobre: {title}. ¿Se queda o se va?"),
    ("¿Lo dejas en la lista o lo sueltas? {title}.", "¿Dejas esto en la lista o lo sueltas? {title}."),
    ("Di sí o no: {act}. ¿Sigue en la lista?", "Di sí o no: {title}. ¿Sigue en la lista?"),
    ("Míralo con otros ojos: {act}. ¿Se queda o se va?", "Mira con otros ojos: {title}. ¿Se queda o se va?"),
    ("{title}. ¿Merece quedarse o lo sueltas?", "{title}. ¿Merece quedarse o lo sueltas?"),
    ("Dale un sí o un no: {act}. {minutes}.", "Dale un sí o un no a: {title}. {minutes}."),
    ("Tómate {minutes}: {act}. ¿Se queda o se va?", "Tómate {minutes} para: {title}. ¿Se queda o se va?"),
    ("¿Sigue en tu lista? {title}.", "¿Sigue esto en tu lista? {title}."),
))  # fmt: skip

CLOSE_DAY: Final = (
    same("close_day", "", (
        "Da el día por terminado.",
        "Deja el resto para mañana.",
        "Cierra la lista por hoy.",
        "Para aquí. Por hoy basta.",
        "Deja que por hoy sea suficiente.",
        "Guarda la lista hasta mañana.",
        "Termina el día aquí.",
        "Tómate la noche libre.",
        "Deja que el resto espere a mañana.",
        "Aparta la lista. La noche es tuya.",
    ))
    | same("close_day", "anchor", (
        "«{anchor}» ya está. Por hoy basta.",
        "Con «{anchor}» hecho, da el día por terminado.",
        "«{anchor}» ya está. Deja el resto para mañana.",
        "Para aquí, con «{anchor}» hecho.",
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
