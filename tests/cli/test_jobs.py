from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.commands import one_object, run_persopt, start_persopt, write_functions


@pytest.fixture(autouse=True)
def _functions(tmp_path: Path) -> None:
    write_functions(tmp_path)


def tune(*words: str) -> str:
    """Queue a job and return its id."""
    result = run_persopt("tune", "--detach", *words)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def square(name: str = "") -> str:
    return tune("--function", "tried:square", "-p", "x=1,2", "--name", name)


def endless(tmp_path: Path) -> tuple[str, Path]:
    mark = tmp_path / "mark"
    os.mkfifo(mark)
    return tune("--function", "tried:endless", "-p", f"mark={json.dumps(str(mark))}", "-p", "x=1"), mark


def test_list_shows_the_newest_first_and_can_choose() -> None:
    ids = [square("یک"), square("دو"), square("three")]
    found = one_object(run_persopt("jobs", "list", "--json"))
    assert [job["id"] for job in found["jobs"]] == ids[::-1]
    assert found["total"] == 3
    page = one_object(run_persopt("jobs", "list", "--json", "--limit", "1", "--offset", "1"))
    assert ([job["id"] for job in page["jobs"]], page["total"]) == ([ids[1]], 3)
    assert one_object(run_persopt("jobs", "list", "--state", "running", "--json")) == {"jobs": [], "total": 0}
    assert one_object(run_persopt("jobs", "list", "--kind", "prune", "--json"))["total"] == 0
    shown = run_persopt("jobs", "list")
    lines = shown.stdout.splitlines()
    assert lines[0].split() == ["id", "kind", "state", "done", "best", "created", "name"]
    assert [line.split()[0] for line in lines[1:]] == ids[::-1]
    assert lines[2].endswith("دو")


@pytest.mark.parametrize("command", ["show", "log", "cancel", "resume"])
def test_a_job_that_does_not_exist_is_exit_code_three(command: str) -> None:
    result = run_persopt("jobs", command, "0123456789abcdef0123")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.startswith("error: ")
    assert "0123456789abcdef0123" in result.stderr


def test_a_queued_job_is_cancelled_at_once_and_not_twice() -> None:
    job = square()
    cancelled = run_persopt("jobs", "cancel", job, "--json")
    assert (cancelled.returncode, one_object(cancelled)["state"]) == (0, "cancelled")
    again = run_persopt("jobs", "cancel", job)
    assert again.returncode == 4
    assert again.stderr.startswith("error: ")


def test_a_running_job_is_cancelled_from_another_terminal(tmp_path: Path) -> None:
    job, mark = endless(tmp_path)
    with start_persopt("jobs", "work", "--once", "--json") as worker:
        assert mark.read_text("utf-8") == "running"
        assert run_persopt("jobs", "cancel", job[:15]).returncode == 0
        out, err = worker.communicate(timeout=60)
    assert worker.returncode == 0, err
    assert [ended["state"] for ended in json.loads(out)["jobs"]] == ["cancelled"]
    shown = one_object(run_persopt("jobs", "show", job, "--json"))
    assert [trial["state"] for trial in shown["trials"]] == ["cancelled"]


def test_a_job_goes_on_when_its_supervisor_is_killed_and_can_be_cancelled_without_one(tmp_path: Path) -> None:
    job, mark = endless(tmp_path)
    with start_persopt("jobs", "work") as worker:
        assert mark.read_text("utf-8") == "running"
        worker.kill()
        worker.communicate(timeout=60)
    assert one_object(run_persopt("jobs", "show", job, "--json"))["state"] == "running"
    assert run_persopt("jobs", "resume", job).returncode == 4
    assert run_persopt("jobs", "cancel", job).returncode == 0
    assert one_object(run_persopt("jobs", "show", job, "--json"))["state"] == "cancelled"


def test_resume_runs_a_queued_job_and_detached_only_queues_it() -> None:
    job = square()
    run_persopt("jobs", "cancel", job)
    queued = run_persopt("jobs", "resume", job, "--detach", "--json")
    assert (queued.returncode, one_object(queued)["state"]) == (0, "queued")
    done = run_persopt("jobs", "resume", job, "--json")
    assert (done.returncode, one_object(done)["state"]) == (0, "succeeded")
    assert run_persopt("jobs", "resume", job).returncode == 4


def test_show_tells_people_what_the_job_is_and_what_came_out(tmp_path: Path) -> None:
    job = square("آزمایش")
    queued = run_persopt("jobs", "show", job)
    assert queued.returncode == 0
    assert "queued" in queued.stdout
    run_persopt("jobs", "work", "--once")
    shown = run_persopt("jobs", "show", job).stdout
    for part in ("آزمایش", "succeeded", "tried:square", "random", str(tmp_path / "home" / "jobs" / job)):
        assert part in shown
    assert sum(line.startswith("*") for line in shown.splitlines()) == 1


def test_logs_are_shown_and_followed_to_the_end() -> None:
    job = square()
    with start_persopt("jobs", "log", job, "--follow") as follower:
        assert run_persopt("jobs", "work", "--once").returncode == 0
        out, err = follower.communicate(timeout=60)
    assert follower.returncode == 0, err
    assert out.splitlines()[-1].endswith("succeeded")
    assert run_persopt("jobs", "log", job).stdout == out
    lines = [json.loads(line) for line in run_persopt("jobs", "log", job, "--json").stdout.splitlines()]
    assert [line["message"] for line in lines][-1] == "succeeded"
    trial = run_persopt("jobs", "log", job, "--trial", "0")
    assert trial.returncode == 0
    assert "x is " in trial.stdout
    missing = run_persopt("jobs", "log", job, "--trial", "9")
    assert missing.returncode == 3
    assert missing.stderr.startswith("error: trial 9 of job ")


def test_work_is_interrupted_with_exit_code_130() -> None:
    import signal

    with start_persopt("jobs", "work") as worker:
        assert worker.stderr is not None
        assert "waiting for jobs" in worker.stderr.readline()
        worker.send_signal(signal.SIGINT)
        worker.communicate(timeout=60)
    assert worker.returncode == 130
