from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.commands import PERSOPT, environment, one_object, run_persopt, start_persopt, write_functions

SQUARE = ("tune", "--function", "tried:square", "-p", "x=1,2,3", "--strategy", "grid", "--objective", "value:minimize")


@pytest.fixture(autouse=True)
def _functions(tmp_path: Path) -> None:
    write_functions(tmp_path)


def test_json_is_one_object_the_finished_job_with_its_trials_and_the_best() -> None:
    result = run_persopt(*SQUARE, "--name", "آزمایش", "--json")
    assert result.returncode == 0, result.stderr
    job = one_object(result)
    assert (job["kind"], job["state"], job["spec"]["name"]) == ("tune", "succeeded", "آزمایش")
    assert [trial["number"] for trial in job["trials"]] == [0, 1, 2]
    assert sorted(trial["params"]["x"] for trial in job["trials"]) == [1, 2, 3]
    for trial in job["trials"]:
        x = trial["params"]["x"]
        assert trial["state"] == "succeeded"
        assert trial["values"] == [x**2]
        assert trial["metrics"] == {"value": x**2, "خطا": x}
    assert job["best"] == next(trial for trial in job["trials"] if trial["params"]["x"] == 1)
    assert "lease" not in job
    assert "آزمایش" in result.stdout  # as UTF-8, not escaped
    assert job["id"] in result.stderr
    assert run_persopt("jobs", "show", job["id"], "--json").stdout == result.stdout


def test_for_people_there_is_a_table_with_the_best_marked_and_where_things_lie() -> None:
    result = run_persopt(*SQUARE, "--name", "آزمایش")
    assert result.returncode == 0, result.stderr
    table = [line.split() for line in result.stdout.splitlines()]
    assert ["trial", "state", "x", "value", "time"] in table
    marked = [line for line in result.stdout.splitlines() if line.startswith("*")]
    assert len(marked) == 1
    assert marked[0].split()[1:5] == [marked[0].split()[1], "succeeded", "1", "1"]
    assert "value 1" in next(line for line in result.stdout.splitlines() if line.startswith("best "))
    path = next(line.split()[1] for line in result.stdout.splitlines() if line.startswith("trials.csv"))
    with Path(path).open(encoding="utf-8") as file:
        assert len(list(csv.reader(file))) == 4
    assert "grid over x (3 points)" in result.stderr
    assert "3 of 3 trials, best 1" in result.stderr
    assert "\x1b" not in result.stdout + result.stderr


def test_several_objectives_and_limits_are_shown() -> None:
    words = ("tune", "--function", "tried:square", "-p", "x=1,2,3", "--strategy", "grid")
    goals = ("--objective", "value:minimize", "--objective", "خطا")
    result = run_persopt(*words, *goals, "--constraint", "value>=2", "--constraint", "خطا<=3")
    assert result.returncode == 0, result.stderr
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if line}
    assert "value>=2, خطا<=3: kept by 2 trials" in lines["constraints"]
    assert "none is better" in lines["Pareto"]
    (identifier,) = (line.split()[1] for line in result.stdout.splitlines() if line.startswith("job "))
    job = one_object(run_persopt("jobs", "show", identifier, "--json"))
    assert job["best"]["params"] == {"x": 2}
    assert job["pareto"] == [trial["number"] for trial in job["trials"] if trial["params"]["x"] in (2, 3)]
    assert job["result"]["feasible"] == 2


def test_faults_come_all_at_once_before_any_job_exists(tmp_path: Path) -> None:
    result = run_persopt("tune", "--function", "tried:square", "-p", "x=3..1", "--strategy", "gird", "--json")
    assert (result.returncode, result.stdout) == (2, "")
    lines = [line for line in result.stderr.splitlines() if line]
    assert any(line.startswith("error: config.x: ") for line in lines)
    assert any(line.startswith("error: strategy: ") and "'grid'" in line for line in lines)
    assert one_object(run_persopt("jobs", "list", "--json"))["total"] == 0
    assert not list((tmp_path / "home" / "jobs").glob("*"))


def test_a_model_that_is_not_there_is_named() -> None:
    result = run_persopt("tune", "no/such/model", "no/such/data.csv")
    assert result.returncode == 2
    assert "error: baseModelPath: " in result.stderr
    assert "error: datasetPath: " in result.stderr


