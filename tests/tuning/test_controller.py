from __future__ import annotations

import itertools
import math
import threading
from collections import Counter
from collections.abc import Iterable

import pytest

from persopt.domain.errors import Fault, JobCancelledError
from persopt.domain.events import EventData, JobProgressed
from persopt.domain.space import ParameterConfig, ParameterSpec, point_key
from persopt.plugins import TrialRequest
from persopt.tuning.journal import MemoryJournal
from tests.tuning.control import KILLED, control, quick, states
from tests.tuning.pools import (
    Event,
    Reporter,
    SimulatedPool,
    ThreadPool,
    TrialFault,
    finished,
    reported,
)


@pytest.mark.parametrize("parallel", [1, 3, 8])
def test_there_are_exactly_as_many_trials_as_wanted(parallel: int) -> None:
    pool = SimulatedPool(quick, parallel=parallel)
    journal = MemoryJournal()
    outcome = control(pool, journal=journal, parallel=parallel, max_trials=7)
    assert [trial.number for trial in outcome.trials] == list(range(7))
    assert set(states(outcome)) == {"succeeded"}
    assert outcome.ended_by == "trials"
    assert outcome.trials == list(journal.trials.values())
    assert journal.progress.done == journal.progress.total == 7
    assert len({request.seed for request in pool.submitted}) == 7
    # Seven trials of one second, so many at a time.
    assert outcome.active_seconds == pytest.approx(math.ceil(7 / parallel), abs=0.01)


@pytest.mark.parametrize("strategy", ["grid", "random", "bayesian"])
def test_parallel_trials_cover_a_finite_space_exactly_once_failures_included(strategy: str) -> None:
    config: dict[str, ParameterConfig] = {
        "x": [1, 2, 3],
        "y": ParameterSpec(min=1e-4, max=1e-1, distribution="log_uniform", step=4),
        "z": ["a", "b"],
    }
    ran: Counter[object] = Counter()
    both = threading.Barrier(2, timeout=60)

    def run(request: TrialRequest, report: Reporter, stop: threading.Event) -> dict[str, float]:  # noqa: ARG001
        if request.number < 2 and request.attempt == 1:
            both.wait()  # shows that two really run at the same time
        if request.params["x"] == 2 and request.attempt == 1:
            raise TrialFault(KILLED)
        ran[point_key(request.params)] += 1
        if request.params["x"] == 3:
            raise TrialFault(Fault(message="no good", code="error"))
        return {"value0": float(request.params["y"])}

    with ThreadPool(run, parallel=3) as pool:
        outcome = control(pool, strategy=strategy, config=config, parallel=3, max_trials=None)
    assert pool.most_at_once == 3
    assert outcome.ended_by == "exhausted"
    assert set(ran.values()) == {1}
    points = {(trial.params["x"], trial.params["y"], trial.params["z"]) for trial in outcome.trials}
    grid = [1e-4, 1e-3, 1e-2, 1e-1]
    assert sorted((x, round(float(y), 9), z) for x, y, z in points) == sorted(
        itertools.product([1, 2, 3], grid, ["a", "b"])
    )
    assert len(outcome.trials) == 24
    assert {(trial.params["x"], trial.state, trial.attempt) for trial in outcome.trials} == {
        (1, "succeeded", 1),
        (2, "succeeded", 2),
        (3, "failed", 1),
    }


@pytest.mark.parametrize("after", [2.0, 2.3, 2.55, 2.75, 2.99])
def test_cancelling_ends_the_study_within_half_a_second(after: float) -> None:
    class TimedJournal(MemoryJournal):
        """Is cancelled at a moment of the pool's clock."""

        def is_cancelled(self) -> bool:
            return pool.now >= 1000.0 + after

    def script(request: TrialRequest) -> Iterable[Event]:
        return quick(request) if request.number < 2 else [(100.0, finished(request.number, value0=1.0))]

    journal = TimedJournal()
    pool = SimulatedPool(script)
    with pytest.raises(JobCancelledError, match="after 2 trials"):
        control(pool, journal=journal, max_trials=10)
    assert after <= pool.now - 1000.0 <= after + 0.5
    assert [trial.state for trial in journal.trials.values()] == ["succeeded", "succeeded", "running"]


def test_a_quiet_trial_is_not_polled_more_often_than_cancelling_needs() -> None:
    pool = SimulatedPool(lambda request: [(100.0, finished(request.number, value0=1.0))])
    control(pool, max_trials=1, trial_time_limit=1000.0, time_limit=1000.0)
    assert pool.empty_handed <= 100.0 * 4 + 2


def test_reports_are_saved_three_times_a_second_at_most_and_evaluations_all() -> None:
    def chatty(request: TrialRequest) -> Iterable[Event]:
        """Report 50 times a second, one in 25 an evaluation."""
        for index in range(1, 500):
            metrics = {"value0": float(index)} if index % 25 == 0 else {"loss": float(index)}
            yield index / 50, reported(request.number, index, share=index / 500, **metrics)
        yield 10.0, finished(request.number, value0=1.0)

    saved: list[float] = []
    ends: list[int] = []

    def watch(event: EventData) -> None:
        if isinstance(event, JobProgressed):
            saved.append(pool.now)
            ends.append(event.progress.done)

    pool = SimulatedPool(chatty, parallel=4)
    journal = MemoryJournal(watch)
    control(pool, journal=journal, max_trials=4, parallel=4)
    while_running = [at for at, done in zip(saved, ends, strict=True) if done == 0]
    assert len(while_running) >= 25
    for begin in while_running:
        assert sum(begin <= at < begin + 1.0 for at in while_running) <= 4  # both ends of three intervals
    gaps = [later - earlier for earlier, later in itertools.pairwise(while_running[:-4])]
    assert min(gaps) >= 1 / 3 - 1e-6
    for number in range(4):
        own = [report for report in journal.reports if report.number == number]
        assert [report.step for report in own if "value0" in report.metrics] == list(range(25, 500, 25))
        assert [report.step for report in own] == sorted(report.step for report in own)
        assert 25 <= sum("loss" in report.metrics for report in own) <= 31
    assert journal.progress.share == 1.0


def test_the_journal_is_told_in_the_order_of_things() -> None:
    events: list[EventData] = []
    control(SimulatedPool(quick, parallel=2), journal=MemoryJournal(events.append), max_trials=3, parallel=2)
    names = [f"{type(event).__name__} {getattr(event, 'number', '')}".strip() for event in events]
    assert [name for name in names if name != "JobProgressed"] == [
        "TrialStarted 0",
        "TrialStarted 1",
        "TrialSucceeded 0",
        "TrialStarted 2",
        "TrialSucceeded 1",
        "TrialSucceeded 2",
    ]
