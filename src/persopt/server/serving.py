"""Listening: the socket, and uvicorn in a thread, so that Ctrl-C stays with whoever started it."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Final, Self

import uvicorn

from persopt.domain.errors import InputError
from persopt.server.gate import Gate

__all__ = ("HttpServer", "open_socket")

_BACKLOG: Final = 2048
_CUT_SECONDS: Final = 4.0
_GRACE_SECONDS: Final = 8
_JOIN_SECONDS: Final = 30.0
_MOST_CONNECTIONS: Final = 1000


def open_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    Raises:
        InputError: if the address is none of this machine's, or the port is taken.
    """
    try:
        family, _, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # With the protocol told, asyncio switches Nagle's algorithm off, which would hold each answer for 40 ms.
        listening = socket.socket(family, socket.SOCK_STREAM, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(_BACKLOG)
        except OSError:
            listening.close()
            raise
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        hint = "give another --port, or --port 0 for a free one"
        raise InputError(f"cannot listen at {host} port {port}: {reason}", path="$.port", hint=hint) from None
    return listening


class HttpServer:
    """Serves while the block runs; at its end open streams are ended and answers finished.

    Args:
        gate: The application.
        listening: A socket that listens; closed at the end.
    """

    def __init__(self, gate: Gate, listening: socket.socket) -> None:
        config = uvicorn.Config(
            gate,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="on",
            proxy_headers=False,  # a header must not choose the address that wrong tokens are counted by
            server_header=False,
            access_log=False,
            log_config=None,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        self._server = _Server(config, gate)
        self._socket = listening
        name = listening.getsockname()
        host = f"[{name[0]}]" if ":" in name[0] else name[0]
        self.url = f"http://{host}:{name[1]}"
        self._thread = threading.Thread(target=self._work, name="persopt-http", daemon=True)

    def __enter__(self) -> Self:
        """Begin; returns when requests are answered.

        Raises:
            RuntimeError: if the application does not start.
        """
        self._thread.start()
        self._server.settled.wait()
        if not self._server.started:
            self._thread.join(_JOIN_SECONDS)
            raise RuntimeError("the HTTP application did not start; the log says why")
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._server.should_exit = True
        self._thread.join(_JOIN_SECONDS)
        self._socket.close()

    def _work(self) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[self._socket]))
        except SystemExit:  # how uvicorn tells that the application does not start
            return
        finally:
            self._server.settled.set()


class _Server(uvicorn.Server):
    """Says when it has started, and ends the streams before it waits for connections."""

    def __init__(self, config: uvicorn.Config, gate: Gate) -> None:
        super().__init__(config)
        self.settled = threading.Event()
        self._gate = gate

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.settled.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._gate.close_streams()
        cut = asyncio.get_running_loop().call_later(_CUT_SECONDS, self._cut)
        try:
            await super().shutdown(sockets=sockets)
        finally:
            cut.cancel()

    def _cut(self) -> None:
        """End the connections whose clients do not take what they asked for; what answers them sees that and ends."""
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
