"""The tables, as they are at the newest version; `migrations/` makes them."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

from persopt.domain.errors import Fault
from persopt.domain.jobs import Progress
from persopt.domain.space import Params
from persopt.domain.specs import JobSpec
from persopt.kernel.store.columns import Encoded, FloatList, FloatMap, Real, SamplerAttributes, UtcTime

__all__ = ("METADATA", "SCHEMA_VERSION", "VERSION_TABLE", "jobs", "outbox", "reports", "submissions", "trials")

SCHEMA_VERSION: Final = "0002"
"""Revision that this code reads and writes: the newest script in `migrations/versions`."""

VERSION_TABLE: Final = "persopt_version"

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

jobs = Table(
    "jobs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("resumes", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    Column("active_seconds", Real, nullable=False),
    Column("lease_token", Text),
    Column("lease_host", Text),
    Column("lease_pid", BigInteger),
    Column("lease_process_started", Real),
    Column("lease_expires_at", UtcTime),
    Column("event_sequence", BigInteger, nullable=False),  # of the job's last event
    Column("improvement", Real),  # percent, of the best trial over the first; once succeeded
    Column("progress", Encoded(Progress), nullable=False),
    Column("fault", Encoded(Fault)),
    Column("spec", Encoded(JobSpec), nullable=False),
    Column("environment", Encoded(dict[str, Any]), nullable=False),
    Column("study_attributes", SamplerAttributes, nullable=False),
    Column("result", Encoded(dict[str, Any])),
    Index("ix_jobs_created", "created_at", "id"),
    Index("ix_jobs_state", "state", "created_at", "id"),
    Index("ix_jobs_kind", "kind", "created_at", "id"),
    Index("ix_jobs_totals", "kind", "state", "improvement"),
)

trials = Table(
    "trials",
    METADATA,
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("seconds", Real),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("value", Real),  # the first objective's, if there is one
    Column("accuracy", Real),  # the metric of that name, if it is one: 0 to 1
    Column("params", Encoded(Params), nullable=False),
    Column("objective_values", FloatList, nullable=False),
    Column("metrics", FloatMap, nullable=False),
    Column("fault", Encoded(Fault)),
    Column("checkpoint", Text),
    Column("attributes", SamplerAttributes, nullable=False),
    # Everything that the totals need, so that they are counted without reading the trials themselves.
    Index("ix_trials_totals", "state", "value", "seconds", "accuracy", "job_id"),
)

reports = Table(
    "reports",
    METADATA,
    Column("job_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("step", BigInteger, primary_key=True, autoincrement=False),
    Column("metrics", FloatMap, nullable=False),
    Column("share", Real),
    ForeignKeyConstraint(["job_id", "number"], ["trials.job_id", "trials.number"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)

outbox = Table(
    "outbox",
    METADATA,
    # AUTOINCREMENT: a position is never given twice, or a slow relay could delete another event than it sent.
    Column("position", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column("event_id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

submissions = Table(
    "submissions",
    METADATA,
    # What the client called its request, so that sending it again makes no second job.
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
)
