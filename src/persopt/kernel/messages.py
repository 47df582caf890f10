"""What goes over the pipe between a pool and its workers: msgpack, each message after its length.

Only plain data travels (no pickle), so a worker could as well be on another machine.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from persopt.domain.programs import Program
from persopt.plugins.contracts.execution import Failed, Finished, Reported, Started, Stopped, TrialRequest

__all__ = ("Channel", "FromWorker", "Prepare", "Ready", "Run", "Stop", "ToWorker", "decode_command", "decode_message")


class Prepare(Struct, frozen=True, tag="prepare", tag_field="type"):
    """Get warm for this program; always the first message."""

    program: Program


class Run(Struct, frozen=True, tag="run", tag_field="type"):
    """Run a trial of the prepared program."""

    request: TrialRequest


class Stop(Struct, frozen=True, kw_only=True, tag="stop", tag_field="type"):
    """End the running trial early."""

    number: int
    keep_checkpoint: bool


class Ready(Struct, frozen=True, kw_only=True, tag="ready", tag_field="type"):
    """The worker is warm. `seconds` since its interpreter started."""

    seconds: float


ToWorker: TypeAlias = Prepare | Run | Stop
FromWorker: TypeAlias = Ready | Started | Reported | Finished | Stopped | Failed

_HEADER: Final = struct.Struct("!I")
_CHUNK: Final = 65536
_to_worker: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)
_from_worker: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)


class Channel:
    """One end of a socket pair that carries framed messages.

    Sending is safe from several threads; receiving is for one.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._buffer = bytearray()
        self._sending = threading.Lock()

    def fileno(self) -> int:
        """Return the descriptor, for selectors."""
        return self.socket.fileno()

    def send(self, message: Struct) -> None:
        """Send a message whole: of a worker, or of whatever else is at both ends.

        Raises:
            OSError: if the other end is gone.
        """
        body = msgspec.msgpack.encode(message)
        with self._sending:
            self.socket.sendall(_HEADER.pack(len(body)) + body)

    def receive(self) -> Iterator[bytes] | None:
        """Read once from the socket and return the frames that are now whole; None at the end of the stream."""
        try:
            chunk = self.socket.recv(_CHUNK)
        except (ConnectionError, OSError):
            return None
        if not chunk:
            return None
        self._buffer += chunk
        return self._frames()

    def _frames(self) -> Iterator[bytes]:
        while len(self._buffer) >= _HEADER.size:
            (length,) = _HEADER.unpack_from(self._buffer)
            end = _HEADER.size + length
            if len(self._buffer) < end:
                return
            frame = bytes(self._buffer[_HEADER.size : end])
            del self._buffer[:end]
            yield frame

    def close(self) -> None:
        """Close this end."""
        self.socket.close()


def decode_command(frame: bytes) -> ToWorker:
    """Decode what a pool sent to a worker."""
    return _to_worker.decode(frame)


def decode_message(frame: bytes) -> FromWorker:
    """Decode what a worker sent to its pool."""
    return _from_worker.decode(frame)
