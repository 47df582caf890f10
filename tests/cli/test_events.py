from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.cli.commands import run_persopt, start_persopt, write_functions


@pytest.fixture(autouse=True)
def _functions(tmp_path: Path) -> None:
    write_functions(tmp_path)


def run_job(name: str) -> str:
    words = ("--function", "tried:square", "-p", "x=1,2", "--strategy", "grid", "--name", name)
    result = run_persopt("tune", "--json", *words)
    assert result.returncode == 0, result.stderr
    return str(json.loads(result.stdout)["id"])


def test_past_events_of_one_job_come_in_order_as_cloud_events() -> None:
    run_job("other")
    job = run_job("آزمایش")
    seen: list[dict[str, object]] = []
    with start_persopt("events", "--all", "--json", "--job", job) as process:
        assert process.stdout is not None
        for line in process.stdout:
            seen.append(json.loads(line))
            if seen[-1]["type"] == "persopt.job.succeeded":
                process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert {event["source"] for event in seen} == {f"/persopt/jobs/{job}"}
    assert [int(str(event["sequence"])) for event in seen] == list(range(1, len(seen) + 1))
    types = [event["type"] for event in seen]
    assert types[:2] == ["persopt.job.queued", "persopt.job.started"]
    assert types.count("persopt.trial.succeeded") == 2
    assert {event["specversion"] for event in seen} == {"1.0"}


def test_new_events_are_shown_while_they_happen() -> None:
    run_job("before")
    with start_persopt("events", "--limit", "2") as process:
        job = _run_until(process.poll, "after")
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    lines = out.splitlines()
    assert len(lines) == 2
    assert "before" not in out
    assert job


def _run_until(has_ended: object, name: str) -> str:
    """Run jobs until the follower, which may not have been connected for the first, has seen enough."""
    assert callable(has_ended)
    while True:
        job = run_job(name)
        if has_ended() is not None:
            return job


def test_events_that_waited_are_sent_on_by_the_follower() -> None:
    queued = run_persopt("tune", "--detach", "--function", "tried:square", "-p", "x=1", "--name", "نام")
    assert queued.returncode == 0
    result = run_persopt("events", "--all", "--limit", "1")
    assert result.returncode == 0, result.stderr
    (line,) = result.stdout.splitlines()
    assert queued.stdout.strip() in line
    assert line.endswith("job queued نام")


def test_a_server_that_cannot_be_reached_is_exit_code_five() -> None:
    result = run_persopt("events", env={"PERSOPT_NATS_URL": "nats://127.0.0.1:1"})
    assert (result.returncode, result.stdout) == (5, "")
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr


def test_a_job_that_does_not_exist_is_exit_code_three() -> None:
    assert run_persopt("events", "--job", "0123456789").returncode == 3
