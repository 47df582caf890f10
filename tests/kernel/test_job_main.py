"""The process of a job, when the database is away for a while."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from persopt.domain.jobs import JobRecord
from persopt.runtime import Runtime
from tests.support.studies import settings_for, study_spec


def test_a_database_error_is_no_end_of_the_job(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "home")
    with Runtime.open(settings) as runtime, closing(sqlite3.connect(settings.workspace / "persopt.db")) as database:
        job = runtime.kernel.submit(study_spec(trials=2))
        database.execute("ALTER TABLE reports RENAME TO reports_away")
        back = False

        def bring_back(job: JobRecord) -> None:
            nonlocal back
            if job.crashes and not back:
                database.execute("ALTER TABLE reports_away RENAME TO reports")
                back = True

        with runtime.supervisor(only=job.id):
            job = runtime.wait(job.id, bring_back, timeout=120)
        assert job.state == "succeeded", job.fault
        assert job.resumes >= 1
        assert {trial.state for trial in runtime.kernel.trials(job.id)} == {"succeeded"}
