"""Methods that need data, on a tiny task from the files to the pruned model."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import torch

from persopt.domain.errors import InputError
from persopt.domain.programs import TrainingProgram
from persopt.models.loading import load_for_task, load_tokenizer
from persopt.models.saving import save_model
from tests.support.prunings import prune_here, read_tensors, resolve_here
from tests.support.tiny_models import make_text_program

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> TrainingProgram:
    """Return the task of three classes, its model with a head for them."""
    folder = tmp_path_factory.mktemp("task")
    made = make_text_program(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = load_for_task(made.model, "text-classification", ["animal", "colour", "number"])
    save_model(model, load_tokenizer(made.model), folder / "with-head")
    return msgspec.structs.replace(made, model=str(folder / "with-head"))


@pytest.mark.parametrize(("method", "scope"), [("wanda", "row"), ("gradient", "global")])
def test_a_method_that_needs_data_prunes_exactly(
    tmp_path: Path, program: TrainingProgram, method: str, scope: str
) -> None:
    given = {"dataset_path": program.dataset, "calibration_rows": 20, "batch_size": 8, "device": "cpu"}
    report = prune_here(tmp_path, Path(program.model), method=method, scope=scope, sparsity=0.5, spec=given)
    total = sum(one.parameters for one in report.tensors if one.pruned)
    assert abs(report.sparsity * total - 0.5 * total) <= 0.5 * len(report.tensors)
    before, after = read_tensors(Path(program.model)), read_tensors(Path(report.model_path))
    assert torch.equal(before["classifier.weight"], after["classifier.weight"])
    query = next(name for name in after if name.endswith("query.weight"))
    kept = after[query] != 0
    assert torch.equal(after[query][kept], before[query][kept])
    assert not torch.equal(kept, before[query].abs() > before[query].abs().median())  # not just the magnitude


def test_gradients_are_refused_for_a_model_without_a_trained_head(tmp_path: Path, program: TrainingProgram) -> None:
    given = {"dataset_path": program.dataset}
    body = Path(program.model).parent / "model"
    with pytest.raises(InputError, match="modelPath: has no trained head for text-classification"):
        resolve_here(tmp_path, body, method="gradient", spec=given)
    assert resolve_here(tmp_path, body, method="wanda", spec=given).task == "text-classification"
