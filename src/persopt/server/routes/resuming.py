"""Where a client that lost its stream goes on."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request

from persopt.server.problems import ProblemError

__all__ = ("read_last_event_id",)

_LONGEST: Final = 18


def read_last_event_id(request: Request[Any, Any, Any]) -> int | None:
    """Return the id of the last event that the client has seen; None if it begins.

    Raises:
        ProblemError: if no event has such an id.
    """
    given = request.headers.get("last-event-id")
    if given is None or given == "":
        return None
    if not (given.isascii() and given.isdecimal() and len(given) <= _LONGEST):
        detail = f"Last-Event-ID: expected the id of an event, a whole number, got {given[:80]!r}"
        raise ProblemError(400, "bad-last-event-id", detail)
    return int(given)