def test_a_job_that_fails_is_exit_code_one_and_still_one_object() -> None:
    result = run_persopt("tune", "--function", "tried:broken", "-p", "x=1,2", "--json")
    assert result.returncode == 1
    job = one_object(result)
    assert (job["state"], job["best"]) == ("failed", None)
    assert {trial["state"] for trial in job["trials"]} == {"failed"}
    assert "no luck" in job["trials"][0]["fault"]["message"]
    assert "error: " in result.stderr
    assert "Traceback" not in result.stderr


def test_detached_jobs_are_run_by_work() -> None:
    first = run_persopt(*SQUARE, "--detach")
    assert first.returncode == 0, first.stderr
    assert "persopt jobs work" in first.stderr
    second = one_object(run_persopt("tune", "--function", "tried:broken", "-p", "x=1", "--detach", "--json"))
    assert (second["state"], second["trials"], second["best"]) == ("queued", [], None)
    worked = run_persopt("jobs", "work", "--once", "--json")
    assert worked.returncode == 1  # one of them failed
    states = {job["id"]: job["state"] for job in one_object(worked)["jobs"]}
    assert states == {first.stdout.strip(): "succeeded", second["id"]: "failed"}
    assert run_persopt("jobs", "work", "--once").returncode == 0  # nothing left
    listed = one_object(run_persopt("jobs", "list", "--state", "failed", "--json"))
    assert [job["id"] for job in listed["jobs"]] == [second["id"]]


def test_ctrl_c_cancels_the_job_and_resume_goes_on_with_it(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    os.mkfifo(mark)
    words = ("tune", "--function", "tried:endless", "-p", f"mark={json.dumps(str(mark))}", "-p", "x=1", "--json")
    with start_persopt(*words) as process:
        assert mark.read_text("utf-8") == "running"  # waits until the trial writes it
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    job = json.loads(out)
    assert job["state"] == "cancelled"
    assert [trial["state"] for trial in job["trials"]] == ["cancelled"]
    assert f"persopt jobs resume {job['id']}" in err
    (tmp_path / "tried.py").write_text("def endless(params, trial):\n    return 5\n", "utf-8")
    resumed = run_persopt("jobs", "resume", job["id"], "--json")
    assert resumed.returncode == 0, resumed.stderr
    again = one_object(resumed)
    assert (again["id"], again["state"], again["resumes"]) == (job["id"], "succeeded", 1)
    assert again["best"]["values"] == [5]
    assert run_persopt("jobs", "resume", job["id"]).returncode == 4


def test_a_second_ctrl_c_leaves_without_waiting(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    os.mkfifo(mark)
    words = ("tune", "--function", "tried:endless", "-p", f"mark={json.dumps(str(mark))}", "-p", "x=1", "--json")
    with start_persopt(*words) as process:
        assert mark.read_text("utf-8") == "running"
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        assert any("press Ctrl-C again" in line for line in lines)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    # Depending on which is quicker the job had ended by then, or was left.
    ended = one_object(run_persopt("jobs", "list", "--json"))["jobs"][0]
    if "left: " in err:
        assert out == ""
        run_persopt("jobs", "work", "--once")
        ended = one_object(run_persopt("jobs", "show", ended["id"], "--json"))
    assert ended["state"] == "cancelled"


def test_colours_and_bars_stay_away_from_pipes_and_from_no_color() -> None:
    import pty

    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [PERSOPT, *SQUARE],
        env=environment({"NO_COLOR": "1", "TERM": "xterm", "COLUMNS": "60"}),
        stdout=terminal,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        os.close(terminal)
        shown = b""
        while True:
            try:
                chunk = os.read(controller, 4096)
            except OSError:  # Linux tells the end of a terminal this way
                break
            if not chunk:
                break
            shown += chunk
        assert process.wait(60) == 0
    os.close(controller)
    assert b"succeeded" in shown
    assert b"\x1b[3" not in shown  # no colour


def test_a_search_in_which_everything_is_fixed_is_one_trial() -> None:
    result = run_persopt("tune", "--function", "tried:square", "-p", "x=2", "--max-trials", "5")
    assert result.returncode == 0, result.stderr
    plan = [line.split(maxsplit=1) for line in result.stderr.splitlines()]
    assert ["strategy", "random; every parameter is fixed"] in plan
    assert ["fixed", "x 2"] in plan
    assert ["trials", "1"] in plan
