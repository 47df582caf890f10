from __future__ import annotations

import itertools

from persopt.measure.latency import measure_latency


class SteppedClock:
    """Goes on only when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_median_of_the_calls_after_the_warm_up_is_given_in_milliseconds() -> None:
    clock, calls = SteppedClock(), []
    durations = itertools.chain([5.0, 5.0, 5.0], itertools.cycle([0.001, 0.002, 0.009]))

    def call(index: int) -> None:
        calls.append(index)
        clock.now += next(durations)

    assert round(measure_latency(call, clock), 9) == 2.0
    assert calls == [0, 1, 2, *range(50)]


def test_slow_calls_are_fewer_but_never_less_than_ten() -> None:
    clock, calls = SteppedClock(), []

    def call(index: int, seconds: float) -> None:
        calls.append(index)
        clock.now += seconds

    measure_latency(lambda index: call(index, 0.04), clock)
    assert len(calls) == 3 + 25
    calls.clear()
    assert round(measure_latency(lambda index: call(index, 0.5), clock), 6) == 500.0
    assert len(calls) == 3 + 10
