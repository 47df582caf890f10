"""Every test of the store runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from persopt.kernel.store import Store
from tests.support import postgresql


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server_url(request: pytest.FixtureRequest) -> str | None:
    """URL of a PostgreSQL server; None for SQLite. Of session scope, as the server outlives the tests."""
    return str(request.getfixturevalue("postgresql_url")) if request.param == "postgresql" else None


@pytest.fixture
def database_url(server_url: str | None, tmp_path: Path) -> Iterator[str]:
    """URL of a database that does not exist yet (SQLite) or is empty (PostgreSQL)."""
    if server_url is None:
        yield f"sqlite:///{tmp_path / 'workspace' / 'persopt.db'}"
    else:
        with postgresql.create_database(server_url) as url:
            yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """URL of an SQLite database that does not exist yet, for what only SQLite has."""
    return f"sqlite:///{tmp_path / 'persopt.db'}"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Open a new store."""
    with Store.open(database_url) as opened:
        yield opened
