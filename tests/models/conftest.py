"""Tiny checkpoints, made once a session."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.models.tiny import save_tiny


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that gives the folder of the shared tiny checkpoint of an architecture; do not change it."""
    root = tmp_path_factory.mktemp("checkpoints")

    def get(kind: str) -> Path:
        folder = root / kind
        return folder if folder.is_dir() else save_tiny(folder, kind)

    return get


@pytest.fixture
def checkpoint(checkpoints: Callable[[str], Path], tmp_path: Path) -> Path:
    """A tiny BERT of the test's own, to be damaged."""
    return Path(shutil.copytree(checkpoints("bert"), tmp_path / "checkpoint"))
