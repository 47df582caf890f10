"""A real server on a loopback port over a real workspace, and jobs in its store."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from persopt.domain.ids import new_job_id
from persopt.domain.jobs import JobRecord
from persopt.domain.specs import TuneSpec
from persopt.domain.trials import TrialRecord
from persopt.kernel.leases import make_lease
from persopt.runtime import Runtime
from persopt.server.app import make_app
from persopt.server.options import API_PREFIX, ServerOptions
from persopt.server.serving import HttpServer, open_socket
from persopt.server.tokens import WrongTokenLimit
from persopt.settings import load_settings

API = API_PREFIX
START = datetime(2026, 11, 1, tzinfo=UTC)


@contextlib.contextmanager
def open_workspace(folder: Path, **settings: Any) -> Iterator[Runtime]:
    """Open a workspace that looks at no variable of the machine."""
    with Runtime.open(load_settings({}, home=str(folder / "home"), **settings)) as runtime:
        yield runtime


@contextlib.contextmanager
def serve(
    runtime: Runtime, options: ServerOptions | None = None, limit: WrongTokenLimit | None = None
) -> Iterator[httpx.Client]:
    """Serve a runtime and yield a client of it; no job is run."""
    with (
        HttpServer(make_app(runtime, options, limit), open_socket("127.0.0.1", 0)) as server,
        httpx.Client(base_url=server.url, timeout=60) as client,
    ):
        yield client


def add_job(runtime: Runtime, minute: int = 0, **fields: Any) -> JobRecord:
    """Put a queued tuning into the store and make its folder."""
    given = {"kind": "tune", "spec": TuneSpec(name=f"job {minute}", function="math:sqrt", config={"x": [1, 2]})}
    job = JobRecord(
        id=new_job_id(), state="queued", created_at=START + timedelta(minutes=minute), **{**given, **fields}
    )
    runtime.kernel.folder(job.id).create(job.spec)
    return runtime.store.create_job(job)


def add_trials(runtime: Runtime, job: JobRecord, count: int) -> None:
    """Run a job in name only: it has so many trials that succeeded."""
    lease = make_lease(1, 60.0)
    assert runtime.store.claim_job(lease, job_id=job.id) is not None
    writer = runtime.store.writer(job.id, lease.token, 60.0)
    for number in range(count):
        trial = TrialRecord(number=number, state="running", params={"x": 1})
        writer.start_trial(trial)
