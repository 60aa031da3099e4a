"""The whole path with a real model: signals, features, `generate`, the pool, `recommend`.

One deployed oO with profile `ai`, as `make dev` starts it, and its demo person.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.domain.style import violations
from oo_local.configuration import configure
from oo_local.demo import FREE_MINUTES, Demo
from oo_local.demo_signals import HABITS, MEETINGS, OPEN_TASKS
from oo_local.models.proxy_config import DEFAULT, read_proxy_config
from oo_local.progress import Quiet
from oo_local.stack import Stack
from tests.ai.conftest import ROOT, free_ports

# How many tips are asked for, each after the one before was put off.
TIPS = 8
OWN_WORDS = (
    *(task[1] for task in OPEN_TASKS), *(habit[1] for habit in HABITS), *(event[0] for event in MEETINGS),
)  # fmt: skip
PORTS = (
    "OO_PORT", "OO_EMULATOR_PORT", "OO_IDENTITY_PORT", "OO_SANDBOX_PORT",
    "OO_LITELLM_PORT", "OO_LANGUAGE_PORT", "OO_EMBEDDING_PORT",
)  # fmt: skip


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The deployed oO with its proxy and models."""
    # On a busy machine rules would take over from a late scorer; here the whole path is meant.
    settings = {**free_ports(*PORTS), "OO_PROFILES": "ai", "OO_RANK_DEADLINE_MS": "15000"}
    configuration = configure(settings, read_proxy_config(ROOT / DEFAULT))
    running = Stack(ROOT, tmp_path_factory.mktemp("stack"), configuration, persist=False)
    running.start(Quiet())
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def demo(stack: Stack) -> Iterator[Demo]:
    """The demo person, known to the features, with tips worded ahead."""
    person = Demo(stack.url, stack.endpoint, stack.home)
    person.agree()
    person.wait_for_features(sum(person.send_signals().values()))
    try:
        yield person
    finally:
        person.close()


@pytest.mark.timeout(900)
def test_a_tip_of_the_demo_person_is_worded_by_the_model_and_all_are_grounded(demo: Demo) -> None:
    assert demo.wait_for_wordings(480) > 0
    shown = []
    for _ in range(TIPS):
        answer = demo.api.post("/api/recommend", json={"context": {"minutes_free": FREE_MINUTES}}).json()
        if answer["tip"] is None:
            break
        shown.append(answer["tip"])
        reaction = {"kind": "dismiss", "reason": "wrong_time"}
        said = demo.api.post(f"/api/tips/{answer['tip']['id']}/reaction", json=reaction)
        assert said.status_code == 202, said.text
    assert shown
    worded = [tip for tip in shown if tip["source"] == "model"]
    assert worded, [(tip["source"], tip["angle"], tip["text"]) for tip in shown]
    for tip in shown:
        assert violations(tip["text"], tip["why"], OWN_WORDS) == []
    for tip in worded:
        # Of what the person has, in their own words.
        assert [own for own in OWN_WORDS if own.casefold() in tip["text"].casefold()], tip["text"]
    assert len({tip["text"] for tip in worded}) == len(worded)
