from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from persopt.domain.early_stopping import EarlyStopping
from persopt.domain.errors import InputError
from persopt.domain.objectives import Constraint, Objective
from persopt.domain.programs import DataSpec
from persopt.domain.space import ParameterSpec
from persopt.domain.specs import TuneSpec
from persopt.domain.warm_start import WarmStart
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_modules
from persopt.plugins.registry import Registry
from persopt.settings import Settings
from persopt.tuning.checks import DEFAULT_CONFIG, resolve_tuning
from tests.models.tiny import save_tiny
from tests.support.tiny_tasks import make_image_program, make_language_program, make_pair_program

SUPPORT: Final = str(Path(__file__).parents[1] / "support")
TEXTS: Final = "sentence,kind\n" + "".join(f"a text of number {n},{'ab'[n % 2]}\n" for n in range(20))


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_modules(BUILTIN_MODULES, Settings())


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.csv"
    path.write_text(TEXTS)
    return path


def resolve(registry: Registry, **fields: Any) -> TuneSpec:
    return resolve_tuning(TuneSpec(**fields), Settings(home=str(Path.cwd() / "home")), registry)


def faults(registry: Registry, **fields: Any) -> dict[str, str]:
    with pytest.raises(InputError) as caught:
        resolve(registry, **fields)
    return {fault.path: fault.message for fault in caught.value.faults}


def test_what_is_left_open_is_filled_in(registry: Registry, model: Path, texts: Path) -> None:
    spec = resolve(
        registry,
        base_model_path=os.path.relpath(model),
        dataset_path="texts.csv",
        output_dir="out/model",
        data=DataSpec(max_length=16),
    )
    assert Path(spec.base_model_path).resolve() == model.resolve()
    assert spec.dataset_path == str(texts)
    assert spec.output_dir == str(Path.cwd() / "out" / "model")
    assert spec.task == "text-classification"
    assert (spec.data.text_columns, spec.data.label_column, spec.data.max_length) == (["sentence"], "kind", 16)
    assert spec.objectives == [Objective("accuracy")]
    assert spec.config == DEFAULT_CONFIG
    assert not Path("out").exists()
    assert not Path("home").exists()


def test_resolving_twice_changes_nothing(registry: Registry, model: Path, texts: Path) -> None:
    first = resolve(registry, base_model_path=str(model), dataset_path=str(texts))
    assert resolve_tuning(first, Settings(home=str(Path.cwd() / "home")), registry) == first
    function = resolve(registry, function="trial_functions:square", function_path=[SUPPORT], config={"x": [1]})
    assert resolve_tuning(function, Settings(), registry) == function


def test_all_faults_are_found_at_once(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "file").write_text("")
    found = faults(
        registry,
        base_model_path="models/none",
        dataset_path="none.csv",
        output_dir="used",
        config={"learningRate": ParameterSpec(min=1, max=0), "batchsize": [8]},
        strategy="bayesian",
        strategy_options={"nStartupTrials": -1, "magic": True},
        executor="cloud",
        objectives=[Objective("loss"), Objective("loss")],
    )
    assert set(found) == {
        "$.baseModelPath",
        "$.datasetPath",
        "$.outputDir",
        "$.config.learningRate",
        "$.config.learningRate.max",
        "$.config.batchsize",
        "$.strategyOptions.nStartupTrials",
        "$.strategyOptions.magic",
        "$.executor",
        "$.objectives[1].metric",
    }
    assert "did you mean 'batchSize'" in found["$.config.batchsize"]


def test_an_objective_must_be_a_metric_of_the_task(registry: Registry, model: Path, texts: Path) -> None:
    found = faults(
        registry,
        base_model_path=str(model),
        dataset_path=str(texts),
        objectives=[Objective("loss", "minimize"), Objective("acuracy")],
    )
    assert list(found) == ["$.objectives[1].metric"]
    assert "did you mean 'accuracy'" in found["$.objectives[1].metric"]


def test_a_space_that_the_strategy_cannot_search_is_refused(registry: Registry) -> None:
    function = {"function": "trial_functions:square", "function_path": [SUPPORT], "strategy": "grid"}
    found = faults(registry, **function, config={"x": ParameterSpec(min=0.0, max=1.0), "y": [1]})
    assert list(found) == ["$.config.x"]
    found = faults(registry, **function, config={"x": ParameterSpec(min=0, max=99_999)})
    assert found["$.config"].startswith("the grid has 100,000 points")
    options = {"maxPoints": 100_000}
    large = resolve(registry, **function, strategy_options=options, config={"x": ParameterSpec(min=0, max=99_999)})
    assert large.strategy_options == options


def test_an_output_inside_the_model_is_refused(registry: Registry, model: Path, texts: Path) -> None:
    found = faults(registry, base_model_path=str(model), dataset_path=str(texts), output_dir=str(model / "optimized"))
    assert list(found) == ["$.outputDir"]


def test_a_function_is_found_without_importing_it(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "objective.py").write_text("raise SystemExit('imported')\n")
    spec = resolve(registry, function="objective:evaluate", config={"x": [1, 2]})
    assert spec.function_path == [str(Path.cwd())]
    assert spec.objectives == [Objective("value")]
    assert "no module 'nowhere'" in faults(registry, function="nowhere:f", config={"x": [1]})["$.function"]
    for wrong in ("objective", "objective:", ":f", "objective.py:f()", "a b:c"):
        assert "expected 'package.module:function'" in faults(registry, function=wrong, config={"x": [1]})["$.function"]


