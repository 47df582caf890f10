"""Measuring whole, on tiny models: what is told, and what is refused before anything is opened."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

import persopt
from persopt.domain.errors import InputError
from persopt.domain.measure_specs import MeasureReport, MeasureSpec
from persopt.domain.programs import TrainingProgram
from persopt.evaluation.measure_checks import resolve_measuring
from persopt.evaluation.measuring import run_measuring
from persopt.evaluation.rows import TaskRows
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.measure.hardware import usable_cpus
from persopt.measure.size import measure_size
from persopt.models.loading import load_for_task, load_processor
from persopt.models.saving import save_model
from persopt.plugins.discovery import load_registry
from persopt.settings import Settings
from tests.support.tiny_models import VALIDATION_ROWS, make_text_program
from tests.support.tiny_tasks import make_image_program, make_language_model, make_language_program

WITHOUT_PROCESS: dict[str, Any] = {"memory": False, "seconds": 0.01, "batch_sizes": [2], "lengths": [4], "threads": 1}


def _save(program: TrainingProgram, folder: Path, seed: int) -> str:
    """Save a model with a head for the task of a program."""
    labels = TaskRows(program).labels
    torch.manual_seed(seed)
    model = load_for_task(program.model, program.task, labels)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1 + 0.5 * torch.randn(parameter.shape))
    return str(save_model(model, load_processor(program.model, program.task), folder))


def _measure(spec: MeasureSpec, folder: Path, told: list[str] | None = None) -> MeasureReport:
    settings = Settings(home=str(folder))
    registry = load_registry(settings, BUILTIN_MODULES)
    look = (lambda _: None) if told is None else told.append
    return run_measuring(resolve_measuring(spec, settings), registry, settings.cache, look)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingProgram, str, str]:
    """Give a task of texts and two models of it."""
    folder = tmp_path_factory.mktemp("texts")
    program = make_text_program(folder)
    return program, _save(program, folder / "one", 0), _save(program, folder / "other", 3)


def test_two_models_are_measured_in_turn_and_judged_on_the_same_rows(
    texts: tuple[TrainingProgram, str, str], tmp_path: Path
) -> None:
    program, one, other = texts
    told: list[str] = []
    spec = MeasureSpec(model_path=one, against=other, dataset_path=program.dataset, **WITHOUT_PROCESS)
    report = _measure(spec, tmp_path, told)
    assert report.against is not None
    assert report.quality is not None
    assert report.outputs is not None
    assert (report.task, report.metric, report.rows) == ("text-classification", "accuracy", VALIDATION_ROWS)
    assert (report.model.path, report.model.format, report.against.path) == (one, "safetensors", other)
    assert report.model.total_bytes == measure_size(Path(one))
    assert report.model.weight_bytes == (Path(one) / "model.safetensors").stat().st_size
    (pair,) = report.comparisons
    assert [pair.after] == report.model.speed
    assert [pair.before] == report.against.speed
    assert (pair.before.batch, pair.before.length, pair.threads) == (2, 4, 1)
    for name, change in report.quality.change.items():
        difference = report.model.quality[name].value - report.against.quality[name].value
        assert change.value == pytest.approx(difference)
        assert 0 < report.quality.p_values[name] <= 1
    assert report.outputs.rows == VALIDATION_ROWS
    assert report.outputs.largest > 0
    assert {"judging", "measuring the speed, in turn", "comparing outputs"} <= set(told)
    assert report.environment["versions"]["torch"]
    again = msgspec.json.decode(msgspec.json.encode(report), type=MeasureReport)
    assert again == report


def test_a_model_against_itself_is_the_same(texts: tuple[TrainingProgram, str, str], tmp_path: Path) -> None:
    program, one, _ = texts
    spec = MeasureSpec(model_path=one, against=one, dataset_path=program.dataset, speed=False, rows=10, memory=False)
    report = _measure(spec, tmp_path)
    assert report.quality is not None
    assert report.outputs is not None
    assert (report.rows, report.quality.agreement, report.quality.rows_needed) == (10, 1.0, None)
    assert {change.value for change in report.quality.change.values()} == {0.0}
    assert report.quality.p_values["accuracy"] == 1
    assert (report.outputs.largest, report.outputs.cosine) == pytest.approx((0, 1))
    assert not report.model.speed
    assert not report.comparisons


def test_losses_of_other_tokens_are_not_compared(tmp_path: Path) -> None:
    program = make_language_program(tmp_path / "one")
    other = make_language_model(tmp_path / "other", [f"w{number}" for number in reversed(range(10))])
    spec = MeasureSpec(
        model_path=program.model, against=str(other), dataset_path=program.dataset, data=program.data, **WITHOUT_PROCESS
    )
    report = _measure(spec, tmp_path)
    assert report.against is not None
    assert report.quality is None
    assert report.outputs is None
    assert report.model.quality.keys() == report.against.quality.keys() == {"loss", "perplexity"}
    assert any("their losses are not compared" in text for text in report.notes)


def test_a_model_of_images_is_timed_at_its_own_size(tmp_path: Path) -> None:
    model = make_image_program(tmp_path).model
    spec = MeasureSpec(model_path=model, batch_sizes=[1, 3], seconds=0.01, threads=1, memory=False)
    report = _measure(spec, tmp_path)
    assert [(one.batch, one.length) for one in report.model.speed] == [(1, 8), (3, 8)]


def test_all_faults_are_told_at_once_before_anything_is_opened(
    texts: tuple[TrainingProgram, str, str], tmp_path: Path
) -> None:
    spec = MeasureSpec(
        model_path=texts[1],
        against="no/such/model",
        dataset_path="no-such-data.csv",
        lengths=[8, 100_000],
        threads=usable_cpus() + 1,
    )
    with pytest.raises(InputError) as raised:
        resolve_measuring(spec, Settings(home=str(tmp_path)))
    assert [fault.path for fault in raised.value.faults] == ["$.against", "$.lengths[1]", "$.datasetPath", "$.threads"]
    assert "the model takes at most" in raised.value.faults[1].message


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"rows": 3}, "$.datasetPath"),
        ({"task": "translation"}, "$.datasetPath"),
        ({"model_path": ""}, "$.modelPath"),
    ],
)
def test_what_makes_no_sense_is_refused(
    texts: tuple[TrainingProgram, str, str], tmp_path: Path, fields: dict[str, Any], path: str
) -> None:
    with pytest.raises(InputError) as raised:
        resolve_measuring(MeasureSpec(**{"model_path": texts[1]} | fields), Settings(home=str(tmp_path)))
    assert [fault.path for fault in raised.value.faults] == [path]


def test_a_split_that_is_not_there_is_named(texts: tuple[TrainingProgram, str, str], tmp_path: Path) -> None:
    spec = MeasureSpec(model_path=texts[1], dataset_path=texts[0].dataset, split="test")
    with pytest.raises(InputError, match="there is no test split; the data has train, validation"):
        resolve_measuring(spec, Settings(home=str(tmp_path)))


def test_shapes_left_open_are_what_the_models_take(texts: tuple[TrainingProgram, str, str], tmp_path: Path) -> None:
    # The tiny model takes 64 tokens.
    resolved = resolve_measuring(MeasureSpec(model_path=texts[1]), Settings(home=str(tmp_path)))
    assert (resolved.batch_sizes, resolved.lengths, resolved.threads) == ([1, 16], [32, 64], usable_cpus())
    long = Path(shutil.copytree(texts[1], tmp_path / "long")) / "config.json"
    config = json.loads(long.read_text("utf-8"))
    long.write_text(json.dumps(config | {"max_position_embeddings": 512}), "utf-8")
    spec = MeasureSpec(model_path=str(long.parent), batch_sizes=[4, 4])
    resolved = resolve_measuring(spec, Settings(home=str(tmp_path)))
    assert (resolved.batch_sizes, resolved.lengths) == ([4], [32, 128])
    both = msgspec.structs.replace(spec, against=texts[1])
    assert resolve_measuring(both, Settings(home=str(tmp_path))).lengths == [32, 64]


def test_the_function_measures_what_its_arguments_say(texts: tuple[TrainingProgram, str, str], tmp_path: Path) -> None:
    program, one, other = texts
    told: list[str] = []
    report = persopt.measure_model(
        one,
        program.dataset,
        against=other,
        home=tmp_path,
        on_step=told.append,
        data_options={"maxLength": 16},
        rows=5,
        **WITHOUT_PROCESS,
    )
    assert (report.rows, len(report.comparisons)) == (5, 1)
    assert told
    with pytest.raises(InputError) as raised:
        persopt.measure_model(one, home=tmp_path, thread=1, confidence=2)
    assert [fault.path for fault in raised.value.faults] == ["$.thread", "$.confidence"]
    assert "threads" in raised.value.faults[0].message
