"""Whole studies: real plugins, real worker processes, real files."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from persopt.domain.errors import JobCancelledError, PersoptError
from persopt.domain.events import EventData, TrialReported
from persopt.domain.objectives import Constraint, Objective
from persopt.domain.programs import DataSpec, TrainingOptions
from persopt.domain.reports import TuneReport
from persopt.domain.space import ParameterSpec
from persopt.domain.specs import TuneSpec
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_modules
from persopt.plugins.registry import Registry
from persopt.settings import Settings
from persopt.tuning.checks import resolve_tuning
from persopt.tuning.journal import MemoryJournal, StudyHistory
from persopt.tuning.run import run_tuning
from tests.models.tiny import save_tiny

SUPPORT: Final = str(Path(__file__).parents[1] / "support")
SQUARE: Final = TuneSpec(
    function="trial_functions:square",
    function_path=[SUPPORT],
    config={"x": ParameterSpec(min=-1.0, max=1.0)},
    objectives=[Objective("value", "minimize")],
    max_trials=4,
)


@pytest.fixture(scope="module")
def registry() -> Registry:
    registry = load_modules(BUILTIN_MODULES, Settings())
    assert [record.faults for record in registry.records if record.faults] == []
    return registry


Runner = Callable[..., TuneReport]


@pytest.fixture
def run(registry: Registry, tmp_path: Path) -> Runner:
    def run_spec(
        spec: TuneSpec, journal: MemoryJournal | None = None, history: StudyHistory | None = None, **changes: Any
    ) -> TuneReport:
        settings = Settings(home=str(tmp_path / "home"))
        folder = tmp_path / "run"
        folder.mkdir(exist_ok=True)
        return run_tuning(
            resolve_tuning(msgspec.structs.replace(spec, **changes), settings, registry),
            settings=settings,
            registry=registry,
            folder=folder,
            journal=journal or MemoryJournal(),
            history=history or StudyHistory(),
            environment={"python": "3"},
            job_id="a-job",
        )

    return run_spec


def test_a_function_is_tuned_and_the_results_lie_in_the_folder(run: Runner, tmp_path: Path) -> None:
    journal = MemoryJournal()
    report = run(SQUARE, journal, parallel=2)
    assert [trial.state for trial in report.trials] == ["succeeded"] * 4
    best = min(report.trials, key=lambda trial: trial.values[0])
    assert report.best == best
    assert best.values == [float(best.params["x"]) ** 2]
    assert (report.ended_by, report.strategy, report.space_size, report.model_path) == ("trials", "random", None, None)
    assert (report.environment, report.job_id) == ({"python": "3"}, "a-job")
    assert msgspec.json.decode((tmp_path / "run" / "report.json").read_bytes(), type=TuneReport) == report
    with Path(report.artifacts["trials.csv"]).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["values.value"]) for row in rows] == [trial.values[0] for trial in report.trials]
    assert Path(report.artifacts["history.svg"]).is_file()
    assert sorted(path.name for path in (tmp_path / "run" / "trials").glob("00*")) == ["0000", "0001", "0002", "0003"]
    assert [record.state for record in journal.trials.values()] == ["succeeded"] * 4


def test_the_same_seed_gives_the_same_study_and_a_resumed_one_goes_on_with_it(run: Runner) -> None:
    whole = run(SQUARE, seed=5)
    journal = MemoryJournal()
    run(SQUARE, journal, seed=5, max_trials=2)
    resumed = run(SQUARE, MemoryJournal(), journal.history(), seed=5)

    def outline(report: TuneReport) -> list[tuple[object, ...]]:
        return [(trial.number, trial.params, trial.values) for trial in report.trials]

    assert outline(resumed) == outline(whole)
    other = run(SQUARE, seed=6)
    assert not {trial.params["x"] for trial in other.trials} & {trial.params["x"] for trial in whole.trials}


def test_a_parallel_grid_is_covered_exactly_once_though_workers_die(run: Runner) -> None:
    report = run(
        SQUARE,
        function="trial_functions:dies_first",
        config={"x": [1, 2, 3], "y": ["a", "b"]},
        strategy="grid",
        max_trials=None,
        parallel=2,
    )
    assert Counter((trial.params["x"], trial.params["y"]) for trial in report.trials) == Counter(
        [(x, y) for x in (1, 2, 3) for y in ("a", "b")]
    )
    assert {(trial.state, trial.attempt) for trial in report.trials} == {("succeeded", 2)}
    assert (report.ended_by, report.space_size) == ("exhausted", 6)
    assert report.best_params == {"x": 1, "y": report.best_params["y"]}


def test_time_limits_stop_real_trials(run: Runner) -> None:
    report = run(SQUARE, function="trial_functions:endless", max_trials=2, trial_time_limit=0.4)
    assert [(trial.state, trial.fault.code) for trial in report.trials if trial.fault] == [
        ("stopped", "time-limit")
    ] * 2
    assert all(trial.values[0] >= 1 for trial in report.trials)
    assert report.best is not None
    deaf = run(SQUARE, function="trial_functions:deaf", max_trials=1, trial_time_limit=0.4)
    assert deaf.trials[0].values == [3.0]


def test_cancelling_leaves_no_process_and_what_finished(run: Runner) -> None:
    def cancel(event: EventData) -> None:
        if isinstance(event, TrialReported):
            journal.cancel()

    journal = MemoryJournal(cancel)
    with pytest.raises(JobCancelledError):
        run(SQUARE, journal, function="trial_functions:endless", max_trials=3)
    assert [record.state for record in journal.trials.values()] == ["running"]


@pytest.mark.parametrize(
    ("function", "message", "trials"),
    [
        ("trial_functions:fails", "none of 2 trials gave a value.*no such number", 2),
        ("trial_functions:missing", "has no function 'missing'", 1),
        ("trial_functions:returns_text", "must return a number", 1),
    ],
)
def test_a_study_that_cannot_give_anything_fails_in_words(
    run: Runner, function: str, message: str, trials: int
) -> None:
    journal = MemoryJournal()
    with pytest.raises(PersoptError, match=message):
        run(SQUARE, journal, function=function, max_trials=2)
    assert len(journal.trials) == trials
    assert {record.state for record in journal.trials.values()} == {"failed"}


def test_a_model_is_tuned_and_only_the_best_one_is_kept(run: Runner, tmp_path: Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    words = {"good": ["fine", "great", "lovely"], "bad": ["poor", "awful", "dull"]}
    rows = [f"a {words[label][index % 3]} text,{label}" for index in range(24) for label in words]
    (tmp_path / "texts.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
    output = tmp_path / "out" / "model"
    report = run(
        TuneSpec(
            base_model_path=str(save_tiny(tmp_path / "model")),
            dataset_path=str(tmp_path / "texts.csv"),
            output_dir=str(output),
            config={"learningRate": [1e-9, 1e-3], "epochs": [1]},
            strategy="grid",
            data=DataSpec(max_length=8),
            training=TrainingOptions(max_steps=3, device="cpu"),
        )
    )
    assert [trial.state for trial in report.trials] == ["succeeded", "succeeded"]
    assert (report.model_path, report.space_size) == (str(output), 2)
    assert report.objectives == [Objective("accuracy")]
    assert report.best is not None
    assert {"accuracy", "loss", "f1"} <= report.best.metrics.keys()
    model = AutoModelForSequenceClassification.from_pretrained(output)
    assert sorted(model.config.id2label.values()) == ["bad", "good"]
    assert AutoTokenizer.from_pretrained(output)("a fine text")["input_ids"]
    assert list((tmp_path / "run").rglob("*.safetensors")) == []


def test_several_objectives_within_limits_give_a_front(run: Runner) -> None:
    """Of x from 0 to 6 both x and (x - 3)^2 are wanted small: 0 to 3 are the front, the limits leave 1, 2 and 3."""
    report = run(
        SQUARE,
        function="trial_functions:conflict",
        config={"x": ParameterSpec(min=0, max=6)},
        strategy="grid",
        max_trials=None,
        objectives=[Objective("near", "minimize"), Objective("low", "minimize")],
        constraints=[Constraint("low", min=1.0), Constraint("product", max=4.0)],
    )
    by_x = {trial.params["x"]: trial.number for trial in report.trials}
    assert report.pareto == sorted(by_x[x] for x in (1, 2, 3))
    assert report.best_params == {"x": 3}
    assert report.feasible == 4  # x = 4 keeps the limits too, but 2 is better in one and alike in the other
    assert {trial.state for trial in report.trials} == {"succeeded"}


def test_the_best_of_trials_that_all_break_a_limit_is_the_nearest_to_it(run: Runner) -> None:
    report = run(SQUARE, strategy="grid", config={"x": [1, 2, 3]}, constraints=[Constraint("value", max=0.5)])
    assert (report.best_params, report.feasible, report.pareto) == ({"x": 1}, 0, [])
    assert report.constraints == [Constraint("value", max=0.5)]


def test_the_time_of_a_trial_may_be_an_objective_of_any_study(run: Runner) -> None:
    objectives = [Objective("value", "minimize"), Objective("seconds", "minimize")]
    report = run(SQUARE, objectives=objectives, max_trials=2, strategy="nsga2")
    for trial in report.trials:
        assert trial.values == [trial.metrics["value"], trial.seconds]


def test_a_metric_with_a_limit_must_be_reported(run: Runner) -> None:
    with pytest.raises(PersoptError, match=r"the constraint 'valu' was not reported.*did you mean 'value'"):
        run(SQUARE, constraints=[Constraint("valu", max=0.5)], max_trials=2)
