"""Bodies: read whole before anything looks at them, with a limit of size and of time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from litestar.types import Receive, ReceiveMessage

from persopt.server.options import ServerOptions
from persopt.server.problems import ProblemError

__all__ = ("read_body", "replay_body")

_TYPES: Final = ("application/json", "")


async def read_body(receive: Receive, headers: Mapping[str, str], options: ServerOptions) -> bytes:
    """Return the whole body of a request.

    Raises:
        ProblemError: 415 if it is not JSON by its type, 413 if it is too large (told by its length before a byte is
            read, else as soon as it is seen), 408 if it does not arrive in time, 400 if the client leaves.
    """
    length = headers.get("content-length", "")
    if length.isdecimal() and (len(length) > len(str(options.max_body)) or int(length) > options.max_body):
        raise _too_large(options)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(options.body_seconds):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise ProblemError(400, "incomplete", "the body ended before it was whole")
                parts.append(message["body"])
                size += len(message["body"])
                if size > options.max_body:
                    raise _too_large(options)
                if not message["more_body"]:
                    break
    except TimeoutError:
        detail = f"the body did not arrive within {options.body_seconds:g} seconds"
        raise ProblemError(408, "slow-body", detail, {"Connection": "close"}) from None
    kind = headers.get("content-type", "").partition(";")[0].strip().casefold()
    if size and kind not in _TYPES:
        raise ProblemError(415, "not-json", f"expected Content-Type application/json, got {kind[:80]!r}")
    return b"".join(parts)


def replay_body(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives a body that was read already, and then goes on with what comes."""
    told = False

    async def replay() -> ReceiveMessage:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _too_large(options: ServerOptions) -> ProblemError:
    return ProblemError(413, "too-large", f"the body is larger than {options.max_body} bytes", {"Connection": "close"})
