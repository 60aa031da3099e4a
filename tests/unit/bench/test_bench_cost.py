"""What a policy costs is told by the median of rounds, and how far rounds differ is told with it."""

from __future__ import annotations

from bench.policies.cost import Pass, costs


def test_one_slow_round_is_told_and_does_not_count() -> None:
    calm, slow = Pass(80.0, 100.0, 25.0), Pass(160.0, 200.0, 50.0)
    peer = Pass(200.0, 1500.0, 200.0)
    measured = [[("ours", True, one), ("peer", False, peer)] for one in (calm, slow, Pass(90.0, 110.0, 27.0))]
    ours, theirs = costs(measured)
    assert (ours.policy, ours.ours, theirs.policy, theirs.ours) == ("ours", True, "peer", False)
    assert ours.median == Pass(90.0, 110.0, 27.0)
    assert (ours.least, ours.most) == (calm, slow)
    assert theirs.median == peer
