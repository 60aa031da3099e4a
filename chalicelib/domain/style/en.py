"""English: what breaks a rule."""

from __future__ import annotations

from typing import Final

RULES: Final = (
    (r"\b(must|should|need(s|ed)? to|have to|ought)\b", "an order"),
    (r"\bdo(n['’]t| not) forget\b", "an order"),
    (r"\b(finally|still|again|overdue|behind|late)\b", "a reproach"),
    (r"\b(quick|quickly|just a second|real fast)\b", "a size that says nothing"),
    (r"\b(missed|skipped|failed|broke|broken|put off|postponed|delayed)\b", "a count of what was missed"),
    (r"\b\d+ (times|days? (ago|late|past|over))\b", "a count of what was missed"),
    (r"\b(great|awesome|amazing|well done|good job|proud|you can do)\b", "praise"),
    (r"\b(feel|feeling|stressed|anxious|overwhelmed|burn(t|ed)? ?out|depressed)\b", "a diagnosis"),
    (r"\band\b", "a second action"),
)
