"""What is true of every trial executor."""

from __future__ import annotations

import socket
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Final

import pytest

from persopt.domain.programs import FunctionProgram
from persopt.plugins.contracts.execution import (
    ExecutorRequest,
    Failed,
    Finished,
    Reported,
    Started,
    Stopped,
    TrialExecutor,
    TrialMessage,
    TrialPool,
    TrialRequest,
)
from persopt.testing.contributions import ContributionCase

__all__ = ("TrialExecutorCase",)

_SECONDS: Final = 120.0
_MODULE: Final = "persopt_executor_case"
_FUNCTIONS: Final = '''
import os, signal, socket, threading
from pathlib import Path

def run(params, trial):
    """Do what the parameter says."""
    return globals()[params["what"]](params, trial)

def work(params, trial):
    for step in range(1, 4):
        trial.report(step, loss=1.0 / step)
    return {"score": params["x"] * 2, "seed": trial.seed, "attempt": trial.attempt, "number": trial.number}

def write(params, trial):
    (Path(trial.folder) / "process.txt").write_text(f"{socket.gethostname()} {os.getpid()}")
    return {"score": 0.0}

def obey(params, trial):
    step = 0
    while True:
        step += 1
        trial.report(step, loss=float(step))
        threading.Event().wait(0.01)

def ignore(params, trial):
    trial.report(1, loss=1.0)
    threading.Event().wait()

def fail(params, trial):
    raise ZeroDivisionError("divided by nothing")

def leave(params, trial):
    raise SystemExit(3)

def die(params, trial):
    os.kill(os.getpid(), signal.SIGKILL)
'''


