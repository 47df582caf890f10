"""Tasks and layouts beside the classification of texts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from persopt.data.tasks import DATA_TASKS
from persopt.domain.programs import TrainingProgram
from persopt.domain.prune_training import PruneTraining
from persopt.domain.structured import StructuredRatios
from persopt.models.whole import load_whole
from persopt.pruning.structured.sizes import plan_sizes, read_sizes
from persopt.tuning.losses import total_loss
from persopt.tuning.warm_program import WarmProgram
from tests.support.prunings import prune_here, read_tensors
from tests.support.tiny_tasks import make_image_program, make_language_program, make_pair_program

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.mark.parametrize(
    ("make", "method", "gradual", "distill"),
    [
        (make_language_program, "movement", True, False),  # its layers keep inputs first
        (make_language_program, "lottery-ticket", False, False),
        (make_pair_program, "magnitude", True, True),  # states of an encoder and of a decoder
        (make_pair_program, "wanda", True, False),  # gathered again at each pruning
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


@pytest.mark.parametrize(
    ("make", "method", "distill"),
    [
        (make_language_program, "lottery-ticket", False),  # its output embeddings are tied
        (make_pair_program, "movement", True),  # an encoder and a decoder
    ],
)
def test_units_are_cut_in_a_training_for_other_tasks(
    tmp_path: Path, make: Callable[[Path], TrainingProgram], method: str, distill: bool
) -> None:
    program = make(tmp_path / "task")
    spec = {
        "dataset_path": program.dataset,
        "data": program.data,
        "task": program.task,
        "batch_size": 8,
        "device": "cpu",
        "training": PruneTraining(distill=distill, pruning_steps=2, pruning_epochs=0.5, recovery_epochs=0.5),
    }
    ratios = StructuredRatios(hidden=0.5, feed_forward=0.5)
    gradual = method != "lottery-ticket"
    report = prune_here(
        tmp_path, Path(program.model), method=method, gradual=gradual, structured=True, ratios=ratios, spec=spec
    )
    assert report.structured is not None
    assert report.quality is not None
    assert report.quality.recovered is not None
    whole, (model, unused) = load_whole(Path(program.model))[0], load_whole(Path(report.model_path))
    assert not unused
    assert plan_sizes(whole.config, ratios) == read_sizes(model.config)
    assert sum(one.numel() for one in model.parameters()) == report.structured.parameters_after


def test_movement_of_layers_that_keep_inputs_first_is_that_of_their_weights(tmp_path: Path) -> None:
    # One step on all rows, too small to move anything: the scores are then -w·g of the loss, which torch gives here.
    program = make_language_program(tmp_path / "task")
    config = Path(program.model) / "config.json"
    still = dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0)
    config.write_text(json.dumps(json.loads(config.read_text()) | still))
    spec = {
        "dataset_path": program.dataset,
        "data": program.data,
        "task": program.task,
        "batch_size": 1000,
        "device": "cpu",
        "training": PruneTraining(pruning_epochs=1, recovery_epochs=0, learning_rate=1e-12),
    }
    report = prune_here(tmp_path, Path(program.model), method="movement", sparsity=0.3, spec=spec)
    warm = WarmProgram(program)
    data = warm.map_data(program.data.max_length)
    batch = DATA_TASKS[program.task].make_collator(warm.processor)(list(data.train))
    labels = batch.pop("labels")
    model = warm.load_model([])
    (total_loss(model(**batch).logits, labels) / (labels != -100).sum()).backward()  # type: ignore[no-untyped-call]
    after = read_tensors(Path(report.model_path))
    for name, parameter in model.named_parameters():
        if name.endswith(("c_attn.weight", "c_fc.weight")):
            assert parameter.grad is not None
            assert parameter.shape[0] < parameter.shape[1]
            scores = -(parameter.detach() * parameter.grad).flatten()
            gone = (after[name] == 0).flatten()
            assert scores[gone].max() <= scores[~gone].min()
