"""Fixtures of the server's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from persopt.runtime import Runtime
from tests.server.serving import open_workspace, serve


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A workspace."""
    with open_workspace(tmp_path) as opened:
        yield opened


@pytest.fixture
def client(runtime: Runtime) -> Iterator[httpx.Client]:
    """A client of a server over that workspace; no job is run."""
    with serve(runtime) as opened:
        yield opened