class TrialExecutorCase(ContributionCase):
    """Tests of a trial executor, with functions that work, hang, fail and kill themselves.

    Attributes:
        executor: The executor under test.
    """

    kind = "trial-executor"
    executor: ClassVar[TrialExecutor[Any]]

    @property
    def contribution(self) -> TrialExecutor[Any]:
        """The executor under test."""
        return self.executor

    def test_a_trial_starts_reports_and_finishes(self, tmp_path: Path) -> None:
        """One start, the reports in order, one end with the metrics; the request reaches the trial."""
        with self._pool(tmp_path) as pool:
            pool.submit(_request(tmp_path, 5, "work", x=1.5, attempt=2))
            messages = _collect(pool, 1)
        assert isinstance(messages[0], Started)
        assert [type(message) for message in messages[1:]] == [Reported, Reported, Reported, Finished]
        reports = [message.report for message in messages if isinstance(message, Reported)]
        assert [(report.number, report.step) for report in reports] == [(5, 1), (5, 2), (5, 3)]
        assert [report.metrics for report in reports] == [{"loss": 1.0 / step} for step in (1, 2, 3)]
        last = messages[-1]
        assert isinstance(last, Finished)
        assert last.metrics == {"score": 3.0, "seed": 17.0, "attempt": 2.0, "number": 5.0}
        assert last.seconds >= 0

    def test_nothing_to_tell_is_none(self, tmp_path: Path) -> None:
        """`receive` comes back when the time is over."""
        with self._pool(tmp_path) as pool:
            assert pool.receive(0) is None
            assert pool.receive(0.01) is None

    def test_as_many_trials_run_at_the_same_time_as_asked_for(self, tmp_path: Path) -> None:
        """Two trials that would never end are both running, and each is stopped by its number."""
        with self._pool(tmp_path, parallel=2) as pool:
            for number in (0, 1):
                pool.submit(_request(tmp_path, number, "obey"))
            _wait_for_reports(pool, {0, 1})
            pool.stop(1, keep_checkpoint=False)
            assert _last(pool).number == 1
            pool.stop(0, keep_checkpoint=False)
            assert _last(pool).number == 0

    @pytest.mark.parametrize("what", ["obey", "ignore"])
    def test_a_trial_that_is_stopped_says_so(self, tmp_path: Path, what: str) -> None:
        """By its own will or by force, with its last metrics, and the next trial runs."""
        with self._pool(tmp_path) as pool:
            pool.submit(_request(tmp_path, 0, what))
            _wait_for_reports(pool, {0})
            pool.stop(0, keep_checkpoint=False)
            stopped = _last(pool)
            assert isinstance(stopped, Stopped)
            assert stopped.metrics["loss"] >= 1.0
            assert stopped.checkpoint is None
            self._assert_works(pool, tmp_path)

    def test_stopping_what_has_ended_does_nothing(self, tmp_path: Path) -> None:
        """The end and the wish to stop may cross each other on the way."""
        with self._pool(tmp_path) as pool:
            pool.submit(_request(tmp_path, 0, "work"))
            assert isinstance(_last(pool), Finished)
            pool.stop(0, keep_checkpoint=True)
            self._assert_works(pool, tmp_path)

    @pytest.mark.parametrize(("what", "words"), [("fail", "divided by nothing"), ("leave", "SystemExit")])
    def test_a_trial_that_raises_fails_with_its_words(self, tmp_path: Path, what: str, words: str) -> None:
        """The fault says what was raised and is not one that a retry mends; the next trial runs."""
        with self._pool(tmp_path) as pool:
            pool.submit(_request(tmp_path, 0, what))
            failed = _last(pool)
            assert isinstance(failed, Failed)
            assert words in failed.fault.message
            assert not failed.fault.passing
            self._assert_works(pool, tmp_path)

    def test_a_trial_whose_process_dies_fails_and_may_be_tried_again(self, tmp_path: Path) -> None:
        """The death of a worker costs its trial only."""
        with self._pool(tmp_path) as pool:
            pool.submit(_request(tmp_path, 0, "die"))
            failed = _last(pool)
            assert isinstance(failed, Failed)
            assert failed.fault.passing
            self._assert_works(pool, tmp_path)

    def test_leaving_the_pool_ends_its_processes(self, tmp_path: Path) -> None:
        """Also with a trial that listens to nothing."""
        import psutil

        with self._pool(tmp_path) as pool:
            pool.submit(_request(tmp_path, 0, "write"))
            assert isinstance(_last(pool), Finished)
            host, process = (tmp_path / "0000" / "process.txt").read_text().split()
            worker = psutil.Process(int(process)) if host == socket.gethostname() else None
            pool.submit(_request(tmp_path, 1, "ignore"))
            _wait_for_reports(pool, {1})
        if worker is not None:
            worker.wait(_SECONDS)

    def _assert_works(self, pool: TrialPool, folder: Path) -> None:
        pool.submit(_request(folder, 99, "work", x=4.0))
        finished = _last(pool)
        assert isinstance(finished, Finished), finished
        assert finished.metrics["score"] == 8.0  # noqa: PLR2004 - twice what was given

    @contextmanager
    def _pool(self, folder: Path, parallel: int = 1) -> Iterator[TrialPool]:
        source = folder / "code"
        source.mkdir()
        (source / f"{_MODULE}.py").write_text(textwrap.dedent(_FUNCTIONS))
        program = FunctionProgram(function=f"{_MODULE}:run", path=[str(source)])
        request = ExecutorRequest(parallel=parallel, program=program, folder=str(folder))
        with self.executor.open(self.all_options[-1], request) as pool:
            yield pool


def _request(folder: Path, number: int, what: str, *, x: float = 1.0, attempt: int = 1) -> TrialRequest:
    params: dict[str, bool | int | float | str] = {"what": what, "x": x}
    return TrialRequest(number=number, attempt=attempt, params=params, seed=17, folder=str(folder / f"{number:04d}"))


def _receive(pool: TrialPool) -> TrialMessage:
    message = pool.receive(_SECONDS)
    assert message is not None, f"nothing came in {_SECONDS:g} s"
    return message


def _collect(pool: TrialPool, ends: int) -> list[TrialMessage]:
    """Return all messages up to the end of so many trials; there must be none after it."""
    messages = []
    while ends:
        messages.append(_receive(pool))
        ends -= isinstance(messages[-1], Finished | Stopped | Failed)
    assert pool.receive(0) is None
    return messages


def _last(pool: TrialPool) -> Finished | Stopped | Failed:
    """Return the next end of a trial."""
    while True:
        message = _receive(pool)
        if isinstance(message, Finished | Stopped | Failed):
            return message


def _wait_for_reports(pool: TrialPool, numbers: set[int]) -> None:
    """Return when each of these trials has reported."""
    waiting = set(numbers)
    while waiting:
        message = _receive(pool)
        assert isinstance(message, Started | Reported), message
        if isinstance(message, Reported):
            waiting.discard(message.report.number)
