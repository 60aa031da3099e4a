"""The Russian wordings by angle. Ids as in English: never reused for other words.

{minutes} is in the nominative, {minutes_acc} after "на" and verbs, {minutes_gen} after "до" and "не больше".
No past tense of what the person did: it would need their gender. An event stands in quotes, undeclined.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib.domain.wordings.base import Template, rows, same

DO_NOW: Final = (
    rows("do_now", "estimate", (
        ("{title}. {minutes}.", "Займись этим: {title}. {minutes}."),
        ("Сделай сейчас: {act}. {minutes}.", "Возьмись сейчас: {title}. {minutes}."),
        ("{title}. Примерно {minutes}.", "Начни с этого: {title}. Примерно {minutes}."),
        ("Сделай следующим делом: {act}. {minutes}.", "Возьми следующее дело: {title}. {minutes}."),
        ("{title}. Это займёт {minutes_acc}.", "Удели этому время: {title}. Займёт {minutes_acc}."),
        ("Удели этому {minutes_acc}: {act}.", "Удели этому {minutes_acc}: {title}."),
        ("{title}. {minutes} от начала до конца.", "Доведи до конца: {title}. {minutes}."),
        ("Выдели сейчас {minutes_acc}: {act}.", "Выдели на это {minutes_acc}: {title}."),
        ("Возьмёшься? {title}. {minutes}.", "Возьмёшься за это: {title}? {minutes}."),
        ("Отведи на это {minutes_acc}: {act}.", "Отведи {minutes_acc} на дело: {title}."),
    ))
    | rows("do_now", "estimate until", (
        ("{title} до {until}. {minutes}.", "Сделай до {until}: {title}. {minutes}."),
        ("Используй время до {until}: {act}. {minutes}.", "Используй время до {until}: {title}. {minutes}."),
    ), "u")
    | rows("do_now", "box", (
        ("{title}. На это {minutes}.", "Займись этим: {title}. На это {minutes}."),
        ("{title}. Пока на {minutes_acc}.", "Начни с этого: {title}. Пока на {minutes_acc}."),
        ("Вложи в это {minutes_acc}: {act}.", "Вложи в это {minutes_acc}: {title}."),
        ("{title}. До {minutes_gen}.", "Приступи: {title}. До {minutes_gen}."),
        ("{title}. Не больше {minutes_gen}.", "Возьмись за это: {title}. Не больше {minutes_gen}."),
        ("Позанимайся этим {minutes_acc}: {act}.", "Позанимайся этим {minutes_acc}: {title}."),
        ("Дай этому {minutes_acc}: {act}.", "Дай этому {minutes_acc}: {title}."),
        ("Начнёшь? {title}. Сейчас {minutes}.", "Начнёшь с этого: {title}? Сейчас {minutes}."),
    ), "b")
)  # fmt: skip

SMALLEST_STEP: Final = (
    rows("smallest_step", "", (
        ("{title}. Только {minutes}.", "Займись этим: {title}. Только {minutes}."),
        ("Попробуй {minutes_acc}: {act}.", "Попробуй {minutes_acc}: {title}."),
        ("Поставь таймер на {minutes_acc}: {act}.", "Поставь таймер на {minutes_acc}: {title}."),
        ("Подготовь всё для этого: {act}. {minutes}.", "Подготовь всё для этого: {title}. {minutes}."),
        ("Начни с малого: {act}. {minutes}, потом пауза.",
         "Начни с малого: {title}. {minutes}, потом пауза."),
        ("Начни с {minutes_gen}: {act}.", "Начни с {minutes_gen}: {title}."),
        ("{title}. Достаточно {minutes_gen}.", "Приступи: {title}. Достаточно {minutes_gen}."),
        ("Удели этому всего {minutes_acc}: {act}.", "Удели этому всего {minutes_acc}: {title}."),
    ))
    | rows("smallest_step", "task", (
        ("Запиши первый шаг: {act}. {minutes}.", "Запиши первый шаг: {title}. {minutes}."),
        ("Сделай первый шаг: {act}. {minutes}.", "Сделай первый шаг: {title}. {minutes}."),
        ("{title}. Через {minutes_acc} пауза.", "Приступи: {title}. Через {minutes_acc} пауза."),
        ("Выбери, с чего начать: {act}. {minutes}.", "Выбери, с чего начать: {title}. {minutes}."),
    ), "t")
)  # fmt: skip

PLAN_SLOT: Final = (
    rows("plan_slot", "", (
        ("Подойдёт {slot}? {title}.", "Подойдёт это {slot}? {title}."),
        ("Запланируй на {when}: {act}.", "Запланируй это на {when}: {title}."),
        ("Оставь {takes_acc} {slot}: {act}.", "Оставь {takes_acc} {slot} на это: {title}."),
        ("Впишем на {when}? {title}.", "Впишем это на {when}? {title}."),
        ("Выдели {takes_acc} {slot}: {act}.", "Выдели {takes_acc} {slot} на это: {title}."),
        ("Найди этому место {slot}: {act}.", "Найди этому место {slot}: {title}."),
        ("Оставим на {when}? {title}.", "Оставим это на {when}? {title}."),
        ("Назначь на {when}: {act}.", "Назначь это на {when}: {title}."),
    ))
    | rows("plan_slot", "anchor", (
        ("После события «{anchor}»: {act}.", "После события «{anchor}»: {title}."),
        ("Когда закончится «{anchor}»: {act}.", "Когда закончится «{anchor}»: {title}."),
        ("Подойдёт, когда закончится «{anchor}»? {title}.",
         "Подойдёт, когда закончится «{anchor}»? {title}."),
        ("Запланируй после события «{anchor}»: {act}.", "Запланируй это после события «{anchor}»: {title}."),
        ("Начни {slot}, когда закончится «{anchor}»: {act}.",
         "Начни {slot}, когда закончится «{anchor}»: {title}."),
    ), "a")
)  # fmt: skip

KEEP_STREAK: Final = (
    rows("keep_streak", "day", (
        ("{title}. День {day}. {minutes}.", "День {day}: {title}. {minutes}."),
        ("Продолжи, день {day}: {act}. {minutes}.", "Продолжи, день {day}: {title}. {minutes}."),
        ("Пусть это будет день {day}: {act}. {minutes}.", "Пусть это будет день {day}: {title}. {minutes}."),
        ("Выдели {minutes_acc} на день {day}: {act}.", "Выдели {minutes_acc} на день {day}: {title}."),
        ("Добавь день {day}: {act}. {minutes}.", "Добавь день {day}: {title}. {minutes}."),
        ("Переходи ко дню {day}: {act}. {minutes}.", "Переходи ко дню {day}: {title}. {minutes}."),
    ))
    | rows("keep_streak", "", (
        ("{title} сегодня. {minutes}.", "Найди сегодня время: {title}. {minutes}."),
        ("Оставь сегодня {minutes_acc}: {act}.", "Оставь на это {minutes_acc}: {title}."),
        ("Используй {minutes_acc}: {act}.", "Используй на это {minutes_acc}: {title}."),
        ("Продолжай: {act}. {minutes}.", "Продолжай: {title}. {minutes}."),
        ("{title}. Хватит {minutes_gen}.", "Займись этим: {title}. Хватит {minutes_gen}."),
        ("Найди {minutes_acc}: {act}.", "Найди на это {minutes_acc}: {title}."),
    ), "p")
    | rows("keep_streak", "until", (
        ("Выдели {minutes_acc} до {until}: {act}.", "Выдели {minutes_acc} до {until}: {title}."),
        ("{title}. {minutes}, до {until}.", "Приступи: {title}. {minutes}, до {until}."),
    ), "u")
)  # fmt: skip

REST: Final = (
    same("rest", "", (
        "Отойди от экрана на {minutes_acc}.",
        "Посмотри {minutes_acc} в окно.",
        "Дай глазам отдохнуть {minutes_acc}.",
        "Пройдись {minutes_acc}.",
        "Отложи телефон на {minutes_acc}.",
        "Выйди на воздух на {minutes_acc}.",
        "Побудь {minutes_acc} без дел.",
        "Возьми {minutes_acc} для себя.",
    ))
    | same("rest", "desk", (
        "Встань из-за стола на {minutes_acc}.",
        "Завари чай. {minutes} паузы.",
        "Пересядь на {minutes_acc} в другое место.",
    ), "d")
    | same("rest", "until", (
        "Отойди от экрана, до {until} есть время. {minutes}.",
        "Подыши воздухом, до {until} есть время. {minutes}.",
    ), "u")
)  # fmt: skip

ANCHOR: Final = rows("anchor", "", (
    ("Сначала «{anchor}», потом {act}. {minutes}.", "Сначала «{anchor}», потом: {title}. {minutes}."),
    ("Как закончится «{anchor}»: {act}. {minutes}.", "Как закончится «{anchor}»: {title}. {minutes}."),
    ("Когда «{anchor}» позади: {act}. {minutes}.", "Когда «{anchor}» позади: {title}. {minutes}."),
    ("Добавь к привычке «{anchor}»: {act}. {minutes}.", "Добавь к привычке «{anchor}»: {title}. {minutes}."),
    ("Привяжи это к привычке «{anchor}»: {act}. {minutes}.",
     "Привяжи это к привычке «{anchor}»: {title}. {minutes}."),
    ("Приступай, как закончится «{anchor}»: {act}. {minutes}.",
     "Приступай, как закончится «{anchor}»: {title}. {minutes}."),
    ("Добавь {minutes_acc} к привычке «{anchor}»: {act}.",
     "Добавь {minutes_acc} к привычке «{anchor}»: {title}."),
    ("Удели этому {minutes_acc}, когда «{anchor}» позади: {act}.",
     "Удели этому {minutes_acc}, когда «{anchor}» позади: {title}."),
    ("Поставь это за привычкой «{anchor}»: {act}. {minutes}.",
     "Поставь это за привычкой «{anchor}»: {title}. {minutes}."),
    ("Продолжи этим привычку «{anchor}»: {act}. {minutes}.",
     "Продолжи этим привычку «{anchor}»: {title}. {minutes}."),
))  # fmt: skip

RESTART: Final = rows("restart", "", (
    ("{title}. Новое начало, {minutes}.", "Открой новую страницу: {title}. {minutes}."),
    ("Начни с чистого листа: {act}. {minutes}.", "Начни с чистого листа: {title}. {minutes}."),
    ("Пусть сегодня будет день первый: {act}. {minutes}.",
     "Пусть сегодня будет день первый: {title}. {minutes}."),
    ("{title}. День первый, {minutes}.", "Начни день первый: {title}. {minutes}."),
    ("Вернись на {minutes_acc}: {act}.", "Вернись к этому на {minutes_acc}: {title}."),
    ("Вернись к этому: {act}. {minutes}.", "Вернись к этому: {title}. {minutes}."),
    ("Дай этому новый старт: {act}. {minutes}.", "Дай этому новый старт: {title}. {minutes}."),
    ("Начни новую серию: {act}. {minutes}.", "Начни новую серию: {title}. {minutes}."),
    ("Возьми {minutes_acc} для начала: {act}.", "Возьми {minutes_acc} для начала: {title}."),
    ("Начни с небольшого шага: {act}. {minutes}.", "Начни с небольшого шага: {title}. {minutes}."),
))  # fmt: skip

PREPARE: Final = rows("prepare", "", (
    ("Взгляни на это, скоро «{anchor}»: {act}. {minutes}.", "Скоро «{anchor}»: {title}. {minutes}."),
    ("Подготовься к событию «{anchor}»: {act}. {minutes}.",
     "Подготовься к событию «{anchor}»: {title}. {minutes}."),
    ("Загляни сюда, скоро «{anchor}»: {act}. {minutes}.",
     "Загляни сюда, скоро «{anchor}»: {title}. {minutes}."),
    ("Держи под рукой, скоро «{anchor}»: {act}. {minutes}.",
     "Держи под рукой, скоро «{anchor}»: {title}. {minutes}."),
    ("Удели этому {minutes_acc}, скоро «{anchor}»: {act}.",
     "Удели этому {minutes_acc}, скоро «{anchor}»: {title}."),
    ("Настройся, скоро «{anchor}»: {act}. {minutes}.", "Настройся, скоро «{anchor}»: {title}. {minutes}."),
    ("Приготовь это к событию «{anchor}»: {act}. {minutes}.",
     "Приготовь это к событию «{anchor}»: {title}. {minutes}."),
    ("Начни это до события «{anchor}»: {act}. {minutes}.",
     "Начни это до события «{anchor}»: {title}. {minutes}."),
    ("Выдели {minutes_acc} перед событием «{anchor}»: {act}.",
     "Выдели {minutes_acc} перед событием «{anchor}»: {title}."),
))  # fmt: skip

BATCH: Final = rows("batch", "", (
    ("Сделай три похожих дела, {minutes}. Сначала: {act}.",
     "Сделай три похожих дела, {minutes}. Сначала: {title}."),
    ("Возьми три таких дела, {minutes}. Первое: {act}.",
     "Возьми три таких дела, {minutes}. Первое: {title}."),
    ("Сделай три дела подряд, {minutes}. Первое: {act}.",
     "Сделай три дела подряд, {minutes}. Первое: {title}."),
    ("Разбери три небольших, {minutes}: {act}.", "Разбери три небольших, {minutes}: {title}."),
    ("Объедини три, всего {minutes}. Сначала: {act}.", "Объедини три, всего {minutes}. Сначала: {title}."),
    ("Удели {minutes_acc} трём похожим. Сначала: {act}.",
     "Удели {minutes_acc} трём похожим. Сначала: {title}."),
    ("Пройдись по трём таким, {minutes}: {act}.", "Пройдись по трём таким, {minutes}: {title}."),
    ("Выстрой три в ряд, {minutes}. Первое: {act}.", "Выстрой три в ряд, {minutes}. Первое: {title}."),
    ("Отдай {minutes_acc} трём таким. Первое: {act}.", "Отдай {minutes_acc} трём таким. Первое: {title}."),
))  # fmt: skip

KEEP_OR_LET_GO: Final = rows("keep_or_let_go", "", (
    ("{title}: оставить или отпустить?", "{title}: оставить или отпустить?"),
    ("Реши: {act}. Оставить или отпустить?", "Реши, что с этим: {title}. Оставить или отпустить?"),
    ("Оставить или отпустить? {title}.", "Оставить или отпустить? {title}."),
    ("Выбери: {act}. Остаётся или уходит?", "Выбери: {title}. Остаётся или уходит?"),
    ("Взгляни по-новому: {act}. Оставить или убрать?", "Взгляни по-новому: {title}. Оставить или убрать?"),
    ("{title}. Оставляем или убираем?", "{title}. Оставляем или убираем?"),
    ("Скажи этому да или нет: {act}. {minutes}.", "Скажи этому да или нет: {title}. {minutes}."),
    ("Удели этому {minutes_acc}: {act}. Оставить или нет?",
     "Удели этому {minutes_acc}: {title}. Оставить или нет?"),
    ("Это остаётся в списке? {title}.", "Это остаётся в списке? {title}."),
))  # fmt: skip

CLOSE_DAY: Final = (
    same("close_day", "", (
        "Заверши день.",
        "Оставь остальное на завтра.",
        "Закрой список на сегодня.",
        "Остановись здесь. На сегодня хватит.",
        "Пусть на сегодня этого хватит.",
        "Убери список до завтра.",
        "Закончи день здесь.",
        "Возьми вечер для себя.",
        "Пусть остальное подождёт до завтра.",
        "Отложи список. Вечер твой.",
    ))
    | same("close_day", "anchor", (
        "Сделано: «{anchor}». На сегодня хватит.",
        "Сделано: «{anchor}». Заверши день.",
        "Сделано: «{anchor}». Остальное оставь на завтра.",
        "Остановись здесь. Сделано: «{anchor}».",
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
