"""The client of the models against a scripted proxy: each failure has its reason, its bound and its price."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.contracts.errors import Unavailable
from chalicelib.runtime.model_settings import ModelSettings
from ml_lambda.llm import client as llm
from ml_lambda.llm.client import CHAT_BYTES, FAILURES, REST_SECONDS, VECTOR_BYTES, HttpModels
from ml_lambda.llm.contract import EMBEDDER, JUDGE, TIP_GENERATOR, Answer, Message, ModelUnavailable, Usage
from ml_lambda.simulation import judge
from tests.openai_server import (
    CHAT,
    EMBEDDINGS,
    Behaviour,
    Exchange,
    OpenAIServer,
    answer,
    by_words,
    closed,
    drip,
    embedded,
    hang,
    headers_drip,
    huge,
    raw,
    status,
    text,
    truncated,
)  # fmt: skip

SECRET = "Call Mira about the biopsy"
PERSON = "person-ada"
SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}
MESSAGES = [Message("system", "You write."), Message("user", SECRET)]
GOOD = {"text": "Call Mira. Five minutes."}


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


class Watch:
    """Real time, moved on by hand; nothing here waits for a breaker."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


class Purse:
    """A budget in memory that notes what is taken and given back."""

    def __init__(self, room: int = 100_000) -> None:
        self.room, self.taken = room, list[tuple[str | None, int]]()
        self.settled = list[tuple[str | None, int, int]]()

    def reserve(self, person_id: str | None, tokens: int, now: datetime) -> None:
        if tokens > self.room:
            raise ModelUnavailable("budget")
        self.taken.append((person_id, tokens))

    def settle(self, person_id: str | None, reserved: int, used: int, now: datetime) -> None:
        self.settled.append((person_id, reserved, used))


class Setup:
    def __init__(self, server: OpenAIServer, **options: Any) -> None:
        self.server, self.watch, self.purse, self.pauses = server, Watch(), Purse(), list[float]()
        # Long enough that a good answer on a busy machine is in time; what must time out takes as long.
        self.models = HttpModels(
            **{"url": server.url, "timeout_seconds": 5.0, "budget": self.purse, "clock": Clock(),
               "monotonic": self.watch, "pause": self.pauses.append, **options}
        )  # fmt: skip

    def ask(self, alias: Any = TIP_GENERATOR) -> Answer:
        return self.models.chat(alias, PERSON).ask(MESSAGES, schema=SCHEMA, max_tokens=60, seed=7)

    def fails(self, call: Callable[[], Any] | None = None) -> str:
        with pytest.raises(ModelUnavailable) as failed:
            (call or self.ask)()
        # Whoever logs a traceback meets no request in it, and so no prompt.
        assert failed.value.__cause__ is None
        assert failed.value.__suppress_context__ or failed.value.__context__ is None
        assert SECRET not in str(failed.value)
        return failed.value.reason


@pytest.fixture
def make(openai_server: OpenAIServer) -> Iterator[Callable[..., Setup]]:
    made = []

    def build(**options: Any) -> Setup:
        made.append(Setup(openai_server, **options))
        return made[-1]

    yield build
    for one in made:
        one.models.close()


# --- what is asked, what is believed ------------------------------------------------------------------


def test_a_chat_is_asked_by_alias_with_its_schema_and_told_no_person(make: Any, openai_server: Any) -> None:
    setup = make(key=lambda: "sk-1")
    openai_server.then(answer(GOOD, usage=(70, 9)))
    assert setup.ask() == Answer(GOOD, Usage(70, 9))
    (asked,) = openai_server.asked
    assert asked.path == CHAT
    assert asked.headers["authorization"] == "Bearer sk-1"
    assert asked.body == {
        "model": TIP_GENERATOR,
        "messages": [{"role": "system", "content": "You write."}, {"role": "user", "content": SECRET}],
        "max_tokens": 60,
        "temperature": 0.2,
        "seed": 7,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
        },
    }
    assert PERSON not in json.dumps(asked.body) + json.dumps(dict(asked.headers))


def test_texts_are_embedded_in_their_order_in_several_requests(make: Any, openai_server: Any) -> None:
    setup = make()
    texts = [f"call number {n}" for n in range(2 * llm.TEXTS + 1)]
    assert setup.models.embedder(PERSON).embed(texts) == [by_words(one) for one in texts]
    assert [(a.path, a.body["model"], len(a.body["input"])) for a in openai_server.asked] == [
        (EMBEDDINGS, EMBEDDER, llm.TEXTS), (EMBEDDINGS, EMBEDDER, llm.TEXTS), (EMBEDDINGS, EMBEDDER, 1),
    ]  # fmt: skip
    assert setup.models.embedder(PERSON).embed([]) == []
    assert len(openai_server.asked) == 3


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/"])
def test_an_address_may_end_as_people_write_it(make: Any, openai_server: Any, end: str) -> None:
    make(url=openai_server.url + end).ask()
    assert openai_server.asked[0].path == CHAT


