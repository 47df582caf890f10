"""Fixtures of the events' tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from persopt.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a workspace whose name is not plain ASCII."""
    return Settings(home=str(tmp_path / "کار گاه"))
