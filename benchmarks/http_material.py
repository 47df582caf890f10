"""A workspace with many jobs and trials, written straight into its store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from persopt.domain.ids import new_job_id
from persopt.domain.jobs import JobRecord, Progress
from persopt.domain.specs import TuneSpec
from persopt.domain.trials import TrialRecord
from persopt.domain.validation import decode_struct
from persopt.kernel.store.jobs import insert_job
from persopt.kernel.store.migrate import open_database
from persopt.kernel.store.trials import put_trial
from persopt.runtime import Runtime
from persopt.settings import load_settings

__all__ = ("JOBS", "TRIALS", "make_job", "open_workspace")

JOBS: Final = 10_000
TRIALS: Final = 10
"""Of each job."""

_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_PARAMS: Final[dict[str, Any]] = {"learningRate": 3.2e-4, "batchSize": 16, "epochs": 3, "dropout": 0.12}
_METRICS: Final = {"accuracy": 0.81, "f1": 0.79, "loss": 0.44}
_RESULT: Final[dict[str, Any]] = {
    "best": {"number": 3, "params": _PARAMS, "values": [0.81], "metrics": _METRICS},
    "counts": {"succeeded": 8, "stopped": 1, "failed": 1},
    "objectives": [{"metric": "accuracy", "direction": "maximize"}],
    "seconds": 912.4,
}
_SPEC: Final[dict[str, Any]] = {
    "name": "Test Optimization",
    "baseModelPath": "/workspace/models/bert_fa_base",
    "datasetPath": "/workspace/datasets/text/parsinlu_rc",
    "config": {
        "learningRate": {"min": 1e-5, "max": 1e-3, "distribution": "log_uniform"},
        "batchSize": [8, 16, 32],
        "epochs": {"min": 2, "max": 5},
        "dropout": {"min": 0, "max": 0.3},
    },
    "strategy": "random",
    "maxTrials": TRIALS,
    "task": "text-classification",
}


def make_job(number: int) -> JobRecord:
    """Return a job that has succeeded, a minute after the one before it."""
    created = _START + timedelta(minutes=number)
    return JobRecord(
        id=new_job_id(),
        kind="tune",
        state="succeeded",
        spec=decode_struct(_SPEC, TuneSpec),
        created_at=created,
        started_at=created,
        finished_at=created + timedelta(minutes=15),
        progress=Progress(done=TRIALS, total=TRIALS, failed=1, best=0.81, share=1.0),
        result=_RESULT,
        environment={"python": "3.11", "torch": "2.8", "hashes": {"model": "a" * 64, "data": "b" * 64}},
    )


@contextmanager
def open_workspace(folder: Path, jobs: int = JOBS) -> Iterator[Runtime]:
    """Open a workspace that holds so many jobs and ten times as many trials."""
    settings = load_settings({}, home=str(folder), allow_commands=True)
    folder.mkdir(parents=True, exist_ok=True)
    database = open_database(settings.store_url)
    database.write(_fill, jobs)
    database.close()
    with Runtime.open(settings) as runtime:
        yield runtime


def _fill(connection: Connection, count: int) -> None:
    for number in range(count):
        job = insert_job(connection, make_job(number))
        for trial in range(TRIALS):
            put_trial(connection, job.id, _trial(trial, job))


def _trial(number: int, job: JobRecord) -> TrialRecord:
    return TrialRecord(
        number=number,
        state="failed" if number == TRIALS - 1 else "succeeded",
        params=_PARAMS,
        values=[0.7 + number / 100],
        metrics=_METRICS,
        seconds=90.0,
        started_at=job.created_at,
        finished_at=job.finished_at,
    )