def test_connections_are_kept(make: Any, openai_server: Any) -> None:
    setup, ports = make(), set()
    openai_server.write = lambda body: GOOD

    def note(exchange: Exchange) -> None:
        ports.add(exchange.client_address)
        exchange.default()

    openai_server.then(note, note, note)
    for _ in range(3):
        setup.ask()
    assert len(ports) == 1


def test_without_an_address_nothing_is_called(make: Any, openai_server: Any) -> None:
    setup = make(url="")
    assert setup.fails() == "off"
    assert setup.fails(lambda: setup.models.embedder().embed(["x"])) == "off"
    assert (openai_server.asked, setup.purse.taken) == ([], [])


def test_settings_make_the_client(openai_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llm, "secret_parameter", {"/oo/key": "sk-2"}.__getitem__)
    chosen = ModelSettings(
        litellm_url=openai_server.url, litellm_key_parameter="/oo/key", model_timeout_ms=900
    )
    models = HttpModels.of(chosen)
    try:
        models.chat(JUDGE).ask(MESSAGES, schema=SCHEMA, max_tokens=5)
    finally:
        models.close()
    assert openai_server.asked[0].headers["authorization"] == "Bearer sk-2"


def test_who_calls_no_model_does_not_load_what_calls_need() -> None:
    code = "import sys, ml_lambda.llm.client, ml_lambda.llm.wording; print({'httpx'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# --- every way to fail (point 10) -----------------------------------------------------------------------


def half(exchange: Exchange) -> None:
    """A chat whose content was cut off in the middle, as at its limit of tokens."""
    answer('{"text": "Call Mi')(exchange)


def wrong(exchange: Exchange) -> None:
    answer({"words": "Call Mira."})(exchange)


@pytest.mark.parametrize(
    ("behaviours", "reason", "requests"),
    [
        ([closed], "unreachable", 1),
        ([truncated], "unreachable", 1),
        ([status(429), status(429)], "status", 2),
        ([status(500), status(503)], "status", 2),
        ([status(429), status(500)], "status", 2),
        ([status(401)], "status", 1),
        ([status(404)], "status", 1),
        ([status(307)], "status", 1),
        ([text("<html>busy</html>")], "malformed", 1),
        ([text("")], "malformed", 1),
        ([text("[" * 60_000)], "malformed", 1),
        ([raw([])], "malformed", 1),
        ([raw({"error": "busy"})], "malformed", 1),
        ([half], "malformed", 1),
        ([wrong], "malformed", 1),
        ([answer("Call Mira. Five minutes.")], "malformed", 1),
        ([answer({"text": 5})], "malformed", 1),
        ([huge()], "too_large", 1),
        ([huge(announced=False)], "too_large", 1),
        ([huge(CHAT_BYTES)], "too_large", 1),
    ],
)
def test_each_failure_has_its_reason(
    make: Any, openai_server: Any, behaviours: list[Behaviour], reason: str, requests: int
) -> None:
    setup = make()
    openai_server.then(*behaviours)
    assert setup.fails() == reason
    assert (len(openai_server.asked), openai_server.left) == (requests, 0)
    openai_server.write = lambda body: GOOD
    assert setup.ask().content == GOOD, "the next call is not harmed"


def test_the_largest_answer_that_is_read(make: Any, openai_server: Any) -> None:
    openai_server.then(answer({"text": "x" * (CHAT_BYTES - 1000)}))
    assert len(make().ask().content["text"]) == CHAT_BYTES - 1000


def packed(exchange: Exchange) -> None:
    exchange.respond(200, b"\x1f\x8b", {"Content-Encoding": "gzip"})


