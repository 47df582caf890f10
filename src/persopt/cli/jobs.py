"""`persopt jobs`: see, cancel, resume and run jobs."""

from __future__ import annotations

import click

from persopt.cli.errors import EXIT_CONFLICT, EXIT_FAILED, EXIT_SUCCESS
from persopt.cli.job_files import download_job, export_job, report_job
from persopt.cli.options import home_option, json_option, open_runtime
from persopt.cli.output import note, open_console, print_json
from persopt.domain.errors import Fault
from persopt.domain.jobs import JOB_KINDS, JOB_STATES, JobKind, JobRecord, JobState

__all__ = ("jobs",)

_CANCEL_SECONDS = 6.0


@click.group()
def jobs() -> None:
    """See, cancel, resume and run jobs.

    A job is named by its id or by an unmistakable beginning of it of at least six characters.
    """


jobs.add_command(report_job)
jobs.add_command(export_job)
jobs.add_command(download_job)


@jobs.command("list")
@click.option("--state", "states", type=click.Choice(JOB_STATES), multiple=True, help="Only jobs in this state.")
@click.option("--kind", type=click.Choice(JOB_KINDS), help="Only jobs of this kind.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Show at most so many.")
@click.option("--offset", type=click.IntRange(0), default=0, show_default=True, help="Leave out so many of the newest.")
@home_option
@json_option()
def list_jobs(
    states: tuple[JobState, ...], kind: JobKind | None, limit: int, offset: int, home: str | None, as_json: bool
) -> None:
    """List jobs, the newest first."""
    from persopt.cli.job_views import print_jobs

    with open_runtime(home) as runtime:
        found = runtime.kernel.jobs(kind=kind, states=states, limit=limit, offset=offset)
        total = runtime.store.count_jobs(kind=kind, states=states)
    if as_json:
        print_json({"jobs": [job.to_builtins() for job in found], "total": total})
        return
    if not found:
        note("no jobs")
        return
    print_jobs(open_console(), found)
    if total > offset + len(found):
        note(f"{total} jobs in all; see more with --offset {offset + len(found)}")


@jobs.command("show")
@click.argument("job_id", metavar="ID")
@home_option
@json_option("Print the job with its trials as one JSON object.")
def show_job(job_id: str, home: str | None, as_json: bool) -> None:
    """Show one job and its trials."""
    from persopt.cli.job_views import describe_job_json, print_job, print_result

    with open_runtime(home) as runtime:
        job = runtime.kernel.get(job_id)
        trials = runtime.kernel.trials(job.id)
        folder = runtime.kernel.folder(job.id).path
    if as_json:
        print_json(describe_job_json(job, trials))
        return
    console = open_console()
    print_job(console, job, str(folder))
    print_result(console, job, trials, with_state=False)


@jobs.command("log")
@click.argument("job_id", metavar="ID")
@click.option("--trial", type=click.IntRange(0), metavar="N", help="The output of this trial instead.")
@click.option("-f", "--follow", is_flag=True, help="Go on until the job has ended.")
@click.option("--json", "as_json", is_flag=True, help="Print the job's log as it is: one JSON object a line.")
@home_option
def log_job(job_id: str, trial: int | None, follow: bool, as_json: bool, home: str | None) -> None:
    """Show what a job, or one of its trials, has written."""
    from persopt.cli.logs import print_log

    with open_runtime(home) as runtime:
        print_log(runtime.kernel, runtime.kernel.get(job_id), trial, follow=follow, raw=as_json or trial is not None)


@jobs.command("cancel")
@click.argument("job_id", metavar="ID")
@home_option
@json_option("Print the job as one JSON object.")
def cancel_job(job_id: str, home: str | None, as_json: bool) -> int:
    """Cancel a job and wait until it has ended, at most six seconds.

    What has finished is kept; `persopt jobs resume` goes on with it.
    """
    from persopt.cli.errors import print_fault

    with open_runtime(home) as runtime:
        job = runtime.kernel.cancel(job_id)
        if not job.is_finished:
            # A supervisor that starts nothing: it ends by force what does not end by itself.
            with runtime.supervisor(capacity=0, only=job.id):
                job = runtime.wait(job.id, timeout=_CANCEL_SECONDS)
    if as_json:
        print_json(job.to_builtins())
    if job.state == "cancelled":
        note(f"job {job.id} is cancelled")
        return EXIT_SUCCESS
    if job.is_finished:
        print_fault(Fault(message=f"job {job.id} had {job.state} before it could be cancelled"))
        return EXIT_CONFLICT
    hint = "is its machine up? it ends as soon as its process sees the request"
    print_fault(Fault(message=f"job {job.id} was asked to end and has not within six seconds", hint=hint))
    return EXIT_FAILED


@jobs.command("resume")
@click.argument("job_id", metavar="ID")
@click.option("--detach", is_flag=True, help="Queue the job and leave it to `persopt jobs work`.")
@home_option
@json_option("Print the finished job with its trials as one JSON object on standard output.")
def resume_job(job_id: str, detach: bool, home: str | None, as_json: bool) -> int:
    """Go on with a job that failed, was cancelled, is queued, or whose process died.

    Trials that have finished are not run again.
    """
    from persopt.cli.foreground import run_in_foreground
    from persopt.cli.job_views import describe_job_json

    with open_runtime(home) as runtime:
        job = runtime.kernel.get(job_id)
        if not _waits_for_supervisor(job):
            job = runtime.kernel.resume(job.id)
        if not detach:
            return run_in_foreground(runtime, job, as_json=as_json)
        trials = runtime.kernel.trials(job.id)
    if as_json:
        print_json(describe_job_json(job, trials))
    note(f"job {job.id} is {job.state}; it runs as soon as a supervisor takes it: `persopt jobs work`")
    return EXIT_SUCCESS


@jobs.command("work")
@click.option("--once", is_flag=True, help="End when no job is queued or running.")
@click.option(
    "--capacity", type=click.IntRange(1), default=1, show_default=True, help="Jobs that run at the same time."
)
@home_option
@json_option("Print the jobs that ended meanwhile as one JSON object, at the end.")
def work(once: bool, capacity: int, home: str | None, as_json: bool) -> int:
    """Run queued jobs until interrupted, and take care of those whose process died.

    Jobs that run when this ends go on by themselves. With --once the exit code is 1 if a job failed.
    """
    from persopt.cli.work import supervise

    with open_runtime(home) as runtime:
        return supervise(runtime, once=once, capacity=capacity, as_json=as_json)


def _waits_for_supervisor(job: JobRecord) -> bool:
    """Return whether a job goes on by itself once a supervisor looks at it."""
    from persopt.kernel.leases import is_dead_here, is_expired

    if job.state != "running" or job.lease is None:
        return job.state == "queued"
    return is_dead_here(job.lease) or is_expired(job.lease)
