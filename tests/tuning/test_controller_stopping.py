from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from persopt.domain.early_stopping import EarlyStopping
from persopt.domain.errors import Fault, JobCancelledError, PersoptError
from persopt.domain.events import EventData, TrialStopped
from persopt.domain.objectives import Objective
from persopt.domain.space import ParameterSpec
from persopt.domain.trials import TrialRecord
from persopt.plugins import Stopped, TrialRequest
from persopt.tuning.controller import ControllerRequest, StudyOutcome, TrialController
from persopt.tuning.journal import MemoryJournal, StudyHistory
from tests.tuning.control import KILLED, LINE, control, endless, quick, states
from tests.tuning.pools import Event, Reporter, SimulatedPool, ThreadPool, failed, finished, in_turn, reported
from tests.tuning.studies import make_space, make_study

ASHA = EarlyStopping(method="asha", resource="step", reduction_factor=2)
MEDIAN = EarlyStopping(method="median", resource="step", startup_trials=2)


class SavingPool(SimulatedPool):
    """A stopped trial leaves its model if that is wanted."""

    def stop(self, number: int, *, keep_checkpoint: bool) -> None:
        super().stop(number, keep_checkpoint=keep_checkpoint)
        if keep_checkpoint:
            folder = Path.cwd() / "trials" / f"{number:04d}" / "checkpoint"
            folder.mkdir(parents=True)
            metrics = dict(self._running[number])
            stopped = Stopped(number=number, metrics=metrics, seconds=1.0, checkpoint=str(folder))
            self._events = [(self.now + 20.0, 0, stopped)]


def curve(request: TrialRequest) -> Iterable[Event]:
    """Four reports a second apart; the height is the point's x."""
    x = float(request.params["x"])
    reports = [(float(step), reported(request.number, step, value0=x * step)) for step in range(1, 5)]
    return [*reports, (4.5, finished(request.number, value0=x * 4))]


@pytest.mark.parametrize("options", [ASHA, MEDIAN, EarlyStopping(method="hyperband", resource="step")])
def test_a_bad_trial_is_stopped_and_its_event_says_by_which_rule_and_why(options: EarlyStopping) -> None:
    events: list[EventData] = []
    pool = SimulatedPool(curve)
    outcome = control(pool, journal=MemoryJournal(events.append), max_trials=12, early_stopping=options)
    stopped = [trial for trial in outcome.trials if trial.state == "stopped"]
    assert 0 < len(stopped) < 12
    best = max(trial.params["x"] for trial in outcome.trials if trial.state == "succeeded")
    assert all(float(trial.params["x"]) < float(best) for trial in stopped)
    told = [event for event in events if isinstance(event, TrialStopped)]
    assert [event.number for event in told] == [trial.number for trial in stopped]
    assert all(event.reason.startswith(f"stopped by {options.method}") and "step" in event.reason for event in told)
    for trial in stopped:
        assert trial.fault is not None
        assert (trial.fault.code, trial.fault.path) == ("early-stopping", "$.earlyStopping")
        assert trial.values == [trial.metrics["value0"]]


def test_without_a_rule_no_trial_is_stopped() -> None:
    assert states(control(SimulatedPool(curve), max_trials=12)) == ["succeeded"] * 12


class InterruptedJournal(MemoryJournal):
    """Cancels the study when so many trials have ended."""

    def __init__(self, trials: int) -> None:
        super().__init__()
        self._left = trials

    def finish_trial(self, trial: TrialRecord, *given: Any, **named: Any) -> None:
        super().finish_trial(trial, *given, **named)
        self._left -= 1
        if not self._left:
            self.cancel()


@pytest.mark.parametrize("options", [ASHA, MEDIAN, EarlyStopping(method="hyperband", resource="step")])
@pytest.mark.parametrize("interrupted_after", [1, 5, 8])
def test_a_resumed_study_decides_as_an_uninterrupted_one(options: EarlyStopping, interrupted_after: int) -> None:
    whole = control(SimulatedPool(curve), max_trials=14, early_stopping=options)
    journal = InterruptedJournal(interrupted_after)
    with pytest.raises(JobCancelledError):
        control(SimulatedPool(curve), journal=journal, max_trials=14, early_stopping=options)
    history = msgspec.json.decode(msgspec.json.encode(journal.history()), type=StudyHistory)  # as from a database
    resumed = control(SimulatedPool(curve), history=history, max_trials=14, early_stopping=options)

    def told(outcome: StudyOutcome) -> list[tuple[str, str]]:
        return [(trial.state, trial.fault.message if trial.fault else "") for trial in outcome.trials]

    assert told(resumed) == told(whole)


