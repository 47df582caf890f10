"""Whole prunings with a data set, from the files to the trained model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification

from persopt.domain.errors import InputError, JobCancelledError
from persopt.domain.programs import TrainingProgram
from persopt.training.session import TrainingSession
from tests.pruning.training.trainings import accuracy_of, fields, run
from tests.support.prunings import prune_here, read_tensors, resolve_here, save_sharded

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.mark.parametrize(
    ("config", "training"),
    [
        ({"method": "magnitude", "gradual": True, "scope": "global"}, {"distill": True, "pruning_steps": 3}),
        ({"method": "gradient", "gradual": True}, {"schedule": "linear", "pruning_steps": 2}),
        ({"method": "movement", "gradual": True}, {"recovery_epochs": 0.5}),
        ({"method": "lottery-ticket"}, {"pruning_steps": 2, "pruning_epochs": 0.5}),
        ({"method": "magnitude"}, {}),
    ],
    ids=["gradual-distilled", "gradual-gradient", "movement", "lottery-ticket", "one-shot"],
)
def test_sparsity_is_exact_after_recovery_and_quality_is_that_of_the_files(
    tmp_path: Path, program: TrainingProgram, config: dict[str, Any], training: dict[str, Any]
) -> None:
    report = run(tmp_path, program, training, sparsity=0.6, **config)
    before, after = read_tensors(Path(program.model)), read_tensors(Path(report.model_path))
    chosen = [one for one in report.tensors if one.pruned]
    assert {one.name for one in chosen} == {name for name in after if ".layer." in name and after[name].dim() == 2}
    total = sum(one.parameters for one in chosen)
    assert sum(int((after[one.name] == 0).sum()) for one in chosen) == round(0.6 * total)
    assert report.sparsity * total == pytest.approx(round(0.6 * total))
    kept = torch.cat([after[one.name][after[one.name] != 0] for one in chosen])
    same = torch.cat([before[one.name][after[one.name] != 0] for one in chosen])
    assert (kept != same).float().mean() > 0.9  # the rest was trained
    quality = report.quality
    assert quality is not None
    assert quality.recovered is not None
    assert quality.before is not None
    assert quality.metric == "accuracy"
    assert quality.before["accuracy"] == pytest.approx(accuracy_of(Path(program.model), program))
    assert quality.recovered["accuracy"] == pytest.approx(accuracy_of(Path(report.model_path), program))
    assert quality.steps[1] > 0
    assert {path.name for path in Path(report.model_path).iterdir()} == {
        path.name for path in Path(program.model).iterdir()
    }


def test_a_pattern_stays_through_training(tmp_path: Path, program: TrainingProgram) -> None:
    report = run(tmp_path, program, {"pruning_steps": 4}, pattern="2:4", gradual=True)
    after = read_tensors(Path(report.model_path))
    for one in report.tensors:
        if one.pruned:
            zeros = (after[one.name] == 0).reshape(-1, 4).sum(1)
            assert zeros.tolist() == [2] * len(zeros)


def test_a_ticket_is_the_early_weights_under_the_mask_of_the_late_ones(
    tmp_path: Path, program: TrainingProgram
) -> None:
    report = run(
        tmp_path,
        program,
        {"pruning_steps": 2, "rewind_to": 0.0, "recovery_epochs": 0.0},
        method="lottery-ticket",
        sparsity=0.5,
    )
    before, after = read_tensors(Path(program.model)), read_tensors(Path(report.model_path))
    chosen = {one.name for one in report.tensors if one.pruned}
    for name, early in before.items():
        left = after[name] != 0 if name in chosen else torch.ones_like(early, dtype=torch.bool)
        assert torch.equal(after[name][left], early[left])
    by_size = [name for name in chosen if (before[name].abs()[after[name] == 0]).max() <= before[name].abs().median()]
    assert len(by_size) < len(chosen)  # training has changed which weights are small
    assert report.quality is not None
    assert report.quality.recovered is None
    assert report.quality.steps == (12, 0)


def test_a_model_without_a_head_is_trained_with_a_new_one(tmp_path: Path, program: TrainingProgram) -> None:
    body = Path(program.model).parent / "model"
    report = prune_here(tmp_path, body, spec=fields(program), sparsity=0.5)
    assert report.quality is not None
    assert (report.quality.before, report.quality.after) == (None, None)
    assert report.quality.recovered is not None
    assert report.sparsity == pytest.approx(0.5, abs=1e-4)
    assert AutoModelForSequenceClassification.from_pretrained(report.model_path).config.label2id["number"] == 2


def test_half_precision_is_told_to_become_whole(tmp_path: Path, program: TrainingProgram) -> None:
    body = save_sharded(Path(program.model).parent / "model", tmp_path / "half", "bfloat16")
    report = prune_here(tmp_path, body, spec=fields(program, recovery_epochs=0.2), sparsity=0.5)
    assert any("saved so" in note for note in report.notes)
    assert {one.dtype for one in read_tensors(Path(report.model_path)).values()} == {torch.float32}
    assert report.sparsity == pytest.approx(0.5, abs=1e-4)


def test_when_time_is_over_the_rest_is_pruned_at_once(tmp_path: Path, program: TrainingProgram) -> None:
    report = run(tmp_path, program, {"time_limit": 1e-9}, gradual=True, sparsity=0.6)
    assert report.sparsity == pytest.approx(0.6, abs=1e-4)
    assert report.quality is not None
    assert report.quality.steps == (0, 0)
    assert [note for note in report.notes if note.startswith("Time was over")] == [
        "Time was over after 0 of 6 steps of the pruning; the rest was pruned at once, untrained.",
        "Time was over after 0 of 6 steps of the recovery.",
    ]


def test_training_ends_at_the_next_step(tmp_path: Path, program: TrainingProgram) -> None:
    spec = resolve_here(tmp_path, Path(program.model), spec=fields(program))
    done: list[int] = []

    def open_session(on_step: Callable[[], None], is_over: Callable[[], bool]) -> TrainingSession:
        return TrainingSession(spec, Path(program.model), tmp_path / "c", tmp_path / "s", on_step, is_over)

    def cancel() -> None:
        if len(done) == 2:
            raise JobCancelledError("enough")
        done.append(1)

    session = open_session(cancel, lambda: False)
    with pytest.raises(JobCancelledError):
        session.train(session.load_model(), 6)
    assert len(done) == 2
    assert not (tmp_path / "s").exists()
    session = open_session(lambda: done.append(1), lambda: len(done) >= 5)
    assert session.train(session.load_model(), 6) == 3


def test_a_cancel_in_the_training_leaves_nothing(tmp_path: Path, program: TrainingProgram) -> None:
    looks = 0

    def look() -> bool:
        nonlocal looks
        looks += 1
        return looks == 150  # there are fewer before the training and far more in it

    with pytest.raises(JobCancelledError):
        run(tmp_path, program, {"pruning_epochs": 500.0}, gradual=True, run={"is_cancelled": look})
    assert looks == 150
    assert not [path for path in tmp_path.iterdir() if "pruned" in path.name]


def test_gradual_without_data_says_what_is_needed(tmp_path: Path, program: TrainingProgram) -> None:
    report = prune_here(tmp_path, Path(program.model), gradual=True)
    assert report.quality is None
    assert any("name a data set (datasetPath)" in note for note in report.notes)


@pytest.mark.parametrize(
    ("config", "training", "told"),
    [
        ({"method": "movement"}, {"pruning_epochs": 0.0}, "training.pruningEpochs: method 'movement' gathers movement"),
        ({}, {"pruning_epochs": 2.0}, "training.pruningEpochs: is for gradual pruning"),
        ({}, {"pruning_steps": 2}, "training.pruningSteps: is for gradual pruning"),
        ({}, {"distill": True, "recovery_epochs": 0.0}, "training.distill: nothing is trained"),
    ],
)
def test_options_that_cannot_be_are_told_before(
    tmp_path: Path, program: TrainingProgram, config: dict[str, Any], training: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError) as caught:
        resolve_here(tmp_path, Path(program.model), spec=fields(program, **training), **config)
    assert any(str(fault).startswith(told) for fault in caught.value.faults)


def test_a_teacher_needs_a_trained_head(tmp_path: Path, program: TrainingProgram) -> None:
    with pytest.raises(InputError, match="modelPath: has no trained head for text-classification"):
        resolve_here(tmp_path, Path(program.model).parent / "model", spec=fields(program, distill=True))
