"""A breaker on a clock that is set by hand."""

from __future__ import annotations

from chalicelib.runtime.breaker import Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_opens_after_failures_in_a_row_and_closes_after_the_rest() -> None:
    clock = Clock()
    breaker = Breaker(3, 10.0, clock)
    assert [breaker.failed(), breaker.failed(), breaker.resting()] == [False, False, False]
    breaker.succeeded()
    assert [breaker.failed() for _ in range(3)] == [False, False, True]
    clock.now = 9.99
    assert breaker.resting()
    clock.now = 10.0
    assert not breaker.resting()


def test_after_the_rest_one_try_decides() -> None:
    clock = Clock()
    breaker = Breaker(3, 10.0, clock)
    for _ in range(3):
        breaker.failed()
    clock.now = 10.0
    assert breaker.failed()
    clock.now = 20.0
    breaker.succeeded()
    assert [breaker.failed(), breaker.failed(), breaker.failed()] == [False, False, True]
