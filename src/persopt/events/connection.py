"""The file by which the processes of a workspace find the embedded server, and the look whether it answers."""

from __future__ import annotations

import json
import os
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

__all__ = ("ConnectionRecord", "answers", "hide_secrets", "read_connection", "write_private")

_ANSWER_SECONDS = 2.0


class ConnectionRecord(Struct, frozen=True, kw_only=True):
    """The connection file: the embedded server's URL, its token, its process id."""

    url: str
    token: str
    pid: int

    def __repr__(self) -> str:
        """Return the record without its token, fit for a log."""
        return f"ConnectionRecord({self.url}, process {self.pid})"


def hide_secrets(url: str) -> str:
    """Return NATS URLs without the user, password or token that may stand before `@`."""
    return re.sub(r"//[^/@,]*@", "//", url)


def read_connection(path: Path) -> ConnectionRecord | None:
    """Return what the connection file says; None if there is none or it is not one."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=ConnectionRecord)
    except (OSError, msgspec.DecodeError):
        return None


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only the user can read; it is there whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    temporary.replace(path)


def answers(record: ConnectionRecord, seconds: float = _ANSWER_SECONDS) -> bool:
    """Say whether a NATS server that knows the token answers at the URL."""
    address = urlsplit(record.url)
    hello = json.dumps(
        {"verbose": False, "pedantic": False, "auth_token": record.token, "lang": "python", "version": "1"}
    )
    try:
        with socket.create_connection((address.hostname, address.port), timeout=seconds) as connection:
            connection.settimeout(seconds)
            with connection.makefile("rb") as lines:
                if not lines.readline().startswith(b"INFO "):
                    return False
                connection.sendall(f"CONNECT {hello}\r\nPING\r\n".encode())
                return lines.readline().startswith(b"PONG")
    except OSError:
        return False
