"""Tiny tasks with a tiny encoder each: real training in a second or two."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from persopt.domain.programs import DataSpec, TrainingOptions, TrainingProgram
from persopt.plugins import TrialRequest
from persopt.quickstart import make_quickstart_model

__all__ = ("RecordingTrial", "make_request", "make_sentence_program", "make_text_program", "make_tiny_model")

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "animal": ("گربه", "سگ", "اسب", "شیر", "روباه"),
    "colour": ("سرخ", "سبز", "آبی", "زرد", "سیاه"),
    "number": ("یک", "دو", "سه", "چهار", "پنج"),
}
TRAIN_ROWS: Final = 48
VALIDATION_ROWS: Final = 22


class RecordingTrial:
    """A trial that keeps what it is told, and asks to stop after `stop_after` looks."""

    def __init__(self, *, stop_after: int | None = None, keep_checkpoint: bool = False) -> None:
        self.reports: list[tuple[int, dict[str, float], float | None]] = []
        self.looks = 0
        self._stop_after = stop_after
        self._keep_checkpoint = keep_checkpoint

    @property
    def keep_checkpoint(self) -> bool:
        """Whether a stopped trial should save its model."""
        return self._keep_checkpoint

    def should_stop(self) -> bool:
        """Count the look."""
        self.looks += 1
        return self._stop_after is not None and self.looks >= self._stop_after

    def send_report(self, step: int, metrics: dict[str, float], share: float | None = None) -> None:
        """Keep the report."""
        self.reports.append((step, metrics, share))


def make_tiny_model(folder: Path, seed: int = 0, layers: int = 1) -> Path:
    """Save an encoder, by default of one layer, 32 wide, whose tokenizer knows the words of the tiny tasks."""
    texts = [word for words in WORDS.values() for word in words]
    return make_quickstart_model(folder, texts * 3, seed, vocabulary=150, hidden_size=32, layers=layers)


def make_text_program(folder: Path, *, pairs: bool = False, **options: Any) -> TrainingProgram:
    """Make a task of three classes: of what kind is the word? With `pairs`: are two words of a kind?

    Args:
        folder: Where model, data and cache go.
        pairs: Two texts a row instead of one.
        **options: Fields of `TrainingOptions`.
    """
    chance = random.Random(7)
    rows = [_pair_row(chance) if pairs else _text_row(chance) for _ in range(TRAIN_ROWS + VALIDATION_ROWS)]
    columns = ["text", "other"] if pairs else ["text"]
    data = DataSpec(text_columns=columns, label_column="label", max_length=16)
    return _make_program(folder, rows, data, "text-classification", options)


def make_sentence_program(folder: Path, **options: Any) -> TrainingProgram:
    """Make a token task: of what kind is each word of a sentence?"""
    chance = random.Random(7)
    rows = []
    for _ in range(TRAIN_ROWS + VALIDATION_ROWS):
        kinds = chance.choices(list(WORDS), k=chance.randint(1, 6))
        rows.append({"words": [chance.choice(WORDS[kind]) for kind in kinds], "kinds": kinds})
    data = DataSpec(text_columns=["words"], label_column="kinds", max_length=16)
    return _make_program(folder, rows, data, "token-classification", options)


def make_request(folder: Path, seed: int = 1, number: int = 0, **params: Any) -> TrialRequest:
    """Make a request of one trial; its folder is below `folder`."""
    given = {"learningRate": 1e-3, "batchSize": 8, "epochs": 1} | params
    trial_folder = folder / f"trial-{number}"
    trial_folder.mkdir(parents=True, exist_ok=True)
    return TrialRequest(number=number, attempt=1, params=given, seed=seed, folder=str(trial_folder))


def _text_row(chance: random.Random) -> dict[str, Any]:
    kind = chance.choice(list(WORDS))
    return {"text": " ".join(chance.choices(WORDS[kind], k=chance.randint(1, 5))), "label": kind}


def _pair_row(chance: random.Random) -> dict[str, Any]:
    first, second = chance.choices(list(WORDS), k=2)
    text, other = chance.choice(WORDS[first]), chance.choice(WORDS[second])
    return {"text": text, "other": other, "label": "same" if first == second else "other"}


def _make_program(
    folder: Path, rows: list[dict[str, Any]], data: DataSpec, task: Any, options: Mapping[str, Any]
) -> TrainingProgram:
    files = folder / "data"
    files.mkdir(parents=True)
    _write(files / "train.jsonl", rows[:TRAIN_ROWS])
    _write(files / "validation.jsonl", rows[TRAIN_ROWS:])
    given: dict[str, Any] = {"device": "cpu", "evaluation_batch_size": 8} | dict(options)
    return TrainingProgram(
        model=str(make_tiny_model(folder / "model")),
        dataset=str(files),
        task=task,
        data=data,
        training=TrainingOptions(**given),
        cache=str(folder / "cache"),
    )


def _write(file: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
