"""Tiny checkpoints, made once a session."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pruning.vocabulary.checkpoints import save_checkpoint


@pytest.fixture(scope="session")
def vocabulary_models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that gives the folder of the shared tiny checkpoint of a kind; do not change it."""
    root = tmp_path_factory.mktemp("vocabularies")

    def get(kind: str) -> Path:
        folder = root / kind
        return folder if folder.is_dir() else save_checkpoint(folder, kind)

    return get


@pytest.fixture
def model(vocabulary_models: Callable[[str], Path], tmp_path: Path) -> Path:
    """A tiny GPT-2 of the test's own, to be changed."""
    return Path(shutil.copytree(vocabulary_models("gpt2"), tmp_path / "model"))