def test_trials_of_other_lengths_are_compared_at_like_shares() -> None:
    """A third evaluation of four lies at three quarters, be that step 3 or step 300."""

    def train(request: TrialRequest) -> Iterable[Event]:
        stride = (1, 100)[request.number % 2]
        value = 1.0 - request.number / 10
        steps = [(turn, reported(request.number, turn * stride, turn / 4, value0=value)) for turn in (1, 2, 3, 4)]
        return [*((float(at), message) for at, message in steps), (4.5, finished(request.number, value0=value))]

    options = EarlyStopping(method="median", resource="evaluation", startup_trials=1, warmup_steps=3)
    outcome = control(SimulatedPool(train), max_trials=2, early_stopping=options, evaluations=4)
    assert outcome.trials[1].fault is not None
    assert outcome.trials[1].fault.message == (
        "stopped by median at evaluation 3: value0 0.9, its best so far, is worse than 1, the median of 1 trials"
    )


def test_a_trial_that_has_come_to_its_end_is_not_stopped_there() -> None:
    def train(request: TrialRequest) -> Iterable[Event]:
        value = 1.0 - request.number / 10
        return [(1.0, reported(request.number, 9, 1.0, value0=value)), (2.0, finished(request.number, value0=value))]

    pool = SimulatedPool(train)
    outcome = control(pool, max_trials=6, early_stopping=EarlyStopping(method="asha", resource="step"))
    assert (states(outcome), pool.stopped) == (["succeeded"] * 6, [])


def test_a_stopped_trial_keeps_its_checkpoint_up_to_a_bound() -> None:
    def train(request: TrialRequest) -> Iterable[Event]:
        folder = Path(request.folder) / "checkpoint"
        value = 1.0 - request.number / 100
        if request.number == 0:
            folder.mkdir(parents=True)
            return [(1.0, finished(0, value0=1.0, checkpoint=str(folder)))]
        return [(1.0, reported(request.number, 1, value0=value)), (99.0, finished(request.number, value0=value))]

    journal = MemoryJournal()
    options = EarlyStopping(method="asha", resource="step", keep_checkpoints=2)
    pool = SavingPool(in_turn(train))
    outcome = control(pool, journal=journal, max_trials=5, early_stopping=options, save_seconds=60.0)
    # Trial 1 is the first at the rung and goes on to its end, without a model of its own.
    assert states(outcome) == ["succeeded", "succeeded", "stopped", "stopped", "stopped"]
    kept = {trial.number: trial.checkpoint for trial in outcome.trials}
    assert kept == {
        0: "trials/0000/checkpoint",
        1: None,
        2: "trials/0002/checkpoint",
        3: "trials/0003/checkpoint",
        4: None,
    }
    assert {number: trial.checkpoint for number, trial in journal.trials.items()} == kept
    assert sorted(path.parent.name for path in Path.cwd().glob("trials/*/checkpoint")) == ["0000", "0002", "0003"]
    assert [keep for _, _, keep in pool.stopped] == [True, True, True]


def test_a_stop_that_waits_for_no_model_is_still_kept_within_the_usual_time() -> None:
    options = EarlyStopping(method="asha", resource="step", keep_checkpoints=0)

    def worse(request: TrialRequest) -> Iterable[Event]:
        return [(1.0, reported(request.number, 1, value0=0.5)), (99.0, finished(request.number, value0=0.5))]

    pool = SimulatedPool(
        in_turn(lambda r: [(1.0, reported(0, 1, value0=1.0)), (2.0, finished(r.number, value0=1.0))], worse)
    )
    deaf = SimulatedPool(
        in_turn(lambda r: [(1.0, reported(0, 1, value0=1.0)), (2.0, finished(r.number, value0=1.0))], worse), deaf=True
    )
    assert states(control(pool, max_trials=2, early_stopping=options, save_seconds=60.0)) == ["succeeded", "stopped"]
    assert pool.now - 1000.0 == pytest.approx(3.1, abs=0.01)
    with pytest.raises(PersoptError, match="did not end trial 1 within 5 s"):
        control(deaf, max_trials=2, early_stopping=options, save_seconds=60.0)
    assert deaf.now - 1000.0 < 9.0


def test_a_study_ends_when_a_trial_has_the_target_value() -> None:
    events: list[EventData] = []
    pool = SimulatedPool(in_turn(quick, lambda r: [(2.0, finished(r.number, value0=0.9))], endless), parallel=3)
    outcome = control(pool, journal=MemoryJournal(events.append), max_trials=50, parallel=3, target_value=0.9)
    assert outcome.ended_by == "target"
    assert outcome.active_seconds == pytest.approx(2.1, abs=0.01)
    stopped = [trial for trial in outcome.trials if trial.state == "stopped"]
    assert len(stopped) == 2
    assert all(t.fault and t.fault.message == "stopped: trial 1 reached the target, value0 0.9" for t in stopped)
    again = control(SimulatedPool(quick), history=StudyHistory(trials=outcome.trials), max_trials=50, target_value=0.9)
    assert (again.ended_by, len(again.trials)) == ("target", len(outcome.trials))


