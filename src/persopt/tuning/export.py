"""A study as one file in another form, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec

from persopt.domain.errors import ConflictError, InputError, OutputError
from persopt.domain.languages import Language
from persopt.domain.reports import TuneReport
from persopt.domain.specs import TuneSpec
from persopt.domain.validation import describe_choices

__all__ = ("EXPORT_FORMATS", "ExportFormat", "check_format", "export_report", "write_file", "write_html_report")

ExportFormat = Literal["optuna", "csv", "json"]

EXPORT_FORMATS: Final[tuple[ExportFormat, ...]] = get_args(ExportFormat)

_BY_SUFFIX: Final[dict[str, ExportFormat]] = {
    ".db": "optuna",
    ".sqlite": "optuna",
    ".sqlite3": "optuna",
    ".csv": "csv",
    ".json": "json",
}


def check_format(given: str | None, path: Path) -> ExportFormat:
    """Return the form that was asked for, or else the one that the file's ending means.

    Raises:
        InputError: if neither says it.
    """
    if given is None:
        found = _BY_SUFFIX.get(path.suffix.lower())
        if found is None:
            accepted = ", ".join(_BY_SUFFIX)
            raise InputError(
                f"cannot tell the format from {path.name!r}", path="$.format", hint=f"name it, or end in {accepted}"
            )
        return found
    for name in EXPORT_FORMATS:
        if name == given:
            return name
    raise InputError(f"no such format, {describe_choices(given, EXPORT_FORMATS)}", path="$.format")


def export_report(report: TuneReport, path: Path, format: ExportFormat, *, overwrite: bool = False) -> None:
    """Write a study: `optuna` an SQLite storage of Optuna, `csv` a row a trial, `json` the whole report.

    Raises:
        ConflictError: if the file exists and is not to be overwritten.
        InputError: for `optuna`, if the report does not know its spec.
        OutputError: if the file cannot be written.
    """
    writers: dict[ExportFormat, Callable[[Path], object]] = {
        "optuna": lambda part: _write_optuna(report, part),
        "csv": lambda part: part.write_text(_table(report), "utf-8", newline=""),
        "json": lambda part: part.write_bytes(_json(report)),
    }
    write_file(path, writers[format], overwrite=overwrite)


def write_html_report(report: TuneReport, path: Path, language: Language, *, overwrite: bool = False) -> None:
    """Write the HTML report in a language.

    Raises:
        ConflictError: if the file exists and is not to be overwritten.
        OutputError: if the file cannot be written.
    """
    from persopt.tuning.html_report.document import make_html

    write_file(path, lambda part: part.write_text(make_html(report, language), "utf-8"), overwrite=overwrite)


def write_file(path: Path, write: Callable[[Path], object], *, overwrite: bool) -> None:
    """Let a file be written beside its place, and put it there once it is whole.

    Args:
        path: Its place.
        write: Writes it to the path that it is given.
        overwrite: Take the place of a file that exists.

    Raises:
        ConflictError: if the file exists and is not to be overwritten.
        OutputError: if the file cannot be written.
    """
    path = path.expanduser().absolute()
    hint = "choose another name, or ask to overwrite it"
    if path.is_dir() or (path.exists() and not overwrite):
        raise ConflictError(f"{path} exists already", path="$.output", hint=hint)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
            part = Path(folder) / "part"
            write(part)
            if overwrite:
                part.replace(path)
            else:
                _put(part, path)
    except FileExistsError:
        raise ConflictError(f"{path} exists already", path="$.output", hint=hint) from None
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}", path="$.output") from error


def _put(part: Path, path: Path) -> None:
    """Give a file its name without ever taking another's place, as a rename would."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: the name is reserved, then replaced
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        part.replace(path)


def _write_optuna(report: TuneReport, part: Path) -> None:
    from persopt.tuning.optuna_export import write_optuna_storage

    write_optuna_storage(report, _spec_of(report), part)


def _spec_of(report: TuneReport) -> TuneSpec:
    if report.spec is None:
        raise InputError("the report does not know its search space", hint="it was made by an older version of persopt")
    return report.spec


def _json(report: TuneReport) -> bytes:
    """Return what `report.json` holds: nothing that only the sampler understands."""
    trials = [msgspec.structs.replace(trial, attributes={}) for trial in report.trials]
    return msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(report, trials=trials)), indent=2)


def _table(report: TuneReport) -> str:
    from persopt.tuning.results import trials_table

    return trials_table(report.trials, report.objectives)
