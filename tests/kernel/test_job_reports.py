from __future__ import annotations

from datetime import timedelta

import msgspec

from persopt.domain.jobs import JobRecord
from persopt.domain.reports import TuneReport
from persopt.domain.trials import Report
from persopt.kernel.job_reports import assemble_report
from tests.support.reports import START, make_report


def record(report: TuneReport, **fields: object) -> JobRecord:
    assert report.spec is not None
    plain = {"id": report.job_id, "kind": "tune", "state": "failed", "spec": report.spec, "created_at": START, **fields}
    return JobRecord(**plain)  # type: ignore[arg-type]  # as the test says


def test_the_report_of_a_job_that_succeeded_is_the_one_that_it_wrote() -> None:
    report = make_report(12)
    small = msgspec.structs.replace(report, trials=[], curves=[], spec=None)
    job = record(report, state="succeeded", result=msgspec.to_builtins(small))
    noise = Report(number=0, step=1, metrics={"learningRate": 0.5})
    assert assemble_report(job, report.trials, [noise, *reversed(report.curves)]) == report


def test_the_report_of_any_other_job_tells_what_is_known() -> None:
    report = make_report(12)
    job = record(report, active_seconds=report.seconds, environment=report.environment)
    expected = msgspec.structs.replace(report, ended_by="failed", model_path=None)
    assert assemble_report(job, report.trials, report.curves) == expected
    queued = assemble_report(record(report, state="queued", started_at=START + timedelta(1)), [], [])
    assert (queued.best, queued.trials, queued.ended_by) == (None, [], "queued")
    assert set(queued.importance_notes.values()) == {"too-few-trials"}
