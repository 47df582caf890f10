from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.data.batches import LengthGroupedSampler, LengthSortedSampler, PaddingCollator, read_lengths
from persopt.data.tokenization import IGNORED
from tests.models.tiny import make_tokenizer

LENGTHS = st.lists(st.integers(1, 50), max_size=80)


def padded(order: list[int], lengths: Any, size: int) -> int:
    """Return how many tokens the batches of an order take, padding included."""
    batches = [[lengths[index] for index in order[start : start + size]] for start in range(0, len(order), size)]
    return sum(max(batch) * len(batch) for batch in batches)


@given(lengths=LENGTHS, size=st.integers(1, 9), seed=st.integers(0, 2**32 - 1), window=st.integers(1, 9))
def test_each_row_is_given_once_and_the_longest_whole_batch_first(
    lengths: list[int], size: int, seed: int, window: int
) -> None:
    sampler = LengthGroupedSampler(lengths, size, seed, window)
    order = list(sampler)
    assert sorted(order) == list(range(len(lengths))) == list(range(len(sampler)))
    whole = len(order) - len(order) % size
    if whole:
        assert max(lengths[index] for index in order[:size]) == max(lengths[index] for index in order[:whole])


def test_grouping_saves_padding_and_differs_by_epoch_and_seed() -> None:
    lengths = np.random.default_rng(0).integers(1, 100, 1000)
    sampler = LengthGroupedSampler(lengths, 16, 0)
    first = list(sampler)
    assert list(sampler) == first
    assert padded(first, lengths, 16) < 1.1 * lengths.sum()
    assert padded(list(range(1000)), lengths, 16) > 1.5 * lengths.sum()
    sampler.set_epoch(1)
    assert list(sampler) != first
    assert list(LengthGroupedSampler(lengths, 16, 1)) != first


def test_batches_come_in_no_order_of_length() -> None:
    lengths = np.arange(640)
    order = list(LengthGroupedSampler(lengths, 16, 0))
    means = [lengths[order[start : start + 16]].mean() for start in range(0, 640, 16)]
    assert abs(float(np.corrcoef(means, np.arange(40))[0, 1])) < 0.5


@given(lengths=LENGTHS)
def test_evaluation_goes_from_long_to_short(lengths: list[int]) -> None:
    sampler = LengthSortedSampler(lengths)
    assert [lengths[index] for index in sampler] == sorted(lengths, reverse=True)
    assert sorted(sampler) == list(range(len(sampler)))


def test_a_batch_is_what_the_tokenizer_pads() -> None:
    tokenizer = make_tokenizer("bert")
    encoded: Any = tokenizer(["good film", "a very bad day"], ["bad", "good"])
    rows = [
        {"input_ids": ids, "token_type_ids": types, "labels": label, "length": len(ids)}
        for ids, types, label in zip(encoded["input_ids"], encoded["token_type_ids"], [1, 0], strict=True)
    ]
    batch = PaddingCollator(tokenizer)(rows)
    expected = tokenizer.pad({**encoded}, return_tensors="pt")
    assert {name: tensor.tolist() for name, tensor in batch.items()} == {
        **{name: tensor.tolist() for name, tensor in expected.items()},
        "labels": [1, 0],
    }


@pytest.mark.parametrize(
    ("side", "ids", "labels"),
    [("right", [[7, 8, 9], [7, 0, 0]], [[IGNORED, 1, 0], [1, IGNORED, IGNORED]]),
     ("left", [[7, 8, 9], [0, 0, 7]], [[IGNORED, 1, 0], [IGNORED, IGNORED, 1]])],
)  # fmt: skip
def test_tags_are_padded_with_what_is_ignored(side: str, ids: list[list[int]], labels: list[list[int]]) -> None:
    tokenizer = make_tokenizer("bert")
    tokenizer.padding_side = side
    rows = [{"input_ids": [7, 8, 9], "labels": [IGNORED, 1, 0]}, {"input_ids": [7], "labels": [1]}]
    batch = PaddingCollator(tokenizer)(rows)
    assert batch["input_ids"].tolist() == ids
    assert batch["labels"].tolist() == labels
    assert batch["attention_mask"].sum(dim=1).tolist() == [3, 1]
    assert PaddingCollator(tokenizer, multiple_of=8)(rows)["labels"].shape == (2, 8)


def test_a_data_loader_takes_sampler_and_collator() -> None:
    from datasets import Dataset
    from torch.utils.data import DataLoader

    rows = [
        {"input_ids": [5] * (1 + number % 7), "labels": number % 2, "length": 1 + number % 7} for number in range(50)
    ]
    dataset: Any = Dataset.from_list(rows)
    lengths = read_lengths(dataset)
    assert lengths.tolist() == [row["length"] for row in rows]
    sampler: Any = LengthGroupedSampler(lengths, 8, 0)
    loader = DataLoader(dataset, batch_size=8, sampler=sampler, collate_fn=PaddingCollator(make_tokenizer("bert")))
    batches = list(loader)
    assert [len(batch["labels"]) for batch in batches] == [8] * 6 + [2]
    assert sum(int(batch["attention_mask"].sum()) for batch in batches) == lengths.sum()
