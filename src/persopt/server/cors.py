"""Pages of other origins: what a browser needs to be told before it lets one of them call this server.

Only the origins that the operator has named are answered, each by its own name; there is no wildcard and there are no
cookies. A request of any other origin has been refused by then (`hosts.check_origin`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from litestar.datastructures import MutableScopeHeaders

from persopt.domain.errors import InputError
from persopt.server.hosts import split_origin
from persopt.server.options import ServerOptions

__all__ = ("add_cors_headers", "answer_preflight", "is_preflight", "read_origin")

_METHODS: Final = "GET, HEAD, POST"
_TAKEN: Final = "Authorization, Content-Type, Idempotency-Key, If-None-Match, If-Range, Last-Event-ID, Range"
_TOLD: Final = (
    "Accept-Ranges, Content-Disposition, Content-Range, ETag, Idempotency-Replayed, Location, Repr-Digest, Retry-After"
)
_KEPT_SECONDS: Final = 600
_FILES_BELOW: Final = "/studio/"


def read_origin(text: str) -> str:
    """Return an origin as browsers write it: scheme, name in lower case, port unless it is the scheme's own.

    Raises:
        InputError: if it is none, or one that any page can have (`null`, a wildcard).
    """
    origin = split_origin(text.strip().removesuffix("/"))
    if origin is None:
        message = (
            f"expected the origin of a page, such as https://studio.example or http://localhost:5173, got {text!r}"
        )
        raise InputError(message, path="$.allowOrigin")
    return origin


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Return whether a browser asks if a page of another origin may call; it sends no token with that."""
    return method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers


def answer_preflight() -> dict[str, str]:
    """Return the headers that let an allowed origin call; its own name is added by `add_cors_headers`."""
    return {
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": _TAKEN,
        "Access-Control-Max-Age": str(_KEPT_SECONDS),
    }


def add_cors_headers(answer: MutableScopeHeaders, path: str, origin: str | None, options: ServerOptions) -> None:
    """Add what lets an allowed origin read an answer, and what keeps caches from giving it to another one."""
    if not options.origins:
        return
    vary = answer.get("Vary")
    answer["Vary"] = f"{vary}, Origin" if vary else "Origin"
    if origin not in options.origins:
        return
    answer["Access-Control-Allow-Origin"] = origin
    answer["Access-Control-Expose-Headers"] = _TOLD
    if path.startswith(_FILES_BELOW):
        answer["Cross-Origin-Resource-Policy"] = "cross-origin"
