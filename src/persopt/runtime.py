"""The composition root: settings become a registry, a store, a kernel, a supervisor, a relay. No globals."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Final, Self

import msgspec
from sqlalchemy.exc import OperationalError

from persopt.domain.errors import BusError, JobCancelledError, JobFailedError
from persopt.domain.jobs import JobRecord
from persopt.domain.specs import JobSpec
from persopt.events.relay import Relay
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.kernel.kernel import Kernel
from persopt.kernel.store import Store
from persopt.kernel.supervisor import Supervisor
from persopt.plugins.discovery import load_registry
from persopt.plugins.registry import Registry
from persopt.settings import Settings, load_settings, make_workspace

__all__ = ("Runtime", "raise_unless_succeeded")

_POLL_SECONDS: Final = 0.2
_PATIENCE_SECONDS: Final = 30.0


class Runtime:
    """Everything of one workspace, opened once and closed at the end of a `with` block."""

    def __init__(self, settings: Settings, registry: Registry, store: Store) -> None:
        self.settings = settings
        self.registry = registry
        self.store = store
        self.kernel = Kernel(store, settings, registry)

    @classmethod
    def open(cls, settings: Settings | None = None) -> Runtime:
        """Load the plugins and open the store.

        Raises:
            StoreError: if the database cannot be opened.
            InputError: if a setting is not accepted, or the workspace cannot be made.
        """
        chosen = settings or load_settings()
        # Jobs get these settings too, whatever the current folder is by then.
        chosen = msgspec.structs.replace(chosen, home=str(chosen.workspace))
        make_workspace(chosen)
        return cls(chosen, load_registry(chosen, BUILTIN_MODULES), Store.open(chosen.store_url))

    def __enter__(self) -> Self:
        """Return the runtime."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the store."""
        self.store.close()

    def supervisor(self, *, capacity: int = 1, only: str | None = None) -> Supervisor:
        """Return a supervisor of this store, not started yet."""
        return Supervisor(self.store, self.settings, capacity=capacity, only=only)

    @contextlib.contextmanager
    def relaying(self) -> Iterator[Relay]:
        """Send events to the bus while the block runs; at its end wait a moment until all are sent.

        What could not be sent stays in the store, and the next relay sends it.
        """
        relay = Relay(self.store, self.settings)
        relay.start()
        try:
            yield relay
        finally:
            with contextlib.suppress(BusError):
                relay.stop()

    def run(self, spec: JobSpec, watch: Callable[[JobRecord], None] | None = None) -> JobRecord:
        """Submit a job, supervise it here and return it when it has ended, whatever its state."""
        return self.attend(self.kernel.submit(spec).id, watch)

    def attend(self, job_id: str, watch: Callable[[JobRecord], None] | None = None) -> JobRecord:
        """Supervise one job until it has ended.

        Args:
            job_id: The job; another supervisor may run it as well.
            watch: Called with the job several times a second.
        """
        with self.relaying(), self.supervisor(only=job_id):
            return self.wait(job_id, watch)

    def wait(
        self, job_id: str, watch: Callable[[JobRecord], None] | None = None, timeout: float | None = None
    ) -> JobRecord:
        """Return a job when it has ended, or after `timeout` seconds as it is then.

        A database that is away is waited for, half a minute at most.

        Raises:
            NotFoundError: if there is no such job.
            sqlalchemy.exc.OperationalError: if the database stays away.
        """
        pause = threading.Event()
        waited = seen = 0.0
        while True:
            try:
                job = self.kernel.get(job_id)
            except OperationalError:
                if waited - seen >= _PATIENCE_SECONDS:
                    raise
            else:
                seen = waited
                if watch is not None:
                    watch(job)
                if job.is_finished or (timeout is not None and waited >= timeout):
                    return job
            pause.wait(_POLL_SECONDS)
            waited += _POLL_SECONDS


def raise_unless_succeeded(job: JobRecord) -> None:
    """Turn the end of a job into an exception.

    Raises:
        JobFailedError: if it failed.
        JobCancelledError: if it was cancelled.
    """
    if job.state == "failed":
        raise JobFailedError(job.fault or f"job {job.id} failed")
    if job.state == "cancelled":
        raise JobCancelledError(f"job {job.id} was cancelled; `persopt jobs resume {job.id}` goes on with it")
