from __future__ import annotations

import math
from collections.abc import Iterable

import pytest

from persopt.domain.errors import Fault, PersoptError
from persopt.domain.events import EventData, TrialFailed
from persopt.plugins import TrialRequest
from persopt.tuning.journal import MemoryJournal
from tests.tuning.control import KILLED, control, quick, states
from tests.tuning.pools import (
    Event,
    SimulatedPool,
    failed,
    finished,
    in_turn,
    reported,
)


def test_a_passing_fault_is_retried_under_the_same_number() -> None:
    events: list[EventData] = []
    script = in_turn(lambda request: [(1.0, failed(request.number, KILLED))], quick)
    pool = SimulatedPool(script)
    outcome = control(pool, journal=MemoryJournal(events.append), max_trials=2)
    assert [(request.number, request.attempt) for request in pool.submitted] == [(0, 1), (0, 2), (1, 1)]
    assert pool.submitted[0].params == pool.submitted[1].params
    assert pool.submitted[0].seed == pool.submitted[1].seed
    assert [(trial.state, trial.attempt, trial.fault) for trial in outcome.trials] == [
        ("succeeded", 2, None),
        ("succeeded", 1, None),
    ]
    told = [event for event in events if isinstance(event, TrialFailed)]
    assert [(event.number, event.attempt, event.will_retry) for event in told] == [(0, 1, True)]


def test_a_fault_that_does_not_pass_and_one_too_many_fail_the_trial_for_good() -> None:
    def die(request: TrialRequest) -> Iterable[Event]:
        return [(1.0, failed(request.number, KILLED))]

    def break_down(request: TrialRequest) -> Iterable[Event]:
        return [(1.0, failed(request.number, Fault(message="broken", code="training")))]

    pool = SimulatedPool(in_turn(die, die, die, break_down, quick))
    outcome = control(pool, max_trials=3, retries=2)
    assert [(request.number, request.attempt) for request in pool.submitted] == [(0, 1), (0, 2), (0, 3), (1, 1), (2, 1)]
    assert states(outcome) == ["failed", "failed", "succeeded"]
    assert [trial.fault.code for trial in outcome.trials if trial.fault is not None] == ["killed", "training"]


@pytest.mark.parametrize("code", ["bad-data", "bad-model", "no-device", "plugin"])
def test_a_fault_that_every_trial_would_meet_fails_the_study_at_once(code: str) -> None:
    fault = Fault(message="the file is gone", code=code)
    pool = SimulatedPool(in_turn(quick, lambda request: [(1.0, failed(request.number, fault))]))
    journal = MemoryJournal()
    with pytest.raises(PersoptError, match="the file is gone") as caught:
        control(pool, journal=journal, max_trials=50)
    assert caught.value.faults == (fault,)
    assert len(pool.submitted) == 2
    assert journal.trials[1].state == "failed"


@pytest.mark.parametrize("path", ["$.function", "$.command"])
def test_a_program_that_cannot_be_started_fails_the_study_but_one_bad_start_does_not(path: str) -> None:
    fault = Fault(message="'a:b' cannot be imported", path=path)
    broken = SimulatedPool(lambda request: [(1.0, failed(request.number, fault))])
    with pytest.raises(PersoptError, match="cannot be imported"):
        control(broken, max_trials=50)
    assert len(broken.submitted) == 1
    once = SimulatedPool(in_turn(quick, lambda request: [(1.0, failed(request.number, fault))], quick))
    assert states(control(once, max_trials=3)) == ["succeeded", "failed", "succeeded"]


def test_a_study_without_any_value_fails_with_the_commonest_fault() -> None:
    rare = Fault(message="rare", code="rare")
    common = Fault(message="out of memory", code="out-of-memory", hint="use a smaller batch")

    def script(request: TrialRequest) -> Iterable[Event]:
        return [(1.0, failed(request.number, rare if request.number == 0 else common))]

    with pytest.raises(PersoptError) as caught:
        control(SimulatedPool(script), max_trials=5)
    (fault,) = caught.value.faults
    assert fault.message == "none of 5 trials gave a value; 4 of them for this reason: out of memory"
    assert (fault.code, fault.hint) == ("out-of-memory", "use a smaller batch")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_no_number_fails_the_trial_in_words(value: float) -> None:
    script = in_turn(lambda request: [(1.0, finished(request.number, value0=value, loss=2.0))], quick)
    outcome = control(SimulatedPool(script), max_trials=2)
    bad = outcome.trials[0]
    assert bad.fault is not None
    assert (bad.state, bad.values, bad.metrics) == ("failed", [], {"loss": 2.0})
    assert bad.fault.code == "nan-objective"
    assert f"'value0' came out as {value}" in bad.fault.message


def test_an_objective_that_was_not_reported_fails_the_trial_with_the_metrics_seen() -> None:
    def script(request: TrialRequest) -> Iterable[Event]:
        return [(0.5, reported(request.number, 1, loss=1.0)), (1.0, finished(request.number, valueO=1.0))]

    outcome = control(SimulatedPool(in_turn(script, quick)), max_trials=2)
    assert outcome.trials[0].fault is not None
    assert outcome.trials[0].fault.message == (
        "the objective 'value0' was not reported; metrics seen: loss, valueO; did you mean 'valueO'?"
    )


def test_an_objective_reported_before_the_end_counts() -> None:
    def script(request: TrialRequest) -> Iterable[Event]:
        return [(0.5, reported(request.number, 1, value0=0.5)), (1.0, finished(request.number, loss=1.0))]

    outcome = control(SimulatedPool(script), max_trials=1)
    assert outcome.trials[0].values == [0.5]
    assert outcome.trials[0].metrics == {"value0": 0.5, "loss": 1.0}
