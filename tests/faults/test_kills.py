"""Real kills at random moments, twenty times each: of a trial, of a job, of a supervisor, of the NATS server."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

import psutil
import pytest

from persopt.domain.jobs import JobRecord
from persopt.domain.space import Params
from persopt.runtime import Runtime
from tests.support.studies import SUPPORT, assert_whole, read_events, settings_for, study_spec

REPETITIONS: Final = range(20)
LONGEST: Final = 1.2  # seconds; about as long as the study takes from its start


class Killer:
    """Watches a job and kills something of it once, at a random moment after it has begun to run."""

    def __init__(self, seed: int, find: str) -> None:
        self._delay = random.Random(seed).uniform(0, LONGEST)
        self._find = find
        self._timer: threading.Timer | None = None
        self.killed: list[int] = []

    def __call__(self, job: JobRecord) -> None:
        """Be told of the job as it is now."""
        if job.lease is not None and self._timer is None:
            self._timer = threading.Timer(self._delay, self._kill, [job.lease.pid])
            self._timer.start()

    def close(self) -> None:
        """Wait until the moment is over."""
        if self._timer is not None:
            self._timer.join()

    def _kill(self, pid: int) -> None:
        try:
            leader = psutil.Process(pid)
            victims = [leader] if self._find == "job" else leader.children()
            for victim in victims:
                victim.send_signal(signal.SIGKILL)
                self.killed.append(victim.pid)
        except psutil.NoSuchProcess:
            pass  # the job had finished by then, which is a moment too


@pytest.mark.parametrize("victim", ["trial", "job"])
@pytest.mark.parametrize("repetition", REPETITIONS)
def test_a_study_survives_the_kill_of_its_processes(
    tmp_path: Path, uninterrupted: list[Params], victim: str, repetition: int
) -> None:
    settings = settings_for(tmp_path / "home")
    killer = Killer(repetition, victim)
    with Runtime.open(settings) as runtime:
        job = runtime.run(study_spec(), killer)
        killer.close()
        trials = runtime.kernel.trials(job.id)
        assert_whole(job, trials, read_events(settings, job.id), runtime.kernel.folder(job.id).path)
        assert [trial.params for trial in trials] == uninterrupted


@pytest.mark.parametrize("repetition", REPETITIONS)
def test_a_study_survives_the_kill_of_its_supervisor(
    tmp_path: Path, uninterrupted: list[Params], repetition: int
) -> None:
    settings = settings_for(tmp_path / "home")
    with Runtime.open(settings) as runtime:
        job = runtime.kernel.submit(study_spec())
        command = [sys.executable, "-P", "-c", SUPERVISE, str(settings.workspace), job.id]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as supervisor:
            assert supervisor.stdout is not None
            assert supervisor.stdout.readline() == b"up\n"
            moment = random.Random(repetition).uniform(0, LONGEST)
            try:
                supervisor.wait(moment)
            except subprocess.TimeoutExpired:
                supervisor.kill()
        job = runtime.attend(job.id)
        trials = runtime.kernel.trials(job.id)
        assert_whole(job, trials, read_events(settings, job.id), runtime.kernel.folder(job.id).path)
        assert [trial.params for trial in trials] == uninterrupted


SUPERVISE: Final = """
import sys
from persopt.runtime import Runtime
from persopt.settings import load_settings
home, job_id = sys.argv[1:]
with Runtime.open(load_settings({}, home=home, lease_seconds=5.0, max_crashes=20)) as runtime:
    print("up", flush=True)
    runtime.attend(job_id)
"""


@pytest.mark.parametrize("repetition", REPETITIONS)
def test_events_survive_the_kill_of_the_nats_server(
    tmp_path: Path, uninterrupted: list[Params], repetition: int
) -> None:
    settings = settings_for(tmp_path / "home")
    moment = random.Random(repetition).uniform(0, LONGEST)
    with Runtime.open(settings) as runtime:
        timer = threading.Timer(moment, _kill_nats, [settings.nats])
        timer.start()
        job = runtime.run(study_spec())
        timer.join()
        with runtime.relaying():  # what could not be sent before is sent now
            events = read_events(settings, job.id)
        trials = runtime.kernel.trials(job.id)
        assert_whole(job, trials, events, runtime.kernel.folder(job.id).path)
        assert [trial.params for trial in trials] == uninterrupted


def _kill_nats(folder: Path) -> None:
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if "nats-server" in " ".join(command[:1]) and any(str(folder) in word for word in command):
            process.kill()


def test_the_support_folder_is_where_the_functions_are() -> None:
    assert json.dumps(SUPPORT)
    assert (Path(SUPPORT) / "trial_functions.py").is_file()
