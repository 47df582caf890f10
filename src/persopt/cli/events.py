"""`persopt events`: what happens, while it happens."""

from __future__ import annotations

import threading

import click

from persopt.cli.errors import EXIT_INTERRUPTED, EXIT_SUCCESS
from persopt.cli.interrupts import Interrupts
from persopt.cli.options import home_option, open_runtime
from persopt.domain.jobs import JOB_KINDS, JobKind

__all__ = ("events",)


@click.command()
@click.option("--job", "job_id", metavar="ID", help="Only events of this job.")
@click.option("--kind", type=click.Choice(JOB_KINDS), help="Only events of jobs of this kind.")
@click.option("--all", "everything", is_flag=True, help="Begin with the first event that is kept, not with the next.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="End after so many events.")
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print each event as it is: a CloudEvent in JSON, one a line.")
def events(
    job_id: str | None, kind: JobKind | None, everything: bool, limit: int | None, home: str | None, as_json: bool
) -> int:
    """Follow the events of all jobs until interrupted.

    Finds the workspace's event server or starts it, and sends on what was waiting to be sent.
    """
    from persopt.cli.event_lines import format_event, write_line
    from persopt.events.follow import Start, follow_events

    stop = threading.Event()
    with open_runtime(home) as runtime:
        found = None if job_id is None else runtime.kernel.get(job_id).id
        start: Start = "all" if everything else "new"
        with (
            Interrupts(stop) as interrupts,
            follow_events(runtime.settings, job_id=found, kind=kind, start=start, stop=stop) as followed,
            runtime.relaying(),
        ):
            for count, event in enumerate(followed, start=1):
                write_line(event.payload if as_json else format_event(event.payload).encode())
                if count == limit:
                    return EXIT_SUCCESS
    return EXIT_INTERRUPTED if interrupts.count else EXIT_SUCCESS
