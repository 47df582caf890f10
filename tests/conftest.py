"""Fixtures for all tests, and the check that a test leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import configuration, settings

from tests.support import leaks, postgresql

PROJECT = Path(__file__).resolve().parent.parent


def pytest_configure(config: pytest.Config) -> None:
    """Cut the session off from the user's settings, caches and network, and set Hypothesis up."""
    environment = pytest.MonkeyPatch()
    config.add_cleanup(environment.undo)
    for name in [name for name in os.environ if name.startswith("PERSOPT_") and name != postgresql.REQUIRED]:
        environment.delenv(name)
    home = tempfile.TemporaryDirectory(prefix="persopt-tests-", ignore_cleanup_errors=True)
    config.add_cleanup(home.cleanup)
    environment.setenv(leaks.MARKER, uuid.uuid4().hex)
    environment.setenv("HF_HOME", str(Path(home.name) / "huggingface"))
    environment.setenv("HF_HUB_OFFLINE", "1")
    environment.setenv("MPLCONFIGDIR", str(Path(home.name) / "matplotlib"))
    configuration.set_hypothesis_home_dir(PROJECT / ".hypothesis")
    # A loaded machine must not fail a test, so there is no deadline; on CI the examples are always the same.
    settings.register_profile("persopt", deadline=None, derandomize="CI" in os.environ)
    settings.load_profile("persopt")


@pytest.fixture(autouse=True)
def _leaves_nothing_behind(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    """Run the test in its own folder and fail it when it leaves a process, a thread, a variable or a file."""
    before = leaks.take_snapshot(PROJECT)
    with contextlib.chdir(tmp_path):
        yield
    left = leaks.find_leaks(before, PROJECT)
    if left:
        pytest.fail(f"{request.node.nodeid} left behind " + "; ".join(left), pytrace=False)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """SQLAlchemy URL of a PostgreSQL server for this session; skips where PostgreSQL is not installed."""
    binaries = postgresql.find_binaries()
    if binaries is None:
        reason = "PostgreSQL is not installed: no initdb, pg_ctl and postgres on PATH or in /usr/lib/postgresql"
        if os.environ.get(postgresql.REQUIRED):
            pytest.fail(f"{reason}, and {postgresql.REQUIRED} is set", pytrace=False)
        pytest.skip(reason)
    with postgresql.run_server(binaries) as url:
        yield url


@pytest.fixture
def postgresql_database(postgresql_url: str) -> Iterator[str]:
    """SQLAlchemy URL of an empty database for this test alone."""
    with postgresql.create_database(postgresql_url) as url:
        yield url
