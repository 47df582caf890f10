"""Opening a database: it is made or brought to the newest version, by one process while the others wait."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from persopt.domain.errors import StoreError
from persopt.kernel.store.engine import Database, parse_url
from persopt.kernel.store.schema import METADATA, SCHEMA_VERSION, VERSION_TABLE

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ("alembic_config", "open_database")

_ADVISORY_LOCK: Final = 0x706572736F7074  # "persopt"; held on PostgreSQL while the schema changes
_one_alembic_at_a_time = threading.Lock()  # Alembic's context is global to the process


def open_database(url: str) -> Database:
    """Connect, make what is missing, and bring the tables to the newest version.

    Any number of processes may do this at the same moment.

    Raises:
        StoreError: if it cannot be reached, is not a database, holds another program's tables, or was made by
            a newer persopt.
    """
    parsed = parse_url(url)
    database = Database(parsed)
    try:
        database.prepare()
        if database.read(_read_version, parsed.render_as_string()) != SCHEMA_VERSION:
            _migrate(database, parsed.render_as_string())
    except (DBAPIError, sqlite3.Error, OSError) as error:
        database.close()
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise StoreError(
            f"the database {parsed.render_as_string()} cannot be opened: {' '.join(str(reason).split())}",
            hint="see that the file is an SQLite database that may be written, or that the server runs and lets you in",
        ) from error
    except StoreError:
        database.close()
        raise
    return database


def alembic_config() -> Config:
    """Return Alembic's configuration; the scripts lie beside this module, installed or not."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _read_version(connection: Connection, url: str) -> str | None:
    """Return the version of the tables, None where there are none yet; raise StoreError if it is not ours."""
    names = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in names:
        foreign = sorted(names & set(METADATA.tables))
        if foreign:
            raise StoreError(
                f"the database {url} already holds tables of another program: {', '.join(foreign)}",
                hint="give persopt a database of its own",
            )
        return None
    version = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one_or_none()  # noqa: S608 - our own constant
    if version is not None and version > SCHEMA_VERSION:
        raise StoreError(
            f"the database {url} was made by a newer persopt (version {version} of the tables; this one knows "
            f"versions up to {SCHEMA_VERSION})",
            hint="upgrade persopt, or use another database",
        )
    return None if version is None else str(version)


def _migrate(database: Database, url: str) -> None:
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    with database.changing_schema() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        if _read_version(connection, url) == SCHEMA_VERSION:
            return  # another process was quicker
        config = alembic_config()
        config.attributes["connection"] = connection
        script = ScriptDirectory.from_config(config)
        with (
            _one_alembic_at_a_time,
            EnvironmentContext(config, script, fn=lambda revision, _: script._upgrade_revs("head", revision)),  # noqa: SLF001 - as alembic.command.upgrade does
        ):
            script.run_env()
