"""A throw-away PostgreSQL cluster on loopback, for the tests of the store."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

REQUIRED = "PERSOPT_REQUIRE_POSTGRESQL"
_USER = "persopt"
_DEBIAN = Path("/usr/lib/postgresql")
_ATTEMPTS = 3
_CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
full_page_writes = off
shared_buffers = 16MB
max_connections = 100
"""


class PostgresqlError(Exception):
    """PostgreSQL is installed, but a cluster could not be made or started."""


def find_binaries() -> Path | None:
    """Return the folder of `initdb`, `pg_ctl` and `postgres`: PATH, then Debian's newest, or None."""
    on_path = [shutil.which(name) for name in ("initdb", "pg_ctl", "postgres")]
    if on_path[0] and all(on_path):
        return Path(on_path[0]).resolve().parent
    versions = [folder for folder in _DEBIAN.glob("*/bin") if (folder / "initdb").exists()]
    return max(versions, key=lambda folder: float(folder.parent.name), default=None)


@contextmanager
def run_server(binaries: Path) -> Iterator[str]:
    """Run a fresh cluster in a temporary folder and yield the SQLAlchemy URL of its `postgres` database.

    The server refuses to run as root, so under root it runs as `postgres` or `nobody`.

    Raises:
        PostgresqlError: with the program's output, when initdb or pg_ctl fails.
    """
    folder = Path(tempfile.mkdtemp(prefix="persopt-postgresql-"))
    cluster = _Cluster(binaries, folder)
    try:
        cluster.create()
        port = cluster.start()
        try:
            yield f"postgresql+psycopg://{_USER}:{cluster.password}@127.0.0.1:{port}/postgres"
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def create_database(server_url: str) -> Iterator[str]:
    """Create an empty database on the server, yield its SQLAlchemy URL, and drop it with its connections."""
    name = f"test_{secrets.token_hex(8)}"
    base = server_url.replace("+psycopg", "", 1)
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield f"{server_url.rpartition('/')[0]}/{name}"
    finally:
        with psycopg.connect(base, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


class _Cluster:
    """One cluster folder and the commands on it."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self.password = secrets.token_hex(16)
        self._binaries = binaries
        self._folder = folder
        self._data = folder / "data"
        self._log = folder / "server.log"
        self._account = _server_account()

    def create(self) -> None:
        secret = self._folder / "password"
        secret.write_text(self.password, "utf-8")
        if self._account is not None:
            for path in (self._folder, secret):
                os.chown(path, self._account.pw_uid, self._account.pw_gid)
        self._run(
            "initdb", "--auth=scram-sha-256", f"--pwfile={secret}", f"--username={_USER}",
            "--encoding=UTF8", "--locale=C", "--no-sync", "--pgdata", str(self._data),
        )  # fmt: skip
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write(_CONFIGURATION)

    def start(self) -> int:
        """Start the server and return its port; another port is tried when one is taken in between."""
        for attempt in range(1, _ATTEMPTS + 1):
            port = _find_free_port()
            try:
                self._run(
                    "pg_ctl", "start", "--wait", "--timeout=60", f"--pgdata={self._data}",
                    f"--log={self._log}", f"--options=-p {port}",
                )  # fmt: skip
            except PostgresqlError:
                if attempt == _ATTEMPTS:
                    raise
            else:
                return port
        raise AssertionError

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--wait", "--mode=immediate", f"--pgdata={self._data}")

    def _run(self, program: str, *arguments: str) -> None:
        # Into a file, not a pipe: the server inherits what pg_ctl was given, and a pipe would never close.
        with (self._folder / "command.log").open("w+", encoding="utf-8", errors="replace") as output:
            code = subprocess.run(
                [str(self._binaries / program), *arguments],
                check=False,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=self._account and self._account.pw_uid,
                group=self._account and self._account.pw_gid,
                extra_groups=None if self._account is None else [],
            ).returncode
            output.seek(0)
            said = output.read()
        if code != 0:
            log = self._log.read_text("utf-8", errors="replace") if self._log.exists() else ""
            raise PostgresqlError(f"{program} ended with {code}:\n{said}\n{log}")


def _server_account() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    accounts = {account.pw_name: account for account in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in accounts:
            return accounts[name]
    raise PostgresqlError("PostgreSQL does not run as root, and there is neither a user 'postgres' nor 'nobody'")


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
