"""The guardrails' simulation: what does no harm is let through, what does harm is stopped, soon."""

from __future__ import annotations

import math

from bench.policies.rails import Harm, night


def test_harm_is_stopped_and_no_harm_is_not() -> None:
    harmful = [night(Harm("much", 0.8, people=40), seed) for seed in range(5)]
    assert max(harmful) <= 7
    harmless = [night(Harm("none", 0.0, people=40), seed) for seed in range(5)]
    assert sum(math.isinf(n) for n in harmless) >= 4


def test_a_seed_is_a_run() -> None:
    harm = Harm("some", 0.3, people=30)
    assert [night(harm, s) for s in range(3)] == [night(harm, s) for s in range(3)]
