"""Calls in turn, on a clock of the test's own."""

from __future__ import annotations

import pytest

from persopt.domain.errors import JobCancelledError
from persopt.measure.turns import TurnPlan, time_in_turn
from tests.measure.clock import Clock


def test_a_turn_begins_with_calls_that_do_not_count_and_every_other_round_goes_backwards() -> None:
    clock = Clock()
    plan = TurnPlan(warm_up=1, lead=2, fewest=2, most=2)
    times = time_in_turn([clock.call(name, 0.03) for name in "abc"], plan, clock=clock)
    assert "".join(clock.calls) == "abc" + "aaabbbccc" + "cccbbbaaa"
    assert [[len(turn) for turn in turns] for turns in times] == [[1, 1]] * 3


def test_short_calls_are_counted_several_times_a_turn_by_the_slowest_of_them() -> None:
    clock = Clock()
    times = time_in_turn([clock.call("a", 0.001), clock.call("b", 0.0049)], TurnPlan(fewest=1, most=1), clock=clock)
    assert [len(turns[0]) for turns in times] == [4, 4]
    assert times[0][0] == pytest.approx([1.0] * 4)
    (fast,) = time_in_turn([clock.call("a", 1e-6)], TurnPlan(fewest=1, most=1), clock=clock)
    assert len(fast[0]) == TurnPlan().longest_turn


def test_a_slow_first_call_does_not_decide_how_many_are_counted() -> None:
    clock = Clock()
    first_is_slow = [5.0, *[0.005] * 20]
    (turns,) = time_in_turn([clock.call("a", first_is_slow)], TurnPlan(fewest=1, most=1), clock=clock)
    assert len(turns[0]) == 4


@pytest.mark.parametrize(("seconds", "rounds"), [(0.001, 60), (0.1, 20), (10.0, 12)])
def test_rounds_go_on_for_some_seconds_within_limits(seconds: float, rounds: int) -> None:
    clock, looks = Clock(), list[float]()
    plan = TurnPlan(longest_turn=1)
    (turns,) = time_in_turn([clock.call("a", seconds)], plan, lambda: looks.append(clock.now), clock)
    assert len(turns) == rounds
    assert len(looks) == rounds + plan.warm_up


def test_what_is_looked_at_before_each_round_may_end_it() -> None:
    clock = Clock()

    def look() -> None:
        if len(clock.calls) > 5:
            raise JobCancelledError("enough")

    with pytest.raises(JobCancelledError):
        time_in_turn([clock.call("a", 1.0)], TurnPlan(), look, clock)
    assert len(clock.calls) < 10
