"""What the benchmarks train: the quickstart's Persian texts and its small encoder, made on the spot."""

from __future__ import annotations

import json
from pathlib import Path

from persopt.domain.programs import DataSpec, TrainingOptions, TrainingProgram
from persopt.quickstart import make_quickstart_data, make_quickstart_model

__all__ = ("make_program",)


def make_program(folder: Path, rows: int = 600) -> TrainingProgram:
    """Make data and a model below `folder`, and the program of a one-step training on them."""
    data = make_quickstart_data(folder / "data", train_rows=rows, validation_rows=100, test_rows=10)
    lines = next(data.glob("train*")).read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    model = make_quickstart_model(folder / "model", texts)
    return TrainingProgram(
        model=str(model),
        dataset=str(data),
        task="text-classification",
        data=DataSpec(text_columns=["text"], label_column="label", train_split="train", validation_split="validation"),
        training=TrainingOptions(max_steps=1),
        cache=str(folder / "cache"),
    )
