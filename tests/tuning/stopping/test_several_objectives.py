"""The rules with several objectives, against what their definitions say, by brute force."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from persopt.domain.objectives import Objective
from persopt.tuning.stopping.domination import dominates, sort_fronts
from persopt.tuning.stopping.halving import SuccessiveHalving
from persopt.tuning.stopping.hyperband import Hyperband
from persopt.tuning.stopping.median import MedianRule
from persopt.tuning.stopping.rule import Evaluation

GOALS = (Objective("accuracy"), Objective("latency", "minimize"))
pairs = st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.5]), st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0]))

curves_of_three = st.lists(pairs, min_size=3, max_size=3)


def evaluation(step: int, pair: tuple[float, float]) -> Evaluation:
    return Evaluation(step, {"accuracy": pair[0], "latency": pair[1]})


def losses(pair: tuple[float, float]) -> tuple[float, float]:
    return (-pair[0], pair[1])


@settings(max_examples=60, deadline=None)
@given(st.lists(pairs, min_size=1, max_size=12), st.integers(2, 4))
def test_halving_lets_a_trial_go_on_that_is_ahead_by_non_domination(
    given: list[tuple[float, float]], factor: int
) -> None:
    rule = SuccessiveHalving(GOALS, "step", reduction_factor=factor)
    for number, pair in enumerate(given):
        stopped = rule.judge(number, evaluation(1, pair)) is not None
        competing = given[: number + 1]
        kept = max(1, len(competing) // factor)
        fronts = sort_fronts([losses(item) for item in competing])
        before = sum(front < fronts[number] for front in fronts)
        level = fronts.count(fronts[number])
        if before >= kept:
            assert stopped  # so many are on better fronts alone
        if before + level <= kept:
            assert not stopped  # its whole front goes on
        if all(not dominates(losses(item), losses(pair)) for item in competing) and level == 1:
            assert not stopped


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(pairs, min_size=3, max_size=3), min_size=1, max_size=7), st.lists(pairs, min_size=3, max_size=3)
)
def test_the_median_rule_ends_what_more_than_half_dominate(
    completed: list[list[tuple[float, float]]], own: list[tuple[float, float]]
) -> None:
    rule = MedianRule(GOALS, "step", startup_trials=0)
    for number, curve in enumerate(completed):
        rule.restore(number, [evaluation(step, pair) for step, pair in enumerate(curve)], None, completed=True)
    for step, pair in enumerate(own):
        stopped = rule.judge(99, evaluation(step, pair)) is not None
        beating = [
            curve
            for curve in completed
            if all(dominates(losses(curve[step]), losses(mine)) for mine in own[: step + 1])
        ]
        assert stopped == (len(beating) > len(completed) / 2)


def test_the_words_say_what_was_compared_and_why() -> None:
    rule = SuccessiveHalving(GOALS, "evaluation", reduction_factor=2)
    reasons = [rule.judge(number, evaluation(1, (0.9 - number / 10, number + 1.0))) for number in range(4)]
    assert reasons[3] == (
        "stopped by asha at evaluation 1: accuracy 0.6, latency 4 is not among the best 1/2 of 4 by non-domination"
    )
    assert (
        reasons[1] == "stopped by asha at evaluation 1: accuracy 0.8, latency 2 is not the best of 2 by non-domination"
    )


def test_an_objective_known_only_at_the_end_is_left_out() -> None:
    rule = SuccessiveHalving(GOALS, "step")
    assert rule.judge(0, Evaluation(1, {"accuracy": 0.5})) is None
    reason = rule.judge(1, evaluation(1, (0.4, 1.0)))
    assert reason == "stopped by asha at step 1: accuracy 0.4 is not the best of 2"
    median = MedianRule(GOALS, "step", startup_trials=1)
    median.restore(0, [Evaluation(1, {"latency": 1.0})], None, completed=True)
    assert median.judge(1, Evaluation(1, {"accuracy": 0.0})) is None  # nothing in common


def test_hyperband_divides_several_objectives_too() -> None:
    rule = Hyperband(GOALS, "step", max_resource=9)
    stopped = [rule.judge(number, evaluation(1, (0.5 - number / 100, 1.0 + number))) for number in range(30)]
    assert any(reason and "hyperband (bracket 1 of 3) at step 1" in reason for reason in stopped)
    assert any(reason is None for reason in stopped)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(pairs, min_size=4, max_size=4), min_size=2, max_size=8), st.integers(1, 6))
def test_what_a_rule_keeps_of_a_trial_is_all_that_a_resume_needs(
    curves: list[list[tuple[float, float]]], cut: int
) -> None:
    for make in (
        lambda: SuccessiveHalving(GOALS, "step", reduction_factor=2),
        lambda: Hyperband(GOALS, "step", reduction_factor=2),
        lambda: MedianRule(GOALS, "step", startup_trials=1),
    ):
        rule, resumed = make(), make()
        answers, again = [], []
        for number, curve in enumerate(curves):
            evaluations = [evaluation(step, pair) for step, pair in enumerate(curve, start=1)]
            told = []
            for item in evaluations:
                told.append(item)
                answers.append(rule.judge(number, item))
                if number >= cut:
                    again.append(resumed.judge(number, item))
                    assert again[-1] == answers[-1]
                if answers[-1] is not None:
                    break
            completed = answers[-1] is None
            if number < cut:
                resumed.restore(number, told, rule.state(number), completed=completed)
            else:
                resumed.end(number, completed=completed)
            rule.end(number, completed=completed)
