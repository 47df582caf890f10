"""The gate: an ASGI application around the app that lets in only what may come in.

Nothing of a request that is refused here reaches a route; no answer leaves without the security headers.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.datastructures import MutableScopeHeaders
from litestar.types import HTTPScope, Message, Receive, Send

from persopt.server.bodies import read_body, replay_body
from persopt.server.cors import add_cors_headers, answer_preflight, is_preflight
from persopt.server.hosts import check_host, check_origin
from persopt.server.options import ServerOptions
from persopt.server.problems import PROBLEM_TYPE, ProblemError
from persopt.server.services import Services
from persopt.server.tokens import WrongTokenLimit

__all__ = ("SECURITY_HEADERS", "Gate")

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), usb=()",
    "Cache-Control": "no-store",
}

_READING: Final = ("GET", "HEAD", "OPTIONS")
_OPEN: Final = ("/health/live", "/health/ready", "/")
_OPEN_BELOW: Final = "/studio/"
"""The page holds nothing of anybody's, and has to be there before it can ask for a token."""


class Gate:
    """Checks `Host`, `Origin`, token and body of each request, in this order; the lifespan passes through.

    Args:
        app: What is behind the gate.
        services: Where the requests are counted, and what the streams end by.
        options: Who may come in.
        limit: How guessing of tokens is slowed down.
    """

    def __init__(self, app: Litestar, services: Services, options: ServerOptions, limit: WrongTokenLimit) -> None:
        self.app = app
        self.services = services
        self._options = options
        self._limit = limit

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; the types are those of ASGI, which each library writes in a way of its own."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:  # a websocket: there is none here
            await send({"type": "websocket.close", "code": 1008, "reason": ""})

    def close_streams(self) -> None:
        """End the streams that would go on for ever; to be called in the event loop."""
        self.services.close_streams()

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        status = 500
        origin: str | None = None

        async def send_safely(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", [])
                headers = MutableScopeHeaders.from_message(message)
                add_cors_headers(headers, scope["path"], origin, self._options)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            headers = _decode_headers(scope)
            check_host(headers, self._options)
            check_origin(headers, self._options)
            origin = headers.get("origin")
            asks_first = is_preflight(scope["method"], headers)
            body = b"" if asks_first else await self._let_in(scope, headers, receive)
        except ProblemError as error:
            await _refuse(scope, error, send_safely)
        else:
            if asks_first:
                await _send(204, answer_preflight(), b"", send_safely)
            else:
                await self.app(scope, replay_body(body, receive), send_safely)
        finally:
            route = str(scope.get("path_template") or "other")
            self.services.figures.note_request(scope["method"], route, status, time.perf_counter() - began)

    async def _let_in(self, scope: HTTPScope, headers: Mapping[str, str], receive: Receive) -> bytes:
        if scope["path"] not in _OPEN and not scope["path"].startswith(_OPEN_BELOW):
            self._check_token(scope, headers)
        return b"" if scope["method"] in _READING else await read_body(receive, headers, self._options)

    def _check_token(self, scope: HTTPScope, headers: Mapping[str, str]) -> None:
        tokens = self._options.tokens
        if tokens is None:
            return
        address = (scope.get("client") or ("", 0))[0]
        wait = self._limit.wait_of(address)
        if wait > 0:
            detail = "too many wrong tokens came from this address"
            raise ProblemError(429, "too-many-tokens", detail, {"Retry-After": f"{wait:.0f}"})
        scheme, _, token = headers.get("authorization", "").partition(" ")
        challenge = {"WWW-Authenticate": 'Bearer realm="persopt"'}
        if scheme.casefold() != "bearer" or not token:
            raise ProblemError(401, "no-token", "expected the header `Authorization: Bearer TOKEN`", challenge)
        role = tokens.role_of(token.strip())
        if role is None:
            self._limit.note(address)
            raise ProblemError(401, "wrong-token", "the token is wrong", challenge)
        if role == "read" and scope["method"] not in _READING:
            raise ProblemError(403, "read-only", "this token may look, but not start or cancel anything")


def _decode_headers(scope: HTTPScope) -> dict[str, str]:
    """Return the headers by lower-case name.

    Raises:
        ProblemError: if one that decides who is let in comes twice; two readers could then see two truths.
    """
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").casefold()
        if name in found and name in ("host", "origin", "authorization", "content-length", "content-type"):
            raise ProblemError(400, "repeated-header", f"the header {name} is given twice")
        found[name] = raw_value.decode("latin-1")
    return found


async def _refuse(scope: HTTPScope, error: ProblemError, send: Send) -> None:
    body = msgspec.json.encode(error.to_problem(scope["path"]))
    headers = {"content-type": PROBLEM_TYPE, "content-length": str(len(body)), **error.headers}
    await _send(error.status, headers, b"" if scope["method"] == "HEAD" else body, send)


async def _send(status: int, headers: Mapping[str, str], body: bytes, send: Send) -> None:
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body, "more_body": False})
