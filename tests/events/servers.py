"""Real NATS servers for tests, and what they hold, read by plain nats-py and not by persopt."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import nats
from nats.js.api import RawStreamMsg

from persopt.events.connection import ConnectionRecord, read_connection
from persopt.events.embedded import find_or_start_server, locate_binary
from persopt.settings import Settings

PATIENCE_SECONDS = 60.0


@contextlib.contextmanager
def run_external_server(folder: Path, *arguments: str, jetstream: bool = True, port: int = -1) -> Iterator[str]:
    """Run a nats-server of somebody else's and yield its URL."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(locate_binary()), "-a", "127.0.0.1", "-p", str(port), *arguments]
    command += ["-js", "-sd", str(folder)] if jetstream else []
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        url = ""
        try:
            for line in process.stderr:
                if "Listening for client connections on" in line:
                    url = "nats://" + line.split()[-1]
                if "Server is ready" in line:
                    break
            assert url, "the server did not start"
            yield url
        finally:
            process.kill()


def connection_record(settings: Settings) -> ConnectionRecord | None:
    """Return what the workspace's connection file says."""
    return read_connection(settings.nats / "connection.json")


def kill_server(settings: Settings) -> int | None:
    """Kill the embedded server if there is one, and wait until it has gone; return its process id."""
    record = connection_record(settings)
    if record is None:
        return None
    with contextlib.suppress(ProcessLookupError), process_descriptor(record.pid) as descriptor:
        os.kill(record.pid, signal.SIGKILL)
        wait_for_end(descriptor)
        return record.pid
    return None


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop a process for a while, so that it hangs; its threads stop one after another, so the last is waited for."""
    os.kill(pid, signal.SIGSTOP)
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while not all(_state(thread) == "T" for thread in Path(f"/proc/{pid}/task").iterdir()):
            assert time.monotonic() < until, "the process does not stop"
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _state(thread: Path) -> str:
    """Return the state of a thread, such as R (running) or T (stopped); one that has just ended counts as stopped."""
    try:
        return (thread / "stat").read_text().rpartition(")")[2].split()[0]  # the name before it may hold spaces
    except (FileNotFoundError, ProcessLookupError):
        return "T"


@contextlib.contextmanager
def process_descriptor(pid: int) -> Iterator[int]:
    """Yield a descriptor of the process; raises ProcessLookupError if there is none."""
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def wait_for_end(descriptor: int) -> None:
    """Block until the process has ended."""
    ended, _, _ = select.select([descriptor], [], [], PATIENCE_SECONDS)
    assert ended, "the process is still there"


def read_stream(settings: Settings) -> list[RawStreamMsg]:
    """Return everything that the stream holds, first to last."""
    address = find_or_start_server(settings)
    try:
        return asyncio.run(_read(address.url, address.token))
    finally:
        address.close()


def event_ids(stored: Sequence[RawStreamMsg]) -> list[str]:
    """Return the message ids of what a stream holds."""
    return [(message.headers or {})["Nats-Msg-Id"] for message in stored]


async def _read(url: str, token: str | None) -> list[RawStreamMsg]:
    client = await nats.connect(url, token=token)
    try:
        context = client.jetstream()
        state = (await context.stream_info("PERSOPT_EVENTS")).state
        return [
            await context.get_msg("PERSOPT_EVENTS", sequence) for sequence in range(state.first_seq, state.last_seq + 1)
        ]
    finally:
        await client.close()
