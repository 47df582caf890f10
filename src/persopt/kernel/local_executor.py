"""Trials in warm worker processes on this machine, one trial a worker at a time."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Annotated

from msgspec import Meta, Struct

from persopt.domain.programs import PositiveInt
from persopt.kernel.worker_pool import WorkerPool
from persopt.plugins.contracts.execution import ExecutorRequest, TrialExecutor, TrialPool
from persopt.plugins.markers import hookimpl

__all__ = ("LocalExecutor", "LocalOptions", "persopt_trial_executors")


class LocalOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Options of the local executor."""

    threads: Annotated[
        PositiveInt | None,
        Meta(title="Threads", description="CPU threads of a trial; by default the cores divided among the trials."),
    ] = None


class LocalExecutor:
    """Keeps one process a parallel trial, with everything imported and mapped; one GPU each where there are GPUs."""

    name = "local"
    title = {"en": "This machine", "fa": "همین دستگاه"}
    options = LocalOptions

    def open(self, options: LocalOptions, request: ExecutorRequest) -> AbstractContextManager[TrialPool]:
        """Start the workers and return their pool."""
        return WorkerPool(request, threads=options.threads or request.threads)


@hookimpl
def persopt_trial_executors() -> Iterable[TrialExecutor[LocalOptions]]:
    """Offer the local executor."""
    yield LocalExecutor()
