"""Comparisons whole, on tiny models: what is told, written, and what is not compared."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import msgspec
import pytest

from persopt.domain.compare_reports import CompareReport
from persopt.domain.errors import JobCancelledError
from persopt.domain.programs import DataSpec, TrainingProgram
from persopt.plugins.discovery import load_modules
from tests.support.comparisons import QUICK, compare_here, resolve_here, save_variant
from tests.support.quantizations import MODULES, make_classifier, quantize_here
from tests.support.tiny_models import VALIDATION_ROWS, WORDS, make_sentence_program, make_text_program, make_tiny_model
from tests.support.tiny_tasks import make_language_model, make_language_program


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingProgram, list[Path]]:
    """Give a task of texts and three models of it."""
    folder = tmp_path_factory.mktemp("texts")
    program = make_text_program(folder)
    return program, [save_variant(program, folder / name, seed) for seed, name in enumerate(("one", "two", "three"))]


def test_three_models_are_compared_with_the_first(texts: tuple[TrainingProgram, list[Path]], tmp_path: Path) -> None:
    program, models = texts
    report = compare_here(tmp_path, models, dataset_path=program.dataset, slice_by=["label"], length_slices=2)
    assert [model.label for model in report.models] == ["one", "two", "three"]
    assert [pair.label for pair in report.pairs] == ["two", "three"]
    assert (report.task, report.metric, report.rows, report.has_labels) == (
        "text-classification",
        "accuracy",
        VALIDATION_ROWS,
        True,
    )
    assert report.classes == sorted(WORDS)
    for model, pair in zip(report.models[1:], report.pairs, strict=True):
        assert pair.size_ratio == 1
        assert [(one.batch, one.length) for one in pair.speedups] == [(2, 4)]
        assert pair.discordance is not None
        counts = pair.discordance
        assert sum(msgspec.structs.astuple(counts)) == VALIDATION_ROWS
        difference = model.quality["accuracy"].value - report.baseline.quality["accuracy"].value
        assert pair.changes["accuracy"].change.value == pytest.approx(difference)
        assert difference == pytest.approx((counts.only_model - counts.only_baseline) / VALIDATION_ROWS)
        assert pair.outputs is not None
        assert pair.changes["accuracy"].p_value <= pair.changes["accuracy"].adjusted_p
    by_length = [one for one in report.slices if one.column is None]
    assert sum(one.rows for one in by_length) == VALIDATION_ROWS
    assert {one.column for one in report.slices} == {None, "label"}
    assert report.verdicts.keys() == {"en", "fa"}
    assert report.verdicts["en"][0].startswith("two is ")
    saved = msgspec.json.decode((tmp_path / "run" / "report.json").read_bytes(), type=CompareReport)
    assert saved == report
    assert not (tmp_path / "run" / ".work").exists()


def test_a_checkpoint_an_artifact_and_the_result_of_a_job_are_compared_alike(tmp_path: Path) -> None:
    program = make_classifier(tmp_path)
    half = quantize_here(tmp_path, program.model, bits=16)
    job = tmp_path / "home" / "jobs" / "0193a0b1c2d3e4f5a6b7"
    job.mkdir(parents=True)
    half.save(job / "report.json")
    models = [program.model, half.model_path, job.name]
    report = compare_here(
        tmp_path / "in", models, modules=MODULES, dataset_path=program.dataset, home=tmp_path / "home"
    )
    assert [model.format for model in report.models] == ["safetensors", half.format, half.format]
    assert [pair.label for pair in report.pairs] == ["quantized", "quantized (2)"]
    for pair in report.pairs:
        assert pair.size_ratio == pytest.approx(half.bytes_before / half.bytes_after)
        assert pair.agreement is not None
        assert pair.speedup is not None
        assert pair.outputs is not None
        assert pair.outputs.cosine == pytest.approx(1, abs=0.01)


def test_rows_that_models_answer_differently_are_exported(
    texts: tuple[TrainingProgram, list[Path]], tmp_path: Path
) -> None:
    program, models = texts
    report = compare_here(tmp_path, models[:2], dataset_path=program.dataset, labels=["A", "B"], rows=15, speed=False)
    lines = Path(report.artifacts["differences.jsonl"]).read_text("utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    assert report.rows == 15
    assert len(found) == report.differences == round((1 - (report.pairs[0].agreement or 0)) * 15)
    assert found, "the models of this test differ"
    rows = [json.loads(line) for line in (Path(program.dataset) / "validation.jsonl").read_text("utf-8").splitlines()]
    for one in found:
        assert one["columns"] == rows[one["row"] - 1]
        assert one["answers"]["A"] != one["answers"]["B"]
        assert {label: answer == one["columns"]["label"] for label, answer in one["answers"].items()} == one["right"]
    with Path(report.artifacts["differences.csv"]).open(encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    assert [row["B"] for row in table] == [one["answers"]["B"] for one in found]
    assert [row["text"] for row in table] == [one["columns"]["text"] for one in found]


def test_a_model_given_twice_is_the_same_and_said_to_be(
    texts: tuple[TrainingProgram, list[Path]], tmp_path: Path
) -> None:
    program, models = texts
    report = compare_here(tmp_path, [models[0], models[0]], dataset_path=program.dataset, speed=False)
    (pair,) = report.pairs
    assert [model.label for model in report.models] == ["one", "one (2)"]
    assert (pair.agreement, report.differences) == (1, 0)
    assert not [name for name in report.artifacts if name.startswith("differences")]
    assert {change.change.value for change in pair.changes.values()} == {0}
    assert pair.changes["accuracy"].p_value == 1
    assert any("the same model, given twice" in note for note in report.notes["en"])
    assert "its accuracy is the same" in report.verdicts["en"][0]


def test_without_labels_only_speed_and_agreement_are_told(
    texts: tuple[TrainingProgram, list[Path]], tmp_path: Path
) -> None:
    program, models = texts
    labelled = compare_here(tmp_path / "labelled", models[:2], dataset_path=program.dataset, speed=False)
    lines = (Path(program.dataset) / "validation.jsonl").read_text("utf-8").splitlines()
    bare = tmp_path / "bare.jsonl"
    bare.write_text("".join(json.dumps({"text": json.loads(line)["text"]}) + "\n" for line in lines), "utf-8")
    report = compare_here(tmp_path, models[:2], dataset_path=str(bare))
    (pair,) = report.pairs
    assert (report.has_labels, report.metric, report.rows) == (False, None, VALIDATION_ROWS)
    assert pair.agreement == labelled.pairs[0].agreement
    assert report.differences == labelled.differences
    assert (pair.changes, pair.discordance, report.slices, report.models[0].quality) == ({}, None, [], {})
    assert len(pair.speedups) == 1
    assert "cannot be told without labels" in report.verdicts["en"][0]
    assert any("have no labels" in note for note in report.notes["en"])
    (first, *_) = Path(report.artifacts["differences.jsonl"]).read_text("utf-8").splitlines()
    assert set(json.loads(first)["columns"]) == {"text"}
    same = compare_here(
        tmp_path / "same", models[:2], dataset_path=program.dataset, data=DataSpec(label_column=""), speed=False
    )
    assert (same.has_labels, same.pairs[0].agreement) == (False, pair.agreement)


def test_tokens_are_answered_without_labels_too(tmp_path: Path) -> None:
    program = make_sentence_program(tmp_path)
    models = [save_variant(program, tmp_path / name, seed) for seed, name in enumerate("ab")]
    bare = tmp_path / "bare.jsonl"
    lines = (Path(program.dataset) / "validation.jsonl").read_text("utf-8").splitlines()
    bare.write_text("".join(json.dumps({"words": json.loads(line)["words"]}) + "\n" for line in lines), "utf-8")
    with_labels = compare_here(tmp_path / "x", models, dataset_path=program.dataset, data=program.data, speed=False)
    report = compare_here(tmp_path, models, dataset_path=str(bare), speed=False)
    assert (report.task, report.has_labels) == ("token-classification", False)
    assert report.pairs[0].agreement == with_labels.pairs[0].agreement
    assert with_labels.pairs[0].discordance is None


def test_models_of_other_tokenizers_are_compared_on_the_same_rows_and_it_is_said(
    texts: tuple[TrainingProgram, list[Path]], tmp_path: Path
) -> None:
    program, models = texts
    reader = make_tiny_model(tmp_path / "reader")
    tokenizer = json.loads((reader / "tokenizer.json").read_text("utf-8"))
    vocabulary = tokenizer["model"]["vocab"]
    *_, first, second = vocabulary
    vocabulary[first], vocabulary[second] = vocabulary[second], vocabulary[first]
    (reader / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
    other = save_variant(msgspec.structs.replace(program, model=str(reader)), tmp_path / "other", 5)
    report = compare_here(tmp_path, [models[0], other], dataset_path=program.dataset, speed=False)
    (pair,) = report.pairs
    assert pair.outputs is None
    assert pair.changes["accuracy"].p_value <= 1
    assert any("reads other tokens" in note for note in report.notes["en"])


def test_losses_of_other_tokens_are_not_compared(tmp_path: Path) -> None:
    program = make_language_program(tmp_path / "one")
    other = make_language_model(tmp_path / "other", [f"w{number}" for number in reversed(range(10))])
    models: list[Path | str] = [program.model, program.model, other]
    report = compare_here(tmp_path, models, dataset_path=program.dataset, data=program.data, speed=False)
    assert report.metric == "perplexity"
    assert set(report.pairs[0].changes) == {"loss", "perplexity"}
    assert report.pairs[1].changes == {}
    assert report.pairs[1].agreement is None
    assert any("their losses are not compared" in note for note in report.notes["en"])
    assert report.slices == []


def test_without_data_speed_and_size_are_compared(texts: tuple[TrainingProgram, list[Path]], tmp_path: Path) -> None:
    report = compare_here(tmp_path, texts[1][:2])
    (pair,) = report.pairs
    assert (report.rows, report.task, pair.agreement, pair.memory_ratio) == (0, None, None, None)
    assert pair.speedup is not None
    assert "no data set was given" in report.verdicts["en"][0]


def test_a_cancelled_comparison_leaves_nothing_behind(
    texts: tuple[TrainingProgram, list[Path]], tmp_path: Path
) -> None:
    from persopt.comparison.run import run_comparison
    from persopt.domain.compare_specs import CompareSpec

    program, models = texts
    spec = CompareSpec(model_paths=[str(model) for model in models], dataset_path=program.dataset, **QUICK)
    resolved, settings = resolve_here(tmp_path, spec)
    looks = iter(range(100_000))
    (tmp_path / "run").mkdir()
    with pytest.raises(JobCancelledError):
        run_comparison(
            resolved,
            settings=settings,
            registry=load_modules([], settings),
            folder=tmp_path / "run",
            environment={},
            is_cancelled=lambda: next(looks) > 6,
        )
    assert list((tmp_path / "run").iterdir()) == []


def test_how_the_data_are_read_reaches_the_rows(texts: tuple[TrainingProgram, list[Path]], tmp_path: Path) -> None:
    program, models = texts
    data = DataSpec(max_validation_rows=9)
    report = compare_here(tmp_path, models[:2], dataset_path=program.dataset, data=data, speed=False)
    assert report.rows == 9
