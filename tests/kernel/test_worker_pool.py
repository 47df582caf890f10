"""Real worker processes: results, reports, stops, deaths, logs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil
import pytest

from persopt.domain.errors import PersoptError
from persopt.domain.programs import FunctionProgram
from persopt.domain.space import Params
from persopt.kernel.worker_pool import WorkerPool
from persopt.plugins.contracts.execution import (
    SAVE_SECONDS,
    ExecutorRequest,
    Failed,
    Finished,
    Reported,
    Started,
    Stopped,
    TrialMessage,
    TrialRequest,
)
from tests.support.tiny_models import make_text_program

SUPPORT: Final = str(Path(__file__).parents[1] / "support")
LIMIT: Final = 60.0


@contextmanager
def open_pool(folder: Path, function: str, parallel: int = 1) -> Iterator[WorkerPool]:
    program = FunctionProgram(function=f"trial_functions:{function}", path=[SUPPORT])
    with WorkerPool(ExecutorRequest(parallel=parallel, program=program, folder=str(folder))) as pool:
        yield pool


def submit(pool: WorkerPool, folder: Path, number: int = 0, attempt: int = 1, x: float = 2.0) -> None:
    pool.submit(
        TrialRequest(number=number, attempt=attempt, params={"x": x}, seed=1, folder=str(folder / f"{number:04d}"))
    )


def find_workers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "persopt.kernel.worker_main" in child.cmdline()]


def receive(pool: WorkerPool) -> TrialMessage:
    message = pool.receive(LIMIT)
    assert message is not None, "no message came"
    return message


def receive_last(pool: WorkerPool) -> TrialMessage:
    while isinstance(message := receive(pool), Started | Reported):
        pass
    return message


def test_a_trial_tells_its_start_its_reports_and_its_end(tmp_path: Path) -> None:
    with open_pool(tmp_path, "square") as pool:
        submit(pool, tmp_path, number=7)
        messages = [receive(pool) for _ in range(3)]
    assert isinstance(messages[0], Started)
    assert isinstance(messages[1], Reported)
    assert messages[1].report.metrics == {"value": 0.5}
    assert isinstance(messages[2], Finished)
    assert (messages[2].number, messages[2].metrics) == (7, {"value": 4.0})


def test_one_process_runs_many_trials(tmp_path: Path) -> None:
    with open_pool(tmp_path, "square") as pool:
        for number in range(20):
            submit(pool, tmp_path, number, x=number)
            last = receive_last(pool)
            assert isinstance(last, Finished)
            assert last.metrics == {"value": float(number**2)}
        assert len(find_workers()) == 1


def test_parallel_trials_run_in_processes_of_their_own(tmp_path: Path) -> None:
    with open_pool(tmp_path, "endless", parallel=3) as pool:
        for number in range(3):
            submit(pool, tmp_path, number)
        reporting: set[int] = set()
        while len(reporting) < 3:
            if isinstance(message := receive(pool), Reported):
                reporting.add(message.report.number)
        with pytest.raises(RuntimeError, match="busy"):
            submit(pool, tmp_path, 3)


@pytest.mark.parametrize("function", ["endless", "deaf"])
def test_a_stopped_trial_ends_with_what_it_reported_last(tmp_path: Path, function: str) -> None:
    with open_pool(tmp_path, function) as pool:
        submit(pool, tmp_path)
        while not isinstance(receive(pool), Reported):
            pass
        pool.stop(0, keep_checkpoint=False)
        last = receive_last(pool)
        assert isinstance(last, Stopped)
        assert last.metrics["value"] >= 1
        submit(pool, tmp_path, 1)  # the worker, or the one in its place, takes the next trial
        assert isinstance(receive(pool), Started)


def test_a_stopped_training_is_given_the_time_to_save_its_model(tmp_path: Path) -> None:
    """A worker that is paused by then would be dead after 0.4 s; this one goes on and saves."""
    program = make_text_program(tmp_path)
    params: Params = {"learningRate": 1e-3, "batchSize": 1, "epochs": 1000}
    with WorkerPool(ExecutorRequest(parallel=1, program=program, folder=str(tmp_path / "trials"))) as pool:
        pool.submit(TrialRequest(number=0, attempt=1, params=params, seed=1, folder=str(tmp_path / "trials" / "0")))
        while not isinstance(receive(pool), Reported):
            pass
        (worker,) = find_workers()
        worker.suspend()
        pool.stop(0, keep_checkpoint=True)
        while pool.receive(1.0) is not None:  # what it had sent before
            pass
        worker.resume()
        last = receive_last(pool)
    assert isinstance(last, Stopped)
    assert last.checkpoint is not None
    assert (Path(last.checkpoint) / "model.safetensors").is_file()


def test_a_stopped_function_has_nothing_to_save_and_is_not_waited_for(tmp_path: Path) -> None:
    with open_pool(tmp_path, "deaf") as pool:
        submit(pool, tmp_path)
        while not isinstance(receive(pool), Reported):
            pass
        pool.stop(0, keep_checkpoint=True)
        last = pool.receive(SAVE_SECONDS / 2)
        assert isinstance(last, Stopped)
        assert last.checkpoint is None


def test_a_killed_worker_fails_its_trial_in_words_and_is_replaced(tmp_path: Path) -> None:
    with open_pool(tmp_path, "dies_first") as pool:
        submit(pool, tmp_path)
        last = receive_last(pool)
        assert isinstance(last, Failed)
        assert last.fault.code == "killed"
        assert last.fault.passing
        assert "SIGKILL" in last.fault.message
        submit(pool, tmp_path, attempt=2)
        assert isinstance(receive_last(pool), Finished)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("fails", "ZeroDivisionError: no such number"),
        ("exits", "SystemExit: 3"),
        ("returns_text", "must return a number or a mapping of names to numbers, got 'good'"),
        ("not_there", "has no function 'not_there'"),
    ],
)
def test_a_fault_of_the_function_is_told_and_is_not_passing(tmp_path: Path, function: str, words: str) -> None:
    with open_pool(tmp_path, function) as pool:
        submit(pool, tmp_path)
        last = receive_last(pool)
    assert isinstance(last, Failed)
    assert words in last.fault.message
    assert not last.fault.passing


def test_everything_that_a_trial_prints_is_in_its_own_log(tmp_path: Path) -> None:
    with open_pool(tmp_path, "prints") as pool:
        for number in range(2):
            submit(pool, tmp_path, number)
            assert isinstance(receive_last(pool), Finished)
    for number in range(2):
        assert (tmp_path / f"{number:04d}" / "log.txt").read_text("utf-8").splitlines() == [
            "from Python: سلام",
            "from the descriptor",
        ]


def test_a_traceback_is_in_the_log(tmp_path: Path) -> None:
    with open_pool(tmp_path, "fails") as pool:
        submit(pool, tmp_path)
        receive_last(pool)
    assert "Traceback" in (tmp_path / "0000" / "log.txt").read_text("utf-8")


def test_receive_gives_none_when_the_time_is_over(tmp_path: Path) -> None:
    with open_pool(tmp_path, "square") as pool:
        assert pool.receive(0.01) is None


def test_leaving_the_pool_ends_every_process(tmp_path: Path) -> None:
    with open_pool(tmp_path, "deaf", parallel=2) as pool:
        submit(pool, tmp_path)
        while not isinstance(receive(pool), Reported):
            pass
        children = find_workers()
    _, alive = psutil.wait_procs(children, timeout=5)
    assert len(children) == 2
    assert alive == []


OWNER: Final = """
import sys
from persopt.domain.programs import FunctionProgram
from persopt.domain.space import Params
from persopt.kernel.worker_pool import WorkerPool
from persopt.plugins.contracts.execution import ExecutorRequest, Reported, TrialRequest
import psutil
support, folder = sys.argv[1:]
program = FunctionProgram(function="trial_functions:deaf", path=[support])
with WorkerPool(ExecutorRequest(parallel=1, program=program, folder=folder)) as pool:
    pool.submit(TrialRequest(number=0, attempt=1, params={"x": 1.0}, seed=1, folder=folder + "/0"))
    while not isinstance(pool.receive(None), Reported):
        pass
    print(psutil.Process().children()[0].pid, flush=True)
    pool.receive(None)
