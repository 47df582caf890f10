"""Sending a message to one address by Apprise."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import apprise

from persopt.domain.errors import Fault, InputError
from persopt_notify.texts import Message

__all__ = ("Destination", "open_destinations")


class Destination:
    """An address that messages are sent to.

    Attributes:
        address: As it was given; it may hold secrets.
        label: What it is called in logs: its kind and its place among the addresses.
    """

    def __init__(self, address: str, place: int) -> None:
        self.address = address
        self.label = f"{address.partition(':')[0]} (address {place})"
        self._service = apprise.Apprise()
        self.is_known = bool(self._service.add(address))

    async def send(self, message: Message) -> bool:
        """Return whether the message was taken; may be called again if it was not."""
        return bool(await asyncio.to_thread(self._service.notify, body=message.body, title=message.title))


def open_destinations(addresses: Sequence[str]) -> list[Destination]:
    """Return a destination for each address.

    Raises:
        InputError: with a fault for each that Apprise does not know; without the secrets in it.
    """
    found = [Destination(address, place) for place, address in enumerate(addresses, 1)]
    faults = [
        Fault(
            path=f"$.to[{index}]",
            message=f"no address that Apprise knows: {one.label}",
            hint="see https://appriseit.com/services",
        )
        for index, one in enumerate(found)
        if not one.is_known
    ]
    if faults:
        raise InputError(faults)
    return found
