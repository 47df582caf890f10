from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from persopt.domain.objectives import Objective
from persopt.domain.trials import TrialRecord, TrialState
from persopt.tuning.ranking import best_so_far, find_best

UP, DOWN = Objective("up"), Objective("down", "minimize")


def trial(number: int, *values: float, state: TrialState = "succeeded") -> TrialRecord:
    return TrialRecord(number=number, state=state, params={}, values=list(values))


def test_the_first_objective_decides_then_the_next_then_the_number() -> None:
    trials = [trial(0, 1.0, 5.0), trial(1, 2.0, 5.0), trial(2, 2.0, 4.0), trial(3, 2.0, 4.0)]
    assert find_best(trials, (UP, DOWN)) == trials[2]
    assert find_best(reversed(trials), (UP, DOWN)) == trials[2]


def test_a_trial_that_reached_its_end_comes_before_a_stopped_one() -> None:
    trials = [trial(0, 9.0, state="stopped"), trial(1, 1.0), trial(2, state="failed"), trial(3, 99.0, state="running")]
    assert find_best(trials, (UP,)) == trials[1]
    assert find_best(trials[:1], (UP,)) == trials[0]
    assert find_best(trials[2:], (UP,)) is None


@given(values=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=8))
def test_the_best_of_several_objectives_is_dominated_by_none(values: list[tuple[int, int]]) -> None:
    trials = [trial(number, *pair) for number, pair in enumerate(values)]
    best = find_best(trials, (UP, DOWN))
    assert best is not None
    up, down = best.values
    assert not any((a >= up and b <= down) and (a, b) != (up, down) for a, b in values)


@given(values=st.lists(st.floats(-10, 10), min_size=1, max_size=8))
def test_the_best_so_far_is_the_best_of_those_before(values: list[float]) -> None:
    trials = [trial(number, value) for number, value in enumerate(values)]
    assert best_so_far(trials, UP) == [max(values[: index + 1]) for index in range(len(values))]
    assert best_so_far(trials, DOWN) == [min(values[: index + 1]) for index in range(len(values))]


def test_trials_without_a_value_do_not_change_the_best() -> None:
    trials = [trial(0, state="failed"), trial(1, 2.0), trial(2, 5.0, state="stopped"), trial(3, 1.0)]
    assert best_so_far(trials, UP) == [None, 2.0, 2.0, 2.0]
