"""The text of server-sent events (the HTML standard, section 9.2)."""

from __future__ import annotations

from typing import Final

__all__ = ("EVENT_STREAM", "HEARTBEAT", "OPENING", "frame")

EVENT_STREAM: Final = "text/event-stream"
HEARTBEAT: Final = b": heartbeat\n\n"
OPENING: Final = b"retry: 2000\n\n"
"""Sent first: the headers reach the client at once, which comes back after 2 s when the stream breaks."""


def frame(data: bytes, identity: int, kind: str) -> bytes:
    """Return one event; data of several lines come out as they went in."""
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    body = b"".join(b"data: " + line + b"\n" for line in lines)
    return b"id: %d\nevent: %s\n%s\n" % (identity, kind.encode(), body)
