"""Two data sets of one: what the search may look at, and the whole with the rows that it never sees."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec
from msgspec import Struct

from persopt.data.hashing import hash_text
from persopt.data.preparation import PreparedData, prepare_data
from persopt.data.quiet import quiet_datasets
from persopt.data.reading import hash_dataset
from persopt.data.rows import choose_rows
from persopt.data.tasks import DATA_TASKS
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.errors import DataError, OutputError
from persopt.domain.programs import DataSpec

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

__all__ = ("LEAST_ROWS", "SearchData", "set_apart")

LEAST_ROWS: Final = 4
"""Validation rows below which none can be taken off for the end."""

_FORM: Final = 1  # of the folders; a change of it makes new keys
_TEST_DRAW: Final = 11
_FACTS: Final = "facts.json"


class SearchData(Struct, frozen=True, kw_only=True):
    """What a search works on.

    Attributes:
        search: Folder of a data set with the splits `train` and `validation` alone.
        whole: Folder of one that has `test` too.
        data: How both are read.
        rows: Rows of each split.
        source: Where the test rows come from.
        hash: Of the contents, the splits and how they were made.
    """

    search: Path
    whole: Path
    data: DataSpec
    rows: dict[str, int]
    source: Literal["test-split", "held-out"]
    hash: str

    def slice_of(self, rows: int) -> DataSpec:
        """Return how the search's data set is read with few validation rows."""
        return msgspec.structs.replace(self.data, max_validation_rows=min(rows, self.rows["validation"]))


class _Facts(Struct, frozen=True, kw_only=True):
    data: DataSpec
    rows: dict[str, int]
    source: Literal["test-split", "held-out"]


def set_apart(spec: CompressSpec, cache: Path) -> SearchData:
    """Write the data set twice, once without its test rows, so that nothing of the search can read them.

    Where there is no test split, half of the validation rows become it, by seed: rows that the model given was as
    little trained on as on those that stay.

    Args:
        spec: Resolved: with data set, task and columns.
        cache: Folder of what can be made again.

    Raises:
        DataError: if the data cannot be used, or there are too few validation rows.
        OutputError: if the cache cannot be written.
    """
    given = Path(spec.dataset_path)
    location: Path | str = given if given.exists() else spec.dataset_path
    parts = (_FORM, hash_dataset(location), msgspec.json.encode(spec.data).decode(), spec.task, spec.seed)
    key = hash_text(repr(parts))
    folder = cache / "compression-data" / key
    if not (folder / _FACTS).is_file():
        prepared = prepare_data(location, spec.data, spec.task, spec.seed)
        try:
            _write(prepared, spec, folder)
        except OSError as error:
            raise OutputError(f"the data cannot be written to {folder.parent}: {error}") from error
    facts = msgspec.json.decode((folder / _FACTS).read_bytes(), type=_Facts)
    return SearchData(
        search=folder / "search",
        whole=folder / "whole",
        data=facts.data,
        rows=facts.rows,
        source=facts.source,
        hash=key,
    )


def _write(prepared: PreparedData, spec: CompressSpec, folder: Path) -> None:
    from datasets import DatasetDict

    splits = prepared.splits
    has_test = "test" in splits
    validation, test = (splits["validation"], splits["test"]) if has_test else _halve(prepared, spec.seed)
    search = DatasetDict({"train": splits["train"], "validation": validation})
    data = msgspec.structs.replace(
        prepared.data,
        train_split="train",
        validation_split="validation",
        test_split=None,
        max_train_rows=None,
        max_validation_rows=None,
        columns=[],
    )
    whole = DatasetDict({**search, "test": test})
    facts = _Facts(
        data=data,
        rows={name: split.num_rows for name, split in whole.items()},
        source="test-split" if has_test else "held-out",
    )
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    with quiet_datasets():
        _save(search, part / "search")
        _save(whole, part / "whole")
    (part / _FACTS).write_bytes(msgspec.json.encode(facts))
    shutil.rmtree(folder, ignore_errors=True)  # one that a power cut left without its facts
    part.rename(folder)


def _save(splits: DatasetDict, folder: Path) -> None:
    splits.save_to_disk(str(folder))


def _halve(prepared: PreparedData, seed: int) -> tuple[Dataset, Dataset]:
    validation = prepared.splits["validation"]
    rows = validation.num_rows
    if rows < LEAST_ROWS:
        raise DataError(
            f"{rows} validation rows are too few to keep some for the end; at least {LEAST_ROWS} are wanted",
            path="$.datasetPath",
            hint="add rows, or a test split",
        )
    labels = prepared.row_labels.get("validation") or [None] * rows
    stratify = DATA_TASKS[prepared.task].stratified and bool(prepared.row_labels)
    kept = set(choose_rows(labels, rows - rows // 2, (seed, _TEST_DRAW), stratify).tolist())
    rest = [index for index in range(rows) if index not in kept]
    return validation.select(sorted(kept)), validation.select(rest)
