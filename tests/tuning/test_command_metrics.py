from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from persopt.domain.objectives import Objective
from persopt.plugins import Metric
from persopt.tuning.command_metrics import MetricCollector, ReportSender

ACCURACY = Objective("accuracy")
LOSS = Objective("valLoss", "minimize")


def metric(name: str, value: float, step: int | None = None) -> Metric:
    return Metric(name=name, value=float(value), step=step)


def collect(collector: MetricCollector, *metrics: Metric) -> list[tuple[int, dict[str, float]]]:
    return [report for one in metrics for report in collector.take([one])]


def test_without_steps_each_value_of_the_objective_begins_one() -> None:
    told = collect(
        MetricCollector([ACCURACY]),
        metric("loss", 3),
        metric("loss", 2),
        metric("accuracy", 0.5),
        metric("loss", 1),
        metric("accuracy", 0.6),
        metric("f1", 0.4),
    )
    assert [step for step, _ in told] == [1, 1, 1, 1, 2, 2]


def test_the_step_of_a_line_counts_while_it_rises_and_what_goes_back_belongs_to_the_last() -> None:
    told = collect(
        MetricCollector([ACCURACY]),
        metric("loss", 3, 0),
        metric("loss", 2, 100),
        metric("accuracy", 0.5, 1),
        metric("loss", 1, 200),
        metric("accuracy", 0.6, 2),
        metric("accuracy", 0.7, 3),
        metric("accuracy", 0.8, 2**40),
    )
    assert [step for step, _ in told] == [0, 100, 100, 200, 200, 201, 202]


def test_a_step_told_again_is_the_same_step() -> None:
    told = collect(MetricCollector([ACCURACY]), metric("accuracy", 0.5, 3), metric("accuracy", 0.6, 3))
    assert told == [(3, {"accuracy": 0.5}), (3, {"accuracy": 0.6})]


@given(
    st.lists(
        st.builds(
            metric,
            st.sampled_from(["accuracy", "ACCURACY", "loss"]),
            st.floats(),
            st.none() | st.integers(-3, 10) | st.integers(),
        )
    )
)
def test_steps_never_go_back_and_no_value_is_lost_at_the_end(metrics: list[Metric]) -> None:
    collector = MetricCollector([ACCURACY])
    steps = [step for step, _ in collector.take(metrics)]
    assert steps == sorted(set(steps))
    last = {one.name.lower(): one.value for one in metrics}
    assert repr(collector.result()) == repr({name: last[name] for name in collector.names})


def test_an_objective_is_found_in_any_case() -> None:
    collector = MetricCollector([LOSS])
    assert collector.missing() == ["valLoss"]
    assert collector.take([metric("valloss", 1)]) == [(1, {"valLoss": 1.0})]
    assert collector.missing() == []


def test_the_best_value_is_kept_if_asked_for_and_nan_is_never_the_best() -> None:
    for strategy, expected in (("best", (0.7, 1.0)), ("last", (0.6, math.nan))):
        collector = MetricCollector([ACCURACY, LOSS], strategy)  # type: ignore[arg-type]
        collector.take([metric("accuracy", 0.7), metric("valLoss", math.nan), metric("valLoss", 1)])
        collector.take([metric("accuracy", 0.6), metric("valLoss", math.nan), metric("loss", 2)])
        result = collector.result()
        assert repr((result["accuracy"], result["valLoss"])) == repr(expected)
        assert result["loss"] == 2


def test_a_flood_of_names_is_bounded_and_the_objective_still_found() -> None:
    collector = MetricCollector([ACCURACY])
    collector.take([metric(f"m{number}", 1) for number in range(2000)])
    collector.take([metric("accuracy", 0.5)])
    assert len(collector.names) == 501
    assert collector.result()["accuracy"] == 0.5


def test_a_flood_of_reports_is_thinned_and_its_last_values_are_passed_on() -> None:
    now = [0.0]
    sent: list[tuple[int, dict[str, float]]] = []
    sender = ReportSender(lambda step, metrics: sent.append((step, metrics)), lambda: now[0])
    for step in range(5000):
        now[0] += 0.001
        sender.add(step, {"loss": float(step)})
    sender.flush()
    assert [step for step, _ in sent[:1000]] == list(range(1000))
    assert len(sent) == 1000 + 40
    assert sent[-1] == (4999, {"loss": 4999.0})


def test_a_limited_metric_is_known_in_any_case_and_however_many_names_there_are() -> None:
    collector = MetricCollector([Objective("evalLoss", "minimize")], limited=["evalLatency"])
    collector.take([Metric(name=f"n{number}", value=1.0) for number in range(600)])
    assert collector.take([Metric(name="evallatency", value=12.0)]) == [(1, {"evalLatency": 12.0})]
    assert collector.result()["evalLatency"] == 12.0
