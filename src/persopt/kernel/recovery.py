"""Taking care of jobs whose processes have died, or will not die."""

from __future__ import annotations

from persopt.domain.jobs import JobRecord, Lease
from persopt.kernel.faults import describe_exit
from persopt.kernel.leases import is_dead_here
from persopt.kernel.processes import host_name, kill_group
from persopt.kernel.store import Store

__all__ = ("end_lingering", "reap_cancelled", "recover_dead")


def recover_dead(store: Store, max_crashes: int) -> list[JobRecord]:
    """Queue again (or fail, or cancel) every running job whose process is gone; return those.

    A process of this machine is looked at; one of another machine is given up when its lease expires. One of
    this machine that lives but let its lease expire (it was paused, say) is ended, so that it and its workers
    do not go on writing in the job's folder beside those that take over.
    """
    recovered = []
    silent: dict[str, Lease] = {}
    for job in store.list_jobs(states=("running",), limit=1000):
        if job.lease is None:
            continue
        if not is_dead_here(job.lease):
            silent[job.id] = job.lease
            continue
        kill_group(job.lease)  # workers that outlived their job
        fault = describe_exit("the job's process", None)
        changed = store.release_crashed(job.id, job.lease.token, max_crashes, fault)
        recovered += [changed] if changed is not None else []
    for job in store.release_expired(max_crashes):
        if job.id in silent and silent[job.id].host == host_name():
            kill_group(silent[job.id])  # only now: until then it could have spoken again
        recovered.append(job)
    return recovered


def reap_cancelled(store: Store, job: JobRecord) -> JobRecord:
    """Mark a running job cancelled at once if its process is gone and was asked to end."""
    if job.state != "running" or job.lease is None or not is_dead_here(job.lease):
        return job
    return end_lingering(store, job)


def end_lingering(store: Store, job: JobRecord) -> JobRecord:
    """End the process group of a job of this machine by force, and mark the job cancelled."""
    if job.lease is None or job.lease.host != host_name():
        return job
    kill_group(job.lease)
    return store.force_cancel(job.id, job.lease.token) or store.get_job(job.id)
