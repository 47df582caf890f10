"""Commands in real workers: results, stops, and the death of the worker or of its pool."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from persopt.domain.objectives import Objective
from persopt.domain.programs import CommandProgram, ParserChoice
from persopt.kernel.worker_pool import WorkerPool
from persopt.plugins import ExecutorRequest, Failed, Finished, Reported, Started, Stopped, TrialMessage, TrialRequest

LIMIT: Final = 60.0
NOTES_AND_WAITS: Final = 'sleep 600 & echo $$ $! > "$PERSOPT_TRIAL_FOLDER/pids"; echo loss=3; wait'


def command(script: str) -> CommandProgram:
    return CommandProgram(
        arguments=["sh", "-c", script],
        folder="/",
        objectives=[Objective("loss", "minimize")],
        parsers=[ParserChoice(name="plain")],
    )


@contextmanager
def open_pool(folder: Path, script: str) -> Iterator[WorkerPool]:
    request = ExecutorRequest(parallel=1, program=command(script), folder=str(folder))
    with WorkerPool(request) as pool:
        pool.submit(TrialRequest(number=0, attempt=1, params={"x": 2}, seed=1, folder=str(folder / "0000")))
        yield pool


def receive(pool: WorkerPool) -> TrialMessage:
    message = pool.receive(LIMIT)
    assert message is not None, "no message came"
    return message


def wait_for_report(pool: WorkerPool) -> None:
    while not isinstance(message := receive(pool), Reported):
        assert isinstance(message, Started), message


def receive_last(pool: WorkerPool) -> TrialMessage:
    while isinstance(message := receive(pool), Started | Reported):
        pass
    return message


def processes(folder: Path) -> list[psutil.Process]:
    """Return the processes of the command's trial that still run."""
    found = []
    for pid in map(int, (folder / "0000" / "pids").read_text().split()):
        try:
            found.append(psutil.Process(pid))
        except psutil.NoSuchProcess:
            continue
    return found


def test_a_command_finishes_with_its_metrics(tmp_path: Path) -> None:
    with open_pool(tmp_path, "echo loss={x}; echo f1=0.5") as pool:
        last = receive_last(pool)
    assert isinstance(last, Finished)
    assert (last.metrics, last.checkpoint) == ({"loss": 2.0, "f1": 0.5}, None)
    assert (tmp_path / "0000" / "log.txt").read_text().splitlines()[1:] == ["loss=2", "f1=0.5"]


def test_a_stopped_command_is_stopped_with_all_of_its_processes(tmp_path: Path) -> None:
    with open_pool(tmp_path, NOTES_AND_WAITS) as pool:
        wait_for_report(pool)
        pool.stop(0, keep_checkpoint=False)
        last = receive_last(pool)
        assert isinstance(last, Stopped)
        assert last.metrics == {"loss": 3.0}
        assert psutil.wait_procs(processes(tmp_path), timeout=10)[1] == []


def test_a_command_dies_with_its_worker(tmp_path: Path) -> None:
    with open_pool(tmp_path, NOTES_AND_WAITS) as pool:
        wait_for_report(pool)
        running = processes(tmp_path)
        (worker,) = [child for child in psutil.Process().children() if "persopt.kernel.worker_main" in child.cmdline()]
        worker.kill()
        assert isinstance(receive_last(pool), Failed)
        assert len(running) == 2
        assert psutil.wait_procs(running, timeout=10)[1] == []


def test_a_killed_guardian_takes_the_command_with_it(tmp_path: Path) -> None:
    with open_pool(tmp_path, "echo loss=3; exec sleep 600") as pool:
        wait_for_report(pool)
        (worker,) = [child for child in psutil.Process().children() if "persopt.kernel.worker_main" in child.cmdline()]
        (guardian,) = worker.children()
        (program,) = guardian.children()
        guardian.kill()
        last = receive_last(pool)
        assert isinstance(last, Failed)
        assert (last.fault.code, last.fault.passing) == ("killed", True)
        assert psutil.wait_procs([program], timeout=10)[1] == []


OWNER: Final = """
import sys
from persopt.kernel.worker_pool import WorkerPool
from persopt.plugins import ExecutorRequest, Reported, TrialRequest
from tests.kernel.test_command_trials import NOTES_AND_WAITS, command
folder = sys.argv[1]
with WorkerPool(ExecutorRequest(parallel=1, program=command(NOTES_AND_WAITS), folder=folder)) as pool:
    pool.submit(TrialRequest(number=0, attempt=1, params={}, seed=1, folder=folder + "/0000"))
    while not isinstance(pool.receive(None), Reported):
        pass
    print("running", flush=True)
    pool.receive(None)
"""


def test_a_command_dies_with_the_process_of_its_pool(tmp_path: Path) -> None:
    words = [sys.executable, "-c", OWNER, str(tmp_path)]
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=root) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"running\n"
        running = processes(tmp_path)
        owner.kill()
    assert len(running) == 2
    assert psutil.wait_procs(running, timeout=10)[1] == []
