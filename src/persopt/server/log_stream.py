"""A log while it grows, as server-sent events whose ids are places in the file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from persopt.kernel.kernel import Kernel
from persopt.server.event_frames import HEARTBEAT, frame
from persopt.server.services import Services

__all__ = ("follow_log",)

_LOOK_SECONDS: Final = 0.25
_PIECE: Final = 1 << 16


async def follow_log(services: Services, job_id: str, path: Path, after: int) -> AsyncIterator[bytes]:
    """Give each whole line of a log as an event, those that follow too; at the end of the job an event `end`.

    Args:
        services: The kernel, and the sign that the server ends.
        job_id: The whole id of the job.
        path: The log; it need not exist yet.
        after: Bytes of it that the client has seen, whole lines.
    """
    position, idle = after, 0.0
    while not services.is_closing:
        ended = await asyncio.to_thread(_has_ended, services.kernel, job_id)  # asked before the last look
        piece = await asyncio.to_thread(_read_lines, path, position, ended)
        for line in piece.splitlines(keepends=True):
            position += len(line)
            yield frame(line.rstrip(b"\r\n"), position, "line")
        if piece:
            idle = 0.0
            continue
        if ended:
            yield frame(b"{}", position, "end")
            return
        await asyncio.sleep(_LOOK_SECONDS)
        idle += _LOOK_SECONDS
        if idle >= services.options.heartbeat_seconds:
            idle = 0.0
            yield HEARTBEAT


def _has_ended(kernel: Kernel, job_id: str) -> bool:
    return kernel.get(job_id).is_finished


def _read_lines(path: Path, position: int, ended: bool) -> bytes:
    """Return whole lines from a place on, at least one if there is one; when nothing more comes, the rest too."""
    try:
        with path.open("rb") as file:
            file.seek(position)
            piece = file.read(_PIECE)
            if b"\n" not in piece and len(piece) == _PIECE:
                piece += file.readline()
    except FileNotFoundError:
        return b""
    whole = piece.rfind(b"\n") + 1
    return piece[:whole] or (piece if ended else b"")