"""


def test_workers_end_when_the_process_of_their_pool_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OWNER, SUPPORT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        worker = psutil.Process(int(owner.stdout.readline()))
        owner.kill()
    _, alive = psutil.wait_procs([worker], timeout=10)
    assert alive == []


def test_workers_that_cannot_start_end_the_pool_in_words(tmp_path: Path) -> None:
    with open_pool(tmp_path, "square") as pool, pytest.raises(PersoptError, match="workers cannot start"):
        _kill_every_worker(pool)


def _kill_every_worker(pool: WorkerPool) -> None:
    while True:
        for worker in find_workers():
            worker.kill()
        pool.receive(0.05)


def test_workers_that_were_ended_before_they_were_warm_are_no_failed_starts(tmp_path: Path) -> None:
    (tmp_path / "never_warm.py").write_text("import threading\nthreading.Event().wait()\n")
    program = FunctionProgram(function="never_warm:function", path=[str(tmp_path)])
    with WorkerPool(ExecutorRequest(parallel=4, program=program, folder=str(tmp_path))) as pool:
        for number in range(4):
            submit(pool, tmp_path, number)
            pool.stop(number, keep_checkpoint=False)
        ended = [receive_last(pool) for _ in range(4)]
    assert sorted(message.number for message in ended if isinstance(message, Stopped)) == [0, 1, 2, 3]


def test_what_has_come_is_received_without_waiting(tmp_path: Path) -> None:
    with open_pool(tmp_path, "deaf") as pool:
        submit(pool, tmp_path)
        while not isinstance(receive(pool), Reported):
            pass
        (worker,) = find_workers()
        worker.kill()
        os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
        assert isinstance(pool.receive(0), Failed)


@pytest.mark.parametrize("function", ["prints", "fails"])
def test_a_full_disk_is_told_as_such_and_costs_no_worker(tmp_path: Path, function: str) -> None:
    (tmp_path / "0000").mkdir()
    (tmp_path / "0000" / "log.txt").symlink_to("/dev/full")
    with open_pool(tmp_path, function) as pool:
        submit(pool, tmp_path)
        last = receive_last(pool)
        assert isinstance(last, Failed)
        assert last.fault.code == ("disk-full" if function == "prints" else "error")
        (worker,) = find_workers()
        submit(pool, tmp_path, 1)
        receive_last(pool)
        assert find_workers() == [worker]


def test_a_trial_whose_folder_cannot_be_made_fails_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "0000").write_text("a file where the folder should be")
    with open_pool(tmp_path, "square") as pool:
        submit(pool, tmp_path)
        last = receive_last(pool)
    assert isinstance(last, Failed)
    assert "FileExistsError" in last.fault.message


def test_a_killed_worker_is_noticed_though_a_process_that_its_trial_forked_lives_on(tmp_path: Path) -> None:
    with open_pool(tmp_path, "forks_and_dies") as pool:
        submit(pool, tmp_path)
        last = receive_last(pool)
    assert isinstance(last, Failed)
    assert last.fault.code == "killed"
    psutil.Process(int((tmp_path / "left.txt").read_text())).kill()
