"""What `persopt jobs work` does: supervise, and tell of each job that begins and ends."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from persopt.cli.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_SUCCESS
from persopt.cli.interrupts import Interrupts
from persopt.cli.output import format_value, note, print_json
from persopt.domain.jobs import JobRecord, JobState

if TYPE_CHECKING:
    from persopt.runtime import Runtime

__all__ = ("supervise",)

_LOOK_SECONDS: Final = 0.2
_OPEN: Final[tuple[JobState, ...]] = ("queued", "running")
_MANY: Final = 10_000


def supervise(runtime: Runtime, *, once: bool, capacity: int, as_json: bool) -> int:
    """Run queued jobs until interrupted, or until none is left; return the exit code."""
    pause = threading.Event()
    seen: dict[str, JobRecord] = {}
    with Interrupts() as interrupts, runtime.relaying(), runtime.supervisor(capacity=capacity):
        note("waiting for jobs; press Ctrl-C to end" if not once else "working until no job is left")
        while not interrupts.count:
            if _look(runtime, seen) and once and all(job.is_finished for job in seen.values()):
                break
            pause.wait(_LOOK_SECONDS)
    running = [job.id for job in seen.values() if job.state == "running"]
    if running:
        note(f"still running, and going on by themselves: {', '.join(running)}")
    ended = [job for job in seen.values() if job.is_finished]
    if as_json:
        print_json({"jobs": [job.to_builtins() for job in ended]})
    if interrupts.count:
        return EXIT_INTERRUPTED
    return EXIT_FAILED if any(job.state == "failed" for job in ended) else EXIT_SUCCESS


def _look(runtime: Runtime, seen: dict[str, JobRecord]) -> bool:
    """Bring `seen` up to date: every job that is open now, and those that were.

    Returns whether that could be done; a database that is away for a moment is looked into again.
    """
    from sqlalchemy.exc import OperationalError

    try:
        now = {job.id: job for job in runtime.kernel.jobs(states=_OPEN, limit=_MANY)}
        for job_id, before in seen.items():
            if job_id not in now and not before.is_finished:
                now[job_id] = runtime.kernel.get(job_id)
    except OperationalError:
        return False  # the supervisor logs the reason
    for job_id, job in now.items():
        if job_id not in seen or seen[job_id].state != job.state:
            _tell(job)
        seen[job_id] = job
    return True


def _tell(job: JobRecord) -> None:
    name = f" {job.spec.name!r}" if job.spec.name else ""
    best = f", best {format_value(job.progress.best)}" if job.progress.best is not None else ""
    fault = f": {job.fault}" if job.fault is not None else ""
    note(f"job {job.id}{name} {job.state}{best if job.is_finished else ''}{fault}")
