"""Prunings of a tiny classifier with its data set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from persopt.domain.programs import TrainingProgram
from persopt.domain.prune_reports import PruneReport
from persopt.domain.prune_training import PruneTraining
from tests.support.prunings import prune_here

__all__ = ("accuracy_of", "fields", "run")


def fields(program: TrainingProgram, **training: Any) -> dict[str, Any]:
    """Return the fields of a spec that trains on the program's data."""
    return {
        "dataset_path": program.dataset,
        "data": program.data,
        "batch_size": 8,
        "device": "cpu",
        "training": PruneTraining(**{"learning_rate": 2e-3} | training),
    }


def run(folder: Path, program: TrainingProgram, training: dict[str, Any], **config: Any) -> PruneReport:
    """Prune the program's model with its data."""
    return prune_here(folder, Path(program.model), spec=fields(program, **training), **config)


def accuracy_of(folder: Path, program: TrainingProgram) -> float:
    """Return the accuracy by plain Transformers, a row at a time."""
    model: Any = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = [json.loads(line) for line in (Path(program.dataset) / "validation.jsonl").read_text().splitlines()]
    with torch.no_grad():
        found = [
            model.config.id2label[int(model(**tokenizer(row["text"], return_tensors="pt")).logits.argmax())]
            for row in rows
        ]
    return sum(bool(one == row["label"]) for one, row in zip(found, rows, strict=True)) / len(rows)
