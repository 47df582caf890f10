"""Reports of finished work, read from files and written for people and other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from persopt.domain.compare_reports import CompareReport
from persopt.domain.compress_reports import CompressReport
from persopt.domain.errors import InputError
from persopt.domain.languages import LANGUAGES, Language
from persopt.domain.prune_reports import PruneReport
from persopt.domain.quantize_reports import QuantizeReport
from persopt.domain.reports import TuneReport
from persopt.domain.validation import describe_choices
from persopt.runtime import Runtime
from persopt.settings import load_settings

__all__ = ("download_results", "export_study", "load_report", "write_report")

ReportT = TypeVar("ReportT", TuneReport, PruneReport, QuantizeReport, CompareReport, CompressReport)


def load_report(path: str | Path, kind: type[ReportT] = TuneReport) -> ReportT:  # type: ignore[assignment]
    """Read a `report.json`, by default that of a tuning."""
    return msgspec.json.decode(Path(path).read_bytes(), type=kind)


def export_study(
    study: TuneReport | str,
    path: str | Path,
    *,
    format: str | None = None,
    overwrite: bool = False,
    home: str | Path | None = None,
) -> Path:
    """Write a study for other programs.

    Args:
        study: A report, or the id of a job, which may still be running.
        path: The file.
        format: `optuna` (an SQLite storage that Optuna and optuna-dashboard open), `csv` (a row a trial) or `json`
            (the whole report); by default what the file's ending means: `.db`, `.csv`, `.json`.
        overwrite: Take the place of a file that exists.
        home: The workspace of the job; by default `PERSOPT_HOME` or `./persopt-data`.

    Returns:
        The file's absolute path.

    Raises:
        NotFoundError: if there is no such job.
        ConflictError: if the file exists and is not to be overwritten.
        InputError: if the format is not known.
        OutputError: if the file cannot be written.
    """
    from persopt.tuning.export import check_format, export_report

    target = Path(path).expanduser().absolute()
    export_report(_find_report(study, home), target, check_format(format, target), overwrite=overwrite)
    return target


def write_report(
    study: TuneReport | str,
    path: str | Path,
    *,
    language: Language | None = None,
    overwrite: bool = False,
    home: str | Path | None = None,
) -> Path:
    """Write the HTML report of a study.

    Args:
        study: A report, or the id of a job, which may still be running.
        path: The file.
        language: `fa` or `en`; by default the one that the study was asked to have.
        overwrite: Take the place of a file that exists.
        home: The workspace of the job; by default `PERSOPT_HOME` or `./persopt-data`.

    Returns:
        The file's absolute path.

    Raises:
        NotFoundError: if there is no such job.
        ConflictError: if the file exists and is not to be overwritten.
        InputError: if the language is not known.
        OutputError: if the file cannot be written.
    """
    from persopt.tuning.export import write_html_report

    if language is not None and language not in LANGUAGES:
        raise InputError(f"no such language, {describe_choices(language, LANGUAGES)}", path="$.language")
    report = _find_report(study, home)
    target = Path(path).expanduser().absolute()
    own: Language = report.spec.report_language if report.spec is not None else "en"
    write_html_report(report, target, language or own, overwrite=overwrite)
    return target


def download_results(
    job: str, path: str | Path, *, model: bool = False, overwrite: bool = False, home: str | Path | None = None
) -> Path:
    """Write all results of a job as one zip: report, tables, plots, spec and log.

    Args:
        job: Its id, or an unmistakable beginning of it; of a running one what there is so far is taken.
        path: The file.
        model: The files of its model too.
        overwrite: Take the place of a file that exists.
        home: The workspace; by default `PERSOPT_HOME` or `./persopt-data`.

    Returns:
        The file's absolute path.

    Raises:
        NotFoundError: if there is no such job.
        ConflictError: if the file exists and is not to be overwritten, or the job has no model.
        OutputError: if the file cannot be written.
    """
    from persopt.kernel.job_archive import find_model, stream_archive
    from persopt.tuning.export import write_file

    target = Path(path).expanduser().absolute()
    with Runtime.open(load_settings(home=None if home is None else str(home))) as runtime:
        found = runtime.kernel.get(job)
        folder = find_model(found) if model else None

        def write(part: Path) -> None:
            with part.open("wb") as file:
                file.writelines(stream_archive(runtime.kernel, found, folder))

        write_file(target, write, overwrite=overwrite)
    return target


def _find_report(study: TuneReport | str, home: str | Path | None) -> TuneReport:
    if isinstance(study, TuneReport):
        return study
    with Runtime.open(load_settings(home=None if home is None else str(home))) as runtime:
        return runtime.kernel.report(study)
