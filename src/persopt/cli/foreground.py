"""Running a durable job in the foreground: what it is, how far it is, what came out, and Ctrl-C."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from persopt.cli.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_SUCCESS, print_fault
from persopt.cli.interrupts import Interrupts
from persopt.cli.job_views import describe_job_json, print_plan, print_result
from persopt.cli.output import format_value, note, open_console, print_json
from persopt.domain.errors import ConflictError
from persopt.domain.jobs import JobKind, JobRecord, Progress
from persopt.domain.specs import JobSpec

if TYPE_CHECKING:
    from persopt.runtime import Runtime

__all__ = ("exit_code_of", "finish_job", "run_in_foreground", "run_or_queue")

_LINES: Final = 20
_UNITS: Final[dict[JobKind, str]] = {
    "tune": "trials",
    "prune": "steps",
    "quantize": "steps",
    "compare": "steps",
    "compress": "candidates",
}
_EXIT_CODES: Final = {"succeeded": EXIT_SUCCESS, "failed": EXIT_FAILED, "cancelled": EXIT_INTERRUPTED}


def run_in_foreground(runtime: Runtime, job: JobRecord, *, as_json: bool, aside: bool = False) -> int:
    """Supervise a queued job until it has ended, show its result, and return the exit code.

    With `aside` the result is shown on standard error, because standard output has that of another job.

    The first Ctrl-C cancels the job and waits for it; the second leaves at once.
    """
    with Interrupts() as interrupts, runtime.relaying(), runtime.supervisor(only=job.id):
        note(f"job {job.id}")
        print_plan(open_console(stderr=True), job, runtime)
        with _show(job) as show:
            try:
                ended = runtime.wait(job.id, _Watcher(runtime, interrupts, show))
            except _LeftError:
                ended = None
    if ended is None:
        note(f"left: job {job.id} was asked to end and does so by itself (see `persopt jobs show {job.id}`)")
        return EXIT_INTERRUPTED
    return finish_job(runtime, ended, as_json=as_json, aside=aside)


def run_or_queue(runtime: Runtime, spec: JobSpec, *, as_json: bool, detach: bool) -> int:
    """Make a job of a spec, run it to its end or with `detach` only queue it, and return the exit code."""
    job = runtime.kernel.submit(spec)
    if not detach:
        return run_in_foreground(runtime, job, as_json=as_json)
    if as_json:
        print_json(describe_job_json(job, []))
    else:
        sys.stdout.write(f"{job.id}\n")
    note("queued; it runs as soon as a supervisor takes it: `persopt jobs work`")
    return EXIT_SUCCESS


def finish_job(runtime: Runtime, job: JobRecord, *, as_json: bool, aside: bool = False) -> int:
    """Show a job that has ended and return the exit code that tells how."""
    trials = runtime.kernel.trials(job.id)
    if as_json:
        print_json(describe_job_json(job, trials))
    print_result(open_console(stderr=as_json or aside), job, trials)
    if job.fault is not None:
        print_fault(job.fault)
    if job.state == "cancelled":
        note(f"cancelled; `persopt jobs resume {job.id}` goes on with it")
    return exit_code_of(job)


def exit_code_of(job: JobRecord) -> int:
    """Return the exit code that tells how a job ended; failed if it has not."""
    return _EXIT_CODES.get(job.state, EXIT_FAILED)


class _LeftError(Exception):
    """The person does not want to wait for the job to end."""


class _Watcher:
    """Looks at the job and at Ctrl-C several times a second."""

    def __init__(self, runtime: Runtime, interrupts: Interrupts, show: Callable[[Progress], None]) -> None:
        self._runtime = runtime
        self._interrupts = interrupts
        self._show = show
        self._asked = False

    def __call__(self, job: JobRecord) -> None:
        self._show(job.progress)
        if job.is_finished or not self._interrupts.count:
            return
        if self._interrupts.count > 1:
            raise _LeftError
        if not self._asked:
            self._asked = True
            note("cancelling the job; press Ctrl-C again to leave without waiting for it")
            with contextlib.suppress(ConflictError):  # it has ended since it was looked at
                self._runtime.kernel.cancel(job.id)


@contextlib.contextmanager
def _show(job: JobRecord) -> Iterator[Callable[[Progress], None]]:
    """Give what shows the progress: a bar on a terminal, elsewhere a line whenever a trial has ended.

    Of a job that counts steps, a line for each twentieth of them.
    """
    if sys.stderr.isatty():
        from persopt.progress import show_progress

        with show_progress(job.spec.name or _UNITS[job.kind]) as move:
            yield move
        return
    shown = job.progress.done

    def write(progress: Progress) -> None:
        nonlocal shown
        few = 1 if job.kind in ("tune", "compress") else max(1, (progress.total or 0) // _LINES)
        if progress.done != shown and (progress.done == progress.total or abs(progress.done - shown) >= few):
            shown = progress.done
            total = "" if progress.total is None else f" of {progress.total}"
            best = "" if progress.best is None else f", best {format_value(progress.best)}"
            note(f"{progress.done}{total} {_UNITS[job.kind]}{best}")

    yield write
