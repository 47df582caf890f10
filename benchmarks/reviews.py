"""A data set of reviews, and a model tuned on it: what the benchmarks of compression begin from."""

from __future__ import annotations

import json
import random
from pathlib import Path

__all__ = ("make_reviews", "tune_on_reviews")

_UNDECIDED = 0.5


def make_reviews(source: Path, folder: Path, rows: int, validation_rows: int) -> Path:
    """Write the rows that are used as JSON lines, unless they are there.

    Args:
        source: Lines of id, mean rating from -4 to 4 and text, separated by tabs; the classes are the signs of
            ratings beyond one half.
        folder: Holds `train.jsonl` and `validation.jsonl` afterwards.
        rows: Training rows.
        validation_rows: Validation rows.
    """
    if not folder.exists():
        lines = [line.split("\t") for line in source.read_text("utf-8").splitlines()]
        rated = [(float(rating), text) for _, rating, text in lines if abs(float(rating)) > _UNDECIDED]
        random.Random(0).shuffle(rated)
        part = folder.with_name(f"{folder.name}.part")
        part.mkdir(exist_ok=True)
        for name, some in (("train", rated[:rows]), ("validation", rated[rows : rows + validation_rows])):
            told = [{"text": text, "label": "positive" if rating > 0 else "negative"} for rating, text in some]
            (part / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in told), "utf-8")
        part.replace(folder)
    return folder


def tune_on_reviews(model: str, data: Path, output: Path, home: Path, *, epochs: int, length: int) -> Path:
    """Train the model on the reviews, unless that was done, and return its folder."""
    import persopt

    if not output.exists():
        persopt.tune(
            model,
            data,
            config={"learningRate": 1e-4, "batchSize": 16, "epochs": epochs},
            max_trials=1,
            output=output,
            home=home,
            data_options={"maxLength": length},
        )
    return output
