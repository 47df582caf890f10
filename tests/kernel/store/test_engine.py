"""URLs, transactions, and connections that go away."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy

from persopt.domain.errors import StoreError
from persopt.kernel.store import Store
from persopt.kernel.store.engine import Database, parse_url
from tests.kernel.store.records import dump_database, event_names, make_job, make_trial, start_job

END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://me:secret@host:5433/jobs", "postgresql+psycopg://me:secret@host:5433/jobs"),
        ("postgresql+psycopg://host/jobs?connect_timeout=3", "postgresql+psycopg://host/jobs?connect_timeout=3"),
        ("sqlite:///persopt.db", "sqlite:///persopt.db"),
        ("sqlite+pysqlite:////var/lib/persopt.db", "sqlite:////var/lib/persopt.db"),
    ],
)
def test_a_url_gets_the_driver_in_use(given: str, used: str) -> None:
    assert parse_url(given).render_as_string(hide_password=False) == used


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("mysql://me:secret@host/jobs", "got a database of kind 'mysql'"),
        ("postgresql+asyncpg://me:secret@host/jobs", "got a database of kind 'postgresql"),
        ("persopt.db", "expected a database URL, got 'persopt.db'"),
        ("me:secret@host", "expected a database URL, got 'host'"),
        ("", "expected a database URL, got ''"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:///file:jobs?mode=memory&uri=true", "needs a file"),
    ],
)
def test_another_url_is_refused_in_words(given: str, reason: str) -> None:
    with pytest.raises(StoreError) as caught:
        Store.open(given)
    assert str(caught.value).startswith("databaseUrl: ")
    assert reason in str(caught.value)
    assert "secret" not in str(caught.value)


def test_sqlite_is_set_up_for_several_processes(sqlite_url: str) -> None:
    def look(connection: sqlalchemy.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]

    Store.open(sqlite_url).close()
    database = Database(parse_url(sqlite_url))
    assert database.read(look) == ["wal", 1, 1, 30_000]
    assert database.write(look) == ["wal", 1, 1, 30_000]
    database.close()


def test_what_raises_undoes_the_whole(store: Store, database_url: str) -> None:
    start_job(store)
    before = dump_database(database_url)
    database = Database(parse_url(database_url))

    def delete_and_stumble(connection: sqlalchemy.Connection) -> None:
        assert connection.exec_driver_sql("DELETE FROM jobs").rowcount == 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write(delete_and_stumble)
    database.close()
    assert dump_database(database_url) == before


def test_a_writer_waits_for_another_program_s_transaction(sqlite_url: str, tmp_path: Path) -> None:
    """An SQLite shell that holds the file for a while is no error; readers are not held up at all."""
    with Store.open(sqlite_url) as store:
        job, writer = start_job(store)
        other = sqlite3.connect(tmp_path / "persopt.db", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        assert store.list_trials(job.id) == []
        end = threading.Timer(0.3, other.execute, ["COMMIT"])
        end.start()
        writer.start_trial(make_trial(0))
        end.join()
        other.close()
        assert event_names(store, job.id)[-1] == "trial.started"


def test_connections_that_the_server_ended_are_replaced(postgresql_database: str) -> None:
    engine = sqlalchemy.create_engine(postgresql_database, isolation_level="AUTOCOMMIT")
    with Store.open(postgresql_database) as store:
        job, writer = start_job(store)
        for number in range(2):
            with engine.connect() as connection:
                connection.exec_driver_sql(END_OTHERS)
            if number == 0:
                writer.start_trial(make_trial(number))
            assert store.get_job(job.id).state == "running"
        assert event_names(store, job.id) == ["job.queued", "job.started", "trial.started"]
    engine.dispose()


def test_a_closed_store_opens_again_by_itself(store: Store) -> None:
    job = store.create_job(make_job())
    store.close()
    assert store.get_job(job.id) == job


def test_a_version_is_of_what_is_committed(sqlite_url: str) -> None:
    with Store.open(sqlite_url) as store, Store.open(sqlite_url) as other:
        versions = [store.version(), store.version()]
        assert versions[0] == versions[1]
        for writer in (store, other):
            job = writer.create_job(make_job())
            versions.append(store.version())
            store.get_job(job.id)
            assert store.version() == versions[-1]
            writer.request_cancel(job.id)
            versions.append(store.version())
    assert None not in versions
    assert len(set(versions)) == 5


def test_a_version_does_not_come_again_when_the_store_was_closed(sqlite_url: str) -> None:
    with Store.open(sqlite_url) as store:
        before = store.version()
        store.close()
        store.create_job(make_job())
        assert store.version() != before


def test_postgresql_has_no_version(postgresql_database: str) -> None:
    with Store.open(postgresql_database) as store:
        assert store.version() is None
