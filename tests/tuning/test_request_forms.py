from __future__ import annotations

import shlex
from typing import Any

import click
import msgspec
import pytest

from persopt.api.tuning import build_spec
from persopt.cli.app import application
from persopt.cli.spec_building import build_tune_spec
from persopt.domain.objectives import Constraint, Objective
from persopt.domain.programs import DataSpec, ParserChoice, TrainingOptions
from persopt.domain.space import ParameterSpec
from persopt.domain.specs import TuneSpec
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_modules
from persopt.settings import Settings
from persopt.tuning.request_forms import to_command, to_json, to_python
from tests.support.reports import make_spec

SPECS = {
    "trained": make_spec('it\'s «نام» "$HOME"'),
    "function": TuneSpec(
        function="tried:square",
        function_path=["/a b/c", "/d"],
        config={"x": ParameterSpec(min=-1.5, max=2.0, step=4), "y": [True, "1..2", "a,b", 3], "z": "متن"},
        objectives=[Objective("خطا", "minimize")],
        constraints=[Constraint("seconds", max=1.5), Constraint("a b", min=1e-9)],
        seed=3,
        time_limit=2.5,
        report_language="fa",
    ),
    "everything": TuneSpec(
        base_model_path="m",
        dataset_path="d",
        output_dir="/out put",
        data=DataSpec(text_columns=["a", "b"], columns=["x", "y"], max_length=32),
        training=TrainingOptions(max_steps=9, evaluations=2, measure=["latency", "size"]),
        parallel=3,
        retries=0,
    ),
    "command": TuneSpec(
        command="python train.py --lr {lr}",
        working_directory="/work here",
        parsers=[ParserChoice(name="json-lines"), ParserChoice(name="plain")],
        metric_strategy="best",
        config={"lr": ParameterSpec(min=0.1, max=0.5)},
    ),
    "default": TuneSpec(),
}


@pytest.fixture(params=SPECS)
def spec(request: pytest.FixtureRequest) -> TuneSpec:
    return SPECS[request.param]


def test_the_json_builds_the_same_spec(spec: TuneSpec) -> None:
    assert msgspec.json.decode(to_json(spec), type=TuneSpec) == spec


def test_the_command_builds_the_same_spec(spec: TuneSpec) -> None:
    words = shlex.split(to_command(spec).replace("\\\n", ""))  # as a shell joins the lines
    assert words[:2] == ["persopt", "tune"]
    command = application.get_command(click.Context(application), "tune")
    assert command is not None
    given = command.make_context("tune", words[2:]).params
    assert build_tune_spec(given, load_modules(BUILTIN_MODULES, Settings())) == spec


def test_the_python_call_builds_the_same_spec(spec: TuneSpec) -> None:
    class Recorder:
        Objective = Objective

        def tune(self, model: Any = None, data: Any = "", **given: Any) -> TuneSpec:
            own = {name: given.pop(name, None) for name in ("config", "function", "objectives", "output")}
            return build_spec(model, data, own["config"], own["function"], own["objectives"], own["output"], given)

    scope: dict[str, Any] = {"persopt": Recorder()}
    exec(to_python(spec).replace("import persopt\n", ""), scope)  # noqa: S102 - what people copy and run
    assert scope["report"] == spec


def test_what_has_no_flag_is_read_from_the_json() -> None:
    deep = TuneSpec(strategy_options={"deep": {"er": [1]}})
    choice = TuneSpec(parsers=[ParserChoice(name="plain", options={"a": 1})])
    assert to_command(deep) == to_command(choice) == "persopt tune --spec request.json"


def test_two_limits_of_one_constraint_are_left_to_the_file() -> None:
    spec = TuneSpec(base_model_path="m", dataset_path="d", constraints=[Constraint("f1", min=0.5, max=0.9)])
    assert to_command(spec) == "persopt tune --spec request.json"
    assert msgspec.json.decode(to_json(spec), type=TuneSpec) == spec
