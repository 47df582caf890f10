"""The Python call: in this program and as a durable job, with a typed result and faults in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer

import persopt
from persopt.api import load_report
from persopt.domain.errors import InputError, JobFailedError, PersoptError
from persopt.domain.jobs import Progress
from persopt.runtime import Runtime
from persopt.settings import load_settings
from tests.support.studies import SUPPORT
from tests.support.tiny_models import make_text_program

SPACE: dict[str, Any] = {"x": {"min": 0.0, "max": 1.0}}


def tune_function(home: Path, name: str = "square", **more: Any) -> persopt.TuneReport:
    settings: dict[str, Any] = {"config": SPACE, "function_path": [SUPPORT], "max_trials": 3, "home": home} | more
    return persopt.tune(
        function=f"trial_functions:{name}", objectives="loss" if name == "two_metrics" else None, **settings
    )


def test_a_function_is_tuned_in_this_program(tmp_path: Path) -> None:
    report = tune_function(tmp_path / "home")
    assert [trial.state for trial in report.trials] == ["succeeded"] * 3
    assert report.best_value == max(trial.params["x"] ** 2 for trial in report.trials)  # type: ignore[operator]
    assert report.job_id is None
    assert all(Path(path).is_file() for path in report.artifacts.values())


def test_a_metric_that_is_a_loss_is_minimized(tmp_path: Path) -> None:
    report = tune_function(tmp_path / "home", "two_metrics")
    assert report.objectives == [persopt.Objective("loss", "minimize")]
    assert report.best_value == min(trial.metrics["loss"] for trial in report.trials)


def test_the_same_seed_gives_the_same_points_in_this_program_and_as_a_job(tmp_path: Path) -> None:
    here = tune_function(tmp_path / "home", seed=5)
    job = tune_function(tmp_path / "home", seed=5, durable=True)
    other = tune_function(tmp_path / "home", seed=6)
    assert [trial.params for trial in here.trials] == [trial.params for trial in job.trials]
    assert [trial.params for trial in here.trials] != [trial.params for trial in other.trials]


def test_a_durable_job_is_in_the_store(tmp_path: Path) -> None:
    report = tune_function(tmp_path / "home", durable=True)
    assert report.job_id is not None
    with Runtime.open(load_settings({}, home=str(tmp_path / "home"))) as runtime:
        assert runtime.kernel.get(report.job_id).state == "succeeded"
        assert load_report(runtime.kernel.folder(report.job_id).report) == report


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[Progress] = []
    tune_function(tmp_path / "home", progress=told.append)
    assert (told[-1].done, told[-1].total) == (3, 3)


def test_a_failed_study_raises_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(PersoptError, match="ZeroDivisionError: no such number"):
        tune_function(tmp_path / "home", "fails")
    with pytest.raises(JobFailedError, match="ZeroDivisionError: no such number"):
        tune_function(tmp_path / "home", "fails", durable=True)


def test_all_faults_of_a_call_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        tune_function(tmp_path / "home", max_trials=0, paralel=2, config={"x": {"min": 1, "mx": 2}})
    paths = {fault.path for fault in caught.value.faults}
    assert {"$.maxTrials", "$.paralel", "$.config.x.mx"} <= paths


def test_a_function_that_no_other_process_can_import_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="another process can import"):
        persopt.tune(function=lambda params, trial: 0.0, config=SPACE, home=tmp_path)  # noqa: ARG005


def test_a_model_is_tuned_on_a_dataset_in_memory_and_reloads(tmp_path: Path) -> None:
    program = make_text_program(tmp_path)
    lines = Path(program.dataset).joinpath("train.jsonl").read_text("utf-8").splitlines()
    report = persopt.tune(
        program.model,
        Dataset.from_list([json.loads(line) for line in lines]),
        config={"learningRate": {"min": 1e-3, "max": 1e-2, "distribution": "log_uniform"}, "batchSize": 8, "epochs": 1},
        output=tmp_path / "best",
        home=tmp_path / "home",
        max_trials=2,
    )
    assert report.model_path == str(tmp_path / "best")
    model = AutoModelForSequenceClassification.from_pretrained(report.model_path)
    tokenizer = AutoTokenizer.from_pretrained(report.model_path)
    scores = model(**tokenizer(["a text"], return_tensors="pt")).logits
    assert scores.shape == (1, model.config.num_labels)


def test_a_report_is_a_table_in_a_notebook(tmp_path: Path) -> None:
    table = tune_function(tmp_path / "home")._repr_html_()
    assert table.count("<tr") == 4
    assert "succeeded" in table


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"max_trial": 3}, "max_trial: unknown option; did you mean 'max_trials'?"),
        ({"config": "space.toml"}, "config: expected an object, got 'space.toml'"),
        ({"config": {"x": object()}}, "config: expected plain values"),
        ({"objectives": 5}, "objectives: expected names of metrics or Objectives, got 5"),
    ],
)
def test_what_python_cannot_turn_into_a_spec_is_told(tmp_path: Path, options: dict[str, Any], told: str) -> None:
    given: dict[str, Any] = {"function": "trial_functions:square", "config": SPACE, "home": tmp_path / "home"}
    with pytest.raises(InputError) as caught:
        persopt.tune(**given | options)
    assert str(caught.value).startswith(told)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("durable", [False, True])
def test_a_workspace_that_is_a_file_is_told(tmp_path: Path, durable: bool) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"^home: the workspace .* cannot be used: Not a directory"):
        tune_function(tmp_path / "file", durable=durable)


def test_a_data_set_from_memory_is_taken_away_again_when_it_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with pytest.raises(InputError):
        persopt.tune("none", Dataset.from_dict({"text": ["a"], "label": ["b"]}), home=home)
    assert list((home / "datasets").iterdir()) == []
