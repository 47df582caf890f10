"""A client that asks as much as it can, or at a fixed rate: `python -m benchmarks.http_load PLAN`, its own process.

The plan is JSON; the answer is JSON on standard output. Nothing but asyncio reads and writes: the client shall take
as little of the machine as it can from the server that it measures.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any, Final

_LENGTH: Final = b"content-length: "


class Connection:
    """One connection that is kept, over which requests go one after the other."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def open(self) -> None:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)

    async def ask(self, request: bytes, status: bytes) -> None:
        """Send a request and read its answer; the program ends if that has another status."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 " + status):
            raise SystemExit(f"expected {status.decode()}, got {head.decode()}")
        start = head.index(_LENGTH) + len(_LENGTH)
        await self._reader.readexactly(int(head[start : head.index(b"\r", start)]))


def main() -> None:
    """Carry out the plan."""
    plan: dict[str, Any] = json.loads(sys.argv[1])
    times, seconds = asyncio.run(_load(plan))
    times.sort()
    quantiles = {f"p{share}": 1000 * times[min(len(times) - 1, len(times) * share // 100)] for share in (50, 99)}
    print(json.dumps({"rate": len(times) / seconds, **quantiles}))


async def _load(plan: dict[str, Any]) -> tuple[list[float], float]:
    connections = [Connection(plan["host"], plan["port"]) for _ in range(plan["connections"])]
    await asyncio.gather(*(connection.open() for connection in connections))
    head = f"{plan['method']} {plan['path']} HTTP/1.1\r\nHost: localhost\r\n"
    body = plan.get("body", "").encode()
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    request, status = head.encode() + b"\r\n" + body, str(plan["status"]).encode()
    await asyncio.gather(*(connection.ask(request, status) for connection in connections))  # each thread is warm
    return await (_at_rate if plan.get("rate") else _at_once)(plan, connections, request, status)


async def _at_once(
    plan: dict[str, Any], connections: list[Connection], request: bytes, status: bytes
) -> tuple[list[float], float]:
    """Let each connection ask again as soon as it is answered; times from request to answer."""
    times: list[float] = []
    begun = time.perf_counter()
    end = begun + plan["seconds"]

    async def go_on(connection: Connection) -> None:
        while (sent := time.perf_counter()) < end:
            await connection.ask(request, status)
            times.append(time.perf_counter() - sent)

    await asyncio.gather(*(go_on(connection) for connection in connections))
    return times, time.perf_counter() - begun


async def _at_rate(
    plan: dict[str, Any], connections: list[Connection], request: bytes, status: bytes
) -> tuple[list[float], float]:
    """Ask at fixed moments, whatever the server does; times from the moment that was due, waiting included."""
    times: list[float] = []
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in connections:
        free.put_nowait(connection)
    begun = time.perf_counter()

    async def ask(due: float) -> None:
        connection = await free.get()
        await connection.ask(request, status)
        times.append(time.perf_counter() - due)
        free.put_nowait(connection)

    async with asyncio.TaskGroup() as group:
        for number in range(int(plan["rate"] * plan["seconds"])):
            due = begun + number / plan["rate"]
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(ask(due))
    return times, time.perf_counter() - begun


if __name__ == "__main__":
    main()
