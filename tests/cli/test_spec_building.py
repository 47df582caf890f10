from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest

from persopt.cli.spec_building import TUNE_FLAGS, build_tune_spec
from persopt.cli.tune import tune
from persopt.domain.early_stopping import EarlyStopping
from persopt.domain.errors import InputError
from persopt.domain.objectives import Constraint, Objective
from persopt.domain.programs import ParserChoice
from persopt.domain.space import ParameterSpec
from persopt.domain.specs import TuneSpec
from persopt.domain.warm_start import WarmStart
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_registry
from persopt.plugins.registry import Registry
from persopt.settings import Settings


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(Settings(), BUILTIN_MODULES)


def build(registry: Registry, *words: str) -> TuneSpec:
    """Build the spec as the command does, click's parsing included."""
    context = tune.make_context("tune", list(words))
    given = {name: value for name, value in context.params.items() if name not in ("home", "as_json", "detach")}
    return build_tune_spec(given, registry)


def faults_of(registry: Registry, *words: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        build(registry, *words)
    return [str(fault) for fault in caught.value.faults]


CONFIG: dict[str, Any] = {
    "learningRate": {"min": 1e-5, "max": 1e-3, "distribution": "log_uniform", "step": 5},
    "batchSize": [8, 16, 32],
    "epochs": {"min": 1, "max": 4},
    "weightDecay": 0.01,
    "optim": "adamw_torch",
}
PARAMS = (
    "--param=learningRate=1e-5..1e-3:log:5",
    "--param=batchSize=8,16,32",
    "--param=epochs=1..4",
    "--param=weightDecay=0.01",
    "--param=optim=adamw_torch",
)


def test_params_a_config_file_a_spec_file_and_python_give_the_same_spec(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG), "utf-8")
    body = {"kind": "tune", "baseModelPath": "m", "datasetPath": "d", "config": CONFIG, "maxTrials": 5}
    (tmp_path / "spec.json").write_text(json.dumps(body), "utf-8")
    meant = TuneSpec(
        base_model_path="m",
        dataset_path="d",
        max_trials=5,
        config={
            "learningRate": ParameterSpec(min=1e-5, max=1e-3, distribution="log_uniform", step=5),
            "batchSize": [8, 16, 32],
            "epochs": ParameterSpec(min=1, max=4),
            "weightDecay": 0.01,
            "optim": "adamw_torch",
        },
    )
    assert build(registry, "m", "d", "--max-trials", "5", *PARAMS) == meant
    assert build(registry, "m", "d", "--max-trials", "5", "--config", str(tmp_path / "config.json")) == meant
    assert build(registry, "--spec", str(tmp_path / "spec.json")) == meant


def test_flags_override_the_spec_file_one_by_one(tmp_path: Path, registry: Registry) -> None:
    body = {
        "baseModelPath": "m",
        "datasetPath": "d",
        "config": {"epochs": 1, "batchSize": 8},
        "data": {"textColumns": ["a"], "maxLength": 32},
        "strategyOptions": {"maxPoints": 7},
        "strategy": "grid",
    }
    (tmp_path / "spec.json").write_text(json.dumps(body), "utf-8")
    spec = build(registry, "--spec", str(tmp_path / "spec.json"), "-p", "epochs=3", "--max-length", "64", "--seed=9")
    assert spec.base_model_path == "m"
    assert spec.config == {"epochs": 3, "batchSize": 8}
    assert (spec.data.text_columns, spec.data.max_length, spec.seed) == (["a"], 64, 9)
    assert spec.strategy_options == {"maxPoints": 7}


def test_every_field_of_the_spec_can_be_given_by_a_flag(registry: Registry) -> None:
    by_hand = ["m", "d", "-p", "epochs=1", "-o", "max-points=5", "--executor-option", "threads=1", "--objective", "f1"]
    by_hand += ["--parser", "plain"]
    by_hand += ["--constraint", "latency<=20"]
    by_hand += ["--enqueue", "epochs=1"]
    values = {
        "--strategy": "grid",
        "--task": "token-classification",
        "--device": "cpu",
        "--adapter": "keep",
        "--report-language": "fa",
        "--executor": "local",
        "--early-stopping": "asha",
        "--resource": "step",
        "--reduction-factor": "4",
        "--validation-fraction": "0.5",
        "--metric-strategy": "best",
        "--log-limit": "3000",
        "--parameters-in-environment": "true",
        "--measure": "size",
    }
    words = [word for flag in TUNE_FLAGS for word in (flag.switch, values.get(flag.switch, "3"))]
    spec = build(registry, *by_hand, *words)
    same = [name for name, value, default in _leaves(spec, TuneSpec()) if value == default]
    assert same == ["executor"]


def _leaves(spec: Any, default: Any) -> list[tuple[str, Any, Any]]:
    found: list[tuple[str, Any, Any]] = []
    for field in msgspec.structs.fields(type(spec)):
        value, other = getattr(spec, field.name), getattr(default, field.name)
        if isinstance(value, msgspec.Struct) and other is not None:
            found += _leaves(value, other)
        else:
            found.append((field.name, value, other))
    return found


def test_a_parser_is_given_by_its_name_and_its_options(registry: Registry) -> None:
    words = ("--parser", "plain", "--parser", "json-lines:step=n;separator=.", "--parser", "plain:lower-case=false")
    assert build(registry, *words).parsers == [
        ParserChoice(name="plain"),
        ParserChoice(name="json-lines", options={"step": "n", "separator": "."}),
        ParserChoice(name="plain", options={"lowerCase": False}),
    ]


