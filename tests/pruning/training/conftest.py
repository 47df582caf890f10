"""A tiny classifier with its data set."""

from __future__ import annotations

import msgspec
import pytest
import torch

from persopt.domain.programs import TrainingProgram
from persopt.models.loading import load_for_task, load_tokenizer
from persopt.models.saving import save_model
from tests.support.tiny_models import make_text_program

LABELS = ["animal", "colour", "number"]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> TrainingProgram:
    """Return the task of three classes, its model with a head for them."""
    folder = tmp_path_factory.mktemp("task")
    made = make_text_program(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = load_for_task(made.model, "text-classification", LABELS)
    save_model(model, load_tokenizer(made.model), folder / "with-head")
    return msgspec.structs.replace(made, model=str(folder / "with-head"))