def test_a_function_needs_a_space_and_no_model(registry: Registry) -> None:
    found = faults(
        registry,
        function="trial_functions:square",
        function_path=[SUPPORT],
        base_model_path="model",
        dataset_path="data",
        output_dir="out",
    )
    assert set(found) == {"$.config", "$.baseModelPath", "$.datasetPath", "$.outputDir"}


def test_resolving_does_not_load_torch(model: Path, texts: Path) -> None:
    script = f"""
import sys
from persopt.domain.specs import TuneSpec
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_modules
from persopt.settings import Settings
from persopt.tuning.checks import resolve_tuning
spec = TuneSpec(base_model_path={str(model)!r}, dataset_path={str(texts)!r}, strategy="grid",
                config={{"learningRate": [1e-4, 1e-3]}})
resolve_tuning(spec, Settings(), load_modules(BUILTIN_MODULES, Settings()))
heavy = {{"torch", "transformers", "optuna", "matplotlib"}} & set(sys.modules)
sys.exit(f"loaded {{heavy}}" if heavy else 0)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_each_task_is_resolved_with_its_columns_and_objective(registry: Registry, tmp_path: Path) -> None:
    images = make_image_program(tmp_path / "images")
    spec = resolve(registry, base_model_path=images.model, dataset_path=images.dataset)
    assert (spec.task, spec.data.text_columns, spec.data.label_column) == ("image-classification", ["image"], "label")
    assert spec.objectives == [Objective("accuracy")]
    pairs = make_pair_program(tmp_path / "pairs")
    (tmp_path / "unlike").mkdir()
    rows = "".join(f'{{"fa": "x {number}", "en": "y {number}"}}\n' for number in range(20))
    (tmp_path / "unlike" / "train.jsonl").write_text(rows)
    spec = resolve(registry, base_model_path=pairs.model, dataset_path="unlike")
    assert (spec.task, spec.data.text_columns, spec.data.label_column) == ("translation", ["fa"], "en")
    assert spec.objectives == [Objective("bleu")]
    texts = make_language_program(tmp_path / "texts")
    spec = resolve(registry, base_model_path=texts.model, dataset_path=texts.dataset)
    assert (spec.task, spec.data.text_columns, spec.data.label_column) == ("causal-language-modeling", ["text"], None)
    assert spec.objectives == [Objective("perplexity", "minimize")]


def test_a_model_of_another_kind_and_settings_in_vain_are_told_together(registry: Registry, tmp_path: Path) -> None:
    images = make_image_program(tmp_path / "images")
    told = faults(
        registry,
        base_model_path=str(save_tiny(tmp_path / "bert")),
        dataset_path=images.dataset,
        config={"maxLength": [8, 16], "loraAlpha": 8.0},
        objectives=[Objective("perplexity", "minimize")],
    )
    assert set(told) == {"$.baseModelPath", "$.config.maxLength", "$.config.loraAlpha", "$.objectives[0].metric"}
    assert "has no image processor" in told["$.baseModelPath"]


def test_a_constraint_is_a_limit_of_a_metric_that_there_is(registry: Registry, model: Path, texts: Path) -> None:
    found = faults(
        registry,
        base_model_path=str(model),
        dataset_path=str(texts),
        objectives=[Objective("f1"), Objective("latency", "minimize")],
        constraints=[
            Constraint("latency", max=20.0),
            Constraint("latencies", max=20.0),
            Constraint("size"),
            Constraint("accuracy", min=0.9, max=0.8),
            Constraint("loss", max=float("inf")),
        ],
    )
    assert "did you mean 'latency'" in found.pop("$.constraints[1].metric")
    assert found.pop("$.constraints[2]") == "has no limit for 'size'; give max, min or both"
    assert found.pop("$.constraints[3]") == "the lowest accepted value 0.9 is above the highest 0.8"
    assert found.pop("$.constraints[4]") == "expected finite limits, got loss<=inf"
    assert found == {}


def test_what_a_strategy_cannot_search_is_said_before_anything_runs(registry: Registry) -> None:
    found = faults(
        registry,
        function="trial_functions:square",
        function_path=[SUPPORT],
        strategy="cmaes",
        config={"x": ["a", "b"]},
        objectives=[Objective("a"), Objective("b", "minimize")],
    )
    assert set(found) == {"$.objectives", "$.config"}


def test_first_points_are_checked_with_everything_else(registry: Registry) -> None:
    found = faults(
        registry,
        function="trial_functions:square",
        function_path=[SUPPORT],
        config={"x": ParameterSpec(min=0.0, max=1.0)},
        enqueue=[{"x": 2.0}, {"y": 1}, {"x": 0.5}],
        max_trials=2,
        warm_start=WarmStart(job="no-such-job"),
        early_stopping=EarlyStopping(method="asha", warmup_steps=2),
    )
    assert set(found) == {
        "$.enqueue[0].x",
        "$.enqueue[1].y",
        "$.enqueue",
        "$.warmStart.job",
        "$.earlyStopping.warmupSteps",
    }
