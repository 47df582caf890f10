"""Commands that are really run: what they print, how they end, what they leave."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psutil
import pytest

from persopt.domain.errors import Fault, PersoptError, PluginError
from persopt.domain.objectives import Objective
from persopt.domain.programs import CommandProgram, ParserChoice
from persopt.domain.space import Params
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins import TrialEndedEarly, TrialRequest
from persopt.plugins.discovery import load_modules
from persopt.plugins.registry import Registry
from persopt.settings import Settings
from persopt.tuning.command import run_command
from persopt.tuning.command_checks import DEFAULT_PARSERS
from persopt.tuning.command_readers import OutputReader

Told = list[tuple[int, dict[str, float]]]

LEAVES_A_DAEMON: Final = """
import os, subprocess, sys
left = [subprocess.Popen(["sleep", "600"], start_new_session=new) for new in (False, True)]
print(*(process.pid for process in left), file=open(sys.argv[1], "w"))
print("loss=1")
"""
PARSERS_THAT_BREAK: Final = """
from persopt.plugins import NoOptions, hookimpl

class Broken:
    name, title, options = "broken", {"en": "Broken", "fa": "خراب"}, NoOptions
    def open(self, options):
        return self
    def feed(self, line):
        raise ZeroDivisionError("in the parser")
    def close(self):
        return []

class Odd(Broken):
    name = "odd"
    def feed(self, line):
        return ["loss"]

@hookimpl
def persopt_metric_parsers():
    yield Broken()
    yield Odd()
"""


class Trial:
    """A trial's end of the pipe: keeps what it is told; asked to stop at the first report if `stops` is set."""

    def __init__(self, *, stops: bool = False, keeps: bool = False) -> None:
        self.keep_checkpoint = keeps
        self.last_metrics: dict[str, float] = {}
        self.told: Told = []
        self._stops = stops
        self._stopped = False
        self._callback: Callable[[], None] | None = None

    def should_stop(self) -> bool:
        return self._stopped

    def on_stop(self, callback: Callable[[], None] | None) -> None:
        self._callback = callback

    def send_report(self, step: int, metrics: dict[str, float], share: float | None = None) -> None:
        assert share is None
        self.told.append((step, metrics))
        if self._stops and not self._stopped and self._callback is not None:
            self._stopped = True
            thread = threading.Thread(target=self._callback)  # as in a worker: not the thread that reads
            thread.start()
            thread.join()


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_modules(BUILTIN_MODULES, Settings())


Run = Callable[..., tuple[dict[str, float], str | None]]


@pytest.fixture
def run(registry: Registry, tmp_path: Path) -> Run:
    def run_words(
        *words: str,
        trial: Trial | None = None,
        params: Params | None = None,
        parsers: tuple[str, ...] = DEFAULT_PARSERS,
        plugins: Registry = registry,
        log_limit: int = 100_000,
    ) -> tuple[dict[str, float], str | None]:
        folder = tmp_path / "0000"
        folder.mkdir(exist_ok=True)
        program = CommandProgram(
            arguments=list(words),
            folder=str(tmp_path),
            objectives=[Objective("loss", "minimize")],
            parsers=[ParserChoice(name=name) for name in parsers],
            log_limit=log_limit,
        )
        request = TrialRequest(number=0, attempt=1, params=params or {"x": 2}, seed=5, folder=str(folder))
        return run_command(program, request, trial or Trial(), OutputReader(program.parsers, plugins))

    return run_words


def shell(script: str) -> tuple[str, ...]:
    return "sh", "-c", script.replace("{", "{{").replace("}", "}}")


def fault_of(run: Run, *words: str, **given: Trial) -> Fault:
    with pytest.raises(PersoptError) as caught:
        run(*words, **given)
    (fault,) = caught.value.faults
    return fault


def test_a_program_is_told_its_trial_and_its_output_becomes_reports_model_and_log(run: Run, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        "import json, os, sys\n"
        "print(json.dumps({'step': 3, 'loss': 0.5}))\n"
        "sys.stdout.buffer.write(b'\\r 50%\\r\\xff Loss: 0.25\\nnothing')\n"
        "kept = {name: os.environ[name] for name in os.environ if name.startswith('PERSOPT_PARAM_')}\n"
        "open(sys.argv[2] + '/model.json', 'w').write(json.dumps([sys.argv, os.getcwd(), kept]))\n"
    )
    (tmp_path / "0000" / "checkpoint").mkdir(parents=True)
    (tmp_path / "0000" / "checkpoint" / "half").touch()
    trial = Trial()
    metrics, checkpoint = run("{python}", "program.py", "{x}; touch y", "{outputDir}", trial=trial)
    assert metrics == {"loss": 0.25}
    assert trial.told == [(3, {"loss": 0.5}), (4, {"loss": 0.25})]
    assert checkpoint == str(tmp_path / "0000" / "checkpoint")
    assert [path.name for path in Path(checkpoint).iterdir()] == ["model.json"]
    arguments, folder, variables = json.loads(Path(checkpoint, "model.json").read_text())
    assert (arguments, folder) == (["program.py", "2; touch y", checkpoint], str(tmp_path))
    assert variables == {"PERSOPT_PARAM_x": "2"}
    first, *lines = (tmp_path / "0000" / "log.txt").read_bytes().split(b"\n")
    assert first.startswith(b"[persopt] ")
    assert lines == [b'{"step": 3, "loss": 0.5}', b"\r 50%\r\xff Loss: 0.25", b"nothing"]


