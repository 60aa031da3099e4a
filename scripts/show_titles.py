"""The invented person's own words in the other languages, as someone who lives there would write them."""

from __future__ import annotations

from collections.abc import Mapping

# Each English title, and the same in German, Spanish and Russian.
_ROWS = (
    (
        "Send the invoice to Mira",
        "Rechnung an Mira schicken",
        "Enviar la factura a Mira",
        "Отправить счёт Мире",
    ),
    ("Tax letter", "Brief vom Finanzamt", "Carta de Hacienda", "Письмо из налоговой"),
    ("Book the dentist", "Zahnarzttermin ausmachen", "Pedir cita con el dentista", "Записаться к зубному"),
    (
        "Call the landlord about the heating",
        "Vermieterin wegen der Heizung anrufen",
        "Llamar al casero por la calefacción",
        "Позвонить хозяйке насчёт отопления",
    ),
    ("Quarterly budget", "Quartalsbudget", "Presupuesto trimestral", "Бюджет на квартал"),
    ("Return the library books", "Bücher zurückgeben", "Devolver los libros", "Вернуть книги в библиотеку"),
    ("photos for grandma", "Fotos für Oma", "fotos para la abuela", "фото для бабушки"),
    (
        "Fix the bike light",
        "Fahrradlicht reparieren",
        "Arreglar la luz de la bici",
        "Починить фонарь на велосипеде",
    ),
    (
        "Write the talk outline for the December meetup",
        "Gliederung für den Vortrag im Dezember schreiben",
        "Escribir el guion de la charla de diciembre",
        "Набросать план доклада к декабрьской встрече",
    ),
    ("Reply to Jonas", "Jonas antworten", "Responder a Jonas", "Ответить Йонасу"),
    ("Swim bag for Lena", "Schwimmtasche für Lena", "Bolsa de natación de Lena", "Сумка в бассейн для Лены"),
    ("Renew the passport", "Pass verlängern", "Renovar el pasaporte", "Обновить паспорт"),
    (
        "Plan Saturday's dinner",
        "Essen für Samstag planen",
        "Planear la cena del sábado",
        "Продумать ужин в субботу",
    ),
    (
        "Review Ana's draft",
        "Anas Entwurf durchsehen",
        "Revisar el borrador de Ana",
        "Посмотреть черновик Ани",
    ),
    ("Electricity meter reading", "Stromzähler", "Lectura de la luz", "Показания счётчика"),
    (
        "Buy a birthday present for Tom",
        "Geschenk für Tom kaufen",
        "Comprar un regalo para Tomás",
        "Купить подарок Тому",
    ),
    ("Clean the coffee machine", "Kaffeemaschine entkalken", "Limpiar la cafetera", "Почистить кофемашину"),
    ("Pay the gym", "Fitnessstudio bezahlen", "Pagar el gimnasio", "Оплатить спортзал"),
    ("Slides for Thursday", "Folien für Donnerstag", "Diapositivas del jueves", "Слайды к четвергу"),
    ("Water the plants", "Gieß die Pflanzen", "Riega las plantas", "Полить цветы"),
    ("Sort the cellar shelf", "Kellerregal aufräumen", "Ordenar el trastero", "Разобрать полку в подвале"),
    (
        "Cancel the old phone contract",
        "Alten Handyvertrag kündigen",
        "Cancelar el contrato del móvil",
        "Расторгнуть старый договор на телефон",
    ),
    (
        "Ask Ines about the holiday house",
        "Ines nach dem Ferienhaus fragen",
        "Preguntar a Inés por la casa rural",
        "Спросить Инес про дачу",
    ),
    ("Update the CV", "Lebenslauf aktualisieren", "Actualizar el CV", "Обновить резюме"),
    ("Ten words of Spanish", "Zehn Wörter Spanisch", "Diez palabras de inglés", "Десять слов по-испански"),
    ("Walk", "Spazieren", "Pasear", "Гулять"),
    ("Read", "Lesen", "Leer", "Читать"),
    ("Morning coffee", "Kaffee", "Café", "Утренний кофе"),
    ("Stretch", "Dehnen", "Estirar", "Растяжка"),
    ("Standup", "Standup", "Daily", "Планёрка"),
    ("Lunch", "Mittagessen", "Comida", "Обед"),
    ("Choir", "Chor", "Coro", "Хор"),
    (
        "Budget review with Jonas",
        "Budgetgespräch mit Jonas",
        "Revisión del presupuesto con Jonás",
        "Обсуждение бюджета с Йонасом",
    ),
    ("Team meeting", "Teammeeting", "Reunión de equipo", "Встреча команды"),
)

TITLES: Mapping[str, Mapping[str, str]] = {
    "en": {row[0]: row[0] for row in _ROWS},
    "de": {row[0]: row[1] for row in _ROWS},
    "es": {row[0]: row[2] for row in _ROWS},
    "ru": {row[0]: row[3] for row in _ROWS},
}
