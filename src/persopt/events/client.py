"""Opening and closing a NATS client, with its faults in words and nothing on anybody's standard error."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import NoReturn

import nats.errors
from nats.aio.client import Client

from persopt.domain.errors import BusError
from persopt.events.connection import hide_secrets
from persopt.events.embedded import ServerAddress

__all__ = ("close_client", "open_client")

_LOGGER = logging.getLogger("persopt.events")


async def open_client(client: Client, address: ServerAddress, on_closed: Callable[[], Awaitable[None]]) -> None:
    """Connect, trying each URL twice at once; a connection that is lost later is not mended.

    Args:
        client: A new client.
        address: Where to, and the token.
        on_closed: Called once the connection has ended, in whatever way.

    Raises:
        BusError: if no server can be reached, or it does not accept the token.
    """
    reasons: list[Exception] = []

    async def note(error: Exception) -> None:
        reasons.append(error)
        _LOGGER.debug("NATS: %r", error)

    try:
        await client.connect(
            [url.strip() for url in address.url.split(",") if url.strip()],
            token=address.token,
            name="persopt",
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=5,
            ping_interval=20,
            error_cb=note,
            closed_cb=on_closed,
        )
    except (nats.errors.Error, OSError, TimeoutError, ValueError) as error:
        await close_client(client)
        _refuse_connection(address, reasons[0] if reasons else error)


async def close_client(client: Client) -> None:
    """End the connection if there is one."""
    if client.is_connected or client.is_connecting:  # one that got no further has nothing to close, and asserts
        await client.close()


def _refuse_connection(address: ServerAddress, reason: Exception) -> NoReturn:
    url = hide_secrets(address.url)
    if "uthorization" in str(reason):
        given = "without a token" if address.token is None else "with the token that was given"
        raise BusError(
            f"the NATS server at {url} lets nobody in {given}", path="$.nats_token", hint="set PERSOPT_NATS_TOKEN"
        ) from reason
    words = str(reason) or type(reason).__name__
    raise BusError(
        f"cannot reach the NATS server at {url}: {words}",
        path="$.nats_url",
        hint="start it, mend PERSOPT_NATS_URL, or unset it to use the embedded server",
    ) from reason
