"""Spanish: the words of every reason, each a sentence of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    "due_today_at": ("Vence hoy a {at}.", "Es para hoy a {at}.", "Su hora es hoy a {at}."),
    "due_today": ("Vence hoy.", "Es para hoy.", "Su fecha es hoy."),
    "moved_to_today": ("Lo pasaste a hoy.", "Su nueva fecha es hoy."),
    "due_tomorrow": ("Vence mañana.", "Es para mañana.", "Su fecha es mañana."),
    "due_weekday": ("Vence el {weekday}.", "Es para el {weekday}.", "Su fecha es el {weekday}."),
    "due_date": ("Vence el {on}.", "Su fecha es el {on}."),
    "was_due_at": ("Era para hoy a {at}.", "Su hora era hoy a {at}."),
    "was_due_weekday": ("Era para el {weekday}.", "Su fecha era el {weekday}."),
    "was_due_date": ("Era para el {on}.", "Su fecha era el {on}."),
    "was_due_year": ("Era para {year}.", "Su fecha era de {year}."),
    "for_event": ("Para «{anchor}», a {at}.", "«{anchor}» es a {at}."),
    "said_free": ("Dijiste que tienes {stated}.", "Según dijiste, tienes {stated}."),
    "free_until_event": ("Tienes libre hasta «{anchor}», a {at}.", "Nada hasta «{anchor}», a {at}."),
    "free_until": ("Tienes libre hasta {at}.", "No tienes nada hasta {at}."),
    "clear_day": ("Hoy no hay nada más en tu calendario.", "Tu calendario está libre el resto del día."),
    "good_hour": ("Hacia {hour} es cuando más terminas.", "Es hacia {hour} cuando más terminas."),
    "top_priority": ("Le diste la máxima prioridad.", "Tiene la máxima prioridad."),
    "added_today": ("Nuevo en tu lista hoy.", "Llegó hoy a tu lista."),
    "listed_since_weekday": ("En tu lista desde el {weekday}.", "Llegó a tu lista el {weekday}."),
    "listed_since": ("En tu lista desde el {on}.", "Llegó a tu lista el {on}."),
    "usual_time": ("Sueles hacerlo hacia {minute}.", "Su hora habitual es hacia {minute}."),
    "too_big": ("Dijiste que era demasiado grande.", "Demasiado grande en conjunto, dijiste."),
    "wrong_time": ("Pediste otro momento.", "No era el momento, dijiste."),
    "moved_dates": ("Su fecha ha cambiado antes.", "Su fecha ha cambiado por el camino."),
    "set_aside": ("Lo guardaste para más tarde.", "Elegiste hacerlo más tarde."),
    "large": ("Todo junto lleva {takes}.", "En total lleva {takes}."),
    "low_energy_now": ("Dijiste que tienes poca energía.", "Poca energía, dijiste."),
    "low_energy_today": ("Hoy anotaste poca energía.", "Poca energía, anotaste hoy."),
    "low_mood_today": ("Hoy anotaste un ánimo bajo.", "Ánimo bajo, anotaste hoy."),
    "slot_free": ("A partir de ahí, libre hasta {slot_until}.", "Tienes libre ese rato, hasta {slot_until}."),
    "slot_free_tomorrow": (
        "A partir de ahí, libre hasta {slot_until}.",
        "Tienes libre ese rato, hasta {slot_until}.",
    ),
    "slot_open": ("Después no hay nada en tu calendario.", "Tu calendario queda libre desde entonces."),
    "slot_open_tomorrow": ("Mañana queda libre desde entonces.", "Después no hay nada más mañana."),
    "streak": ("{done} días seguidos hasta ahora.", "Llevas {done} días seguidos."),
    "long_streak": ("Más de tres semanas seguidas.", "Más de tres semanas sin huecos."),
    "alike": ("Hay más como esta en tu lista.", "Tu lista tiene otras parecidas."),
    "routine": ("Eso sueles hacerlo hacia {minute}.", "Casi todos los días es hacia {minute}."),
    "starts_at": ("Eso empieza a {at}.", "Eso comienza a {at}."),
    "three_short": (
        "Ninguna de las tres lleva más de {takes}.",
        "Cada una lleva {takes} como mucho.",
    ),
    "done_today": ("Hecho hoy: {done}.", "Terminado hoy: {done}."),
    "booked": ("Sin hueco de {start} a {end}.", "Tu calendario estaba lleno de {start} a {end}."),
}
