from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from persopt.domain.errors import InputError
from persopt.domain.objectives import Objective
from persopt.domain.programs import CommandProgram, ParserChoice
from persopt.domain.space import ParameterSpec
from persopt.domain.specs import TuneSpec
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_modules
from persopt.plugins.registry import Registry
from persopt.settings import Settings
from persopt.tuning.checks import resolve_tuning
from persopt.tuning.command_checks import DEFAULT_PARSERS, make_command_program


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_modules(BUILTIN_MODULES, Settings())


def resolve(registry: Registry, command: str = "{python} -c {x}", **fields: Any) -> TuneSpec:
    given: dict[str, Any] = {"config": {"x": [1, 2]}, "objectives": [Objective("loss")], "command": command}
    return resolve_tuning(TuneSpec(**(given | fields)), Settings(home=str(Path.cwd() / "home")), registry)


def faults(registry: Registry, command: str = "{python} -c {x}", **fields: Any) -> dict[str, str]:
    with pytest.raises(InputError) as caught:
        resolve(registry, command, **fields)
    return {fault.path: f"{fault.message} {fault.hint}" for fault in caught.value.faults}


def test_what_is_left_open_is_filled_in(registry: Registry, tmp_path: Path) -> None:
    spec = resolve(registry, output_dir="out")
    assert spec.parsers == [ParserChoice(name=name) for name in DEFAULT_PARSERS]
    assert (spec.working_directory, spec.output_dir) == (str(tmp_path), str(tmp_path / "out"))
    program = make_command_program(spec, Settings(block_plugins=["lamp"]))
    assert program == CommandProgram(
        arguments=["{python}", "-c", "{x}"],
        folder=str(tmp_path),
        objectives=[Objective("loss")],
        parsers=[ParserChoice(name=name) for name in DEFAULT_PARSERS],
        block_plugins=["lamp"],
    )


def test_every_default_parser_is_built_in_and_every_built_in_is_a_default(registry: Registry) -> None:
    assert set(DEFAULT_PARSERS) == set(registry.metric_parsers)


def test_parameters_have_free_names_and_every_one_must_be_in_the_command(registry: Registry) -> None:
    space = {"any.name": [1, 2], "other": ParameterSpec(min=0.0, max=1.0)}
    assert faults(registry, "{python} {any.name}", config=space)["$.config.other"].startswith(
        "is nowhere in the command; write {other} where its value belongs if the program reads PERSOPT_PARAM_other"
    )
    spec = resolve(registry, "{python} {any.name}", config=space, parameters_in_environment=True)
    assert spec.command == "{python} {any.name}"


def test_all_faults_are_told_at_once(registry: Registry) -> None:
    told = faults(
        registry,
        "nowhere-to-be-found {y}",
        config={"x": [1], "seed": [1, 2]},
        objectives=[],
        base_model_path="model",
        function="a:b",
        parsers=["plain", "plian", ParserChoice(name="json-lines", options={"steps": "n"})],
        strategy="gird",
    )
    assert set(told) == {
        "$.command",
        "$.config.x",
        "$.config.seed",
        "$.objectives",
        "$.baseModelPath",
        "$.function",
        "$.parsers[1].name",
        "$.parsers[2].options.steps",
        "$.strategy",
    }
    assert "give the parameter another name" in told["$.config.seed"]
    assert "which metric of its output counts" in told["$.objectives"]
    assert "did you mean 'plain'?" in told["$.parsers[1].name"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("{y} {x}", "{y} names no parameter of config; accepted: {x}, {outputDir}"),
        ("{python} '{' {x}", "a single '{'"),
        ("{python} '{x}", "No closing quotation"),
        ("", "expected a program"),
        ("nowhere-to-be-found {x}", "no program 'nowhere-to-be-found' among the folders of PATH"),
        ("python9.99 {x}", f"{{python}} stands for persopt's own Python, {sys.executable}"),
        ("./program {x}", "no program './program' at "),
        ("{python} nowhere.py {x}", "there is no script "),
    ],
)
def test_what_is_wrong_with_a_command_is_told_before_it_runs(registry: Registry, command: str, words: str) -> None:
    assert words in faults(registry, command)["$.command"]


def test_a_program_and_a_script_are_looked_for_in_the_working_directory(registry: Registry, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    assert "expected a folder" in faults(registry, working_directory="folder")["$.workingDirectory"]
    folder.mkdir()
    (folder / "train.py").touch()
    (folder / "program").touch()
    (folder / "program").chmod(0o755)
    for command in ("./program {x}", "{python} train.py {x}"):
        assert resolve(registry, command, working_directory="folder").working_directory == str(folder)


def test_fields_of_a_command_are_refused_without_one(registry: Registry) -> None:
    told = faults(registry, None, function="json:loads", parsers=["plain"], log_limit=5000, metric_strategy="best")  # type: ignore[arg-type]
    assert set(told) == {"$.parsers", "$.logLimit", "$.metricStrategy"}


def test_a_used_output_folder_is_refused(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "file").touch()
    assert "in use" in faults(registry, output_dir="out")["$.outputDir"]
