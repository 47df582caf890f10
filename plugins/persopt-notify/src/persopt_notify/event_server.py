"""Where the events come from: a server that is named, or the one that the workspace's connection file tells of."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct
from nats.aio.client import Client

from persopt_notify.settings import NotifySettings

__all__ = ("Address", "connect", "find_address")


class Address(Struct, frozen=True, kw_only=True):
    """A NATS server, and the token that it wants."""

    url: str
    token: str | None = None


def find_address(settings: NotifySettings) -> Address | None:
    """Return where the server is; None while the workspace has none."""
    if settings.nats_url:
        return Address(url=settings.nats_url, token=settings.nats_token or None)
    try:
        content = (Path(settings.home) / "nats" / "connection.json").read_bytes()
        return msgspec.json.decode(content, type=Address)
    except (OSError, msgspec.DecodeError):
        return None


async def connect(address: Address) -> Client:
    """Return a connection; one that is lost is not mended, for the embedded server comes back at another port.

    Raises:
        nats.errors.Error: if the server refuses.
        OSError: if it cannot be reached.
    """
    client = Client()

    async def ignore(_: Exception) -> None:
        """Say nothing: what matters is raised where it is waited for."""

    await client.connect(
        [url.strip() for url in address.url.split(",") if url.strip()],
        token=address.token,
        name="persopt-notify",
        allow_reconnect=False,
        max_reconnect_attempts=1,
        reconnect_time_wait=0,
        connect_timeout=5,
        error_cb=ignore,
    )
    return client
