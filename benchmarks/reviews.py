"""A data set of reviews, and a model tuned on it: what the benchmarks of compression begin from."""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from pathlib import Path

__all__ = ("describe_if_asked", "make_parser", "make_reviews", "prepare", "tune_on_reviews")

_UNDECIDED = 0.5


def make_reviews(source: Path, folder: Path, rows: int, validation_rows: int, test_rows: int = 0) -> Path:
    """Write the rows that are used as JSON lines, unless they are there.

    Args:
        source: Lines of id, mean rating from -4 to 4 and text, separated by tabs; the classes are the signs of
            ratings beyond one half.
        folder: Holds `train.jsonl`, `validation.jsonl` and, if rows of it are wanted, `test.jsonl` afterwards.
        rows: Training rows.
        validation_rows: Validation rows.
        test_rows: Test rows.
    """
    if not folder.exists():
        lines = [line.split("\t") for line in source.read_text("utf-8").splitlines()]
        rated = [(float(rating), text) for _, rating, text in lines if abs(float(rating)) > _UNDECIDED]
        random.Random(0).shuffle(rated)
        part = folder.with_name(f"{folder.name}.part")
        part.mkdir(exist_ok=True)
        first = 0
        for name, count in (("train", rows), ("validation", validation_rows), ("test", test_rows)):
            some, first = rated[first : first + count], first + count
            if not some:
                continue
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


def describe_if_asked(question: str, how: str) -> bool:
    """Describe a benchmark that has to be run by itself, if `benchmarks.run` asks for it; return whether it did."""
    if sys.argv[1:2] != ["describe"]:
        return False
    print(json.dumps({"question": question, "how": how, "contestants": []}))
    return True


def make_parser(question: str, *, rows: int, validation_rows: int, epochs: int) -> argparse.ArgumentParser:
    """Return a parser of what these benchmarks take alike, with their own defaults."""
    parser = argparse.ArgumentParser(description=question)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default=os.environ.get("PERSOPT_BENCH_MODEL"))
    parser.add_argument("--data", default=os.environ.get("PERSOPT_BENCH_REVIEWS"))
    parser.add_argument("--rows", type=int, default=rows)
    parser.add_argument("--validation-rows", type=int, default=validation_rows)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--tuning-epochs", type=int, default=epochs, help="of the model that all begin from")
    return parser


def prepare(given: argparse.Namespace) -> Path:
    """Make the folder, the data (`given.data` then is their folder) and the tuned model; return the model's folder."""
    if given.model is None or given.data is None:
        raise SystemExit("name the model and the data")
    given.out = given.out.absolute()
    given.out.mkdir(parents=True, exist_ok=True)
    given.data = make_reviews(
        Path(given.data), given.out / "data", given.rows, given.validation_rows, getattr(given, "test_rows", 0)
    )
    tuned, home = given.out / "tuned", given.out / "home"
    return tune_on_reviews(given.model, given.data, tuned, home, epochs=given.tuning_epochs, length=given.length)
