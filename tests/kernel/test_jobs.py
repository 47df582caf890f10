"""Jobs in processes of their own: success, failure, cancellation, resumption, repeated crashes."""

from __future__ import annotations

import itertools
import json
import logging
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from persopt.domain.errors import ConflictError, InputError, NotFoundError, OutputError
from persopt.domain.jobs import JobRecord
from persopt.domain.reports import TuneReport
from persopt.domain.specs import TuneSpec
from persopt.domain.warm_start import WarmStart
from persopt.kernel.leases import is_dead_here
from persopt.runtime import Runtime
from tests.support.studies import SUPPORT, settings_for, study_spec
from tests.support.tiny_models import make_tiny_model


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    with Runtime.open(settings_for(tmp_path / "home")) as opened:
        yield opened


def run(runtime: Runtime, spec: TuneSpec) -> JobRecord:
    job = runtime.kernel.submit(spec)
    with runtime.supervisor(only=job.id):
        return runtime.wait(job.id, timeout=120)


class Canceller:
    """Watches a job until so many trials have begun, notes its processes and cancels it."""

    def __init__(self, runtime: Runtime, count: int) -> None:
        self._runtime = runtime
        self._count = count
        self.group: list[psutil.Process] = []

    def __call__(self, job: JobRecord) -> None:
        if self.group or job.lease is None or len(self._runtime.kernel.trials(job.id)) < self._count:
            return
        leader = psutil.Process(job.lease.pid)
        self.group = [leader, *leader.children(recursive=True)]
        self._runtime.kernel.cancel(job.id)


def cancel_at(runtime: Runtime, spec: TuneSpec, count: int) -> tuple[JobRecord, list[psutil.Process]]:
    canceller = Canceller(runtime, count)
    job = runtime.kernel.submit(spec)
    with runtime.supervisor(only=job.id):
        job = runtime.wait(job.id, canceller, timeout=120)
    return job, canceller.group


def test_a_study_leaves_its_report_its_tables_and_its_log(runtime: Runtime) -> None:
    job = run(runtime, study_spec())
    assert job.state == "succeeded", job.fault
    folder = runtime.kernel.folder(job.id)
    report = msgspec.json.decode(folder.report.read_bytes(), type=TuneReport)
    assert [trial.number for trial in report.trials] == list(range(6))
    assert report.best_value == min(trial.values[0] for trial in report.trials)
    assert {"trials.csv", "trials.json", "history.svg"} <= {path.name for path in folder.artifacts.iterdir()}
    assert json.loads(folder.spec.read_bytes())["kind"] == "tune"
    assert "succeeded" in runtime.kernel.log(job.id)


def test_the_best_trial_is_in_the_jobs_row_and_all_trials_are_not(runtime: Runtime) -> None:
    job = run(runtime, study_spec())
    assert job.result is not None
    assert job.result["trials"] == []
    best = min(runtime.kernel.trials(job.id), key=lambda trial: trial.values[0])
    assert job.result["best"]["number"] == best.number


@pytest.mark.parametrize("function", ["endless", "deaf"])
def test_cancel_ends_the_whole_group_and_marks_the_running_trial(runtime: Runtime, function: str) -> None:
    job, group = cancel_at(runtime, study_spec(function), count=1)
    assert job.state == "cancelled"
    assert [trial.state for trial in runtime.kernel.trials(job.id)] == ["cancelled"]
    assert len(group) >= 2
    _, alive = psutil.wait_procs(group, timeout=5)
    assert alive == []


def test_a_cancelled_study_goes_on_where_it_was(runtime: Runtime) -> None:
    spec = study_spec(trials=60)
    whole = [trial.params for trial in runtime.kernel.trials(run(runtime, spec).id)]
    job, _ = cancel_at(runtime, spec, count=3)
    before = runtime.kernel.trials(job.id, states=["succeeded"])
    runtime.kernel.resume(job.id)
    with runtime.supervisor(only=job.id):
        job = runtime.wait(job.id, timeout=120)
    after = runtime.kernel.trials(job.id)
    assert job.state == "succeeded", job.fault
    assert [trial.params for trial in after] == whole
    assert after[: len(before)] == before


