"""A search whose process is killed twice with SIGKILL: what had ended stays, and nothing of it is done again."""

from __future__ import annotations

import contextlib
import os
import signal
from collections import Counter
from pathlib import Path

import msgspec

from persopt.domain.compress_reports import CompressReport
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.events import CloudEvent
from persopt.domain.jobs import JobRecord
from persopt.domain.trials import TrialRecord
from persopt.runtime import Runtime
from tests.support.compressions import make_compressible
from tests.support.studies import read_events, settings_for

CANDIDATES = 8
_FIRST, _SECOND = 1, 4


class Killer:
    """Kills a job's process as soon as so many candidates have ended; each number once, each in a process of its own.

    Attributes:
        trials: What the store knew of ended candidates when each kill was done.
        kept: What lay in the cache of stages then: the contents of each file by its name.
    """

    def __init__(self, runtime: Runtime, after: list[int]) -> None:
        self._runtime = runtime
        self._after = list(after)
        self._pids: set[int] = set()
        self.trials: list[TrialRecord] = []
        self.kept: dict[str, bytes] = {}

    def __call__(self, job: JobRecord) -> None:
        """Be told of the job as it is now."""
        if not self._after or job.lease is None or job.lease.pid in self._pids:
            return
        ended = [trial for trial in self._runtime.kernel.trials(job.id) if trial.state != "running"]
        if len(ended) < self._after[0]:
            return
        os.kill(job.lease.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):  # the supervisor has seen it off already
            os.waitid(os.P_PID, job.lease.pid, os.WEXITED | os.WNOWAIT)
        self._pids.add(job.lease.pid)
        del self._after[0]
        self.trials = [trial for trial in self._runtime.kernel.trials(job.id) if trial.state != "running"]
        self.kept = read_stages(self._runtime)

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return len(self._pids)


def read_stages(runtime: Runtime) -> dict[str, bytes]:
    """Return what is told of each stage and each measurement that is kept."""
    stages = runtime.settings.cache / "stages"
    files = [*stages.glob("[!.]*/stage.json"), *stages.glob("measures/*.json")]
    return {str(file.relative_to(stages)): file.read_bytes() for file in files}


def test_a_search_survives_the_kill_of_its_process_and_does_nothing_twice(tmp_path: Path) -> None:
    model, data = make_compressible(tmp_path / "task")
    spec = CompressSpec(
        model_path=str(model),
        dataset_path=str(data),
        minimize="size",
        max_accuracy_drop=10.0,
        max_candidates=CANDIDATES,
        backends=["torch"],
        methods=["gradient"],
        calibration_rows=32,
        latency_length=8,
        seconds=0.01,
        threads=1,
        device="cpu",
        measure_memory=False,
    )
    settings = settings_for(tmp_path / "home")
    with Runtime.open(settings) as runtime:
        killer = Killer(runtime, [_FIRST, _SECOND])
        job = runtime.run(spec, killer)
        assert job.state == "succeeded", job.fault
        assert killer.kills == job.resumes == 2
        trials = runtime.kernel.trials(job.id)
        report = msgspec.json.decode(
            (runtime.kernel.folder(job.id).path / "report.json").read_bytes(), type=CompressReport
        )
        stages = read_stages(runtime)
        events = read_events(settings, job.id)
    assert len(killer.trials) >= _SECOND
    _assert_kept(report, killer, stages)
    assert [trial.number for trial in trials] == [one.number for one in report.candidates] == list(range(CANDIDATES))
    assert {trial.state for trial in trials} <= {"succeeded", "failed"}
    assert [trial for trial in trials if trial.number in {one.number for one in killer.trials}] == killer.trials
    _assert_consistent(events, job)


def _assert_kept(report: CompressReport, killer: Killer, stages: dict[str, bytes]) -> None:
    """Assert that no stage and no measurement of an ended candidate was made again."""
    assert killer.kept.items() <= stages.items()
    assert len(killer.kept) < len(stages)
    for trial in killer.trials:
        done = report.candidates[trial.number].stages
        assert all(stage.cached for stage in done), (trial.number, done)
    assert sum(not stage.cached for one in report.candidates for stage in one.stages) > 0


def _assert_consistent(events: list[CloudEvent], job: JobRecord) -> None:
    """Assert that events are numbered, that each candidate ended once, and that nothing began anew after its end."""
    assert [int(event.sequence) for event in events] == list(range(1, len(events) + 1))
    ended: set[int] = set()
    for event in events:
        number = getattr(event.data, "number", None)
        if event.type.startswith("persopt.trial."):
            assert number not in ended, event
        if event.type in ("persopt.trial.succeeded", "persopt.trial.failed"):
            ended.add(int(number or 0))
    assert ended == set(range(CANDIDATES))
    kinds = Counter(event.type for event in events)
    assert kinds["persopt.job.succeeded"] == 1
    assert kinds["persopt.job.queued"] == kinds["persopt.job.started"] == job.resumes + 1
    shares = [event.data.progress.done for event in events if event.type == "persopt.job.progress"]  # type: ignore[union-attr]
    assert shares == sorted(shares)
    assert job.progress.done == CANDIDATES
