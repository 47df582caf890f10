"""The process of one job: `python -m persopt.kernel.job_main`, started by the supervisor in its own group.

It reads one line from standard input, the order to go, so that the lease can name this process before it
begins. If the line never comes, it ends.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable

import msgspec
from msgspec import Struct
from sqlalchemy.exc import InterfaceError, OperationalError

from persopt.domain.errors import Fault, JobCancelledError, LeaseLostError, PersoptError
from persopt.domain.trials import TrialRecord
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.kernel.faults import fault_from_exception
from persopt.kernel.handlers import JobContext, JobOutcome, find_handler
from persopt.kernel.heartbeat import EXIT_LEASE_LOST, Heartbeat
from persopt.kernel.job_folder import JobFolder, JsonLinesHandler
from persopt.kernel.journal import StoreJournal
from persopt.kernel.store import JobWriter, Store
from persopt.models.quiet import hush_imports
from persopt.plugins.discovery import load_registry
from persopt.settings import Settings

__all__ = ("Order", "main")

_logger = logging.getLogger("persopt.job")


class Order(Struct, frozen=True, kw_only=True):
    """What the supervisor sends: which job, under which lease, with which settings."""

    job_id: str
    token: str
    settings: Settings


def main() -> int:
    """Wait for the order, run the job, return the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    hush_imports()
    line = sys.stdin.buffer.readline()
    if not line.strip():
        return 0
    order = msgspec.json.decode(line, type=Order)
    with Store.open(order.settings.store_url) as store:
        return _run(order, store)


def _run(order: Order, store: Store) -> int:
    settings = order.settings
    folder = JobFolder(settings.jobs, order.job_id)
    logging.getLogger("persopt").setLevel(logging.INFO)
    logging.getLogger("persopt").addHandler(JsonLinesHandler(folder.log))
    job = store.get_job(order.job_id)
    writer = store.writer(job.id, order.token, settings.lease_seconds)
    heartbeat = Heartbeat(writer, job.active_seconds, lambda: store.force_cancel(job.id, order.token))
    journal = StoreJournal(writer, heartbeat.cancelled, job.progress)

    def work() -> JobOutcome:
        context = JobContext(
            job=job,
            settings=settings,
            registry=load_registry(settings, BUILTIN_MODULES),
            folder=folder.path,
            journal=journal,
            trials=[_as_unfinished(trial) for trial in store.list_trials(job.id)],
            reports=store.list_reports(job.id),
            active_seconds=job.active_seconds,
        )
        return find_handler(job.spec).run(context)

    heartbeat.start()
    _logger.info("job %s runs in process %d", job.id, os.getpid())
    try:
        return _finish(work, journal, writer, heartbeat)
    except LeaseLostError:
        _logger.exception("the lease is lost")
        return EXIT_LEASE_LOST


def _finish(work: Callable[[], JobOutcome], journal: StoreJournal, writer: JobWriter, heartbeat: Heartbeat) -> int:
    """Do the work and store how it ended.

    A database that could not be reached is no end of the job: the error goes on and ends this process as a crash
    would, so that the job is taken up again from what is stored.
    """
    try:
        outcome = work()
    except LeaseLostError:
        raise
    except JobCancelledError:
        heartbeat.stop()
        writer.cancel(journal.progress, heartbeat.active_seconds)
        _logger.info("cancelled")
        return 0
    except PersoptError as error:
        return _fail(fault_from_exception(error), writer, heartbeat)
    except Exception as error:
        _logger.exception("an unexpected error")
        fault = fault_from_exception(error)
        if isinstance(error, OperationalError | InterfaceError) and fault.code != "disk-full":
            raise
        return _fail(fault, writer, heartbeat)
    heartbeat.stop()
    writer.succeed(outcome.result, journal.progress, outcome.best, heartbeat.active_seconds)
    _logger.info("succeeded")
    return 0


def _fail(fault: Fault, writer: JobWriter, heartbeat: Heartbeat) -> int:
    heartbeat.stop()
    writer.fail(fault, heartbeat.active_seconds)
    _logger.error("failed: %s", fault)
    return 1


def _as_unfinished(trial: TrialRecord) -> TrialRecord:
    """A trial that the job's cancellation ended is run again, with the same parameters, when it is resumed."""
    return msgspec.structs.replace(trial, state="running") if trial.state == "cancelled" else trial


if __name__ == "__main__":
    sys.exit(main())
