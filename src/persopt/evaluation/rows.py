"""The rows that a model is judged or calibrated on, as it takes them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from persopt.data.batches import LengthSortedSampler, read_lengths
from persopt.data.hashing import hash_text
from persopt.data.tasks import DATA_TASKS
from persopt.domain.errors import DataError
from persopt.domain.programs import DataSpec, TaskName, TrainingOptions, TrainingProgram
from persopt.tuning.tasks import JudgeRequest
from persopt.tuning.warm_program import WarmProgram

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ("BATCH_SIZE", "Split", "TaskRows", "open_rows")

BATCH_SIZE: Final = 16
_TOKENS: Final = ("input_ids", "labels")
Split = Literal["train", "validation", "test"]


class TaskRows:
    """Rows of a split as a model takes them: token ids or pixels, and labels.

    Args:
        program: Model (its tokenizer or image processor is used), data and task.
        split: Which rows.
        limit: At most so many, chosen by the program's seed; None takes all.
        batch_size: Rows of a batch.

    Attributes:
        places: Numbers of the rows in their split.
    """

    def __init__(
        self,
        program: TrainingProgram,
        split: Split = "validation",
        limit: int | None = None,
        batch_size: int = BATCH_SIZE,
    ) -> None:
        self.program = program
        self.batch_size = batch_size
        self._warm = WarmProgram(program)
        self._data = self._warm.map_data(program.data.max_length)
        rows = getattr(self._data, split)
        if rows is None:
            raise DataError(f"there is no {split} split", path=f"$.data.{split}Split")
        self.places = _choose(rows.num_rows, limit, program.seed)
        self._rows: Dataset = rows if len(self.places) == rows.num_rows else rows.select(self.places)

    @property
    def task(self) -> TaskName:
        """The task."""
        return self.program.task

    @property
    def processor(self) -> Any:
        """The model's tokenizer, or its image processor."""
        return self._warm.processor

    @property
    def labels(self) -> list[str]:
        """Names of the classes in the order of their ids; empty for tasks without classes."""
        return self._data.labels

    @property
    def request(self) -> JudgeRequest:
        """What tuning's judges want to know."""
        return JudgeRequest(program=self.program, processor=self.processor, labels=self.labels)

    @cached_property
    def fingerprint(self) -> str:
        """The same for rows of the same tokens and labels; of images, for the same rows by the same image processor."""
        names = [name for name in _TOKENS if name in self._rows.column_names]
        if _TOKENS[0] not in names:
            return f"{self._data.folder.name}-{len(self)}"
        columns = self._rows.with_format(None).select_columns(names)
        return hash_text(msgspec.json.encode([list(row.values()) for row in columns]).decode())

    @cached_property
    def lengths(self) -> list[int]:
        """Tokens of each row."""
        return [int(length) for length in read_lengths(self._rows)]

    def take(self, limit: int) -> TaskRows:
        """Return at most so many of the rows, chosen by the program's seed."""
        few = copy(self)
        vars(few).pop("order", None)
        vars(few).pop("lengths", None)
        chosen = _choose(len(self), limit, self.program.seed)
        few.places = [self.places[place] for place in chosen]
        few._rows = self._rows.select(chosen)  # noqa: SLF001 - another of its own kind
        return few

    @cached_property
    def order(self) -> list[int]:
        """Numbers of the rows as the batches hold them: from the longest to the shortest."""
        return list(LengthSortedSampler(read_lengths(self._rows)))

    def __len__(self) -> int:
        return int(self._rows.num_rows)

    def batches(self) -> Iterator[dict[str, Any]]:
        """Give the batches as tensors of torch on the CPU, with `labels` (and `references`, of texts to write)."""
        collate: Any = DATA_TASKS[self.task].make_collator(self.processor, judging=True)
        for start in range(0, len(self.order), self.batch_size):
            yield collate([self._rows[place] for place in self.order[start : start + self.batch_size]])


def open_rows(
    model: Path | str,
    dataset: Path | str,
    task: TaskName,
    data: DataSpec,
    cache: Path | str,
    *,
    seed: int = 0,
    split: Split = "validation",
    limit: int | None = None,
    batch_size: int = BATCH_SIZE,
    options: TrainingOptions | None = None,
) -> TaskRows:
    """Open the rows of a split, prepared with the tokenizer or image processor of a model's folder.

    The same data, seed and splits give the same rows in the same order for every model (of texts in blocks, for every
    model with the same tokenizer).

    Args:
        model: Folder with configuration and tokenizer or image processor: a checkpoint or an artifact.
        dataset: Path of the data set, or a hub id.
        task: The task.
        data: How it is read; columns and splits found already (`persopt.data.inspection`).
        cache: Folder of prepared data.
        seed: Of the splits and of the choice of rows.
        split: Which rows.
        limit: At most so many.
        batch_size: Rows of a batch.
        options: Says how translations and summaries are written; by default as a tuning's evaluation.

    Raises:
        DataError: if the data cannot be used, or there is no such split.
        ModelError: if the tokenizer or image processor cannot be loaded.
        OutputError: if the cache cannot be written.
    """
    program = TrainingProgram(
        model=str(model),
        dataset=str(dataset),
        task=task,
        data=data,
        training=options or TrainingOptions(),
        cache=str(cache),
        seed=seed,
    )
    return TaskRows(program, split, limit, batch_size)


def _choose(rows: int, limit: int | None, seed: int) -> list[int]:
    """Return the numbers of so many rows at most, in order."""
    import numpy as np

    if limit is None or limit >= rows:
        return list(range(rows))
    return [int(place) for place in np.sort(np.random.default_rng((seed, limit)).permutation(rows)[:limit])]
