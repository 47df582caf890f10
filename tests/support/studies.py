"""A small real study as a job, and what must hold for it whatever was killed meanwhile."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Final

import msgspec
import psutil

from persopt.domain.events import CloudEvent
from persopt.domain.jobs import JobRecord
from persopt.domain.objectives import Objective
from persopt.domain.space import ParameterSpec
from persopt.domain.specs import TuneSpec
from persopt.domain.trials import TrialRecord
from persopt.events.follow import follow_events
from persopt.settings import Settings, load_settings

__all__ = ("SUPPORT", "assert_whole", "read_events", "settings_for", "study_spec")

SUPPORT: Final = str(Path(__file__).parent)
TRIALS: Final = 6
ENDINGS: Final = ("persopt.job.succeeded", "persopt.job.failed", "persopt.job.cancelled")


def settings_for(home: Path) -> Settings:
    """Return settings that look at no variable of the machine."""
    return load_settings({}, home=str(home), lease_seconds=5.0, max_crashes=20)


def study_spec(function: str = "recorded", *, trials: int = TRIALS, parallel: int = 1) -> TuneSpec:
    """Return a study of a function with TPE past its start-up trials, which is sensitive to its whole history."""
    return TuneSpec(
        name="fault test",
        function=f"trial_functions:{function}",
        function_path=[SUPPORT],
        config={"x": ParameterSpec(min=0.0, max=1.0), "y": [1, 2, 3]},
        strategy="bayesian",
        strategy_options={"nStartupTrials": 2},
        objectives=[Objective(metric="value", direction="minimize")],
        max_trials=trials,
        parallel=parallel,
        retries=10,
        seed=3,
    )


def read_events(settings: Settings, job_id: str) -> list[CloudEvent]:
    """Read every event of a job from the stream, up to the one that tells of its end."""
    events: list[CloudEvent] = []
    for followed in follow_events(settings, job_id=job_id, start="all"):
        events.append(msgspec.json.decode(followed.payload, type=CloudEvent))
        if events[-1].type in ENDINGS:
            return events
    return events


def assert_whole(job: JobRecord, trials: list[TrialRecord], events: list[CloudEvent], folder: Path) -> None:
    """Assert that nothing was lost, repeated, left running, or told out of order."""
    assert job.state == "succeeded", job.fault
    assert [trial.number for trial in trials] == list(range(TRIALS))
    assert {trial.state for trial in trials} == {"succeeded"}
    assert [int(event.sequence) for event in events] == list(range(1, len(events) + 1))
    _assert_finished_once(events)
    _assert_recorded(events, folder / "runs.txt")
    assert _left_running(folder) == []


def _assert_finished_once(events: list[CloudEvent]) -> None:
    finished: set[int] = set()
    for event in events:
        number = getattr(event.data, "number", None)
        if event.type == "persopt.trial.started":
            assert number not in finished, f"trial {number} was started again after it had finished"
        elif event.type == "persopt.trial.succeeded":
            assert number not in finished, f"trial {number} finished twice"
            finished.add(int(number or 0))
    assert finished == set(range(TRIALS))
    assert [event.type for event in events].count("persopt.job.succeeded") == 1


def _assert_recorded(events: list[CloudEvent], runs: Path) -> None:
    """Hold what the workers wrote down themselves against the events."""
    begun = Counter(int(found) for found in re.findall(r"^start (\d+)", runs.read_text(), re.MULTILINE))
    ended = Counter(int(found) for found in re.findall(r"^end (\d+)", runs.read_text(), re.MULTILINE))
    told = Counter(event.data.number for event in events if event.type == "persopt.trial.started")  # type: ignore[union-attr]
    for number in range(TRIALS):
        assert 1 <= ended[number] <= begun[number] <= told[number]


def _left_running(folder: Path) -> list[psutil.Process]:
    """Return the processes that have to do with the job and do not end by themselves, now that it has ended."""
    processes = [
        process
        for process in psutil.process_iter(["open_files"])
        if any(str(folder) in file.path for file in process.info["open_files"] or ())
    ]
    _, alive = psutil.wait_procs(processes, timeout=10)
    return list(alive)
