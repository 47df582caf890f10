"""The one place where expected errors become lines on standard error and an exit code.

Whatever is not expected is a bug and keeps its traceback.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable
from typing import Any, Final

import click

from persopt.domain.errors import (
    BusError,
    ConflictError,
    Fault,
    InputError,
    JobCancelledError,
    NotFoundError,
    OutputError,
    PersoptError,
    StoreError,
)

__all__ = (
    "EXIT_BAD_INPUT",
    "EXIT_BROKEN_PIPE",
    "EXIT_CONFLICT",
    "EXIT_FAILED",
    "EXIT_INTERRUPTED",
    "EXIT_NOT_FOUND",
    "EXIT_SUCCESS",
    "EXIT_UNAVAILABLE",
    "print_fault",
    "run_guarded",
)

EXIT_SUCCESS: Final = 0
EXIT_FAILED: Final = 1
EXIT_BAD_INPUT: Final = 2
EXIT_NOT_FOUND: Final = 3
EXIT_CONFLICT: Final = 4
EXIT_UNAVAILABLE: Final = 5
EXIT_INTERRUPTED: Final = 130
EXIT_BROKEN_PIPE: Final = 141  # what the shell gives for a program that SIGPIPE ended

_EXIT_CODES: Final[tuple[tuple[type[PersoptError], int], ...]] = (
    (InputError, EXIT_BAD_INPUT),
    (OutputError, EXIT_BAD_INPUT),
    (NotFoundError, EXIT_NOT_FOUND),
    (ConflictError, EXIT_CONFLICT),
    (StoreError, EXIT_UNAVAILABLE),
    (BusError, EXIT_UNAVAILABLE),
    (JobCancelledError, EXIT_INTERRUPTED),
)


def run_guarded(command: Callable[[], Any]) -> int:
    """Run a command and return its exit code; print what went wrong if it is something that a person can mend."""
    _use_utf8()
    _show_warnings()
    try:
        code = _run(command)
        sys.stdout.flush()
    except BrokenPipeError:
        _silence_stdout()
        return EXIT_BROKEN_PIPE
    except (click.Abort, KeyboardInterrupt):
        _print_line("interrupted")
        return EXIT_INTERRUPTED
    except Exception as error:
        known = _explain(error)
        if known is None:
            raise
        return known
    return code


def _run(command: Callable[[], Any]) -> int:
    try:
        returned = command()
    except click.exceptions.Exit as error:  # --help and --version end this way
        return error.exit_code
    return returned if isinstance(returned, int) else EXIT_SUCCESS


def print_fault(fault: Fault) -> None:
    """Write `error: field: message (hint)` to standard error."""
    _print_line(f"error: {fault}")


def _explain(error: Exception) -> int | None:
    """Print an expected error and return its exit code; None for any other."""
    if isinstance(error, PersoptError):
        for fault in error.faults:
            print_fault(fault)
        return next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), EXIT_FAILED)
    if isinstance(error, click.UsageError):
        _print_usage(error)
        return EXIT_BAD_INPUT
    if isinstance(error, click.ClickException):
        print_fault(Fault(message=error.format_message()))
        return EXIT_BAD_INPUT
    if _is_database_error(error):
        print_fault(Fault(message=f"the store cannot be reached: {error.__cause__ or error}"))
        return EXIT_UNAVAILABLE
    return None


def _print_line(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        click.echo(line, err=True)


def _print_usage(error: click.UsageError) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        _print_line(error.format_message())
        return
    where = error.ctx.command_path if error.ctx is not None else "persopt"
    text = error.format_message().removesuffix(".")
    _print_line(f"error: {text[:1].lower()}{text[1:]} (see `{where} --help`)")


def _use_utf8() -> None:
    """Write UTF-8 wherever it goes, and never fail on a character."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _silence_stdout() -> None:
    """Keep the interpreter from failing again when it flushes standard output at its end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def _is_database_error(error: Exception) -> bool:
    """Return whether the database failed, without importing what talks to it."""
    known = sys.modules.get("sqlalchemy.exc")
    return known is not None and isinstance(error, known.OperationalError)


class _WarningLines(logging.Handler):
    """Shows warnings as single lines; the traceback is in the job's log."""

    def emit(self, record: logging.LogRecord) -> None:
        _print_line(f"{record.levelname.lower()}: {record.getMessage()}")


def _show_warnings() -> None:
    logger = logging.getLogger("persopt")
    if not any(isinstance(handler, _WarningLines) for handler in logger.handlers):
        logger.addHandler(_WarningLines(logging.WARNING))
        logger.propagate = False
