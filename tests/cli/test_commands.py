"""Programs as trials from the command line, and docs/commands.md, whose sample is run."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Final

from persopt.tuning.command_checks import DEFAULT_PARSERS
from persopt.tuning.command_template import OWN_PLACEHOLDERS
from tests.cli.commands import one_object, run_persopt, start_persopt

DOCS: Final = Path(__file__).parents[2] / "docs"
TEXT: Final = (DOCS / "commands.md").read_text("utf-8")
WAITS: Final = "echo loss={x}; printf 'half\\rwhole\\r'; while [ ! -e go ]; do sleep 0.02; done; echo bye"


def test_the_sample_of_the_manual_runs_and_gives_the_model(tmp_path: Path) -> None:
    program = (DOCS / "samples" / "command" / "train.py").read_text("utf-8")
    assert program in TEXT
    (tmp_path / "train.py").write_text(program)
    (command,) = re.findall(r"```sh\n(persopt tune .*?)```", TEXT, re.DOTALL)
    words = shlex.split(command.replace("\\\n", ""))[1:]
    assert words[-2:] == ["--max-trials", "20"]
    job = one_object(run_persopt(*words[:-1], "3", "--json"))
    assert job["state"] == "succeeded"
    best = min(job["trials"], key=lambda trial: trial["metrics"]["val_loss"])
    assert job["best"]["number"] == best["number"]
    assert set(json.loads((tmp_path / "best-line" / "line.json").read_text())) == {"slope", "intercept"}
    folder = Path("home", "jobs", job["id"], "trials")
    assert [path.name for path in folder.rglob("checkpoint")] == []  # the beaten ones are deleted
    curve = next(trial for trial in job["trials"] if trial["number"] == 0)
    log = run_persopt("jobs", "log", job["id"], "--trial", "0").stdout.splitlines()
    assert log[-1].endswith(f"val_loss: {curve['metrics']['val_loss']:.6f}")


def test_a_trials_log_is_followed_while_its_program_runs(tmp_path: Path) -> None:
    script = shlex.quote(WAITS)
    words = ("tune", "--command", f"sh -c {script}", "-p", "x=1", "--objective", "loss", "--max-trials", "1")
    queued = run_persopt(*words, "--parser", "plain:lower-case=false", "--detach")
    assert queued.returncode == 0, queued.stderr
    job = queued.stdout.strip()
    with (
        start_persopt("jobs", "work", "--once") as worker,
        start_persopt("jobs", "log", job, "--trial", "0", "--follow") as follower,
    ):
        assert follower.stdout is not None
        assert follower.stdout.readline().startswith("[persopt] sh -c ")
        assert follower.stdout.readline() == "loss=1\n"
        assert "half" in follower.stdout.readline()
        (tmp_path / "go").touch()
        out, err = follower.communicate(timeout=60)
        assert worker.wait(60) == 0
    assert follower.returncode == 0, err
    assert out.splitlines()[-1] == "bye"


def test_every_fault_of_the_words_is_told_at_once() -> None:
    result = run_persopt("tune", "--command", "sh {y}", "-p", "x=1..2", "--parser", "plain:steps=1", "--parser", "x:y")
    assert result.returncode == 2
    assert "'plain' has no such option, got 'steps'" in result.stderr
    assert "write --parser NAME or --parser 'NAME:OPTION=VALUE;OPTION=VALUE'" in result.stderr


def test_the_manual_names_every_placeholder_and_parser() -> None:
    for name in OWN_PLACEHOLDERS:
        assert f"`{{{name}}}`" in TEXT
    for parser in DEFAULT_PARSERS:
        assert f"| `{parser}` |" in TEXT
