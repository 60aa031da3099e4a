"""A draft goes to a model and comes back as a wording that the guard passed, or with the reason why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ml_lambda.llm.contract import Answer, Message, ModelUnavailable, Usage
from ml_lambda.llm.wording import Draft, Rejected, Worder, Wording

DRAFT = Draft(
    angle="do_now",
    lang="en",
    text="Send the invoice to Mira. 5 minutes.",
    why="Due today.",
    title="Send the invoice to Mira",
    anchor="",
    own_words=("Send the invoice to Mira", "send the invoice to Mira"),
)


class Scripted:
    """A model that answers from a list, and an embedder that knows two directions."""

    def __init__(self, *answers: Mapping[str, Any]) -> None:
        self.answers = list(answers)
        self.asked: list[Sequence[Message]] = []

    def ask(self, messages: Sequence[Message], **_: Any) -> Answer:
        self.asked.append(messages)
        if self.answers and "malformed" in self.answers[0]:
            self.answers.pop(0)
            raise ModelUnavailable("malformed")
        if not self.answers:
            raise ModelUnavailable("timeout")
        return Answer(self.answers.pop(0), Usage(10, 5))

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[1.0, 0.0] if "now" in text else [0.0, 1.0] for text in texts]


def test_a_wording_that_passes_is_returned_with_what_it_cost() -> None:
    model = Scripted({"text": "Take 5 minutes now to send the invoice to Mira."})
    assert Worder(model, "write").word(DRAFT) == Wording(
        "Take 5 minutes now to send the invoice to Mira.", "", Usage(10, 5)
    )


def test_the_next_try_follows_a_rejected_one_and_both_are_paid() -> None:
    model = Scripted({"text": "Nonsense."}, {"text": "Take 5 minutes now to send the invoice to Mira."})
    worded = Worder(model, "write").word(DRAFT)
    assert isinstance(worded, Wording)
    assert worded.usage == Usage(20, 10)


def test_after_the_last_try_the_reason_is_told() -> None:
    model = Scripted({"text": "Nonsense."}, {"text": "Nonsense."})
    assert Worder(model, "write", tries=2).word(DRAFT) == Rejected("own_words", Usage(20, 10))


def test_what_was_seen_lately_is_not_said_again() -> None:
    text = "Take 5 minutes now to send the invoice to Mira."
    said = "take # minutes now to …."
    assert Worder(Scripted({"text": text}), "write", tries=1).word(DRAFT, avoid=[said]) == Rejected(
        "repeated", Usage(10, 5)
    )
    model = Scripted({"text": text})
    assert Worder(model, "write", embedder=model, tries=1).word(DRAFT, seen=[[127, 0]]) == Rejected(
        "repeated", Usage(10, 5)
    )


def test_a_model_that_is_not_there_is_the_callers_to_count() -> None:
    with pytest.raises(ModelUnavailable):
        Worder(Scripted(), "write").word(DRAFT)


def test_an_answer_that_is_no_answer_is_a_try() -> None:
    model = Scripted({"malformed": True}, {"text": "Take 5 minutes now to send the invoice to Mira."})
    assert isinstance(Worder(model, "write").word(DRAFT), Wording)
    assert Worder(Scripted({"malformed": True}), "write", tries=1).word(DRAFT) == Rejected(
        "malformed", Usage(0, 0)
    )
