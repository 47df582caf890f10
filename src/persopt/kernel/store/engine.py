"""The database behind the store: connections, transactions, and what differs between SQLite and PostgreSQL."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from persopt.domain.errors import StoreError

__all__ = ("Database", "parse_url")

P = ParamSpec("P")
T = TypeVar("T")

_BUSY_SECONDS: Final = 30.0
_CONNECT_SECONDS: Final = 10
_OLDEST_SQLITE: Final = (3, 35, 0)  # the first that knows RETURNING
_ACCEPTED: Final = "accepted are sqlite:///FILE and postgresql://USER:PASSWORD@HOST/DATABASE"


def parse_url(url: str) -> URL:
    """Return the URL with the driver that persopt uses.

    Raises:
        StoreError: for another database than SQLite in a file or PostgreSQL, or what is no URL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(f"databaseUrl: expected a database URL, got {_hide(url)!r}; {_ACCEPTED}") from None
    if parsed.drivername in ("postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise StoreError(f"databaseUrl: got a database of kind {parsed.drivername!r}; {_ACCEPTED}")
    if parsed.database in (None, "", ":memory:") or "mode" in parsed.query:
        raise StoreError("databaseUrl: an SQLite database needs a file, because each job has a process of its own")
    return parsed.set(drivername="sqlite")


class Database:
    """Gives read and write transactions; safe to use from several threads.

    On SQLite (in WAL mode) a write transaction takes the write lock at its first statement, so that it never
    fails half-way with "database is locked"; writers wait for each other up to 30 seconds, readers never.

    Args:
        url: From `parse_url`.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._engine = _create_sqlite_engine(url) if self.is_sqlite else _create_postgresql_engine(url)
        self._writing = self._engine.execution_options(persopt_writes=True)
        # Threads of one process queue here: SQLite's own waiting is by sleeping.
        self._turn: AbstractContextManager[Any] = threading.Lock() if self.is_sqlite else contextlib.nullcontext()
        self._watch: sqlite3.Connection | None = None
        self._watches = 0
        self._watching = threading.Lock()

    def prepare(self) -> None:
        """Make the folder of an SQLite database and put the file in WAL mode, which it then stays in.

        Raises:
            OSError, sqlite3.Error: when that is not possible.
            StoreError: when SQLite itself is too old.
        """
        if self.is_sqlite and self.url.database is not None:
            if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
                raise StoreError(
                    f"this Python comes with SQLite {sqlite3.sqlite_version}, and 3.35 or newer is needed",
                    hint="use a newer Python, or a PostgreSQL database",
                )
            path = Path(self.url.database)
            path.parent.mkdir(parents=True, exist_ok=True)
            _use_wal(path)

    def write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `work(connection, ...)` in one transaction and return its result once that is committed.

        Whatever `work` raises undoes the whole. If the connection turns out to be gone before the commit (a
        server that was restarted), `work` is called a second time on a new one.
        """
        for is_last in (False, True):
            with self._turn, self._writing.connect() as connection:
                try:
                    result = work(connection, *args, **kwargs)
                except DBAPIError as error:
                    if is_last or not error.connection_invalidated:
                        raise
                else:
                    connection.commit()
                    return result
        raise AssertionError

    def read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `work(connection, ...)` and return its result; on SQLite it sees one moment throughout."""
        for is_last in (False, True):
            with self._engine.connect() as connection:
                try:
                    return work(connection, *args, **kwargs)
                except DBAPIError as error:
                    if is_last or not error.connection_invalidated:
                        raise
        raise AssertionError

    def version(self) -> int | None:
        """Return a number that is another one after each commit, of whatever process; in microseconds.

        What is read after it was asked for holds as long as it is the same. None on PostgreSQL, which has none.
        """
        if not self.is_sqlite:
            return None
        with self._watching:
            try:
                if self._watch is None:  # a connection that never writes, as its own commits would not count
                    self._watch = sqlite3.connect(str(self.url.database), timeout=0.0, check_same_thread=False)
                    self._watches += 1  # each connection counts from the beginning
                found = self._watch.execute("PRAGMA data_version").fetchone()[0]
            except sqlite3.OperationalError:  # whoever opens it first restores it after a crash
                return None
            return (self._watches << 32) + int(found)

    @contextmanager
    def changing_schema(self) -> Iterator[Connection]:
        """Give a write transaction that keeps every other process out, foreign keys not enforced meanwhile."""
        with self._turn, self._writing.connect() as connection:
            if self.is_sqlite:
                driver = cast("sqlite3.Connection", connection.connection.driver_connection)
                driver.execute("PRAGMA foreign_keys=OFF")  # without effect once the transaction has begun
            try:
                yield connection
                connection.commit()
            finally:
                connection.rollback()
                connection.invalidate()  # the next one enforces them again

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._engine.dispose()
        with self._watching:
            if self._watch is not None:
                self._watch.close()
                self._watch = None


def _create_postgresql_engine(url: URL) -> Engine:
    patience = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_SECONDS}
    return create_engine(url, connect_args=patience)


def _create_sqlite_engine(url: URL) -> Engine:
    # isolation_level None: the driver begins no transaction by itself.
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(driver: sqlite3.Connection, _: object) -> None:
    driver.execute("PRAGMA foreign_keys=ON")
    driver.execute("PRAGMA synchronous=NORMAL")  # in WAL mode safe against crashes of any process


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("persopt_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _use_wal(path: Path) -> None:
    """Switch to WAL; openers do it one after the other, because SQLite itself would not wait but give up."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # until it is closed, or this process dies
        with contextlib.closing(sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)) as driver:
            driver.execute("PRAGMA journal_mode=WAL")
    finally:
        os.close(folder)


def _hide(url: str) -> str:
    """Return what may be shown of a text that is no URL but may hold a password."""
    return url.rsplit("@", maxsplit=1)[-1]
