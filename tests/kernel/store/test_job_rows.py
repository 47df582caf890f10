"""Rows of lists say what the records say, and the figures are those of this moment."""

from __future__ import annotations

from pathlib import Path

import msgspec

from persopt.domain.trials import TrialRecord
from persopt.kernel.leases import make_lease
from persopt.kernel.store.totals import compute_totals
from persopt.server.views import view_job
from tests.server.serving import add_job, open_workspace


def test_a_row_encodes_to_what_its_record_does(tmp_path: Path) -> None:
    with open_workspace(tmp_path) as runtime:
        for minute in range(6):
            job = add_job(runtime, minute)
            if minute % 2:
                runtime.kernel.cancel(job.id)
        for states in ((), ("queued",), ("cancelled", "queued"), ("failed",)):
            rows = runtime.store.list_job_rows(states=states, limit=4)
            records = runtime.store.list_jobs(states=states, limit=4)
            assert msgspec.json.encode(rows) == msgspec.json.encode([view_job(record) for record in records])
        first = runtime.store.list_jobs(limit=1)[0]
        rest = runtime.store.list_job_rows(after=(first.created_at, first.id))
        assert [row.id for row in rest] == [job.id for job in runtime.store.list_jobs()][1:]


def test_figures_are_counted_anew_after_each_change_also_of_another_process(tmp_path: Path) -> None:
    with open_workspace(tmp_path) as runtime, open_workspace(tmp_path) as other:
        assert runtime.store.totals().total_optimizations == 0
        job = add_job(other)
        assert runtime.store.totals().total_optimizations == 1
        lease = make_lease(1, 60.0)
        assert other.store.claim_job(lease, job_id=job.id) is not None
        writer = other.store.writer(job.id, lease.token, 60.0)
        writer.start_trial(TrialRecord(number=0, state="running", params={"x": 1}))
        assert runtime.store.totals().successful_trials == 0
        ended = TrialRecord(number=0, state="succeeded", params={"x": 1}, values=[1.0], seconds=60.0)
        writer.finish_trial(ended, job.progress)
        assert runtime.store.totals().successful_trials == 1
        assert runtime.store.totals() == runtime.store._database.read(compute_totals)
        runtime.store.mark_published([row.position for row in runtime.store.pending_events()])
        assert runtime.store.totals().average_trial_time == 1.0