def test_a_packed_answer_is_not_unpacked(make: Any, openai_server: Any) -> None:
    openai_server.then(packed)
    assert make().fails() == "too_large"
    assert openai_server.asked[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("behaviour", [hang, drip(), headers_drip])
def test_the_deadline_is_for_the_whole_call_however_it_is_drawn_out(
    make: Any, openai_server: Any, behaviour: Behaviour
) -> None:
    setup = make(timeout_seconds=0.4)
    openai_server.then(behaviour)
    began = time.monotonic()
    assert setup.fails() == "timeout"
    # Each read was in time; the drips would have gone on for 20 seconds and more.
    assert 0.35 < time.monotonic() - began < 2


def test_a_deadline_holds_over_all_requests_of_a_call(make: Any, openai_server: Any) -> None:
    setup = make(timeout_seconds=0.4)
    openai_server.then(Exchange.default, hang)
    began = time.monotonic()
    assert setup.fails(lambda: setup.models.embedder().embed(["x"] * (llm.TEXTS + 1))) == "timeout"
    assert time.monotonic() - began < 2


def test_nobody_listens(make: Any) -> None:
    assert make(url="http://127.0.0.1:9").fails() == "unreachable"


def test_megabytes_are_never_held(make: Any, openai_server: Any) -> None:
    """However much comes, hardly more than the bound is in memory at once."""
    setup = make()
    openai_server.write = lambda body: GOOD
    setup.ask()  # imports, connections and caches are not counted
    openai_server.then(huge(20_000_000, announced=False))
    tracemalloc.start()
    try:
        assert setup.fails() == "too_large"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * CHAT_BYTES, "what is read, twice, and what httpx reads ahead"


# --- trying again ----------------------------------------------------------------------------------------


def test_busy_is_tried_once_more_when_it_says(make: Any, openai_server: Any) -> None:
    setup = make()
    openai_server.then(status(429, retry_after="2"), answer(GOOD))
    assert setup.ask().content == GOOD
    assert setup.pauses == [2.0]


@pytest.mark.parametrize("after", [None, "0", "soon", "Wed, 18 Nov 2026 09:00:00 GMT", "-1", "9" * 500])
def test_without_a_number_of_seconds_a_short_pause(make: Any, openai_server: Any, after: str | None) -> None:
    setup = make()
    openai_server.then(status(500, retry_after=after), answer(GOOD))
    assert setup.ask().content == GOOD
    assert setup.pauses == [0.25]


def test_what_would_come_after_the_deadline_is_not_waited_for(make: Any, openai_server: Any) -> None:
    setup = make()
    openai_server.then(status(429, retry_after="5"))
    assert setup.fails() == "status"
    assert (setup.pauses, len(openai_server.asked)) == ([], 1)


# --- the breaker -----------------------------------------------------------------------------------------


def test_after_failures_in_a_row_an_alias_rests_and_after_the_rest_one_try_decides(
    make: Any, openai_server: Any
) -> None:
    setup = make()
    openai_server.then(*[closed] * FAILURES)
    assert [setup.fails() for _ in range(FAILURES)] == ["unreachable"] * FAILURES
    assert setup.fails() == "open_circuit"
    setup.watch.ahead += REST_SECONDS - 5
    assert setup.fails() == "open_circuit"
    assert len(openai_server.asked) == FAILURES
    # The other aliases are asked on.
    assert setup.models.embedder().embed(["x"]) == [by_words("x")]
    setup.watch.ahead += 10
    openai_server.then(closed)
    assert [setup.fails(), setup.fails()] == ["unreachable", "open_circuit"]
    setup.watch.ahead += REST_SECONDS
    openai_server.then(answer(GOOD), closed, closed)
    assert setup.ask().content == GOOD
    assert [setup.fails(), setup.fails()] == ["unreachable", "unreachable"]
    assert not setup.models.resting(TIP_GENERATOR)


@pytest.mark.parametrize("behaviour", [wrong, half, status(400), status(413), huge()])
def test_who_answers_is_there(make: Any, openai_server: Any, behaviour: Behaviour) -> None:
    setup = make()
    openai_server.then(*[behaviour] * (FAILURES + 1))
    for _ in range(FAILURES + 1):
        setup.fails()
    assert not setup.models.resting(TIP_GENERATOR)
    assert openai_server.left == 0


# --- the key ------------------------------------------------------------------------------------------


def test_the_key_is_looked_up_once_and_again_when_it_is_refused(make: Any, openai_server: Any) -> None:
    keys = iter(["old", "new", "never"])
    setup = make(key=lambda: next(keys))
    openai_server.then(answer(GOOD), status(401), answer(GOOD), answer(GOOD))
    setup.ask()
    assert setup.fails() == "status"
    setup.ask()
    setup.ask()
    sent = [asked.headers["authorization"] for asked in openai_server.asked]
    assert sent == ["Bearer old", "Bearer old", "Bearer new", "Bearer new"]


def test_without_the_key_nothing_is_sent(make: Any, openai_server: Any) -> None:
    def down() -> str:
        raise Unavailable("not now")

    assert make(key=down).fails() == "unreachable"
    assert openai_server.asked == []


# --- what it costs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "used"),
    [
        (answer(GOOD, usage=(70, 9)), 79),
        (answer(GOOD, usage=None), 25),  # 10, 26 and 36 bytes, by three
        (answer("no object", usage=(70, 9)), 79),  # it was written, if for nothing
        (closed, 0),
        (status(400), 0),
        (huge(), None),  # nobody knows: what was reserved
        (hang, None),
    ],
)
def test_a_call_reserves_the_most_and_settles_what_it_was(
    make: Any, openai_server: Any, behaviour: Behaviour, used: int | None
) -> None:
    setup = make(timeout_seconds=0.5)
    openai_server.then(behaviour)
    with contextlib.suppress(ModelUnavailable):
        setup.ask()
    ((person, reserved),) = setup.purse.taken
    assert person == PERSON
    assert reserved >= len("You write.") + len(SECRET) + 60
    assert setup.purse.settled == [(PERSON, reserved, reserved if used is None else used)]


