"""Opening: new, old, newer and foreign databases, by one process or by several at once."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import persopt
from persopt.domain.errors import StoreError
from persopt.kernel.store import Store
from persopt.kernel.store.engine import Database, parse_url
from persopt.kernel.store.migrate import alembic_config
from persopt.kernel.store.schema import METADATA, SCHEMA_VERSION, VERSION_TABLE
from tests.kernel.store.processes import run_and_die, run_together
from tests.kernel.store.records import dump_database, make_job, recorded_statements

OPENERS = 6


def execute(url: str, *statements: str) -> None:
    """Change a database past the store."""
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_a_new_database_has_the_tables_of_the_schema(store: Store, database_url: str) -> None:
    engine = sqlalchemy.create_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "target_metadata": METADATA}
        )
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == SCHEMA_VERSION
    engine.dispose()
    assert store.list_jobs() == []


def test_the_newest_script_makes_the_version_of_the_code() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert script.get_heads() == [SCHEMA_VERSION]
    assert [revision.revision for revision in script.walk_revisions()][-1] == "0001"


def test_opening_again_changes_nothing(store: Store, database_url: str) -> None:
    job = store.create_job(make_job())
    before = dump_database(database_url)
    with recorded_statements() as statements, Store.open(database_url) as again:
        assert again.get_job(job.id) == job
    assert dump_database(database_url) == before
    assert "COMMIT" not in statements


def test_processes_open_a_new_database_at_the_same_moment(database_url: str) -> None:
    assert run_together(OPENERS, open_and_create, database_url) == [True] * OPENERS
    with Store.open(database_url) as store:
        assert store.count_jobs() == OPENERS
    assert dump_database(database_url)[VERSION_TABLE] == [(SCHEMA_VERSION,)]


def test_processes_open_many_new_files_one_after_the_other(tmp_path: Path) -> None:
    """SQLite does not wait for its turn to switch a file to WAL mode, so openers must wait for each other."""
    assert run_together(OPENERS, open_files, str(tmp_path), 60) == [60] * OPENERS


def test_threads_open_a_new_database_at_the_same_moment(database_url: str) -> None:
    with ThreadPoolExecutor(OPENERS) as pool:
        assert list(pool.map(open_and_create, [database_url] * OPENERS)) == [True] * OPENERS
    with Store.open(database_url) as store:
        assert store.count_jobs() == OPENERS


def test_an_opening_that_was_killed_leaves_nothing_half_made(database_url: str) -> None:
    """Every eighth statement of the migration is a place to die; the next process makes the whole."""
    died = [statement for statement in range(1, 30, 7) if run_and_die(statement, open_and_create, database_url)]
    assert died[:2] == [1, 8]
    if database_url.startswith("postgresql"):
        assert set(dump_database(database_url)) <= {*METADATA.tables, VERSION_TABLE}
    with Store.open(database_url) as store:
        store.create_job(make_job())
        assert store.event_lag() >= 1


def open_and_create(url: str) -> bool:
    """Open a database and create a job."""
    with Store.open(url) as store:
        return store.create_job(make_job()).state == "queued"


def open_files(folder: str, count: int) -> int:
    """Prepare so many files, each of which the other processes prepare at about the same moment."""
    for number in range(count):
        database = Database(parse_url(f"sqlite:///{folder}/{number}.db"))
        database.prepare()
        database.close()
    return count


def test_a_newer_database_is_refused_in_words(store: Store, database_url: str) -> None:
    store.create_job(make_job())
    store.close()
    execute(database_url, f"UPDATE {VERSION_TABLE} SET version_num = '9000'")  # noqa: S608 - a constant
    before = dump_database(database_url)
    told = rf"made by a newer persopt \(version 9000 .* up to {SCHEMA_VERSION}\) \(upgrade persopt"
    with pytest.raises(StoreError, match=told):
        Store.open(database_url)
    assert dump_database(database_url) == before


def test_another_program_s_tables_are_left_alone(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "workspace").mkdir()
    execute(database_url, "CREATE TABLE jobs (title TEXT)")
    with pytest.raises(StoreError, match=r"already holds tables of another program: jobs .*a database of its own"):
        Store.open(database_url)
    assert dump_database(database_url) == {"jobs": []}


def test_other_tables_beside_ours_do_no_harm(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "workspace").mkdir()
    execute(database_url, "CREATE TABLE notes (title TEXT)", "CREATE TABLE alembic_version (version_num TEXT)")
    assert open_and_create(database_url)
    assert dump_database(database_url)["alembic_version"] == []


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "persopt.db"
    path.write_text("learning_rate: 0.1\n" * 100, "utf-8")
    with pytest.raises(StoreError, match=r"persopt\.db cannot be opened: file is not a database"):
        Store.open(f"sqlite:///{path}")
    assert path.read_text("utf-8").startswith("learning_rate")


@pytest.mark.parametrize("name", ["notes.txt/persopt.db", "folder"])
def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="cannot be opened: "):
        Store.open(f"sqlite:///{tmp_path / name}")


def test_a_server_that_does_not_answer_is_named_without_the_password() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, but nobody listens
        url = f"postgresql://me:secret@127.0.0.1:{closed.getsockname()[1]}/jobs"
        with pytest.raises(StoreError, match=r"postgresql\+psycopg://me:\*\*\*@127.* cannot be opened: ") as caught:
            Store.open(url)
    assert "secret" not in str(caught.value)


def test_a_wrong_password_is_said(postgresql_url: str) -> None:
    url = sqlalchemy.make_url(postgresql_url).set(password="wrong")  # noqa: S106 - that is the point
    with pytest.raises(StoreError, match="password authentication failed"):
        Store.open(url.render_as_string(hide_password=False))


def test_the_scripts_are_found_in_an_installed_package(tmp_path: Path) -> None:
    """A copy of the package away from the checkout, in a folder with a space and a percent sign."""
    site = tmp_path / "site packages 100%"
    shutil.copytree(Path(persopt.__file__).parent, site / "persopt", ignore=shutil.ignore_patterns("__pycache__"))
    program = "import persopt.kernel.store as s; print(s.__file__); s.Store.open('sqlite:///here/persopt.db').close()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(site)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith(str(site))
    with sqlite3.connect(tmp_path / "here" / "persopt.db") as connection:
        assert connection.execute(f"SELECT * FROM {VERSION_TABLE}").fetchall() == [(SCHEMA_VERSION,)]  # noqa: S608 - a constant
    connection.close()
