"""Process groups, leases and what a worker is given."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import psutil

from persopt.kernel.leases import is_dead_here, make_lease
from persopt.kernel.processes import divide_threads, is_process_alive, kill_group, spawn_module, worker_environment

PARENT = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input()']); print('up', flush=True); input()"


def start_group() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", PARENT]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    return process


def test_the_whole_group_of_a_lease_is_ended() -> None:
    with start_group() as process:
        members = [psutil.Process(process.pid), *psutil.Process(process.pid).children()]
        lease = make_lease(process.pid, 10)
        assert is_process_alive(lease)
        kill_group(lease)
        process.wait()
    _, alive = psutil.wait_procs(members, timeout=10)
    assert (len(members), alive) == (2, [])
    assert is_dead_here(lease)


def test_members_are_ended_also_when_the_leader_is_gone() -> None:
    with start_group() as process:
        member = psutil.Process(process.pid).children()[0]
        lease = make_lease(process.pid, 10)
        process.kill()
        process.wait()
        kill_group(lease)
    _, alive = psutil.wait_procs([member], timeout=10)
    assert alive == []


def test_a_process_that_only_has_the_same_number_is_left_alone() -> None:
    with start_group() as process:
        lease = msgspec.structs.replace(make_lease(process.pid, 10), process_started=1.0)
        assert not is_process_alive(lease)
        kill_group(lease)
        assert process.poll() is None
        kill_group(make_lease(process.pid, 10))


def test_a_module_is_started_without_the_current_folder_on_its_path(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the stray file was imported')")
    process = spawn_module("json.tool", "--help", log=tmp_path / "log")
    assert process.wait(60) == 0


def test_threads_and_gpus_are_divided() -> None:
    assert divide_threads(1) >= 1
    assert divide_threads(10_000) == 1
    assert [worker_environment(index, 2, ["0", "3"])["CUDA_VISIBLE_DEVICES"] for index in range(3)] == ["0", "3", "0"]
    assert "CUDA_VISIBLE_DEVICES" not in worker_environment(0, 2, [])
    assert worker_environment(0, 2, [])["OMP_NUM_THREADS"] == "2"
