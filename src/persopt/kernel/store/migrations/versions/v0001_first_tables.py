"""The first tables: jobs, trials, reports, outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _create_jobs()
    _create_trials()
    op.create_table(
        "reports",
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("step", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("metrics", sa.Text, nullable=False),
        sa.Column("share", sa.Double),
        sa.PrimaryKeyConstraint("job_id", "number", "step", name="pk_reports"),
        sa.ForeignKeyConstraint(
            ["job_id", "number"],
            ["trials.job_id", "trials.number"],
            name="fk_reports_trials",
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_outbox"),
        sqlite_autoincrement=True,
    )


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("resumes", sa.Integer, nullable=False),
        sa.Column("crashes", sa.Integer, nullable=False),
        sa.Column("cancel_requested", sa.Boolean, nullable=False),
        sa.Column("active_seconds", sa.Double, nullable=False),
        sa.Column("lease_token", sa.Text),
        sa.Column("lease_host", sa.Text),
        sa.Column("lease_pid", sa.BigInteger),
        sa.Column("lease_process_started", sa.Double),
        sa.Column("lease_expires_at", sa.BigInteger),
        sa.Column("event_sequence", sa.BigInteger, nullable=False),
        sa.Column("improvement", sa.Double),
        sa.Column("progress", sa.Text, nullable=False),
        sa.Column("fault", sa.Text),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("study_attributes", sa.Text, nullable=False),
        sa.Column("result", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_created", "jobs", ["created_at", "id"])
    op.create_index("ix_jobs_state", "jobs", ["state", "created_at", "id"])
    op.create_index("ix_jobs_kind", "jobs", ["kind", "created_at", "id"])
    op.create_index("ix_jobs_totals", "jobs", ["kind", "state", "improvement"])


def _create_trials() -> None:
    op.create_table(
        "trials",
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Double),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("value", sa.Double),
        sa.Column("accuracy", sa.Double),
        sa.Column("params", sa.Text, nullable=False),
        sa.Column("objective_values", sa.Text, nullable=False),
        sa.Column("metrics", sa.Text, nullable=False),
        sa.Column("fault", sa.Text),
        sa.Column("checkpoint", sa.Text),
        sa.Column("attributes", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "number", name="pk_trials"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_trials_jobs", ondelete="CASCADE"),
    )
    op.create_index("ix_trials_totals", "trials", ["state", "value", "seconds", "accuracy", "job_id"])
