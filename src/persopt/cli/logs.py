"""Showing a log, and going on with it while it grows."""

from __future__ import annotations

import codecs
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from persopt.cli.output import format_time
from persopt.domain.errors import NotFoundError
from persopt.domain.jobs import JobRecord
from persopt.domain.trials import TERMINAL_TRIAL_STATES

if TYPE_CHECKING:
    from persopt.kernel.kernel import Kernel

__all__ = ("print_log",)

_LOOK_SECONDS: Final = 0.2
_CHUNK: Final = 1 << 16


def print_log(kernel: Kernel, job: JobRecord, trial: int | None, *, follow: bool, raw: bool) -> None:
    """Print a log on standard output.

    Args:
        kernel: Where the job is.
        job: The job.
        trial: The trial whose output is meant, or None for the job's own log.
        follow: Go on until the job (or the trial) has ended.
        raw: Print the lines as they are; otherwise as time, level and message.

    Raises:
        NotFoundError: if the trial has no log and none can come any more.
    """
    folder = kernel.folder(job.id)
    path = folder.log if trial is None else folder.trial(trial) / "log.txt"
    if trial is not None and not path.exists() and (not follow or _has_ended(kernel, job.id, trial)):
        raise NotFoundError(f"trial {trial} of job {job.id} has no log")
    for line in _read_lines(path, lambda: not follow or _has_ended(kernel, job.id, trial)):
        click.echo(line if raw else _format_line(line))


def _has_ended(kernel: Kernel, job_id: str, trial: int | None) -> bool:
    if kernel.get(job_id).is_finished:
        return True
    if trial is None:
        return False
    return any(
        item.number == trial and item.state in TERMINAL_TRIAL_STATES for item in kernel.store.list_trials(job_id)
    )


def _read_lines(path: Path, has_ended: Any) -> Iterator[str]:
    """Give whole lines; the end is asked for before the last look, so that nothing written before it is missed."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    pause = threading.Event()
    position, rest = 0, ""
    while True:
        last = has_ended()
        for chunk in _read_from(path, position):
            position += len(chunk)
            *lines, rest = (rest + decoder.decode(chunk)).split("\n")
            yield from lines
            if "\r" in rest:  # a progress bar, which is drawn anew before its line ends
                drawn, rest = rest.rsplit("\r", 1)
                yield drawn
        if last:
            break
        pause.wait(_LOOK_SECONDS)
    if rest:
        yield rest


def _read_from(path: Path, position: int) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            file.seek(position)
            while chunk := file.read(_CHUNK):
                yield chunk
    except FileNotFoundError:
        return


def _format_line(line: str) -> str:
    try:
        record: dict[str, Any] = msgspec.json.decode(line, type=dict)
        moment = format_time(datetime.fromisoformat(record["time"]))
        text = f"{moment} {record['level']:<7} {record['message']}"
    except (msgspec.DecodeError, KeyError, ValueError):
        return line
    return f"{text}\n{record['traceback']}" if record.get("traceback") else text
