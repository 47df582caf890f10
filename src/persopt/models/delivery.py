"""A model that a run makes, delivered with its report: both, or neither."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from persopt.domain.errors import OutputError
from persopt.models.new_folder import write_through
from persopt.models.output_folder import explain_os_error

__all__ = ("deliver_model",)


class _ModelReport(Protocol):
    @property
    def model_path(self) -> str: ...

    def save(self, path: Path) -> None: ...


ReportT = TypeVar("ReportT", bound=_ModelReport)


def deliver_model(
    output: Path,
    report_file: Path,
    kind: type[ReportT],
    what: str,
    *,
    is_whole: Callable[[ReportT], bool],
    write: Callable[[Path], ReportT],
) -> ReportT:
    """Have a model written into a hidden folder beside the output, which takes its name when everything is there.

    A run that was killed leaves a hidden `.NAME.part`, which the next run to that output clears; one whose model was
    delivered gives its report again.

    Args:
        output: Folder of the model; new or empty.
        report_file: Where the report is kept; its folder exists.
        kind: The report's type.
        what: The model in the words of an error, such as `pruned model`.
        is_whole: Whether the output holds the model that an earlier report tells of.
        write: Fills a folder and returns the report.

    Raises:
        OutputError: if the output cannot be written, or has come into use since.
    """
    earlier = _find_earlier(report_file, output, kind, is_whole)
    if earlier is not None:
        return earlier
    part = output.with_name(f".{output.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        report = write(part)
        write_through(part)
        _check_free(output, what)
        # Before the folder takes its name: a run that dies in between finds the one when it finds the other.
        report.save(report_file)
        part.replace(output)
    except BaseException as error:
        shutil.rmtree(part, ignore_errors=True)
        # safetensors reports a full disk as an error of its own
        is_writing = isinstance(error, OSError) or type(error).__name__ == "SafetensorError"
        if is_writing and not isinstance(error, OutputError):
            raise OutputError(
                f"the {what} cannot be written to {output}: {explain_os_error(error)}", path="$.outputPath"
            ) from error
        raise
    return report


def _find_earlier(file: Path, output: Path, kind: type[ReportT], is_whole: Callable[[ReportT], bool]) -> ReportT | None:
    """Return the report of a run that died after it had delivered its model."""
    if not file.is_file() or not output.is_dir():
        return None
    report = msgspec.json.decode(file.read_bytes(), type=kind)
    return report if report.model_path == str(output) and is_whole(report) else None


def _check_free(output: Path, what: str) -> None:
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise OutputError(
            f"{output} has come into use since the job began; the {what} is not put there",
            path="$.outputPath",
            hint="empty the folder and resume the job",
        )
