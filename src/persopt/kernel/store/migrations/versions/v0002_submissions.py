"""What clients called their requests for jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "submissions",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_submissions"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_submissions_jobs", ondelete="CASCADE"),
    )
