"""German: what breaks a rule. It says "du"; a "Sie" inside a sentence is a stranger's."""

from __future__ import annotations

from typing import Final

RULES: Final = (
    (r"\b(muss(t|te|test|ten)?|müssen|müsst\w*|soll(st|te|test|ten)?|hast zu)\b", "an order"),
    (r"\b(vergiss nicht|nicht (zu )?vergessen|denk daran|denk dran|unbedingt|sofort)\b", "an order"),
    (r"\b(endlich|immer noch|noch immer|noch nicht|wieder|erneut|längst)\b", "a reproach"),
    (r"\b(überfällig|verspätet|zu spät|im Rückstand|in Verzug|hinterher)\b", "a reproach"),
    (r"\b(schnell\w*|rasch\w*|fix|flott\w*|ruckzuck|mal eben|im Nu)\b", "a size that says nothing"),
    (r"\bkurz(e[nrs]?)?\b(?! (davor|danach|vor|nach))", "a size that says nothing"),
    (r"\b(verpasst|versäumt|ausgelassen|übersprungen|gescheitert|abgebrochen|unterbrochen)\b",
     "a count of what was missed"),
    (r"\b(aufgeschoben|verschoben|liegen ?gelassen|vernachlässigt)\b", "a count of what was missed"),
    (r"\b(\d+ ?mal|(vor|seit) \d+ Tag(en)?|\d+ Tage? (zu spät|drüber))\b", "a count of what was missed"),
    (r"\b(super|toll|klasse|prima|spitze|großartig|fantastisch|hervorragend|bravo)\b", "praise"),
    (r"\b(gut gemacht|weiter so|stolz|du schaffst das)\b", "praise"),
    (r"\b(fühl(e|st|t|en)?|Gefühle?n?|gestresst|Stress|Angst|ängstlich|überfordert|ausgebrannt|Burnout)\b",
     "a diagnosis"),
    (r"\b(depress\w+|traurig|erschöpft|müde)\b", "a diagnosis"),
    (r"\b(und|sowie)\b", "a second action"),
    (r"(?<=[\w,] )(?-i:Sie|Ihnen|Ihr|Ihre[mnrs]?)\b", "a stranger's address"),
)  # fmt: skip
