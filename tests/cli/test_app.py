from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import persopt
from tests.cli.commands import PERSOPT, environment, one_object, run_persopt

HEAVY = ("torch", "transformers", "optuna", "datasets", "sqlalchemy", "nats", "matplotlib", "sklearn", "rich", "yaml")


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["tune", "--help"], ["jobs", "--help"], ["tune", "--nam"]]
)
def test_help_loads_no_heavy_library(words: list[str]) -> None:
    heavy = [name for name in HEAVY if "tune" not in words or name != "sqlalchemy"]
    code = (
        "import sys; from persopt.cli import main; code = main(sys.argv[1:]);"
        f"sys.exit(code if code == 2 else ', '.join(name for name in {heavy!r} if name in sys.modules) or 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *words], env=environment(), capture_output=True, encoding="utf-8", check=False
    )
    assert result.returncode == (2 if "--nam" in words else 0), result.stderr


def test_help_shows_every_command() -> None:
    result = run_persopt("--help")
    assert result.returncode == 0
    for name in ("quickstart", "tune", "jobs", "events", "plugins", "metrics"):
        assert f"\n  {name} " in result.stdout


def test_help_makes_no_workspace(tmp_path: Path) -> None:
    for words in (["--help"], ["tune", "--strategy", "grid", "--help"], ["plugins"], ["jobs", "--help"]):
        assert run_persopt(*words).returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_the_version_is_that_of_the_package() -> None:
    assert run_persopt("--version").stdout == f"persopt, version {persopt.__version__}\n"


def test_the_help_of_tune_shows_the_options_of_the_strategy_that_is_named() -> None:
    for words in (["--strategy", "grid", "--help"], ["--help", "--strategy=grid"]):
        shown = run_persopt("tune", *words).stdout
        assert "Options of the strategy grid" in shown
        assert "-o max-points=..." in shown
    assert "max-points" not in run_persopt("tune", "--help").stdout
    assert "There is no strategy 'gird'" in run_persopt("tune", "--help", "--strategy=gird").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["tun"], "error: no such command 'tun'. Did you mean 'tune'? (see `persopt --help`)"),
        (["jobs", "lst"], "error: no such command 'lst'. Did you mean 'list'? (see `persopt jobs --help`)"),
        (["jobs", "show"], "error: missing argument 'ID' (see `persopt jobs show --help`)"),
        (["jobs", "list", "--state", "done"], "error: invalid value for '--state': 'done' is not one of 'queued'"),
        (["metrics", "more"], "error: got unexpected extra argument (more) (see `persopt metrics --help`)"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_two(words: list[str], told: str) -> None:
    result = run_persopt(*words)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith(told)
    assert result.stderr.count("\n") == 1


def test_without_a_command_the_help_is_shown_with_exit_code_two() -> None:
    result = run_persopt()
    assert result.returncode == 2
    assert "Commands:" in result.stderr


def test_a_bad_setting_is_named_with_exit_code_two() -> None:
    result = run_persopt("jobs", "list", env={"PERSOPT_LEASE_SECONDS": "-1"})
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: lease_seconds: ")
    assert "'-1'" in result.stderr


def test_a_workspace_that_cannot_be_made_is_named_with_exit_code_two(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run_persopt("jobs", "list", "--home", "file/home")
    assert result.returncode == 2
    assert result.stderr.startswith("error: home: the workspace ")
    assert "Not a directory" in result.stderr


def test_a_store_that_cannot_be_reached_is_exit_code_five() -> None:
    result = run_persopt("jobs", "list", env={"PERSOPT_DATABASE_URL": "postgresql+psycopg://u@127.0.0.1:1/x"})
    assert (result.returncode, result.stdout) == (5, "")
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr


def test_a_file_that_is_no_database_is_exit_code_five(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "persopt.db").write_text("این یک پایگاه داده نیست" * 100, "utf-8")
    result = run_persopt("metrics")
    assert result.returncode == 5
    assert "Traceback" not in result.stderr


def test_the_home_option_comes_before_the_variable(tmp_path: Path) -> None:
    assert run_persopt("jobs", "list", "--home", "خانه").returncode == 0
    assert (tmp_path / "خانه" / "persopt.db").exists()
    assert not (tmp_path / "home").exists()


def test_a_broken_pipe_is_quiet() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        [PERSOPT, "jobs", "list", "--json"], env=environment(), stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert (result.returncode, result.stderr) == (141, b"")


def test_a_broken_pipe_is_quiet_for_tables_too() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run([PERSOPT, "plugins"], env=environment(), stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (result.returncode, result.stderr) == (141, b"")


def test_output_is_utf8_whatever_the_locale_says() -> None:
    result = run_persopt("plugins", "show", "grid", env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert result.returncode == 0
    assert "شبکه" in result.stdout


def test_ctrl_c_before_anything_is_exit_code_130() -> None:
    """A spec that is awaited on standard input is interrupted."""
    # Tests that a shell started in the background ignore Ctrl-C, and so would what they start.
    heeding = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    )
    command = [sys.executable, "-c", heeding, PERSOPT, "tune", "--spec", "-"]
    with subprocess.Popen(
        command, env=environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(" " * (1 << 17))  # more than a pipe holds: written once the command reads
        process.stdin.flush()
        code = None
        while code is None:  # a signal that comes between two system calls waits until something else wakes the reader
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(5)
        assert code == 130
        assert process.stderr.read() == "interrupted\n"


def test_metrics_are_the_seven_figures() -> None:
    result = run_persopt("metrics", "--json")
    assert result.returncode == 0
    assert one_object(result) == {
        "totalOptimizations": 0,
        "averageImprovement": 0.0,
        "bestModelAccuracy": 0.0,
        "totalTrainingTime": 0.0,
        "successfulTrials": 0,
        "failedTrials": 0,
        "averageTrialTime": 0.0,
    }
    shown = run_persopt("metrics")
    assert shown.returncode == 0
    assert len(shown.stdout.splitlines()) == 7
