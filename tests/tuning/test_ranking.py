from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from persopt.domain.objectives import Constraint, Objective
from persopt.domain.trials import TrialRecord, TrialState
from persopt.tuning.ranking import best_so_far, feasible_trials, find_best, pareto_front

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


def dominates(one: TrialRecord, other: TrialRecord) -> bool:
    """Return whether one trial is nowhere worse than another and somewhere better, by the definition."""
    pairs = list(zip(one.values, other.values, (UP, DOWN, UP), strict=True))
    no_worse = all(a == b or objective.is_better(a, b) for a, b, objective in pairs)
    return no_worse and any(objective.is_better(a, b) for a, b, objective in pairs)


@given(
    values=st.lists(st.tuples(*[st.integers(0, 3)] * 3), max_size=12),
    costs=st.lists(st.integers(0, 4), min_size=12, max_size=12),
    states=st.lists(st.sampled_from(["succeeded", "succeeded", "stopped", "failed"]), min_size=12, max_size=12),
    limit=st.none() | st.integers(0, 4),
)
def test_the_front_is_what_brute_force_says(
    values: list[tuple[int, ...]], costs: list[int], states: list[TrialState], limit: int | None
) -> None:
    constraints = () if limit is None else (Constraint("cost", max=limit),)
    trials = [
        TrialRecord(
            number=number,
            state=states[number],
            params={},
            values=[float(value) for value in triple] if states[number] != "failed" else [],
            metrics={"cost": float(costs[number])},
        )
        for number, triple in enumerate(values)
    ]
    candidates = [
        trial for trial in trials if trial.state == "succeeded" and (limit is None or trial.metrics["cost"] <= limit)
    ]
    expected = [trial for trial in candidates if not any(dominates(other, trial) for other in candidates)]
    assert pareto_front(trials, (UP, DOWN, UP), constraints) == expected
    assert pareto_front(trials[::-1], (UP, DOWN, UP), constraints) == expected
    best = find_best(trials, (UP, DOWN, UP), constraints)
    if candidates and not any(trial.state == "stopped" for trial in trials):
        assert best in expected


def limited(number: int, value: float, state: TrialState = "succeeded", **metrics: float) -> TrialRecord:
    return TrialRecord(number=number, state=state, params={}, values=[value], metrics=metrics)


def test_a_trial_beyond_the_limits_is_never_the_best_where_one_keeps_them() -> None:
    limits = (Constraint("latency", max=20.0), Constraint("f1", min=0.5))
    near = limited(0, 9.0, latency=21.0, f1=0.9)
    far = limited(1, 99.0, latency=20.0, f1=0.4)
    unknown = limited(2, 999.0, state="stopped", latency=1.0)
    kept = limited(3, 1.0, latency=20.0, f1=0.5)
    stopped = limited(4, 2.0, state="stopped", latency=10.0, f1=0.6)
    assert find_best([near, far, unknown, kept, stopped], (UP,), limits) == kept
    assert find_best([near, far, unknown, stopped], (UP,), limits) == stopped
    assert find_best([unknown, far, near], (UP,), limits) == near
    assert find_best([far, unknown], (UP,), limits) == far
    assert feasible_trials([near, far, unknown, kept, stopped], limits) == [kept]
    assert pareto_front([near, far], (UP,), limits) == []
    assert best_so_far([near, far, unknown, kept], UP, constraints=limits) == [None, None, None, 1.0]
