"""The throw-away PostgreSQL gives each test a database of its own."""

from __future__ import annotations

import sqlalchemy

from tests.support import postgresql


def test_a_database_is_empty_and_gone_afterwards(postgresql_url: str) -> None:
    with postgresql.create_database(postgresql_url) as url:
        engine = sqlalchemy.create_engine(url)
        with engine.begin() as connection:
            assert sqlalchemy.inspect(connection).get_table_names() == []
            connection.execute(sqlalchemy.text("CREATE TABLE kept (n int)"))
        engine.dispose()
        name = engine.url.database
    server = sqlalchemy.create_engine(postgresql_url)
    with server.connect() as connection:
        databases = connection.execute(sqlalchemy.text("SELECT datname FROM pg_database")).scalars().all()
    server.dispose()
    assert "postgres" in databases
    assert name not in databases


def test_two_databases_do_not_share_tables(postgresql_url: str, postgresql_database: str) -> None:
    with postgresql.create_database(postgresql_url) as other:
        assert other != postgresql_database
        engines = [sqlalchemy.create_engine(url) for url in (other, postgresql_database)]
        with engines[0].begin() as connection:
            connection.execute(sqlalchemy.text("CREATE TABLE mine (n int)"))
        assert sqlalchemy.inspect(engines[1]).get_table_names() == []
        for engine in engines:
            engine.dispose()
