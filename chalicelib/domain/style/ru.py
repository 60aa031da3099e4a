"""Russian: what breaks a rule. It says "ты", and nothing that would need the person's gender."""

from __future__ import annotations

from typing import Final

RULES: Final = (
    (r"\b(долж(ен|на|но|ны)|нужно|надо|необходимо|обязан\w*|обязательно|следует|стоит)\b", "an order"),
    (r"\b(не забудь|не забывай|немедленно|срочно)\b", "an order"),
    (r"\b(наконец(-то)?|вс[её] ещ[её]|до сих пор|опять|снова|давно пора)\b", "a reproach"),
    (r"\b(просроч\w+|опозда\w+|с опозданием|задерж\w+|отста\w+)\b", "a reproach"),
    (r"\b(быстр\w*|мигом|минутк\w+|секундочк\w*|коротк\w+|вкратце)\b", "a size that says nothing"),
    (r"\b(пропусти\w+|пропущен\w*|пропуск\w*|провал\w+|забыл[аи]?|забыт\w*|сорва\w+|прерва\w+)\b",
     "a count of what was missed"),
    (r"\b(отложил[аи]?|отложен\w*|откладыва\w+)\b", "a count of what was missed"),
    (r"\b(\d+ раза?|\d+ (день|дня|дней) назад)\b", "a count of what was missed"),
    (r"\b(молод(ец|цы)|умница|отлично|супер|класс|классно|здорово|прекрасно|замечательно|браво)\b", "praise"),
    (r"\b(горж\w+|горд\w*|ты справишься|так держать)\b", "praise"),
    (r"\b(чувств\w*|стресс\w*|трево\w+|устал\w*|выгор\w+|подавлен\w*|депресс\w+|груст\w+|перегруж\w+)\b",
     "a diagnosis"),
    (r"\b(и|а также)\b", "a second action"),
    (r"\b(вы|вас|вам|вами|ваш\w*)\b", "a stranger's address"),
    (r"\bты (\w+ )?\w+л(а|ся|ась)?\b", "a guess at the person's gender"),
)  # fmt: skip
