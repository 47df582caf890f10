from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from persopt.domain.compare_specs import CompareSpec
from persopt.domain.errors import ConflictError
from persopt.domain.jobs import JobRecord
from persopt.domain.prune_specs import PruneSpec
from persopt.domain.reports import TuneReport
from persopt.domain.trials import Report
from persopt.kernel.job_reports import assemble_report, read_report
from tests.support.comparison_reports import make_comparison
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


def test_the_report_of_a_comparison_is_the_one_in_its_folder(tmp_path: Path) -> None:
    report, file = make_comparison(), tmp_path / "report.json"
    report.save(file)
    job = JobRecord(id="0123456789abcdef0123", kind="compare", state="succeeded", spec=CompareSpec(), created_at=START)
    assert read_report(job, file) == report
    file.write_text("{")
    with pytest.raises(ConflictError, match="cannot be read"):
        read_report(job, file)
    with pytest.raises(ConflictError, match="is running and has no report"):
        read_report(msgspec.structs.replace(job, state="running"), file)
    with pytest.raises(ConflictError, match="of kind 'prune'; only tune, compare and compress have a page"):
        read_report(msgspec.structs.replace(job, kind="prune", spec=PruneSpec()), file)
