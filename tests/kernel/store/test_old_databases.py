"""Databases that earlier versions made: each is kept as a dump, brought to the newest version, and works on.

A dump is made once, when its version is released, and never changes; a new version adds `vN.sql` and
`vN_postgresql.sql` here.
"""

from __future__ import annotations

import math
import sqlite3
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from persopt.domain.jobs import Progress
from persopt.kernel.store import Store
from persopt.kernel.store.engine import parse_url
from persopt.kernel.store.schema import METADATA, SCHEMA_VERSION, VERSION_TABLE
from tests.kernel.store.records import FAULT, LEASE_SECONDS, SPEC, START, make_lease, make_trial

ASSETS = Path(__file__).parent / "assets"
STATES = ("succeeded", "failed", "cancelled", "running", "queued")
JOBS = {state: f"01a20b0000000000000{number}" for number, state in enumerate(STATES)}


@pytest.fixture(params=[1])
def old_url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> str:
    """URL of a database of an earlier version, with a job in each state."""
    url = parse_url(database_url)
    if url.get_backend_name() == "sqlite":
        (tmp_path / "workspace").mkdir()
        connection = sqlite3.connect(str(url.database))
        connection.executescript((ASSETS / f"v{request.param}.sql").read_text("utf-8"))
        connection.close()
    else:
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as server:
            server.execute((ASSETS / f"v{request.param}_postgresql.sql").read_bytes())
    return database_url


def test_every_record_is_read(old_url: str) -> None:
    with Store.open(old_url) as store:
        jobs = {job.state: job for job in store.list_jobs()}
        assert {state: job.id for state, job in jobs.items()} == JOBS
        assert [job.created_at for job in store.list_jobs()] == [START + timedelta(minutes=n) for n in (4, 3, 2, 1, 0)]
        assert [job.spec for job in jobs.values()] == [SPEC] * 5
        assert jobs["succeeded"].result == {"endedBy": "trials"}
        assert jobs["succeeded"].progress == Progress(done=2, total=2, best=0.75)
        assert jobs["failed"].fault == FAULT
        assert jobs["running"].lease is not None
        assert jobs["running"].study_attributes == {"seed": 7}
        first, best = store.list_trials(JOBS["succeeded"])
        assert math.isnan(first.metrics["loss"])
        assert (best.metrics, best.values) == ({"accuracy": 0.75, "loss": math.inf}, [0.75])
        assert (best.seconds, best.checkpoint) == (120.0, "trials/0001/best")
        assert [trial.state for trial in store.list_trials(JOBS["failed"])] == ["failed"]
        (report,) = store.list_reports(JOBS["running"])
        assert (report.number, report.step, report.share) == (0, 5, 0.5)
        assert store.totals().average_improvement == pytest.approx(50.0)
        assert store.event_lag() == 30 - 3


def test_its_jobs_go_on(old_url: str) -> None:
    with Store.open(old_url) as store:
        store.mark_published([row.position for row in store.pending_events()])
        assert [job.id for job in store.release_expired(3, now=START + timedelta(days=36_500))] == [JOBS["running"]]
        job = store.claim_job(make_lease("new"), job_id=JOBS["running"])
        assert job is not None
        writer = store.writer(job.id, "new", LEASE_SECONDS)
        writer.start_trial(make_trial(1))
        writer.succeed({}, Progress(), None, 1.0)
        rows = store.pending_events()
        assert [row.subject.split(".", 4)[4] for row in rows] == [
            "job.queued",
            "job.started",
            "trial.started",
            "trial.stopped",
            "job.succeeded",
        ]
        assert rows[0].position > 30


def test_its_tables_are_as_new(old_url: str) -> None:
    Store.open(old_url).close()
    engine = create_engine(old_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "target_metadata": METADATA}
        )
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == SCHEMA_VERSION
    engine.dispose()
