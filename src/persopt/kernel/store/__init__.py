"""The store: jobs, trials, reports and the outbox of events, on SQLite or PostgreSQL."""

from __future__ import annotations

from persopt.kernel.store.job_rows import JobRow
from persopt.kernel.store.outbox import OutboxRow
from persopt.kernel.store.store import Store
from persopt.kernel.store.submissions import Submission
from persopt.kernel.store.writer import JobWriter

__all__ = ("JobRow", "JobWriter", "OutboxRow", "Store", "Submission")
