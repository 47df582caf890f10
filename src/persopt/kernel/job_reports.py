"""The report of a job: of a tuning at any time, of a comparison or a compression when it has succeeded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from persopt.domain.compare_reports import CompareReport
from persopt.domain.compare_specs import CompareSpec
from persopt.domain.compress_reports import CompressReport
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.errors import ConflictError
from persopt.domain.jobs import JobRecord
from persopt.domain.reports import TuneReport
from persopt.domain.specs import JobSpec, TuneSpec
from persopt.domain.trials import Report, TrialRecord

__all__ = ("assemble_report", "read_report")

_KINDS: Final[dict[type[JobSpec], type[CompareReport | CompressReport]]] = {
    CompareSpec: CompareReport,
    CompressSpec: CompressReport,
}


def assemble_report(job: JobRecord, trials: Sequence[TrialRecord], reports: Iterable[Report]) -> TuneReport:
    """Return the whole report of a tuning job.

    Args:
        job: The job; of one that has not succeeded the report tells what is known, and `ended_by` is its state.
        trials: All its trials, by number.
        reports: What they reported; only the evaluations are kept.

    Raises:
        ConflictError: if it is a job of another kind, which has no trials to tell of.
    """
    from persopt.tuning.curves import Curves

    spec = job.spec
    if not isinstance(spec, TuneSpec):
        raise ConflictError(f"job {job.id} is of kind {job.kind!r}; only a tuning has a study to report or export")
    curves = Curves(spec.objectives)
    curves.restore(reports)
    if job.result is None:
        return _report_so_far(job, spec, trials, curves.all())
    report = msgspec.convert(job.result, TuneReport)
    return msgspec.structs.replace(report, trials=list(trials), curves=curves.all(), spec=spec)


def read_report(job: JobRecord, file: Path) -> CompareReport | CompressReport:
    """Return the whole report of a comparison or a compression, as it lies in the job's folder.

    Args:
        job: The job.
        file: Its `report.json`.

    Raises:
        ConflictError: if it is a job of another kind, has not succeeded, or its report is gone or damaged.
    """
    kind = _KINDS.get(type(job.spec))
    if kind is None:
        raise ConflictError(f"job {job.id} is of kind {job.kind!r}; only tune, compare and compress have a page")
    if job.state != "succeeded":
        raise ConflictError(f"job {job.id} is {job.state} and has no report", hint="wait until it has succeeded")
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError) as error:
        raise ConflictError(f"the report of job {job.id} cannot be read from {file}: {error}") from error


def _report_so_far(job: JobRecord, spec: TuneSpec, trials: Sequence[TrialRecord], curves: list[Report]) -> TuneReport:
    from persopt.domain.space_building import build_space
    from persopt.tuning.importance import find_importances
    from persopt.tuning.ranking import feasible_trials, find_best, front_numbers

    space = build_space(spec.config, known_only=spec.trains_model)
    importances = find_importances(trials, spec.objectives, space)
    return TuneReport(
        objectives=spec.objectives,
        best=find_best(trials, spec.objectives, spec.constraints),
        trials=list(trials),
        ended_by=job.state,
        strategy=spec.strategy,
        space_size=space.size,
        model_path=None,
        artifacts={},
        seconds=job.active_seconds,
        environment=job.environment,
        job_id=job.id,
        importances=importances.shares,
        importance_notes=importances.notes,
        curves=curves,
        spec=spec,
        constraints=spec.constraints,
        pareto=front_numbers(trials, spec.objectives, spec.constraints),
        feasible=len(feasible_trials(trials, spec.constraints)) if spec.constraints else None,
    )
