from __future__ import annotations

from collections.abc import Iterable

from persopt.domain.objectives import Objective
from persopt.domain.trials import Report
from persopt.plugins import TrialRequest
from persopt.tuning.curves import Curves
from persopt.tuning.journal import MemoryJournal, StudyHistory
from tests.tuning.control import KILLED, control
from tests.tuning.pools import Event, SimulatedPool, failed, finished, in_turn, reported


def report(number: int, step: int, **metrics: float) -> Report:
    return Report(number=number, step=step, metrics=metrics)


def test_only_evaluations_of_the_last_attempt_are_kept() -> None:
    curves = Curves([Objective("accuracy")])
    curves.restore([report(1, 2, accuracy=0.5), report(0, 1, loss=2.0), report(1, 1, accuracy=0.4)])
    curves.add(report(0, 3, accuracy=0.1))
    assert curves.all() == [report(0, 3, accuracy=0.1), report(1, 1, accuracy=0.4), report(1, 2, accuracy=0.5)]
    curves.begin(1)
    assert (curves.of(1), curves.of(7)) == ((), ())


def test_a_study_gives_the_curves_of_the_attempts_that_counted() -> None:
    def climb(request: TrialRequest) -> Iterable[Event]:
        at = request.number
        return [(0.5, reported(at, 5, value0=0.2)), (1.0, reported(at, 6, loss=1.0)), (2.0, finished(at, value0=0.3))]

    def die(request: TrialRequest) -> Iterable[Event]:
        return [(0.5, reported(request.number, 9, value0=0.9)), (1.0, failed(request.number, KILLED))]

    journal = MemoryJournal()
    outcome = control(SimulatedPool(in_turn(die, climb)), journal=journal, max_trials=1)
    assert outcome.curves == [report(0, 5, value0=0.2)]
    history = StudyHistory(trials=outcome.trials, reports=journal.reports)
    resumed = control(SimulatedPool(climb), history=history, max_trials=2)
    assert resumed.curves == [report(0, 5, value0=0.2), report(1, 5, value0=0.2)]


def test_reports_of_one_step_are_one_evaluation() -> None:
    curves = Curves([Objective("accuracy"), Objective("loss", "minimize")])
    curves.add(report(0, 1, accuracy=0.5))
    curves.add(report(0, 1, loss=2.0))
    curves.add(report(0, 2, loss=1.0))
    assert curves.all() == [report(0, 1, accuracy=0.5, loss=2.0), report(0, 2, loss=1.0)]
