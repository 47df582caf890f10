"""What the functions share: the place of a run, its progress, data from memory, durable jobs."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from persopt.api.reports import load_report
from persopt.domain.compare_reports import CompareReport
from persopt.domain.compare_specs import CompareSpec
from persopt.domain.compress_reports import CompressReport
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.errors import InputError
from persopt.domain.ids import new_job_id
from persopt.domain.jobs import JobRecord, Progress
from persopt.domain.prune_reports import PruneReport
from persopt.domain.prune_specs import PruneSpec
from persopt.domain.quantize_reports import QuantizeReport
from persopt.domain.quantize_specs import QuantizeSpec
from persopt.domain.reports import TuneReport
from persopt.domain.specs import JobSpec
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_registry
from persopt.progress import show_progress
from persopt.runtime import Runtime, raise_unless_succeeded
from persopt.settings import Settings, load_settings, make_workspace

__all__ = ("data_path", "make_run_folder", "run_durable", "run_spec", "telling")

ReportT = TypeVar("ReportT", TuneReport, PruneReport, QuantizeReport, CompareReport, CompressReport)
SpecT = TypeVar("SpecT", PruneSpec, QuantizeSpec, CompareSpec, CompressSpec)


def run_durable(spec: JobSpec, kind: type[ReportT], home: str, tell: Callable[[Progress], None] | None) -> ReportT:
    """Run a spec as a job, supervised here, and return its report; raise what it failed with."""

    def watch(job: JobRecord) -> None:
        if tell is not None:
            tell(job.progress)

    with Runtime.open(load_settings(home=home)) as runtime:
        job = runtime.run(spec, watch)
        raise_unless_succeeded(job)
        return load_report(runtime.kernel.folder(job.id).report, kind)


def run_spec(
    spec: SpecT,
    kind: type[ReportT],
    find_functions: Callable[[], tuple[Callable[..., SpecT], Callable[..., ReportT]]],
    settings: Settings,
    tell: Callable[[Progress], None] | None,
    *,
    durable: bool,
) -> ReportT:
    """Run a spec as a job, or here, and return its report.

    Args:
        spec: What is to be done.
        kind: The report's type.
        find_functions: Returns what resolves the spec and what runs it (`persopt.kernel.handlers`).
        settings: The workspace.
        tell: Told how far it is.
        durable: As a job.
    """
    from persopt.tuning.environment import describe_environment

    if durable:
        return run_durable(spec, kind, str(settings.workspace), tell)
    resolve, run = find_functions()
    registry = load_registry(settings, BUILTIN_MODULES)
    resolved = resolve(spec, settings, registry)
    return run(
        resolved,
        settings=settings,
        registry=registry,
        folder=make_run_folder(settings),
        environment=describe_environment(resolved),
        tell=tell or (lambda _: None),
    )


def make_run_folder(settings: Settings) -> Path:
    """Return a new folder for a run that is no job."""
    folder = make_workspace(settings) / "runs" / new_job_id()
    folder.mkdir(parents=True)
    return folder


@contextlib.contextmanager
def telling(
    wanted: bool | Callable[[Progress], None], title: str = "trials"
) -> Iterator[Callable[[Progress], None] | None]:
    """Give what a run tells its progress to: a bar, the function given, or None."""
    if callable(wanted):
        yield wanted
    elif wanted:
        with show_progress(title) as tell:
            yield tell
    else:
        yield None


@contextlib.contextmanager
def data_path(data: Any, datasets: Path) -> Iterator[str]:
    """Give the path of the data; a `datasets` object is saved, and taken away again if the input is refused."""
    if data is None or isinstance(data, str | Path):
        yield "" if data is None else str(data)
        return
    if not hasattr(data, "save_to_disk"):
        raise InputError(
            f"expected a path, a hub id or a datasets object, got {type(data).__name__}", path="$.datasetPath"
        )
    folder = datasets / f"in-memory-{new_job_id()}"
    data.save_to_disk(str(folder))
    try:
        yield str(folder)
    except InputError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
