"""What is filled in, and what is refused before anything is opened, all at once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from persopt.domain.compare_specs import CompareSpec
from persopt.domain.errors import Fault, InputError
from persopt.domain.programs import DataSpec, TrainingProgram
from persopt.measure.hardware import usable_cpus
from tests.support.comparisons import resolve_here, save_variant
from tests.support.tiny_models import WORDS, make_sentence_program, make_text_program


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingProgram, Path, Path]:
    folder = tmp_path_factory.mktemp("texts")
    program = make_text_program(folder)
    return program, save_variant(program, folder / "one", 0), save_variant(program, folder / "two", 1)


def _resolve(folder: Path, *models: Path | str, **fields: Any) -> CompareSpec:
    return resolve_here(folder, CompareSpec(model_paths=[str(model) for model in models], **fields))[0]


def _faults(folder: Path, *models: Path | str, **fields: Any) -> tuple[Fault, ...]:
    with pytest.raises(InputError) as raised:
        _resolve(folder, *models, **fields)
    return raised.value.faults


def test_what_is_left_open_is_filled_in(texts: tuple[TrainingProgram, Path, Path], tmp_path: Path) -> None:
    program, one, two = texts
    spec = _resolve(tmp_path, one, two, dataset_path=program.dataset)
    assert (spec.labels, spec.model_paths) == (["one", "two"], [str(one), str(two)])
    assert (spec.task, spec.data.text_columns, spec.data.label_column) == ("text-classification", ["text"], "label")
    assert (spec.batch_sizes, spec.lengths, spec.threads) == ([1, 16], [32, 64], usable_cpus())  # it takes 64 tokens
    assert _resolve(tmp_path, *spec.model_paths, labels=["A", "B"]).labels == ["A", "B"]


@pytest.mark.parametrize("count", [0, 1])
def test_two_models_are_the_fewest(texts: tuple[TrainingProgram, Path, Path], tmp_path: Path, count: int) -> None:
    (fault,) = _faults(tmp_path, *[texts[1]] * count)
    assert (fault.path, fault.message) == (
        "$.modelPaths",
        f"expected at least 2 models, the baseline first, got {count}",
    )


def test_the_same_model_twice_is_a_comparison_too(texts: tuple[TrainingProgram, Path, Path], tmp_path: Path) -> None:
    assert _resolve(tmp_path, texts[1], texts[1]).labels == ["one", "one (2)"]


def test_models_of_different_tasks_are_refused_and_both_named(
    texts: tuple[TrainingProgram, Path, Path], tmp_path: Path
) -> None:
    tagger = save_variant(make_sentence_program(tmp_path / "tags"), tmp_path / "tagger", 0)
    (fault,) = _faults(tmp_path, texts[1], tagger)
    assert fault.path == "$.modelPaths[1]"
    for part in (str(tagger), "token-classification", str(texts[1]), "text-classification"):
        assert part in fault.message


def test_models_of_different_classes_are_refused_and_both_named(
    texts: tuple[TrainingProgram, Path, Path], tmp_path: Path
) -> None:
    program, one, _ = texts
    other = save_variant(program, tmp_path / "other", 0, ["animal", "colour", "plant"])
    faults = _faults(tmp_path, one, other, dataset_path=program.dataset)
    assert {fault.path for fault in faults} == {"$.modelPaths[1]"}
    for part in (str(other), "plant", str(one), "number"):
        assert part in faults[0].message
    swapped = save_variant(program, tmp_path / "swapped", 0, [name.upper() for name in sorted(WORDS, reverse=True)])
    assert _resolve(tmp_path, one, swapped, dataset_path=program.dataset).task == "text-classification"


def test_a_model_for_another_task_than_the_data_is_named(
    texts: tuple[TrainingProgram, Path, Path], tmp_path: Path
) -> None:
    tags = make_sentence_program(tmp_path / "tags")
    faults = _faults(tmp_path, texts[1], texts[2], dataset_path=tags.dataset)
    assert [fault.path for fault in faults] == ["$.modelPaths[0]", "$.modelPaths[1]"]
    assert "is for text-classification, and the data is for token-classification" in faults[0].message


def test_all_faults_are_told_at_once(texts: tuple[TrainingProgram, Path, Path], tmp_path: Path) -> None:
    faults = _faults(
        tmp_path,
        texts[1],
        "no/such/model",
        labels=["A"],
        dataset_path="no-such-data.csv",
        lengths=[8, 100_000],
        threads=usable_cpus() + 1,
    )
    assert [fault.path for fault in faults] == [
        "$.modelPaths[1]",
        "$.labels",
        "$.lengths[1]",
        "$.datasetPath",
        "$.threads",
    ]


@pytest.mark.parametrize(
    ("fields", "path", "part"),
    [
        ({"rows": 3, "slice_by": ["label"]}, "$.datasetPath", "rows and sliceBy are of a data set"),
        ({"speed": False, "memory": False}, "$.datasetPath", "there is nothing to compare"),
    ],
)
def test_what_makes_no_sense_without_data_is_refused(
    texts: tuple[TrainingProgram, Path, Path], tmp_path: Path, fields: dict[str, Any], path: str, part: str
) -> None:
    (fault,) = _faults(tmp_path, *texts[1:], **fields)
    assert fault.path == path
    assert part in fault.message


def test_columns_and_splits_that_are_not_there_are_named(
    texts: tuple[TrainingProgram, Path, Path], tmp_path: Path
) -> None:
    faults = _faults(tmp_path, *texts[1:], dataset_path=texts[0].dataset, slice_by=["lable"], split="test")
    assert [fault.path for fault in faults] == ["$.split", "$.sliceBy[0]"]
    assert "did you mean 'label'?" in faults[1].message


def test_rows_without_labels_are_taken_as_such(texts: tuple[TrainingProgram, Path, Path], tmp_path: Path) -> None:
    bare = tmp_path / "bare.jsonl"
    bare.write_text("".join(json.dumps({"text": f"گربه {number}"}) + "\n" for number in range(12)), "utf-8")
    spec = _resolve(tmp_path, *texts[1:], dataset_path=str(bare))
    assert (spec.task, spec.data.text_columns, spec.data.label_column) == ("text-classification", ["text"], None)
    empty = tmp_path / "empty.jsonl"
    rows = [{"text": f"گربه {number}", "label": None} for number in range(12)]
    empty.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert _resolve(tmp_path, *texts[1:], dataset_path=str(empty)).data.label_column is None
    rows[3]["label"] = "animal"
    empty.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (fault,) = _faults(tmp_path, *texts[1:], dataset_path=str(empty))
    assert "11 of 12 rows" in fault.message
    assert "an empty labelColumn" in fault.hint


def test_an_empty_label_column_says_that_rows_have_no_labels(
    texts: tuple[TrainingProgram, Path, Path], tmp_path: Path
) -> None:
    rows = [{"text": f"گربه {number}", "source": "ab"[number % 2]} for number in range(12)]
    data = tmp_path / "sources.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    faults = _faults(tmp_path, *texts[1:], dataset_path=str(data))
    assert len(faults) == 2
    assert all("column 'source' was taken for the labels" in fault.hint for fault in faults)
    spec = _resolve(tmp_path, *texts[1:], dataset_path=str(data), data=DataSpec(label_column=""), slice_by=["source"])
    assert (spec.task, spec.data.text_columns, spec.data.label_column) == ("text-classification", ["text"], "")
    typo = DataSpec(label_column="", text_columns=["txt"])
    (fault,) = _faults(tmp_path, *texts[1:], dataset_path=str(data), data=typo)
    assert (fault.path, "did you mean 'text'?" in fault.message) == ("$.data.textColumns", True)
    none, task = DataSpec(label_column=""), "image-classification"
    (fault,) = _faults(tmp_path, *texts[1:], dataset_path=str(data), data=none, task=task)
    assert fault.path == "$.data.labelColumn"


def _make_job(folder: Path, job_id: str, report: dict[str, Any] | None) -> str:
    jobs = folder / "home" / "jobs" / job_id
    jobs.mkdir(parents=True)
    if report is not None:
        (jobs / "report.json").write_text(json.dumps(report), "utf-8")
    return job_id


def test_the_model_of_a_job_is_found_by_its_id(texts: tuple[TrainingProgram, Path, Path], tmp_path: Path) -> None:
    job = _make_job(tmp_path, "0193a0b1c2d3e4f5a6b7", {"modelPath": str(texts[2])})
    spec = _resolve(tmp_path, texts[1], job)
    assert spec.model_paths == [str(texts[1]), str(texts[2])]
    assert _resolve(tmp_path, texts[1], job[:10]).model_paths == spec.model_paths
    _make_job(tmp_path, "0193a0b1c2d3e4f5a6b8", None)
    (fault,) = _faults(tmp_path, texts[1], job[:10])
    assert "2 jobs begin with" in fault.message


@pytest.mark.parametrize(
    ("report", "part"),
    [
        (None, "has not finished, or it failed or was cancelled"),
        ({"modelPath": None}, "made no model"),
        ({"models": []}, "made no model"),
        ({"modelPath": "/no/such/folder"}, "is not there any more"),
    ],
)
def test_a_job_without_a_model_is_refused(
    texts: tuple[TrainingProgram, Path, Path], tmp_path: Path, report: dict[str, Any] | None, part: str
) -> None:
    job = _make_job(tmp_path, "0193a0b1c2d3e4f5a6b7", report)
    (fault,) = _faults(tmp_path, texts[1], job)
    assert fault.path == "$.modelPaths[1]"
    assert part in fault.message
    assert job in fault.message


def test_a_folder_named_like_a_job_is_a_folder(
    texts: tuple[TrainingProgram, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(texts[1], tmp_path / "0193a0b1")
    _make_job(tmp_path, "0193a0b1c2d3e4f5a6b7", {"modelPath": str(texts[2])})
    assert _resolve(tmp_path, texts[1], "0193a0b1").model_paths[1] == str(tmp_path / "0193a0b1")
