"""A warm worker: runs one trial after another, knows no database and no bus, only a socket.

Started as `python -m persopt.kernel.worker_main DESCRIPTOR`. A second thread reads the socket, so that a stop
arrives while a trial runs, and so that the worker ends at once when its pool is gone.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import queue
import signal
import socket
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from persopt.domain.programs import CommandProgram, FunctionProgram, Program
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.kernel.faults import fault_from_exception
from persopt.kernel.messages import Channel, Prepare, Ready, Run, Stop, ToWorker, decode_command
from persopt.kernel.trial_handle import TrialEndedEarly, TrialHandle
from persopt.models.quiet import hush_imports
from persopt.plugins.contracts.execution import Failed, Finished, Started, Stopped, TrialRequest

if TYPE_CHECKING:
    from persopt.plugins.registry import Registry

__all__ = ("main",)


def main() -> None:
    """Serve a pool until it closes the socket."""
    started = time.monotonic()
    hush_imports()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the pool's to handle
    worker = _Worker(Channel(socket.socket(fileno=int(sys.argv[1]))))
    threading.Thread(target=worker.listen, name="listen", daemon=True).start()
    worker.serve(started)


class _Worker:
    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._commands: queue.SimpleQueue[ToWorker] = queue.SimpleQueue()
        self._current: TrialHandle | None = None
        self._early_stops: dict[int, bool] = {}  # of trials that had not begun, with whether to keep the model
        self._program: Program | None = None

    def listen(self) -> None:
        while (frames := self._channel.receive()) is not None:
            for frame in frames:
                command = decode_command(frame)
                if isinstance(command, Stop):
                    self._early_stops[command.number] = command.keep_checkpoint
                    handle = self._current
                    if handle is not None and handle.number == command.number:
                        handle.request_stop(keep_checkpoint=command.keep_checkpoint)
                    continue
                if isinstance(command, Run):
                    self._early_stops.pop(command.request.number, None)  # meant an earlier attempt
                self._commands.put(command)
        os._exit(0)  # the pool is gone, and whatever runs in the main thread is of no use to anybody

    def serve(self, started: float) -> None:
        while True:
            command = self._commands.get()
            if isinstance(command, Prepare):
                self._program = command.program
                _warm_up(command.program)
                self._channel.send(Ready(seconds=time.monotonic() - started))
            elif isinstance(command, Run):
                self._run(command.request)

    def _run(self, request: TrialRequest) -> None:
        self._current = handle = TrialHandle(request, self._channel)
        keep = self._early_stops.pop(request.number, None)
        if keep is not None:
            handle.request_stop(keep_checkpoint=keep)
        self._channel.send(Started(number=request.number))
        started = time.monotonic()
        message: Finished | Stopped | Failed
        try:
            folder = Path(request.folder)
            folder.mkdir(parents=True, exist_ok=True)
            with _output_to(folder / "log.txt"):
                message = self._outcome(request, handle, started)
        except OSError as error:  # the folder or the log cannot be written
            seconds = time.monotonic() - started
            message = Failed(number=request.number, fault=fault_from_exception(error), seconds=seconds)
        self._current = None
        self._channel.send(message)

    def _outcome(self, request: TrialRequest, handle: TrialHandle, started: float) -> Finished | Stopped | Failed:
        try:
            metrics, checkpoint = self._execute(request, handle)
        except TrialEndedEarly as ended:
            return Stopped(
                number=request.number,
                metrics=handle.last_metrics,
                seconds=time.monotonic() - started,
                checkpoint=ended.checkpoint,
            )
        except BaseException as error:  # noqa: BLE001 - whatever a trial raises, SystemExit too, is its own fault
            with contextlib.suppress(OSError):  # a full disk takes no traceback either; the fault still gets out
                traceback.print_exc()
            return Failed(number=request.number, fault=fault_from_exception(error), seconds=time.monotonic() - started)
        return Finished(
            number=request.number, metrics=metrics, seconds=time.monotonic() - started, checkpoint=checkpoint
        )

    def _execute(self, request: TrialRequest, handle: TrialHandle) -> tuple[dict[str, float], str | None]:
        program = self._program
        if program is None:
            raise RuntimeError("a trial came before its program")
        if isinstance(program, FunctionProgram):
            from persopt.tuning.functions import call_function

            return call_function(program, request, handle), None
        if isinstance(program, CommandProgram):
            from persopt.tuning.command import run_command
            from persopt.tuning.command_readers import OutputReader

            reader = OutputReader(program.parsers, _load_parsers(tuple(program.block_plugins)))
            return run_command(program, request, handle, reader)
        from persopt.tuning.training import train_trial

        outcome = train_trial(program, request, handle)
        return outcome.metrics, outcome.checkpoint


@functools.cache
def _load_parsers(blocked: tuple[str, ...]) -> Registry:
    """Return the plugins of this worker: a parser is code, which does not travel with the program."""
    from persopt.plugins.discovery import load_registry
    from persopt.settings import Settings

    return load_registry(Settings(block_plugins=list(blocked)), BUILTIN_MODULES)


def _warm_up(program: Program) -> None:
    """Import what the program needs; a fault shows again, with its trial to blame, when a trial runs."""
    try:
        if isinstance(program, FunctionProgram):
            from persopt.tuning.functions import find_function

            find_function(program)
        elif isinstance(program, CommandProgram):
            importlib.import_module("persopt.tuning.command")
            _load_parsers(tuple(program.block_plugins))
        else:
            from persopt.tuning.training import warm_up

            warm_up(program)
    except BaseException:  # noqa: BLE001 - see above
        traceback.print_exc()


class _output_to:  # noqa: N801 - used like a function
    """Sends this process's standard output and error, at the level of descriptors, to a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        log = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._saved = os.dup(1), os.dup(2)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)

    def __exit__(self, *_: object) -> None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):  # what a full disk does not take is lost
                stream.flush()
        for number, saved in enumerate(self._saved, start=1):
            os.dup2(saved, number)
            os.close(saved)


if __name__ == "__main__":
    main()
