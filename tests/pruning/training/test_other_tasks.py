"""Tasks and layouts beside the classification of texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from persopt.domain.programs import TrainingProgram
from persopt.domain.prune_training import PruneTraining
from tests.support.prunings import prune_here, read_tensors
from tests.support.tiny_tasks import make_image_program, make_language_program, make_pair_program

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.mark.parametrize(
    ("make", "method", "gradual", "distill"),
    [
        (make_language_program, "movement", True, False),  # its layers keep inputs first
        (make_language_program, "lottery-ticket", False, False),
        (make_pair_program, "magnitude", True, True),  # states of an encoder and of a decoder
        (make_image_program, "magnitude", False, False),  # a new head, and no tokenizer
    ],
)
def test_recovery_keeps_the_zeros(
    tmp_path: Path, make: Callable[[Path], TrainingProgram], method: str, gradual: bool, distill: bool
) -> None:
    program = make(tmp_path / "task")
    training = PruneTraining(distill=distill, pruning_steps=2, recovery_epochs=0.5) if gradual else PruneTraining()
    if method == "lottery-ticket":
        training = PruneTraining(pruning_steps=1, pruning_epochs=0.5, recovery_epochs=0.5, rewind_to=0.4)
    spec = {
        "dataset_path": program.dataset,
        "data": program.data,
        "task": program.task,
        "batch_size": 8,
        "device": "cpu",
        "training": training,
    }
    report = prune_here(tmp_path, Path(program.model), method=method, gradual=gradual, sparsity=0.75, spec=spec)
    after = read_tensors(tmp_path / "pruned")
    chosen = [after[one.name] for one in report.tensors if one.pruned]
    total = sum(one.numel() for one in chosen)
    assert total > 0
    assert sum(int(torch.count_nonzero(one == 0)) for one in chosen) == round(0.75 * total)
    assert report.quality is not None
    assert report.quality.recovered is not None
    assert report.quality.metric in report.quality.recovered
