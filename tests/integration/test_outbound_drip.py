"""Outside calls end at their deadline, however the other side draws its answer out."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from chalicelib.runtime.outbound import GuardedTransport, Outbound, OutboundError, TooMuch
from tests.openai_server import CHAT, Behaviour, answer, drip, hang, headers_drip


@pytest.mark.parametrize("behaviour", [hang, drip(), headers_drip])
def test_a_call_is_over_at_its_deadline(openai_server: Any, behaviour: Behaviour) -> None:
    """Each read would be in time: the drips go on for 20 seconds and more, a read may take 5."""
    openai_server.then(behaviour)
    guarded = GuardedTransport(one_machine=True, total_seconds=0.4)
    with httpx.Client(transport=guarded, timeout=5) as client:
        began = time.monotonic()
        with pytest.raises(TooMuch):
            client.post(openai_server.url + CHAT, json={})
        assert 0.35 < time.monotonic() - began < 2


def test_what_took_too_long_is_not_tried_again(openai_server: Any) -> None:
    openai_server.then(headers_drip, answer("never"))
    calls = Outbound(transport=lambda: GuardedTransport(one_machine=True, total_seconds=0.4), pause=[].append)
    with pytest.raises(OutboundError, match="TooMuch"):
        calls.request("POST", openai_server.url + CHAT, data={})
    assert len(openai_server.asked) == 1


def test_a_deadline_inside_another_is_no_later(openai_server: Any) -> None:
    from chalicelib.runtime.deadline import before

    openai_server.then(hang)
    guarded = GuardedTransport(one_machine=True, total_seconds=30)
    with httpx.Client(transport=guarded, timeout=20) as client:
        began = time.monotonic()
        with before(began + 0.4), pytest.raises(httpx.ReadTimeout):
            client.post(openai_server.url + CHAT, json={})
        assert time.monotonic() - began < 2