def test_a_queued_job_is_cancelled_at_once_and_an_ended_one_is_not(runtime: Runtime) -> None:
    job = runtime.kernel.submit(study_spec())
    assert runtime.kernel.cancel(job.id).state == "cancelled"
    with pytest.raises(ConflictError, match="cancelled"):
        runtime.kernel.cancel(job.id)
    with pytest.raises(NotFoundError):
        runtime.kernel.cancel("0" * 20)


def test_a_study_of_which_every_trial_fails_fails_with_the_reason(runtime: Runtime) -> None:
    job = run(runtime, study_spec("fails"))
    assert job.state == "failed"
    assert job.fault is not None
    assert "ZeroDivisionError: no such number" in job.fault.message
    assert runtime.kernel.totals().failed_trials == 6
    assert "Traceback" in runtime.kernel.log(job.id, 0)


def test_a_parallel_grid_covers_the_space_once_failures_included(runtime: Runtime) -> None:
    config: dict[str, Any] = {"a": [1, 2, 3], "b": {"min": 1e-3, "max": 1.0, "distribution": "log_uniform", "step": 4}}
    spec = msgspec.convert(
        {
            "function": "trial_functions:grid_point",
            "functionPath": [SUPPORT],
            "config": config | {"c": ["yes", "no"]},
            "strategy": "grid",
            "parallel": 3,
        },
        TuneSpec,
    )
    job = run(runtime, spec)
    trials = runtime.kernel.trials(job.id)
    points = Counter((trial.params["a"], trial.params["b"], trial.params["c"]) for trial in trials)
    assert points == Counter(itertools.product([1, 2, 3], [0.001, 0.01, 0.1, 1.0], ["yes", "no"]))
    assert {trial.attempt for trial in trials if trial.params["a"] == 2} == {2}
    assert {trial.state for trial in trials if trial.params["a"] == 3 and trial.params["c"] == "yes"} == {"failed"}
    assert Counter(trial.state for trial in trials) == {"succeeded": 20, "failed": 4}
    assert job.result is not None
    assert job.result["endedBy"] == "exhausted"


def test_a_killed_trial_is_run_again(runtime: Runtime) -> None:
    job = run(runtime, study_spec("dies_first", trials=2))
    assert job.state == "succeeded", job.fault
    assert [trial.attempt for trial in runtime.kernel.trials(job.id)] == [2, 2]


