"""A command as its worker sees it: what it prints, how it ended, how to end it."""

from __future__ import annotations

import contextlib
import selectors
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Self

__all__ = ("CommandProcess",)

_GUARDIAN: Final = str(Path(__file__).with_name("command_guardian.py"))
_CHUNK: Final = 1 << 16


class CommandProcess:
    """A program under its guardian; use it as a context manager, which leaves none of its processes behind.

    Args:
        arguments: The program and its arguments.
        folder: Its working directory.
        environment: All of its variables.

    Raises:
        OSError: at the entrance, if the folder is not there.
    """

    def __init__(self, arguments: Sequence[str], folder: str, environment: Mapping[str, str]) -> None:
        self._arguments = arguments
        self._folder = folder
        self._environment = environment
        self._status = b""

    def __enter__(self) -> Self:
        """Start the guardian, which starts the program."""
        self._control, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", _GUARDIAN, str(theirs.fileno()), *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env=self._environment,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
                bufsize=0,
            )
        except BaseException:
            self._control.close()
            raise
        finally:
            theirs.close()
        return self

    def __exit__(self, *_: object) -> None:
        """End the program, if it still runs, by force; the guardian ends when it has."""
        self._control.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in the system; it is orphaned
            self._process.wait(5.0)

    def stop(self) -> None:
        """Ask the program to end (SIGTERM); it is killed 0.2 s later. May be called from any thread."""
        with contextlib.suppress(OSError):  # it has ended
            self._control.sendall(b"t")

    def read(self) -> Iterator[bytes]:
        """Give what the program prints as it comes, until it has ended."""
        output = self._process.stdout
        if output is None:
            raise RuntimeError("the output is not a pipe")
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            selector.register(self._control, selectors.EVENT_READ)
            ended = False
            while selector.get_map():
                ready = [key.fileobj for key, _ in selector.select(0 if ended else None)]
                if output in ready:
                    if data := output.read(_CHUNK):
                        yield data
                    else:
                        selector.unregister(output)
                elif ended:
                    return  # what a process beyond reach may still print is nobody's
                if self._control in ready:
                    if data := self._control.recv(_CHUNK):
                        self._status += data
                    else:
                        selector.unregister(self._control)
                        ended = True

    def outcome(self) -> tuple[str, str]:
        """Return how the program ended: `exit` and the status, `signal` and its number, `error` and the reason.

        `lost` if the guardian was killed.
        """
        kind, _, detail = self._status.decode("utf-8", "replace").partition(" ")
        return (kind, detail) if kind else ("lost", "")
