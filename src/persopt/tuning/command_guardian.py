"""The process between a worker and a command: it sees to it that nothing of the command outlives its trial.

Run as a file (`python -I -S command_guardian.py DESCRIPTOR PROGRAM ARGUMENT...`), standard library only, so that it
is up soon. The command runs in a session of its own. Over the socket DESCRIPTOR the guardian is told `t`:
end the command, at first by SIGTERM; the end of the socket means that the worker is gone, however it went. When the
command has ended, every process that it left is killed (Linux: also one that has left its group, since orphans come
to the guardian), and the guardian tells how it ended: `exit N`, `signal N`, or `error REASON` if it was not started.
If the guardian itself is killed, the kernel ends the command (Linux: PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_GRACE_SECONDS = 0.2
_LOOK_SECONDS = 0.005
_CLEARING_SECONDS = 2.0
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class _Guardian:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._pid = 0
        self._ended = False

    def run(self, command: list[str]) -> str:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=_tie_to_guardian,  # noqa: PLW1509 - this process has one thread yet
            )
        except (OSError, ValueError) as error:
            return f"error {getattr(error, 'strerror', None) or error}"
        self._pid = process.pid
        _close_output()  # only the command holds it now, so that it ends with the command
        threading.Thread(target=self._listen, daemon=True).start()
        status = process.wait()
        self._kill_all()
        return f"signal {-status}" if status < 0 else f"exit {status}"

    def _listen(self) -> None:
        if self._control.recv(1):
            self._signal(signal.SIGTERM)
            self._control.settimeout(_GRACE_SECONDS)
            with contextlib.suppress(TimeoutError):
                self._control.recv(1)
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if not self._ended:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, number)

    def _kill_all(self) -> None:
        """Kill what is left of the group, then, one generation after the other, whoever has left it."""
        self._signal(signal.SIGKILL)
        self._ended = True
        pause = threading.Event()
        end = time.monotonic() + _CLEARING_SECONDS  # some may not be killed: another user's, or one stuck in the system
        with contextlib.suppress(ChildProcessError):
            while time.monotonic() < end:
                for child in _list_children():
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(child, signal.SIGKILL)
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
                pause.wait(_LOOK_SECONDS)


def _list_children() -> list[int]:
    """Return the children of this process; none where the system does not bring orphans to it."""
    found: list[int] = []
    for task in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(pid) for pid in task.read_text().split()]
    return found


def _tie_to_guardian() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # workers ignore it
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _close_output() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)


def main(arguments: list[str]) -> None:
    """Run the command and tell how it ended."""
    control = socket.socket(fileno=int(arguments[0]))
    outcome = _Guardian(control).run(arguments[1:])
    with contextlib.suppress(OSError):  # the worker is gone
        control.sendall(outcome.encode())
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
