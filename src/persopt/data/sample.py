"""A look into a data set: its columns and what each is for, its classes, how many rows, and the first of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from persopt.data.column_kinds import DetectedColumns, Kind, read_kinds
from persopt.data.columns import detect_columns, flatten_translations
from persopt.data.files import SUFFIXES, is_saved, list_files
from persopt.data.image_folders import is_image_folder, list_images
from persopt.data.labels import check_class_count, read_labels, read_names, sort_labels
from persopt.data.reading import load_saved, read_dataset, read_files
from persopt.data.row_counts import count_rows
from persopt.data.sample_cells import plain_row
from persopt.data.splits import resolve_splits
from persopt.data.tasks import DATA_TASKS
from persopt.domain.errors import DataError
from persopt.domain.names import describe_choices
from persopt.domain.programs import DataSpec, TaskName

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

__all__ = ("ColumnFacts", "DatasetSample", "LabelCount", "Role", "SampleRow", "list_data_files", "sample_dataset")

Role = Literal["text", "second-text", "label"]

_WHOLE_BYTES: Final = 16 << 20
_HEAD_BYTES: Final = 4 << 20
_WHOLE_ROWS: Final = 200_000
_HEAD_ROWS: Final = 1000
_MOST_LABELS: Final = 500


class ColumnFacts(Struct, frozen=True, kw_only=True, rename="camel"):
    """A column."""

    name: str
    kind: Annotated[Kind, Meta(description="What it holds; `texts` and `classes` are lists of them.")]
    type: Annotated[str, Meta(description="Its type as Arrow calls it.")]
    role: Annotated[Role | None, Meta(description="What persopt takes it for, if nothing else is said.")] = None


class LabelCount(Struct, frozen=True, kw_only=True, rename="camel"):
    """A class."""

    name: str
    rows: Annotated[int | None, Meta(description="Training rows (of tags: words) of it; null: not counted.")] = None


class SampleRow(Struct, frozen=True, kw_only=True, rename="camel"):
    """A row."""

    values: Annotated[dict[str, Any], Meta(description="By column; classes by name, long ones cut.")]
    cut: Annotated[list[str], Meta(description="The columns whose values are longer than shown.")] = []


class DatasetSample(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a data set holds, and its first rows."""

    rows: Annotated[dict[str, int | None], Meta(description="Rows by split; null: they cannot be counted.")]
    columns: Annotated[list[ColumnFacts], Meta(description="In the order of the data set.")]
    task: Annotated[TaskName | None, Meta(description="What it would be used for, if nothing else is said.")] = None
    labels: Annotated[
        list[LabelCount], Meta(description="The classes, in the order of their ids; of very many the first.")
    ] = []
    split: Annotated[str, Meta(description="The split that the rows are of.")]
    sample: Annotated[list[SampleRow], Meta(description="The first rows.")]
    whole: Annotated[
        bool, Meta(description="Whether all was looked at to find task, roles and classes; of big data the beginning.")
    ]
    fault: Annotated[str, Meta(description="Why it cannot be used without saying more; empty if it can.")] = ""


def list_data_files(location: Path, path: str = "") -> list[Path]:
    """Return the files that a data set is read from.

    Raises:
        DataError: if there are none.
    """
    if is_saved(location):
        return sorted(file for file in location.rglob("*") if file.suffix in (".arrow", ".json"))
    listed: Mapping[Any, list[Path]] = (
        list_images(location, path) if is_image_folder(location) else list_files(location, path)
    )
    return [file for files in listed.values() for file in files]