def test_a_job_whose_process_dies_again_and_again_fails(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(settings_for(tmp_path / "home"), max_crashes=2)

    def kill(job: JobRecord) -> None:
        if job.lease is not None and not is_dead_here(job.lease):
            psutil.Process(job.lease.pid).kill()

    with Runtime.open(settings) as runtime:
        job = runtime.kernel.submit(study_spec("deaf"))
        with runtime.supervisor(only=job.id):
            job = runtime.wait(job.id, kill, timeout=120)
        assert job.state == "failed"
        assert job.fault is not None
        assert job.fault.code == "killed"
        assert {trial.state for trial in runtime.kernel.trials(job.id)} <= {"failed"}


def test_a_wrong_spec_makes_no_job(runtime: Runtime) -> None:
    spec = msgspec.structs.replace(study_spec(), strategy="bayesain", objectives=[])
    with pytest.raises(InputError, match="bayesian"):
        runtime.kernel.submit(spec)
    assert runtime.kernel.jobs() == []
    assert not any(runtime.settings.jobs.glob("*"))


def test_a_supervisor_runs_queued_jobs_side_by_side_up_to_its_capacity(runtime: Runtime) -> None:
    jobs = [runtime.kernel.submit(study_spec("endless", trials=1)) for _ in range(3)]
    with runtime.supervisor(capacity=2):
        both = threading.Event()

        def watch(_: JobRecord) -> None:
            running = runtime.kernel.jobs(states=["running"])
            assert len(running) <= 2
            if len(running) == 2 and not both.is_set():
                both.set()
                for job in jobs:
                    runtime.kernel.cancel(job.id)

        for job in jobs:
            runtime.wait(job.id, watch, timeout=120)
    assert both.is_set()
    assert {job.state for job in runtime.kernel.jobs()} == {"cancelled"}


def test_the_output_folder_of_a_job_that_has_not_ended_is_taken(runtime: Runtime, tmp_path: Path) -> None:
    spec = TuneSpec(base_model_path=str(make_tiny_model(tmp_path / "model")), dataset_path=str(tmp_path / "data.csv"))
    rows = "".join(f"{word},{word[0]}\n" for word in ("aa", "ab", "ac", "ba", "bb", "bc") * 4)
    (tmp_path / "data.csv").write_text(f"text,label\n{rows}")
    spec = msgspec.structs.replace(spec, output_dir=str(tmp_path / "best"))
    job = runtime.kernel.submit(spec)
    with pytest.raises(InputError, match=f"outputDir: .* is in use: job {job.id}, which is queued"):
        runtime.kernel.submit(spec)
    assert [item.name for item in runtime.settings.jobs.iterdir()] == [job.id]
    runtime.kernel.cancel(job.id)
    assert runtime.kernel.submit(spec).state == "queued"


def test_a_job_whose_folder_cannot_be_made_does_not_exist(runtime: Runtime) -> None:
    runtime.settings.jobs.write_text("a file where the folder should be")
    with pytest.raises(OutputError, match=r"the job's folder .* cannot be written"):
        runtime.kernel.submit(study_spec())
    assert runtime.kernel.jobs() == []


def test_a_supervisor_says_once_why_it_cannot_work_and_works_when_it_can(
    runtime: Runtime,
) -> None:
    job = runtime.kernel.submit(study_spec())
    jobs, aside = runtime.settings.jobs, runtime.settings.jobs.with_name("aside")
    jobs.rename(aside)
    jobs.write_text("a file where the folder should be")
    told = threading.Event()
    handler = _Teller(told)
    logger = logging.getLogger("persopt.kernel.supervisor")
    logger.addHandler(handler)
    try:
        with runtime.supervisor(only=job.id):
            assert told.wait(60)
            runtime.wait(job.id, timeout=1)
            link = jobs.with_name("link")
            link.symlink_to(aside)
            link.replace(jobs)  # at once, so that the supervisor does not make a new folder in between
            ended = runtime.wait(job.id, timeout=120)
    finally:
        logger.removeHandler(handler)
    assert ended.state == "succeeded", ended.fault
    assert len(handler.messages) == 1
    assert "trying again until they can" in handler.messages[0]


class _Teller(logging.Handler):
    def __init__(self, told: threading.Event) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []
        self._told = told

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())
        self._told.set()


def test_a_warm_start_tries_the_good_points_of_an_earlier_job_first(runtime: Runtime) -> None:
    earlier = run(runtime, study_spec(trials=4))
    best = min(runtime.kernel.trials(earlier.id), key=lambda trial: trial.values[0])
    spec = msgspec.structs.replace(study_spec(trials=2), warm_start=WarmStart(job=earlier.id[:12], trials=1), seed=9)
    job = runtime.kernel.submit(spec)
    assert isinstance(job.spec, TuneSpec)
    assert job.spec.warm_start is not None
    assert [(point.trial, point.params) for point in job.spec.warm_start.points or ()] == [(best.number, best.params)]
    with runtime.supervisor(only=job.id):
        assert runtime.wait(job.id, timeout=120).state == "succeeded"
    first, second = runtime.kernel.trials(job.id)
    assert first.params == best.params
    assert first.attributes["persopt:origin"] == f"trial {best.number} of {earlier.id[:12]}"
    assert second.params != best.params