def test_a_smaller_value_is_the_target_where_less_is_better() -> None:
    goals = (Objective("value0", "minimize"),)
    values = iter([3.0, 2.0, 1.0])
    pool = SimulatedPool(lambda r: [(1.0, finished(r.number, value0=next(values)))])
    outcome = control(pool, max_trials=9, target_value=2.0, objectives=goals)
    assert (len(outcome.trials), outcome.ended_by) == (2, "target")


MEMORY = Fault(message="out of memory on cpu at step 1", path="$.config.batchSize", code="out-of-memory")
SIZES = make_space({"batchSize": [8, 16, 32], "learningRate": ParameterSpec(min=1e-5, max=1e-3)})


def out_of_memory(request: TrialRequest) -> Iterable[Event]:
    return [(1.0, failed(request.number, MEMORY))]


def run_sizes(script: Any, parallel: int = 1) -> SimulatedPool:
    pool = SimulatedPool(script, parallel=parallel)
    config: Any = {"batchSize": [8, 16, 32], "learningRate": ParameterSpec(min=1e-5, max=1e-3)}
    control(pool, config=config, max_trials=30, space=SIZES, parallel=parallel)
    return pool


def test_out_of_memory_at_the_smallest_batch_ends_the_study_and_is_never_retried() -> None:
    pool = SimulatedPool(out_of_memory)
    config: Any = {"batchSize": [8, 16, 32], "learningRate": ParameterSpec(min=1e-5, max=1e-3)}
    with pytest.raises(PersoptError) as caught:
        control(pool, config=config, max_trials=30, space=SIZES)
    sizes = [request.params["batchSize"] for request in pool.submitted]
    assert sizes[-1] == 8
    assert 8 not in sizes[:-1]
    assert {request.attempt for request in pool.submitted} == {1}
    assert "no point can work: out of memory on cpu at step 1, with the smallest batchSize 8" in str(caught.value)


def test_out_of_memory_does_not_end_a_study_in_which_a_trial_worked() -> None:
    pool = run_sizes(in_turn(lambda r: [(1.0, finished(r.number, value0=1.0))], out_of_memory))
    assert len(pool.submitted) == 30


def test_beside_others_it_is_only_certain_when_those_have_ended_too() -> None:
    """A trial that runs beside may hold the memory: the last one to end here works."""

    def slow(request: TrialRequest) -> Iterable[Event]:
        return [(50.0, finished(request.number, value0=1.0))]

    assert len(run_sizes(in_turn(slow, *[out_of_memory] * 10, quick_size), parallel=2).submitted) == 30


def quick_size(request: TrialRequest) -> Iterable[Event]:
    return [(10.0, finished(request.number, value0=0.5))]


def test_a_passing_fault_after_the_target_is_not_retried() -> None:
    script = in_turn(
        lambda r: [(1.0, finished(r.number, value0=1.0))], lambda r: [(1.05, failed(r.number, KILLED))], quick
    )
    outcome = control(SimulatedPool(script, parallel=2), max_trials=9, parallel=2, target_value=1.0)
    assert states(outcome) in (["succeeded", "stopped"], ["succeeded", "failed"])


def test_early_stopping_with_two_objectives_through_the_real_controller() -> None:
    """Accuracy and latency: the trials that others beat in both are stopped, fast and exact ones reach their end.

    Optuna's `Trial.report` raises with several objectives, so no user of it can have this.
    """

    def work(request: TrialRequest, report: Reporter, stop: threading.Event) -> dict[str, float]:
        size = float(request.params["x"])
        hopeless = request.number >= 4
        for step in (1, 2, 3):
            # A larger model is more exact and slower; the hopeless ones are worse at both than any of its size.
            report(step, value0=size * step - 5 * hopeless, value1=-size - 5 * hopeless)
        if hopeless:
            assert stop.wait(60), "the controller did not stop it"
        return {"value0": size * 3 - 5 * hopeless, "value1": -size - 5 * hopeless}

    study = make_study("random", LINE, objectives=2, max_trials=8)
    goals = (Objective("value0"), Objective("value1"))
    options = EarlyStopping(method="median", resource="step", startup_trials=4)
    with ThreadPool(work, parallel=1) as pool:
        request = ControllerRequest(objectives=goals, folder=Path.cwd(), early_stopping=options)
        controller = TrialController(request, study=study, pool=pool, journal=MemoryJournal())
        outcome = controller.run(StudyHistory())
    assert states(outcome) == ["succeeded"] * 4 + ["stopped"] * 4
    last = outcome.trials[-1]
    assert last.fault is not None
    assert last.fault.message == (
        "stopped by median at step 1: 4 of the 4 trials that came to their end dominated it there in value0 and value1"
    )
    assert len(last.values) == 2