def sample_dataset(location: Path, rows: int = 5, split: str | None = None, path: str = "") -> DatasetSample:
    """Look into a data set, without torch.

    Up to 16 MiB are read whole. Of more only the beginning of each file is read to tell columns, task and classes;
    its rows are counted piece by piece. What keeps it from being used as it is (no column that could be the label)
    is told in `fault`, and the rest is given all the same.

    Args:
        location: A file or folder.
        rows: At most so many rows, the first.
        split: Of which split; by default of the one that is trained on.
        path: JSON path of the field, for errors.

    Raises:
        DataError: if it cannot be read, or has no such split.
    """
    dataset, counts, whole = _open(location, path)
    dataset = flatten_translations(dataset)
    found, faults, train = None, [], next(iter(dataset))
    try:
        train = resolve_splits(dataset, DataSpec()).train
        found = detect_columns(dataset, DataSpec(), None, decoder=True)
    except DataError as error:
        faults.append(str(error))
    if split is not None and split not in dataset:
        raise DataError(f"no such split, {describe_choices(split, list(dataset))}", path=path)
    chosen = dataset[split or train]
    labels: list[LabelCount] = []
    if found is not None and found.label_column is not None and DATA_TASKS[found.task].classes:
        try:
            labels = _count_labels(dataset[train], found, whole=whole)
        except DataError as error:
            faults.append(str(error))
    return DatasetSample(
        rows=counts,
        columns=_describe_columns(chosen, found),
        task=None if found is None else found.task,
        labels=labels[:_MOST_LABELS],
        split=split or train,
        sample=[SampleRow(values=values, cut=cut) for values, cut in _first_rows(chosen, rows)],
        whole=whole,
        fault="; ".join(faults),
    )


def _open(location: Path, path: str) -> tuple[DatasetDict, dict[str, int | None], bool]:
    from datasets import Dataset, DatasetDict

    counts: dict[str, int | None]
    if is_saved(location):
        saved = load_saved(location, path)
        counts = {name: split.num_rows for name, split in saved.items()}
        whole = sum(split.num_rows for split in saved.values()) <= _WHOLE_ROWS
        heads = {name: split.select(range(min(split.num_rows, _HEAD_ROWS))) for name, split in saved.items()}
        return (saved if whole else DatasetDict(heads)), counts, whole
    if is_image_folder(location) or sum(map(_size, list_data_files(location, path))) <= _WHOLE_BYTES:
        read = read_dataset(location, DataSpec(), path)
        return read, {name: split.num_rows for name, split in read.items()}, True
    dataset, counts = DatasetDict(), {}
    for split, files in list_files(location, path).items():
        dataset[split] = Dataset(read_files(files[:1], DataSpec(), path, _HEAD_BYTES), fingerprint="head")
        try:
            counts[split] = sum(count_rows(file, DataSpec(), path) for file in files)
        except DataError:  # a damaged row far behind; the sample is worth having all the same
            counts[split] = None
    return dataset, counts, False


def _size(file: Path) -> int:
    """Return the bytes of a file once it is read."""
    if SUFFIXES.get(file.suffix.lower()) != "parquet":
        return file.stat().st_size
    import pyarrow as pa
    from pyarrow import parquet

    try:
        facts = parquet.read_metadata(file)
    except (pa.ArrowException, OSError):
        return 0  # its reader says what is wrong with it
    return sum(facts.row_group(group).total_byte_size for group in range(facts.num_row_groups))


def _count_labels(train: Dataset, found: DetectedColumns, *, whole: bool) -> list[LabelCount]:
    label = str(found.label_column)
    names = read_names(train, label)
    if not whole:
        return [LabelCount(name=name) for name in names or ()]
    rows = read_labels(train, label)
    seen = Counter(
        str(name) for row in rows for name in (row if isinstance(row, tuple) else (row,)) if name is not None
    )
    if DATA_TASKS[found.task].stratified:
        check_class_count(set(seen), len(rows), label)
    return [LabelCount(name=name, rows=seen[name]) for name in names or sort_labels(seen)]


def _describe_columns(split: Dataset, found: DetectedColumns | None) -> list[ColumnFacts]:
    roles: dict[str, Role] = {}
    if found is not None:
        roles = dict(zip(found.text_columns, ("text", "second-text"), strict=False))
        if found.label_column is not None:
            roles[found.label_column] = "label"
    types = split.data.schema
    return [
        ColumnFacts(name=name, kind=kind, type=str(types.field(name).type), role=roles.get(name))
        for name, kind in read_kinds(split).items()
    ]


def _first_rows(split: Dataset, count: int) -> list[tuple[dict[str, Any], list[str]]]:
    head = split.select(range(min(count, split.num_rows)))
    names = {column: read_names(split, column) for column in split.column_names}
    return [plain_row(row, names) for row in head.with_format("arrow")[:].to_pylist()]
