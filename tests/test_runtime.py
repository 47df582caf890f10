from __future__ import annotations

import contextlib
from pathlib import Path

from persopt.runtime import Runtime
from persopt.settings import load_settings


def test_a_workspace_stays_where_it_was_when_the_current_folder_changes(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    with Runtime.open(load_settings({}, home="data")) as runtime, contextlib.chdir("elsewhere"):
        assert runtime.settings.workspace == tmp_path / "data"
        assert runtime.kernel.settings.jobs == tmp_path / "data" / "jobs"