def test_flags_are_read_as_the_fields_types(registry: Registry) -> None:
    spec = build(
        registry,
        *("m", "d", "--name", "123", "--text-column", "premise", "--text-column", "hypo, thesis"),
        *("--columns", "a,b , c", "--time-limit", "2.5", "--retries", "0", "--output", "out"),
    )
    assert spec.name == "123"
    assert spec.data.text_columns == ["premise", "hypo, thesis"]
    assert spec.data.columns == ["a", "b", "c"]
    assert (spec.time_limit, spec.retries, spec.output_dir) == (2.5, 0, "out")


def test_objectives_take_the_usual_direction_or_the_one_given(registry: Registry) -> None:
    words = ("--objective", "accuracy", "--objective", "loss", "--objective", "reward:minimize")
    assert build(registry, *words).objectives == [
        Objective("accuracy", "maximize"),
        Objective("loss", "minimize"),
        Objective("reward", "minimize"),
    ]


def test_options_are_read_as_the_plugins_types_under_any_spelling(registry: Registry) -> None:
    for name in ("maxPoints", "max-points", "max_points"):
        assert build(registry, "--strategy=grid", "-o", f"{name}=12").strategy_options == {"maxPoints": 12}
    assert build(registry, "--executor-option", "threads=2").executor_options == {"threads": 2}


def test_all_faults_come_at_once_each_with_its_field(registry: Registry) -> None:
    faults = faults_of(
        registry,
        *("--max-trials", "0", "--parallel", "many", "--task", "text-clasification", "--retries", "99"),
        *("-p", "epochs=1..", "--objective", "loss:down", "--strategy", "grid", "-o", "points=5"),
        *("--text-column", "a", "--text-column", "b", "--text-column", "c"),
    )
    told = "\n".join(faults)
    for part in (
        "maxTrials: expected an integer of at least 1, got '0'",
        "parallel: expected an integer from 1 to 256, got 'many'",
        "'token-classification' or 'translation', got 'text-clasification'; did you mean 'text-classification'?",
        "retries: expected an integer from 0 to 10, got '99'",
        "config.epochs: expected a range",
        "objectives: expected METRIC, METRIC:maximize or METRIC:minimize, got 'loss:down'",
        "strategyOptions.points: 'grid' has no such option",
        "data.textColumns: expected a list, each a text, at most 2 long, got ['a', 'b', 'c']",
    ):
        assert part in told
    assert len(faults) == 8


def test_faults_of_the_spec_file_come_with_those_of_the_flags(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "spec.yaml").write_text("maxTrial: 5\nseed: -1\nkind: prune\n", "utf-8")
    faults = faults_of(registry, "--spec", str(tmp_path / "spec.yaml"), "--parallel", "0")
    assert {fault.partition(":")[0] for fault in faults} == {"maxTrial", "seed", "kind", "parallel"}


def test_an_unknown_flag_is_answered_with_the_nearest() -> None:
    with pytest.raises(click.UsageError) as caught:
        tune.make_context("tune", ["--max-trial", "5"])
    assert "'--max-trials'" in caught.value.format_message()


def test_constraints_are_written_as_limits(registry: Registry) -> None:
    words = ("--constraint", "latency<=20", "--constraint", "f1 >= 0.8", "--measure", "size", "--measure=parameters")
    spec = build(registry, "m", "d", *words)
    assert spec.constraints == [Constraint("latency", max=20.0), Constraint("f1", min=0.8)]
    assert spec.training.measure == ["size", "parameters"]
    wrong = faults_of(
        registry, "m", "d", "--constraint", "latency<20", "--constraint", "f1>=much", "--measure", "speed"
    )
    assert [fault.partition(": ")[0] for fault in wrong] == ["training.measure", "constraints", "constraints"]
    assert "expected METRIC<=NUMBER or METRIC>=NUMBER, got 'latency<20'" in wrong[1]


def test_early_stopping_first_points_and_a_warm_start_have_flags(registry: Registry) -> None:
    spec = build(
        registry,
        *("m", "d", "--early-stopping", "asha", "--reduction-factor", "4", "--keep-checkpoints", "2"),
        *("--enqueue", "learningRate=3e-5,batchSize=16", "--enqueue", '{"optim": "adamw_torch"}'),
        *("--warm-start", "01a20b", "--warm-start-trials", "3", "--target-value", "0.9", "--patience", "2"),
    )
    assert spec.early_stopping == EarlyStopping(method="asha", reduction_factor=4, keep_checkpoints=2)
    assert spec.enqueue == [{"learningRate": 3e-5, "batchSize": 16}, {"optim": "adamw_torch"}]
    assert spec.warm_start == WarmStart(job="01a20b", trials=3)
    assert (spec.target_value, spec.training.patience) == (0.9, 2)
    found = faults_of(registry, "m", "d", "--enqueue", "learningRate", "--enqueue", "{1", "--early-stopping", "ashe")
    assert len(found) == 3
    assert "expected NAME=VALUE, got 'learningRate'" in found[1]
    assert found[2].startswith("--enqueue: '{1' is no JSON object")
    assert "did you mean 'asha'?" in found[0]
