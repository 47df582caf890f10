"""One embedded server a workspace, never more, and never one without an owner."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from persopt.domain.errors import BusError
from persopt.events.connection import ConnectionRecord, answers, write_private
from persopt.events.embedded import find_or_start_server, locate_binary
from persopt.settings import Settings
from tests.events.servers import connection_record, kill_server, process_descriptor, stopped, wait_for_end

_OWNER = """
import sys
from persopt.events.embedded import find_or_start_server
from persopt.settings import Settings
address = find_or_start_server(Settings(home=sys.argv[1]))
print(address.process.pid if address.process else 0, address.url, flush=True)
sys.stdin.read()
address.close()
"""


@contextlib.contextmanager
def _other_process(settings: Settings) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """Run a process that uses the server of the workspace until its standard input is closed."""
    command = [sys.executable, "-c", _OWNER, str(settings.workspace)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            pid, url = process.stdout.readline().split()
            yield process, int(pid), url
        finally:
            process.kill()


def test_the_binary_is_the_one_of_the_distribution() -> None:
    done = subprocess.run([locate_binary(), "-v"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("nats-server: v2.")


def test_a_server_is_started_on_loopback_and_stopped(settings: Settings) -> None:
    address = find_or_start_server(settings)
    assert address.process is not None
    with process_descriptor(address.process.pid) as descriptor:
        listening = {
            connection.laddr.ip
            for connection in psutil.Process(address.process.pid).net_connections()
            if connection.status == psutil.CONN_LISTEN
        }
        address.close()
        wait_for_end(descriptor)
    assert listening == {"127.0.0.1"}
    assert connection_record(settings) is None
    address.close()


def test_the_token_is_needed_and_stands_in_no_command_line_and_no_log(settings: Settings) -> None:
    address = find_or_start_server(settings)
    try:
        assert address.process is not None
        assert address.token is not None
        assert answers(ConnectionRecord(url=address.url, token=address.token, pid=1))
        assert not answers(ConnectionRecord(url=address.url, token=address.token[::-1], pid=1))
        assert address.token not in repr(address) + repr(connection_record(settings))
        server = psutil.Process(address.process.pid)
        for process in (server, *server.parents()[:1]):
            assert address.token not in " ".join(process.cmdline())
        for path in settings.nats.rglob("*"):
            if path.is_file() and address.token in path.read_text("utf-8", "replace"):
                assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert stat.S_IMODE(settings.nats.stat().st_mode) == 0o700
    finally:
        address.close()


def test_a_second_call_finds_the_first_server(settings: Settings) -> None:
    first = find_or_start_server(settings)
    try:
        second = find_or_start_server(settings)
        assert (second.url, second.token, second.process) == (first.url, first.token, None)
        second.close()
        assert answers(ConnectionRecord(url=first.url, token=first.token or "", pid=1))
    finally:
        first.close()


def test_many_at_the_same_time_start_one_server(settings: Settings) -> None:
    barrier = threading.Barrier(8)

    def find(_: int) -> tuple[str, bool]:
        barrier.wait()
        address = find_or_start_server(settings)
        if address.process is not None:
            started.append(address.process)
        return address.url, address.process is not None

    started = []  # type: ignore[var-annotated]
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(find, range(8)))
        assert len({url for url, _ in found}) == 1
        assert [own for _, own in found].count(True) == 1
    finally:
        for server in started:
            server.stop()


def test_another_process_uses_the_same_server(settings: Settings) -> None:
    address = find_or_start_server(settings)
    try:
        with _other_process(settings) as (process, pid, url):
            assert (pid, url) == (0, address.url)
            process.communicate()
        assert answers(ConnectionRecord(url=address.url, token=address.token or "", pid=1))
    finally:
        address.close()


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM, None], ids=["kill", "terminate", "end"])
def test_the_server_does_not_outlive_its_owner(settings: Settings, way: signal.Signals | None) -> None:
    with _other_process(settings) as (process, pid, _), process_descriptor(pid) as descriptor:
        if way is None:
            assert process.stdin is not None
            process.stdin.close()
        else:
            process.send_signal(way)
        wait_for_end(descriptor)
    address = find_or_start_server(settings)
    assert address.process is not None
    address.close()


def test_the_server_does_not_outlive_a_killed_guardian(settings: Settings) -> None:
    address = find_or_start_server(settings)
    assert address.process is not None
    with process_descriptor(address.process.pid) as descriptor:
        guardian = psutil.Process(address.process.pid).parent()
        assert guardian is not None
        guardian.kill()
        wait_for_end(descriptor)
    address.close()


def test_a_forked_child_does_not_keep_the_server_alive(settings: Settings) -> None:
    script = "import os, signal\n" + _OWNER.replace(
        "sys.stdin.read()",
        "child = os.fork()\n"
        "if child == 0:\n    os.close(1)\n    signal.pause()\n"
        "print(child, flush=True)\nsys.stdin.readline()\nos.kill(os.getpid(), 9)",
    )
    command = [sys.executable, "-c", script, str(settings.workspace)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        pid = int(process.stdout.readline().split()[0])
        with process_descriptor(pid) as server:
            child = int(process.stdout.readline())
            with process_descriptor(child) as forked:
                print(file=process.stdin, flush=True)
                wait_for_end(server)
                os.kill(child, signal.SIGKILL)
                wait_for_end(forked)


def test_a_killed_server_is_replaced_on_the_same_store(settings: Settings) -> None:
    first = find_or_start_server(settings)
    try:
        assert kill_server(settings) is not None
        second = find_or_start_server(settings)
        assert second.process is not None
        assert second.token != first.token
        second.close()
    finally:
        first.close()


def test_stopping_a_dead_server_leaves_the_new_one_findable(settings: Settings) -> None:
    first = find_or_start_server(settings)
    kill_server(settings)
    second = find_or_start_server(settings)
    first.close()
    third = find_or_start_server(settings)
    assert (third.url, third.process) == (second.url, None)
    second.close()


def test_a_stale_connection_file_that_names_a_stranger_is_no_server(settings: Settings) -> None:
    settings.nats.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as stranger, ThreadPoolExecutor(1) as pool:
        greeting = pool.submit(_say_hello, stranger)
        url = f"nats://127.0.0.1:{stranger.getsockname()[1]}"
        write_private(settings.nats / "connection.json", b'{"url":"%s","token":"t","pid":1}' % url.encode())
        address = find_or_start_server(settings)
        greeting.result()
    assert address.process is not None
    assert address.url != url
    address.close()


def _say_hello(server: socket.socket) -> None:
    for _ in range(2):  # looked at before and after the lock is taken
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"220 mail.example ready\r\n")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"url": 1}'])
def test_a_broken_connection_file_is_ignored(settings: Settings, content: bytes) -> None:
    settings.nats.mkdir(parents=True)
    (settings.nats / "connection.json").write_bytes(content)
    address = find_or_start_server(settings)
    assert address.process is not None
    address.close()


def test_a_server_that_hangs_is_named(settings: Settings) -> None:
    address = find_or_start_server(settings)
    assert address.process is not None
    hanging = pytest.raises(BusError, match=f"process {address.process.pid} holds .* does not answer")
    with stopped(address.process.pid), hanging:
        find_or_start_server(settings, timeout=0.1)
    address.close()


def test_a_search_can_be_given_up(settings: Settings) -> None:
    address = find_or_start_server(settings)
    assert address.process is not None
    (settings.nats / "connection.json").unlink()
    stop = threading.Event()
    stop.set()
    with pytest.raises(BusError, match="a process holds"):
        find_or_start_server(settings, stop=stop)
    address.close()


def test_a_store_that_cannot_be_used_is_told_with_the_servers_words(settings: Settings) -> None:
    settings.nats.mkdir(parents=True)
    (settings.nats / "store").write_bytes(b"not a folder")
    with pytest.raises(BusError, match=r"did not start: .*storage directory"):
        find_or_start_server(settings)
    assert connection_record(settings) is None


def test_a_workspace_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BusError, match=r"cannot use .*file/nats"):
        find_or_start_server(Settings(home=str(tmp_path / "file")))
