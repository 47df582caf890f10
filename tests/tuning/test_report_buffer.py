from __future__ import annotations

from collections.abc import Sequence

from persopt.domain.trials import Report
from persopt.tuning.report_buffer import ReportBuffer


def test_a_report_completes_one_of_its_step_that_was_saved_already() -> None:
    saved: list[Sequence[Report]] = []
    buffer = ReportBuffer(saved.append, ["accuracy"], lambda: 0.0)
    buffer.add(Report(number=0, step=1, metrics={"accuracy": 0.5}, share=0.5))
    buffer.flush()
    buffer.add(Report(number=0, step=1, metrics={"lr": 0.1}))
    buffer.flush()
    assert saved[-1] == [Report(number=0, step=1, metrics={"accuracy": 0.5, "lr": 0.1}, share=0.5)]


def test_a_report_of_the_next_attempt_has_nothing_of_the_one_before() -> None:
    saved: list[Sequence[Report]] = []
    buffer = ReportBuffer(saved.append, ["accuracy"], lambda: 0.0)
    buffer.add(Report(number=0, step=1, metrics={"accuracy": 0.5}))
    buffer.end_trial(0)
    buffer.add(Report(number=0, step=1, metrics={"lr": 0.1}))
    buffer.flush()
    assert saved == [
        [Report(number=0, step=1, metrics={"accuracy": 0.5})],
        [Report(number=0, step=1, metrics={"lr": 0.1})],
    ]
