from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from persopt.data.splits import make_splits, resolve_splits
from persopt.domain.errors import DataError
from persopt.domain.programs import DataSpec

LABELS = ["a"] * 60 + ["b"] * 30 + ["c"] * 10


def dataset(**rows: list[Any]) -> Any:
    from datasets import Dataset, DatasetDict

    return DatasetDict(
        {
            name: Dataset.from_dict({"text": [f"{name} {index}" for index in range(len(labels))], "label": labels})
            for name, labels in rows.items()
        }
    )


@pytest.mark.parametrize(
    ("names", "spec", "expected"),
    [
        (["train"], {}, ("train", None, None)),
        (["train", "validation", "test"], {}, ("train", "validation", "test")),
        (["train", "dev"], {}, ("train", "dev", None)),
        (["train", "test", "unsupervised"], {}, ("train", None, "test")),
        (["anything"], {}, ("anything", None, None)),
        (["test"], {}, ("test", None, None)),
        (["validation", "test"], {}, ("validation", None, "test")),
        (["validation", "test"], {"train_split": "test"}, ("test", "validation", None)),
        (["train", "validation", "test"], {"validation_split": "dev"}, ("train", "validation", "test")),
        (["train", "validation", "test"], {"validation_split": "test"}, ("train", "test", None)),
        (["train", "validation_matched", "validation_mismatched"], {"validation_split": "validation_matched"},
         ("train", "validation_matched", None)),
    ],
)  # fmt: skip
def test_splits_are_told_by_their_names(
    names: list[str], spec: dict[str, str], expected: tuple[str | None, ...]
) -> None:
    found = resolve_splits(names, DataSpec(**spec))  # type: ignore[arg-type]
    assert (found.train, found.validation, found.test) == expected


@pytest.mark.parametrize(
    "names", [["train"], ["train", "dev", "test"], ["validation", "test"], ["one"], ["train", "test"]]
)
def test_filled_in_names_are_told_the_same(names: list[str]) -> None:
    found = resolve_splits(names, DataSpec())
    spec = DataSpec(train_split=found.train, validation_split=found.validation, test_split=found.test)
    assert resolve_splits(names, spec) == found


@pytest.mark.parametrize(
    ("names", "spec", "path", "message"),
    [
        (["train"], {"validation_split": "dev"}, "$.data.validationSplit", "no split 'dev'; the splits are 'train'"),
        (["a", "b"], {}, "$.data.trainSplit", "'a' or 'b' could be the train split"),
        (["train", "dev_a", "dev_b"], {}, "$.data.validationSplit", "'dev_a' or 'dev_b' could be the validation split"),
        (["train"], {"train_split": "train", "test_split": "train"}, "$.data", "one split is named twice"),
    ],
)
def test_what_is_not_clear_is_asked(names: list[str], spec: dict[str, str], path: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        resolve_splits(names, DataSpec(**spec))  # type: ignore[arg-type]
    assert caught.value.faults[0].path == path


def test_given_splits_stay_as_they_are() -> None:
    given = dataset(train=LABELS, dev=["a", "b"], test=["c"])
    made = make_splits(given, DataSpec(), 0, "label", stratify=True)
    assert {name: split.to_list() for name, split in made.items()} == {
        "train": given["train"].to_list(),
        "validation": given["dev"].to_list(),
        "test": given["test"].to_list(),
    }


def test_a_made_split_is_stratified_disjoint_and_follows_the_seed() -> None:
    given = dataset(train=LABELS, test=["a"])
    made = make_splits(given, DataSpec(), 5, "label", stratify=True)
    assert Counter(made["train"]["label"][:]) == {"a": 48, "b": 24, "c": 8}
    assert Counter(made["validation"]["label"][:]) == {"a": 12, "b": 6, "c": 2}
    texts = [*made["train"]["text"][:], *made["validation"]["text"][:]]
    assert sorted(texts) == sorted(given["train"]["text"][:])
    again = make_splits(given, DataSpec(), 5, "label", stratify=True)
    other = make_splits(given, DataSpec(), 6, "label", stratify=True)
    assert again["validation"]["text"][:] == made["validation"]["text"][:] != other["validation"]["text"][:]
    assert made["test"].num_rows == 1


def test_a_class_of_one_row_stays_in_training() -> None:
    for seed in range(20):
        made = make_splits(dataset(train=[*"aaaaaaaab"]), DataSpec(), seed, "label", stratify=True)
        assert "b" in made["train"]["label"][:]
        assert made["validation"].num_rows == 2


def test_limits_keep_shares_and_every_label() -> None:
    spec = DataSpec(max_train_rows=10, max_validation_rows=5)
    made = make_splits(dataset(train=LABELS, dev=LABELS), spec, 0, "label", stratify=True)
    assert Counter(made["train"]["label"][:]) == {"a": 6, "b": 3, "c": 1}
    assert Counter(made["validation"]["label"][:]) == {"a": 3, "b": 1, "c": 1}
    tagged = make_splits(dataset(train=[["a"]] * 50 + [["a", "z"]]), spec, 0, "label", stratify=False)
    assert ["a", "z"] in tagged["train"]["label"][:]


@pytest.mark.parametrize(
    ("labels", "spec", "path", "message"),
    [
        (["a"], {}, "$.data.validationFraction", "1 rows are too few"),
        (["a", "b"], {}, "$.data.validationFraction", "2 rows are too few to take 0.2 of them .* keep all 2 labels"),
        (LABELS, {"max_train_rows": 2}, "$.data.maxTrainRows", "is 2, fewer than the 3 labels"),
    ],
)
def test_too_few_rows_are_refused(labels: list[str], spec: dict[str, int], path: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        make_splits(dataset(train=labels), DataSpec(**spec), 0, "label", stratify=True)  # type: ignore[arg-type]
    assert caught.value.faults[0].path == path
