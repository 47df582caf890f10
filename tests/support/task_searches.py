"""Trained tiny models of the tasks beyond classification of texts, for a search to compress."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import msgspec

from persopt.domain.programs import TrainingProgram
from persopt.evaluation.rows import TaskRows
from persopt.models.loading import load_for_task, load_processor
from persopt.models.saving import save_model
from tests.support.tiny_models import make_sentence_program, make_tiny_model
from tests.support.tiny_tasks import make_image_program, make_language_program, make_pair_program

__all__ = ("LAYERS", "SearchKind", "make_searchable")

SearchKind: TypeAlias = Literal["tagger", "t5", "marian", "gpt2", "llama", "vit"]

LAYERS: Final = 2
_PASSES: Final = 12


def make_searchable(folder: Path, kind: SearchKind) -> TrainingProgram:
    """Return a task whose model, of two layers (in each stack), has learnt it by a few passes over its rows."""
    program = _make_program(folder, kind)
    rows = TaskRows(program, "train", batch_size=8)
    model: Any = load_for_task(program.model, program.task, rows.labels)
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
        model.train()
        for _ in range(_PASSES):
            for batch in rows.batches():
                optimizer.zero_grad()
                model(**{name: value for name, value in batch.items() if name != "references"}).loss.backward()
                optimizer.step()
    trained = save_model(model.eval(), load_processor(program.model, program.task), folder / "trained")
    return msgspec.structs.replace(program, model=str(trained))


def _make_program(folder: Path, kind: SearchKind) -> TrainingProgram:
    if kind == "tagger":
        program = make_sentence_program(folder)
        return msgspec.structs.replace(program, model=str(make_tiny_model(folder / "body", layers=LAYERS)))
    if kind == "vit":
        return make_image_program(folder, LAYERS, rows=12)
    if kind in ("gpt2", "llama"):
        return make_language_program(folder, kind, LAYERS)
    return make_pair_program(folder, kind=kind, layers=LAYERS)
