"""The process that predicts, as its server sees it: started when it is asked, ended when nobody asks any more."""

from __future__ import annotations

import contextlib
import select
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from persopt.domain.errors import Fault
from persopt.domain.predictions import ModelPrediction
from persopt.kernel.faults import describe_exit
from persopt.kernel.messages import Channel
from persopt.kernel.processes import divide_threads, spawn_module, worker_environment
from persopt.predicting.messages import Ask, AskedModel

__all__ = ("PredictingProcess",)

_EXIT_SECONDS: Final = 5.0
_LIMIT_SECONDS: Final = 120.0
_IDLE_SECONDS: Final = 300.0
_IDLE: Final = Fault(message="the process that runs the models had nothing to do", passing=True)


class PredictingProcess:
    """At most one process, which answers one question at a time and keeps its models open.

    It ends with the block, with its server (its socket is closed then, even if the server was killed), and when it
    was idle for long.

    Args:
        log: File for what it prints; begun anew with each start.
        block_plugins: Plugins that it must not load.
        limit_seconds: Longest time for a question, the start of the process and of the models included.
        idle_seconds: Time without a question after which the process is ended.
    """

    def __init__(
        self,
        log: Path,
        block_plugins: Sequence[str] = (),
        limit_seconds: float = _LIMIT_SECONDS,
        idle_seconds: float = _IDLE_SECONDS,
    ) -> None:
        self._log = log
        self._block = list(block_plugins)
        self._limit, self._idle_seconds = limit_seconds, idle_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._decoder = msgspec.msgpack.Decoder(ModelPrediction)

    @property
    def pid(self) -> int | None:
        """The process that runs now; None if there is none."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    def ask(self, models: Sequence[AskedModel], text: str, text_pair: str | None) -> list[ModelPrediction]:
        """Return what each model says; those that the process did not get to have a fault.

        A process that dies or takes too long is ended, and the next question starts another.
        """
        question = Ask(models=list(models), text=text, text_pair=text_pair, block_plugins=self._block)
        with self._lock:
            end = time.monotonic() + self._limit
            found, fault = self._ask(question, end)
            if fault is _IDLE:  # it ended itself just when it was asked
                found, fault = self._ask(question, end)
        return found + [ModelPrediction(model=model.name, fault=fault) for model in models[len(found) :]]

    def close(self) -> None:
        """End the process; a later question starts another."""
        with self._lock:
            self._end()

    def kill(self) -> None:
        """End the process at once, also in the middle of a question, which is then answered with faults."""
        process = self._process
        if process is not None:
            process.kill()

    def _ask(self, question: Ask, end: float) -> tuple[list[ModelPrediction], Fault | None]:
        """Return what was answered until a time, and why that is not all."""
        channel = self._open_channel()
        with contextlib.suppress(OSError):  # a process that has died is noticed where its answer is read
            channel.send(question)
        found: list[ModelPrediction] = []
        while len(found) < len(question.models):
            if not select.select([channel], [], [], max(0.0, end - time.monotonic()))[0]:
                self.kill()
                self._end()
                return found, Fault(
                    message=f"no answer within {self._limit:g} seconds",
                    code="timeout",
                    passing=True,
                    hint="a shorter text or a smaller model needs less",
                )
            frames = channel.receive()
            if frames is None:
                status = self._end()
                is_idle = status == 0 and not found
                return found, _IDLE if is_idle else describe_exit("the process that runs the models", status)
            found += [self._decoder.decode(frame) for frame in frames]
        return found, None

    def _open_channel(self) -> Channel:
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._channel is None:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            self._log.write_bytes(b"")
            ours, theirs = socket.socketpair()
            try:
                self._process = spawn_module(
                    "persopt.predicting.worker_main",
                    str(theirs.fileno()),
                    str(self._idle_seconds),
                    log=self._log,
                    environment=worker_environment(0, divide_threads(1), []) | {"HF_HUB_OFFLINE": "1"},
                    pass_fds=(theirs.fileno(),),
                )
            except BaseException:
                ours.close()
                raise
            finally:
                theirs.close()
            self._channel = Channel(ours)
        return self._channel

    def _end(self) -> int | None:
        """Close the channel, end the process if it does not end by itself, return its exit status."""
        channel, process = self._channel, self._process
        self._channel = self._process = None
        status = None if process is None else process.poll()
        if channel is not None:
            channel.close()
        if process is None:
            return None
        if status is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(_EXIT_SECONDS)
            process.kill()
            process.wait()
        return process.returncode
