"""What each kind of job does: how its spec is checked before the job exists, and how it is run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct

from persopt.domain.compare_reports import CompareReport
from persopt.domain.compare_specs import CompareSpec
from persopt.domain.compress_reports import CompressReport
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.errors import NotFoundError
from persopt.domain.jobs import JobKind, JobRecord
from persopt.domain.prune_reports import PruneReport
from persopt.domain.prune_specs import PruneSpec
from persopt.domain.quantize_reports import QuantizeReport
from persopt.domain.quantize_specs import QuantizeSpec
from persopt.domain.specs import JobSpec, TuneSpec
from persopt.domain.trials import Report, TrialRecord
from persopt.kernel.journal import StoreJournal
from persopt.kernel.store import Store
from persopt.plugins.registry import Registry
from persopt.settings import Settings

__all__ = (
    "HANDLERS",
    "JobContext",
    "JobHandler",
    "JobOutcome",
    "find_comparison",
    "find_compression",
    "find_handler",
    "find_pruning",
    "find_quantization",
)


class JobContext(Struct, frozen=True, kw_only=True):
    """What a job's run may use."""

    job: JobRecord
    settings: Settings
    registry: Registry
    folder: Path
    journal: StoreJournal
    trials: list[TrialRecord]
    reports: list[Report]
    active_seconds: float


class JobOutcome(Struct, frozen=True, kw_only=True):
    """What a job gives back: its result as plain data, and its best trial if it has trials."""

    result: dict[str, Any]
    best: TrialRecord | None = None


class JobHandler(Protocol):
    """One kind of job, with the spec of its kind."""

    def resolve(self, spec: Any, settings: Settings, registry: Registry) -> JobSpec:
        """Return the spec with absolute paths and detected values; raise InputError with all faults."""
        ...

    def run(self, context: JobContext) -> JobOutcome:
        """Do the work in this process; raise JobCancelledError when the journal says so."""
        ...


class TuneHandler:
    """Hyperparameter tuning.

    Args:
        store: Where the earlier job of a warm start is looked for; by default only reports in files are.
    """

    def __init__(self, store: Store | None = None) -> None:
        self._store = store

    def resolve(self, spec: TuneSpec, settings: Settings, registry: Registry) -> TuneSpec:
        """See `persopt.tuning.checks.resolve_tuning`."""
        from persopt.tuning.checks import resolve_tuning
        from persopt.tuning.warm_start import EarlierTuning, find_report

        def find_tuning(given: str) -> EarlierTuning:
            if self._store is not None:
                with contextlib.suppress(NotFoundError):
                    job = self._store.get_job(given)
                    goals = job.spec.objectives if isinstance(job.spec, TuneSpec) else []
                    return EarlierTuning(objectives=goals, trials=self._store.list_trials(job.id))
            return find_report(given, settings.jobs)

        return resolve_tuning(spec, settings, registry, find_tuning)

    def run(self, context: JobContext) -> JobOutcome:
        """See `persopt.tuning.run.run_tuning`."""
        from persopt.tuning.environment import describe_environment
        from persopt.tuning.journal import StudyHistory
        from persopt.tuning.run import run_tuning

        job = context.job
        assert isinstance(job.spec, TuneSpec)  # what `find_handler` went by
        environment = job.environment or describe_environment(job.spec)
        context.journal.save_environment(environment)
        report = run_tuning(
            job.spec,
            settings=context.settings,
            registry=context.registry,
            folder=context.folder,
            journal=context.journal,
            history=StudyHistory(
                trials=context.trials,
                reports=context.reports,
                study_attributes=job.study_attributes,
                active_seconds=context.active_seconds,
            ),
            environment=environment,
            job_id=job.id,
        )
        # Trials, curves and spec have their own places, and are in report.json; the job's row stays small.
        small = msgspec.structs.replace(report, trials=[], curves=[], spec=None)
        return JobOutcome(result=msgspec.to_builtins(small), best=report.best)


class RunHandler:
    """What runs from a spec to a report in this process. A run that is taken up again begins anew.

    Args:
        find_functions: Returns the functions that resolve a spec and run it; loads them.
        has_trials: Whether the run records trials, and so takes the journal and the trials that it knows.
    """

    def __init__(
        self,
        find_functions: Callable[[], tuple[Callable[..., Any], Callable[..., Any]]],
        *,
        has_trials: bool = False,
    ) -> None:
        self._find_functions = find_functions
        self._has_trials = has_trials

    def resolve(self, spec: Any, settings: Settings, registry: Registry) -> JobSpec:
        """See the capability's `checks`."""
        resolve, _ = self._find_functions()
        resolved: JobSpec = resolve(spec, settings, registry)
        return resolved

    def run(self, context: JobContext) -> JobOutcome:
        """See the capability's `run`."""
        from persopt.tuning.environment import describe_environment

        _, run = self._find_functions()
        job = context.job
        environment = job.environment or describe_environment(job.spec)
        context.journal.save_environment(environment)
        report = run(
            job.spec,
            settings=context.settings,
            registry=context.registry,
            folder=context.folder,
            environment=environment,
            tell=context.journal.save_progress,
            is_cancelled=context.journal.is_cancelled,
            job_id=job.id,
            **({"journal": context.journal, "earlier": context.trials} if self._has_trials else {}),
        )
        # What is told of each tensor, unit and layer stands in report.json; the job's row stays small.
        return JobOutcome(result=report.shorten().to_builtins())


def find_pruning() -> tuple[Callable[..., PruneSpec], Callable[..., PruneReport]]:
    """Load pruning: what resolves its specs, and what runs them."""
    from persopt.pruning.checks import resolve_pruning
    from persopt.pruning.run import run_pruning

    return resolve_pruning, run_pruning


def find_quantization() -> tuple[Callable[..., QuantizeSpec], Callable[..., QuantizeReport]]:
    """Load quantization, likewise."""
    from persopt.quantization.checks import resolve_quantization
    from persopt.quantization.run import run_quantization

    return resolve_quantization, run_quantization


def find_comparison() -> tuple[Callable[..., CompareSpec], Callable[..., CompareReport]]:
    """Load comparing, likewise."""
    from persopt.comparison.checks import resolve_comparison
    from persopt.comparison.run import run_comparison

    return resolve_comparison, run_comparison


def find_compression() -> tuple[Callable[..., CompressSpec], Callable[..., CompressReport]]:
    """Load compression, likewise."""
    from persopt.compression.checks import resolve_compression
    from persopt.compression.run import run_compression

    return resolve_compression, run_compression


HANDLERS: Final[dict[JobKind, JobHandler]] = {
    "tune": TuneHandler(),
    "prune": RunHandler(find_pruning),
    "quantize": RunHandler(find_quantization),
    "compare": RunHandler(find_comparison),
    "compress": RunHandler(find_compression, has_trials=True),
}


def find_handler(spec: JobSpec) -> JobHandler:
    """Return the handler of a spec's kind."""
    kind: JobKind = spec.__struct_config__.tag  # type: ignore[assignment]  # the tags are the kinds
    return HANDLERS[kind]
