"""The three aliases answer through the real proxy, from real models, without the internet or a trace."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import httpx
import pytest

from ml_lambda.llm.client import HttpModels
from ml_lambda.llm.contract import JUDGE, TIP_GENERATOR, Message, ModelUnavailable
from ml_lambda.llm.meaning import alike, quantise
from oo_local.bootstrap import python_of
from oo_local.models.proxy import Models
from oo_local.ports import wait_until
from tests.ai.conftest import ROOT, Noted, schema

SECRET = "Zwetschgenknödel"
TEXT = schema(text={"type": "string", "maxLength": 120})
REWRITE = Message("system", "Rewrite the sentence in English. Keep its meaning. Answer as JSON.")
# Run by the proxy's own interpreter: its loader reads each file as at a start, without serving.
LOAD = """
import asyncio, json, sys
from litellm.proxy.proxy_server import ProxyConfig
loaded = {}
for path in sys.argv[1:]:
    router, models, general = asyncio.run(ProxyConfig().load_config(router=None, config_file_path=path))
    loaded[path] = sorted(router.get_model_names())
    for alias in loaded[path]:
        assert router.get_available_deployment(alias, messages=[]) is not None
print(json.dumps(loaded))
"""


def test_the_generator_rewords_a_sentence_as_the_schema_says(aliases: HttpModels) -> None:
    asked = [REWRITE, Message("user", "Send the tax papers to Lena. 25 minutes.")]
    answer = aliases.chat(TIP_GENERATOR).ask(asked, schema=TEXT, max_tokens=60, seed=1)
    assert set(answer.content) == {"text"}
    assert 0 < len(answer.content["text"]) <= 120
    assert answer.usage.read > 10
    assert 0 < answer.usage.written <= 60


def test_the_judge_says_one_of_two(aliases: HttpModels) -> None:
    choice = schema(better={"type": "string", "enum": ["A", "B"]})
    asked = [Message("user", "Which reads better? A: Call the bank. B: The bank, calling of, do.")]
    answer = aliases.chat(JUDGE).ask(asked, schema=choice, max_tokens=20, temperature=0.0)
    assert answer.content["better"] in {"A", "B"}


def test_a_seed_makes_it_the_same_again(aliases: HttpModels) -> None:
    asked = [REWRITE, Message("user", "Water the plants before noon.")]
    said = {
        json.dumps(aliases.chat(TIP_GENERATOR).ask(asked, schema=TEXT, max_tokens=60, seed=7).content)
        for _ in range(2)
    }
    assert len(said) == 1


def test_the_embedder_puts_like_near_like(aliases: HttpModels) -> None:
    texts = [
        "Book an appointment at the dentist", "Make a dentist appointment",
        "Pay the electricity bill", "Pay the bill for power",
        "Go for a run in the park", "A run through the park",
    ]  # fmt: skip
    vectors = [quantise(vector) for vector in aliases.embedder().embed(texts)]
    for number, vector in enumerate(vectors):
        others = [(alike(vector, other), index) for index, other in enumerate(vectors) if index != number]
        assert texts[max(others)[1]] == texts[number ^ 1]


def test_without_the_key_nobody_answers(proxy: Models) -> None:
    stranger = HttpModels(proxy.configuration.litellm_url, timeout_seconds=60, key=lambda: "sk-wrong")
    with pytest.raises(ModelUnavailable) as refused:
        stranger.embedder().embed(["yes"])
    assert refused.value.reason == "status"
    stranger.close()
    for port, path in (
        (proxy.ports["OO_LANGUAGE_PORT"], "chat/completions"),
        (proxy.ports["OO_EMBEDDING_PORT"], "embeddings"),
    ):
        answer = httpx.post(f"http://127.0.0.1:{port}/v1/{path}", json={"input": ["yes"], "messages": []})
        assert answer.status_code == 401


def test_it_says_whether_the_models_answer(proxy: Models) -> None:
    assert proxy.refusal() == ""


def test_langfuse_is_told_of_a_call_and_of_no_word(aliases: HttpModels, langfuse: Noted) -> None:
    asked = [REWRITE, Message("user", f"Eat {SECRET}. 25 minutes.")]
    aliases.chat(TIP_GENERATOR).ask(asked, schema=TEXT, max_tokens=60, seed=1)
    # A trace has the alias's model and the tokens.
    assert wait_until(lambda: b"smollm2" in langfuse.said, 60, 0.2), langfuse.asked
    assert any("otel" in path or "ingestion" in path for path, _ in langfuse.asked)
    assert SECRET.encode() not in langfuse.said
    assert json.dumps(SECRET).strip('"').encode() not in langfuse.said


def test_no_word_is_in_a_log_even_of_what_fails(aliases: HttpModels, proxy: Models) -> None:
    asked = [REWRITE, Message("user", f"Eat {SECRET}. 25 minutes.")]
    # Without a seed the model now and then has not ended its answer when the tokens do.
    aliases.chat(TIP_GENERATOR).ask(asked, schema=TEXT, max_tokens=60, seed=1)
    aliases.embedder().embed([SECRET])
    nonsense = {"type": "object", "properties": {"text": {"type": SECRET}}, "required": ["text"]}
    with pytest.raises(ModelUnavailable):
        aliases.chat(TIP_GENERATOR).ask(asked, schema=nonsense, max_tokens=60)
    logs = list((proxy.home / "logs").glob("*.log"))
    assert {log.stem for log in logs} == {"litellm", "language", "embedding"}
    for log in logs:
        said = log.read_bytes()
        assert SECRET.encode() not in said
        assert json.dumps(SECRET).strip('"').encode() not in said


def test_nothing_was_fetched_from_the_internet(aliases: HttpModels, internet: Noted) -> None:
    aliases.embedder().embed(["yes"])
    assert internet.asked == []


def test_the_proxy_accepts_each_shipped_configuration(tmp_path: Path) -> None:
    paths = sorted(str(path) for path in (ROOT / "localstack" / "litellm").glob("*.yaml"))
    done = subprocess.run(
        [str(python_of("ai", ROOT)), "-c", LOAD, *paths],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env={
            "PATH": "/usr/bin:/bin", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MASTER_KEY": "sk-1",
            "OO_LANGUAGE_URL": "http://127.0.0.1:1/v1", "OO_EMBEDDING_URL": "http://127.0.0.1:1/v1",
            "OO_MODEL_SERVERS_KEY": "k", "OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k",
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    loaded = json.loads(done.stdout.strip().splitlines()[-1])
    assert loaded == {path: ["embedder", "judge", "tip-generator"] for path in paths}
