"""The check that tests leave nothing behind sees each kind of leak."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from tests.support import leaks

_WAITS = "import sys; sys.stdin.read()"
_ORPHANS = f"""
import subprocess, sys
quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
child = subprocess.Popen([sys.executable, "-c", {_WAITS!r}], stdin=0, start_new_session=True, **quiet)
print(child.pid, flush=True)
child.returncode = 0
"""


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "_PATIENCE", 0.2)


def test_nothing_left_is_nothing_said(tmp_path: Path) -> None:
    assert leaks.find_leaks(leaks.take_snapshot(tmp_path), tmp_path) == []


def test_a_process_is_named_and_ended(tmp_path: Path) -> None:
    before = leaks.take_snapshot(tmp_path)
    with subprocess.Popen([sys.executable, "-c", _WAITS], stdin=subprocess.PIPE) as child:
        (leak,) = leaks.find_leaks(before, tmp_path)
    assert f"the process {child.pid} " in leak


def test_an_orphan_in_a_session_of_its_own_is_found(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    before = leaks.take_snapshot(tmp_path)
    done = subprocess.run([sys.executable, "-c", _ORPHANS], stdin=reading, check=True, capture_output=True, text=True)
    orphan = int(done.stdout)
    assert psutil.pid_exists(orphan)
    (leak,) = leaks.find_leaks(before, tmp_path)
    os.close(reading)
    os.close(writing)
    assert f"the process {orphan} " in leak


def test_a_thread_is_named(tmp_path: Path) -> None:
    end = threading.Event()
    before = leaks.take_snapshot(tmp_path)
    thread = threading.Thread(target=end.wait, name="forgotten")
    thread.start()
    left = leaks.find_leaks(before, tmp_path)
    end.set()
    thread.join()
    assert left == ["the thread 'forgotten'"]


def test_a_variable_is_named_and_restored(tmp_path: Path) -> None:
    before = leaks.take_snapshot(tmp_path)
    os.environ["PERSOPT_FORGOTTEN"] = "1"
    assert leaks.find_leaks(before, tmp_path) == ["the changed environment variable 'PERSOPT_FORGOTTEN'"]
    assert "PERSOPT_FORGOTTEN" not in os.environ


def test_a_file_is_named(tmp_path: Path) -> None:
    before = leaks.take_snapshot(tmp_path)
    (tmp_path / "forgotten").touch()
    assert leaks.find_leaks(before, tmp_path) == ["the new file or folder 'forgotten' in the project"]
