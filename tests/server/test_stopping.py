"""The real server process, ended while streams are open: it ends them, says nothing of itself, and leaves nothing."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from persopt.domain.trials import TrialRecord
from persopt.kernel.leases import make_lease
from tests.cli.commands import start_persopt
from tests.server.serving import add_job, open_workspace

READERS = 12
HUGE = 3 << 20  # characters of one event, so that a few of them are more than the system keeps for a reader


@contextlib.contextmanager
def started() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start `persopt serve` and give its URL; kill it if it is left running."""
    server = start_persopt("serve", "--port", "0", "--capacity", "0")
    try:
        assert server.stderr is not None
        line = next(line for line in server.stderr if "is served;" in line)
        yield server, re.findall(r"http://\S+", line)[0]
    finally:
        server.kill()
        server.communicate()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_open_streams_end_with_the_server_in_silence(tmp_path: Path, sign: signal.Signals) -> None:
    """Readers of what comes, readers that catch up with followers of their own, of a log, and some that left."""
    with open_workspace(tmp_path) as runtime:
        for minute in range(100):
            runtime.kernel.cancel(add_job(runtime, minute).id)
        job = add_job(runtime, 1000).id
    with started() as (server, url), contextlib.ExitStack() as stack:
        client = stack.enter_context(httpx.Client(timeout=60))
        reading = []
        for number in range(READERS):
            query = {"start": "all"} if number % 2 else {}
            answer = stack.enter_context(client.stream("GET", f"{url}/events", params=query))
            reading.append(answer.iter_bytes())
            assert next(reading[-1]).startswith(b"retry:")
            if number % 3 == 0:
                answer.close()  # the client leaves
        stack.enter_context(client.stream("GET", f"{url}/jobs/{job}/log", params={"follow": "true"}))
        server.send_signal(sign)
        out, err = server.communicate(timeout=60)
    assert (server.returncode, out, err) == (130, "", "")


def test_readers_that_do_not_read_hold_nothing_up(tmp_path: Path) -> None:
    """They have megabytes to catch up with, take nothing, and are cut off in the middle of a send."""
    with open_workspace(tmp_path) as runtime:
        job = add_job(runtime)
        lease = make_lease(1, 60.0)
        assert runtime.store.claim_job(lease, job_id=job.id) is not None
        writer = runtime.store.writer(job.id, lease.token, 60.0)
        for number in range(8):
            writer.start_trial(TrialRecord(number=number, state="running", params={"x": "a" * HUGE}))
    with started() as (server, url), contextlib.ExitStack() as stack:
        parts = urlsplit(url)
        for _ in range(READERS):
            connection = stack.enter_context(socket.create_connection((parts.hostname, parts.port), timeout=60))
            head = f"GET {parts.path}/events?start=all HTTP/1.1\r\nHost: localhost\r\n\r\n"
            connection.sendall(head.encode())
            assert connection.recv(15) == b"HTTP/1.1 200 OK"
            received = b""
            while b"persopt.trial.started" not in received:
                received = received[-100:] + connection.recv(1 << 16)
        server.send_signal(signal.SIGTERM)
        out, err = server.communicate(timeout=60)
    assert (server.returncode, out, err) == (130, "", "")