def test_beyond_the_budget_nothing_is_called(make: Any, openai_server: Any) -> None:
    setup = make(budget=Purse(room=10))
    assert setup.fails() == "budget"
    assert setup.fails(lambda: setup.models.embedder(PERSON).embed(["x" * 50])) == "budget"
    assert openai_server.asked == []


# --- what is said of it ---------------------------------------------------------------------------------


def test_outcomes_and_tokens_are_metrics_and_no_words_or_persons_are_said(
    make: Any, openai_server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    setup = make()
    openai_server.then(
        answer(GOOD, usage=(70, 9)), answer({"text": 5}, usage=(70, 3)), status(500), status(500)
    )
    setup.ask()
    setup.fails()
    setup.fails()
    setup.models.embedder(PERSON).embed([SECRET])
    make(budget=Purse(room=1)).fails()
    said = capsys.readouterr().out
    for hidden in (SECRET, PERSON, GOOD["text"], "it is 500"):
        assert hidden not in said
    lines = [json.loads(line) for line in said.splitlines()]
    metrics = [line for line in lines if line["message"] == "metric"]
    assert [
        (m["alias"], m["outcome"], m["calls"], m["tokens_read"], m["tokens_written"]) for m in metrics
    ] == [
        (TIP_GENERATOR, "answered", 1, 70, 9),
        (TIP_GENERATOR, "malformed", 1, 70, 3),
        (TIP_GENERATOR, "status", 1, 0, 0),
        (EMBEDDER, "answered", 1, 8, 0),
        (TIP_GENERATOR, "budget", 1, 0, 0),
    ]
    for metric in metrics:
        (directive,) = metric["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "oO/models"
        assert directive["Dimensions"] == [["module", "alias", "outcome"]]


# --- vectors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (embedded([1.0]), "malformed"),
        (embedded([1.0], [1.0, 2.0]), "malformed"),
        (embedded([1.0], [float("nan")]), "malformed"),
        (huge(2 * VECTOR_BYTES), "too_large"),
        (status(400), "status"),
    ],
)
def test_vectors_that_are_none_are_refused(
    make: Any, openai_server: Any, behaviour: Behaviour, reason: str
) -> None:
    setup = make()
    openai_server.then(behaviour)
    assert setup.fails(lambda: setup.models.embedder().embed(["a", "b"])) == reason


def test_vectors_of_two_requests_have_one_length(make: Any, openai_server: Any) -> None:
    setup = make()
    openai_server.then(embedded(*[[1.0, 0.0]] * llm.TEXTS), embedded([1.0]))
    assert setup.fails(lambda: setup.models.embedder().embed(["x"] * (llm.TEXTS + 1))) == "malformed"


# --- a tool that uses it --------------------------------------------------------------------------------


def test_the_simulations_judge_grades_by_its_alias(
    openai_server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    openai_server.write = lambda body: {"score": 4}
    grader = judge.connect({"LITELLM_URL": openai_server.url, "LITELLM_API_KEY": "sk-3"})
    assert grader.grade("Monday 09:00", "Call Mira.", "She is free now.") == 4
    assert [asked.body["model"] for asked in openai_server.asked] == [JUDGE, JUDGE]
    assert openai_server.asked[1].headers["authorization"] == "Bearer sk-3"
    assert "metric" not in capsys.readouterr().out, "the table is what it prints"
    openai_server.then(answer({"score": 9}), closed)
    with pytest.raises(judge.JudgeUnreachable, match="not answer with a grade"):
        grader.check()
    with pytest.raises(judge.JudgeUnreachable, match="no answer from LITELLM_URL"):
        grader.check()
