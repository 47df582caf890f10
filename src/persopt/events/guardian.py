"""The process between persopt and its embedded nats-server: it sees to it that the server never outlives its owner.

Run as a file (`python -I -S guardian.py OWNER_PID LOCK_FD SERVER ARGUMENT...`), standard library only, so that
it is up in some 20 ms. It writes the server's process id as one line to standard output and then waits for
whatever comes first: the server's end, SIGTERM, the end of standard input, or the owner's death in any manner
(Linux: a pidfd, which unlike the pipe is not kept open by processes that the owner forked). If the guardian
itself is killed, the kernel ends the server (Linux: PR_SET_PDEATHSIG). The lock file's descriptor goes to the
server and to nobody else, so that the lock is held for exactly as long as the server lives.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import threading
from types import FrameType

_PR_SET_PDEATHSIG = 1
_PATIENCE_SECONDS = 10.0


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _watch(owner: int) -> None:
    """Send this process SIGTERM once the owner is gone or has closed the pipe."""
    poll = select.poll()
    poll.register(sys.stdin.fileno(), select.POLLIN | select.POLLHUP)
    if hasattr(os, "pidfd_open"):
        try:
            poll.register(os.pidfd_open(owner), select.POLLIN)
        except ProcessLookupError:
            os.kill(os.getpid(), signal.SIGTERM)
        except OSError:
            pass  # a kernel without pidfds: the pipe alone tells
    if os.getppid() == owner:  # else it died before the watch began
        poll.poll()
    os.kill(os.getpid(), signal.SIGTERM)


def main(arguments: list[str]) -> int:
    """Start the server, wait for an end of any kind, and leave no server behind."""
    owner, lock, command = int(arguments[0]), int(arguments[1]), arguments[2:]
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def tie_to_guardian() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    signal.signal(signal.SIGTERM, _end)
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))  # until there is a server to end
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        pass_fds=(lock,),
        preexec_fn=tie_to_guardian,  # noqa: PLW1509 - this process has one thread yet
    )
    try:
        os.close(lock)
        os.write(sys.stdout.fileno(), f"{server.pid}\n".encode())
        threading.Thread(target=_watch, args=(owner,), daemon=True).start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))
        return server.wait()
    finally:
        server.terminate()
        try:
            server.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
