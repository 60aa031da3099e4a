"""IPS, SNIPS and DR give what the Open Bandit Pipeline gives on its sample of 10,000 decisions."""

from __future__ import annotations

import pytest

from bench.policies.agreement import LIMIT, LOGS, TARGETS, agreements


def test_the_same_to_nine_decimals() -> None:
    found = list(agreements())
    assert [(one.log, one.target, one.estimator) for one in found] == [
        (log, target, name) for log in LOGS for target in TARGETS for name in ("IPS", "SNIPS", "DR")
    ]
    for one in found:
        assert one.rounds == 10_000
        assert one.ours.value == pytest.approx(one.theirs, rel=0, abs=LIMIT), one
        assert one.ours.low < one.ours.value < one.ours.high, one
