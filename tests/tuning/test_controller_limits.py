from __future__ import annotations

from typing import Any

import pytest

from persopt.domain.errors import PersoptError
from persopt.domain.jobs import Progress
from persopt.domain.trials import TrialRecord
from persopt.plugins import TrialMessage
from persopt.tuning.journal import MemoryJournal, StudyHistory
from tests.tuning.control import KILLED, control, endless, quick, states
from tests.tuning.pools import (
    SimulatedPool,
    failed,
    finished,
    in_turn,
)


def test_a_trials_time_limit_counts_from_its_start_and_is_kept_within_a_second() -> None:
    pool = SimulatedPool(in_turn(endless, quick))
    outcome = control(pool, max_trials=2, trial_time_limit=10.1)
    (at, number, keep_checkpoint) = pool.stopped[0]
    assert (number, keep_checkpoint) == (0, True)
    assert at - 1000.0 == pytest.approx(10.1, abs=0.01)
    stopped = outcome.trials[0]
    assert stopped.fault is not None
    assert (stopped.state, stopped.fault.code, stopped.values) == ("stopped", "time-limit", [10.0])
    assert outcome.trials[1].state == "succeeded"
    assert outcome.ended_by == "trials"


def test_the_studys_time_limit_is_kept_within_a_second() -> None:
    pool = SimulatedPool(in_turn(quick, endless), parallel=2)
    outcome = control(pool, max_trials=50, parallel=2, time_limit=7.6)
    assert outcome.active_seconds == pytest.approx(7.6 + 0.1, abs=0.01)  # the pool takes a tenth to stop
    assert outcome.ended_by == "time-limit"
    assert states(outcome) == ["succeeded", "stopped", "stopped"]
    assert outcome.trials[2].values == [6.0]
    # A trial reached its end, so nobody will want the models of those that did not.
    assert [keep for _, _, keep in pool.stopped] == [False, False]


def test_time_of_earlier_runs_counts_and_what_was_to_run_again_is_ended() -> None:
    running = TrialRecord(number=1, state="running", params={"x": 0.5})
    done = TrialRecord(number=0, state="succeeded", params={"x": 0.25}, values=[1.0])
    journal = MemoryJournal()
    pool = SimulatedPool(quick)
    history = StudyHistory(trials=[done, running], active_seconds=60.0)
    outcome = control(pool, journal=journal, history=history, time_limit=60.0)
    assert pool.submitted == []
    assert states(outcome) == ["succeeded", "stopped"]
    assert journal.trials[1].state == "stopped"
    assert outcome.ended_by == "time-limit"


def test_a_study_that_ends_as_its_time_is_up_is_complete() -> None:
    outcome = control(SimulatedPool(quick), max_trials=3, time_limit=2.5)
    assert outcome.ended_by == "time-limit"
    assert states(outcome) == ["succeeded", "succeeded", "stopped"]
    complete = control(SimulatedPool(quick), max_trials=3, time_limit=3.5)
    assert complete.ended_by == "trials"


def test_an_executor_that_does_not_stop_a_trial_is_not_waited_for_for_ever() -> None:
    pool = SimulatedPool(endless, deaf=True)
    with pytest.raises(PersoptError, match="did not end trial 0 within 5 s"):
        control(pool, trial_time_limit=2.0)
    assert pool.now - 1000.0 < 9.0


def test_a_time_limit_that_lets_no_trial_end_is_the_fault() -> None:
    with pytest.raises(PersoptError, match="time limit of 3 s"):
        control(SimulatedPool(lambda request: [(100.0, finished(request.number, value0=1.0))]), time_limit=3.0)


def test_a_trial_that_was_to_stop_and_died_is_stopped_and_one_that_came_in_in_time_succeeds() -> None:
    class LatePool(SimulatedPool):
        """Answers a stop with the next of these messages."""

        answers: list[TrialMessage] = [failed(0, KILLED), finished(1, value0=1.0)]

        def stop(self, number: int, *, keep_checkpoint: bool) -> None:
            super().stop(number, keep_checkpoint=keep_checkpoint)
            self._events = [(self.now + 0.1, 0, self.answers[number])]

    outcome = control(LatePool(endless), max_trials=2, trial_time_limit=5.0)
    assert [(trial.state, trial.values) for trial in outcome.trials] == [("stopped", [5.0]), ("succeeded", [1.0])]


def test_an_executor_is_not_blamed_for_the_time_that_the_journal_took() -> None:
    pool = SimulatedPool(endless, parallel=2)

    class SlowJournal(MemoryJournal):
        """Takes six seconds for the end of a trial, as a database that is busy."""

        def finish_trial(self, trial: TrialRecord, progress: Progress, **more: Any) -> None:
            pool.now += 6.0
            super().finish_trial(trial, progress, **more)

    outcome = control(pool, journal=SlowJournal(), max_trials=2, parallel=2, time_limit=3.5)
    assert states(outcome) == ["stopped", "stopped"]