def test_a_program_without_model_leaves_no_folder_for_it(run: Run, tmp_path: Path) -> None:
    assert run(*shell("echo loss=1")) == ({"loss": 1.0}, None)
    assert [path.name for path in (tmp_path / "0000").iterdir()] == ["log.txt"]


@pytest.mark.parametrize(
    ("script", "code", "words", "passing"),
    [
        ("echo loss=1; python3 -c 'raise ValueError(\"no luck\")'", "exception", "ValueError: no luck", False),
        ("echo RuntimeError: CUDA out of memory. Tried 2 GiB; exit 1", "out-of-memory", "CUDA out of memory", False),
        ("echo started; echo cannot open data; exit 3", "exit-status", "exit status 3", False),
        ("kill -KILL $$", "killed", "ended by SIGKILL", True),
        ("kill -TERM $$", "killed", "ended by SIGTERM", True),
        ("kill -SEGV $$", "crashed", "ended by SIGSEGV", False),
        ("sh -c 'kill -KILL $$'; exit $?", "killed", "exit status 137, by which shells mean SIGKILL", True),
    ],
)
def test_why_a_program_failed_is_told_in_words(run: Run, script: str, code: str, words: str, passing: bool) -> None:
    fault = fault_of(run, *shell(script))
    assert (fault.code, fault.passing) == (code, passing)
    assert words in fault.message


def test_the_last_lines_help_where_nothing_else_is_known(run: Run) -> None:
    assert fault_of(run, *shell("echo one; echo cannot open data; exit 3")).hint == (
        "its last lines: one | cannot open data"
    )
    assert fault_of(run, *shell("exit 3")).hint == "it printed nothing"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo los=1; echo f1=1", "metrics seen: f1, los; did you mean 'los'?"),
        ("echo fine; echo done.", "no line was understood as a metric; the last line is 'done.'"),
        ("true", "no line was understood as a metric; it printed nothing"),
    ],
)
def test_a_program_that_never_told_its_objective_fails_with_what_was_seen(run: Run, script: str, words: str) -> None:
    fault = fault_of(run, *shell(script))
    assert fault.code == "no-metric"
    assert f"the objective 'loss' is not in the output; {words}" in fault.message


def test_a_program_that_cannot_be_started_is_the_commands_fault(run: Run) -> None:
    fault = fault_of(run, "./nowhere")
    assert (fault.path, fault.message) == ("$.command", "the program cannot be started: No such file or directory")


def test_a_stop_ends_the_program_which_may_save_its_model_first(run: Run, tmp_path: Path) -> None:
    script = "trap 'echo saved > \"$PERSOPT_OUTPUT_DIR\"/model; exit 0' TERM; echo loss=3; while :; do sleep 0.01; done"
    for keeps in (True, False):
        trial = Trial(stops=True, keeps=keeps)
        with pytest.raises(TrialEndedEarly) as caught:
            run(*shell(script), trial=trial)
        assert trial.last_metrics == {"loss": 3.0}
        assert caught.value.checkpoint == (str(tmp_path / "0000" / "checkpoint") if keeps else None)


def test_a_stop_ends_a_program_that_does_not_listen(run: Run) -> None:
    with pytest.raises(TrialEndedEarly):
        run(*shell("trap '' TERM; echo loss=3; while :; do sleep 0.01; done"), trial=Trial(stops=True))


def test_no_process_that_a_program_started_outlives_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(LEAVES_A_DAEMON)
    run("{python}", "program.py", "left.txt")
    assert [pid for pid in map(int, (tmp_path / "left.txt").read_text().split()) if psutil.pid_exists(pid)] == []


@pytest.mark.parametrize(("parser", "words"), [("broken", "in the parser"), ("odd", "expected Metrics and Faults")])
def test_a_parser_that_breaks_is_named_and_the_program_ended(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parser: str, words: str
) -> None:
    (tmp_path / "persopt_breaks.py").write_text(PARSERS_THAT_BREAK)
    monkeypatch.syspath_prepend(tmp_path)
    plugins = load_modules([*BUILTIN_MODULES, "persopt_breaks"], Settings())
    with pytest.raises(PluginError, match=f"'{parser}' of .*{words}"):
        run(*shell("while :; do echo hello; sleep 0.01; done"), parsers=(parser,), plugins=plugins)


def test_a_log_is_cut_at_its_limit_and_the_output_read_to_its_end(run: Run, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("for step in range(20000): print('some text')\nprint('loss=1')")
    assert run("{python}", "program.py", log_limit=10_000)[0] == {"loss": 1.0}
    log = (tmp_path / "0000" / "log.txt").read_text()
    assert "logLimit of 10,000 bytes is reached" in log
    assert log.endswith("some text\nloss=1\n")
    assert len(log) < 11_000
