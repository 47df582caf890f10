from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from persopt.domain.errors import DataError
from persopt.evaluation.batches import InputBatches
from persopt.evaluation.rows import TaskRows, open_rows
from tests.support.tiny_models import TRAIN_ROWS, make_text_program
from tests.support.tiny_tasks import make_image_program, make_pair_program


def test_batches_are_arrays_without_labels_and_can_be_gone_over_again(tmp_path: Path) -> None:
    program = make_text_program(tmp_path, pairs=True)
    rows = open_rows(
        program.model, program.dataset, program.task, program.data, program.cache, split="train", batch_size=7, limit=20
    )
    batches = InputBatches(rows)
    once, again = list(batches), list(batches)
    assert len(once) == len(batches) == 3
    assert [len(batch["input_ids"]) for batch in once] == [7, 7, 6]
    for batch, other in zip(once, again, strict=True):
        assert set(batch) == {"input_ids", "attention_mask"}
        for name, value in batch.items():
            assert value.dtype == np.int64
            assert (value == other[name]).all()
    lengths = [int(row.sum()) for batch in once for row in batch["attention_mask"]]
    assert lengths == sorted(lengths, reverse=True)


def test_rows_are_chosen_by_the_seed(tmp_path: Path) -> None:
    program = make_text_program(tmp_path)
    texts = []
    for seed in (0, 0, 1):
        rows = open_rows(
            program.model,
            program.dataset,
            program.task,
            program.data,
            program.cache,
            seed=seed,
            split="train",
            limit=10,
        )
        texts.append([row["input_ids"] for row in rows._rows])
    assert len(texts[0]) == 10
    assert texts[0] == texts[1] != texts[2]
    assert len(TaskRows(program, "train", limit=1000)) == TRAIN_ROWS


def test_an_encoder_decoder_is_given_its_target_shifted(tmp_path: Path) -> None:
    rows = TaskRows(make_pair_program(tmp_path), "train", limit=4)
    (batch,) = InputBatches(rows)
    (labelled,) = rows.batches()
    labels = labelled["labels"].numpy()
    assert set(batch) == {"input_ids", "attention_mask", "decoder_input_ids"}
    assert (batch["decoder_input_ids"][:, 0] == 0).all()  # the start token of the tiny T5
    assert (batch["decoder_input_ids"][:, 1:] == np.where(labels == -100, 0, labels)[:, :-1]).all()


def test_images_are_pixels(tmp_path: Path) -> None:
    batch = next(iter(InputBatches(TaskRows(make_image_program(tmp_path), batch_size=5))))
    assert set(batch) == {"pixel_values"}
    assert (batch["pixel_values"].shape, batch["pixel_values"].dtype) == ((5, 3, 8, 8), np.float32)


def test_a_split_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no test split"):
        TaskRows(make_text_program(tmp_path), "test")
