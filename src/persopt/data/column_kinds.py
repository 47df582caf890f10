"""What the columns of a data set hold, and finding one by its usual names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from msgspec import Struct

from persopt.data.labels import read_labels, read_names
from persopt.data.names import join_names
from persopt.domain.errors import DataError
from persopt.domain.names import suggest
from persopt.domain.programs import TaskName

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = (
    "LABELS_PATH",
    "NOT_LABELS",
    "TEXTS_PATH",
    "ColumnKinds",
    "DetectedColumns",
    "Kind",
    "check_name",
    "describe_columns",
    "fold_name",
    "has_few_values",
    "match_names",
    "read_kinds",
)

LABELS_PATH: Final = "$.data.labelColumn"
TEXTS_PATH: Final = "$.data.textColumns"
NOT_LABELS: Final = ("id", "idx", "index", "row", "guid", "uid", "شناسه")
_MOST_CLASSES: Final = 50  # of a column that is taken for the label only because its values are few
_LONGEST_NAME: Final = 40  # characters of a class, likewise

Kind = Literal["text", "class", "number", "texts", "classes", "image", "other"]
ColumnKinds: TypeAlias = Mapping[str, Kind]


class DetectedColumns(Struct, frozen=True, kw_only=True):
    """What was found, or named.

    Attributes:
        task: The task.
        text_columns: One column of texts (or images), or two of pairs.
        label_column: Column of labels, tags, or texts to give back; None where the texts are all there is.
    """

    task: TaskName
    text_columns: list[str]
    label_column: str | None


def read_kinds(dataset: Dataset) -> dict[str, Kind]:
    """Return what each column holds."""
    return {name: _kind_of(dataset, name) for name in dataset.column_names}


def check_name(name: str, kinds: ColumnKinds, path: str) -> None:
    """Make sure that a named column is there and can be used.

    Raises:
        DataError: if it is not there, or holds neither texts nor labels nor images; lists the columns.
    """
    if name not in kinds:
        raise DataError(f"there is no column {name!r}; {describe_columns(kinds)}{suggest(name, kinds)}", path=path)
    if kinds[name] == "other":
        raise DataError(f"column {name!r} holds neither texts nor labels; {describe_columns(kinds)}", path=path)


def describe_columns(kinds: Iterable[str]) -> str:
    """Return `the columns are 'a', 'b' and 'c'`."""
    return f"the columns are {join_names(kinds)}"


def fold_name(name: str) -> str:
    """Return the form of a column's name that usual names are compared with."""
    return name.strip().casefold()


def match_names(groups: tuple[tuple[str, ...], ...], names: Iterable[str]) -> list[str]:
    """Return the columns whose names, in any case, are in the first group that any is in."""
    names = list(names)
    for group in groups:
        found = [name for name in names if fold_name(name) in group]
        if found:
            return found
    return []


def has_few_values(train: Dataset, name: str, kind: Kind) -> bool:
    """Return whether a column holds so few and short values that they may be classes."""
    if kind == "class":
        return True
    if kind not in ("text", "number") or fold_name(name) in NOT_LABELS:
        return False
    values = {value for value in read_labels(train, name) if isinstance(value, str)}
    few = 1 < len(values) <= min(_MOST_CLASSES, train.num_rows // 2)
    return few and all(len(value) <= _LONGEST_NAME for value in values)


def _kind_of(dataset: Dataset, name: str) -> Kind:
    feature = dataset.features[name]
    if _is_image(feature):
        return "image"
    inner = getattr(feature, "feature", None)
    dtype = str(getattr(inner or feature, "dtype", ""))
    if read_names(dataset, name) is not None:
        return "class" if inner is None else "classes"
    if "string" in dtype:
        return "text" if inner is None else "texts"
    if dtype.startswith(("int", "uint", "bool", "float")):
        return "number" if inner is None else "classes"
    return "other"


def _is_image(feature: Any) -> bool:
    """Return whether a feature is `datasets.Image`, or holds the bytes of files as Parquet stores them."""
    if isinstance(feature, dict):
        return "bytes" in feature and "binary" in str(getattr(feature["bytes"], "dtype", ""))
    return type(feature).__name__ == "Image" or str(getattr(feature, "dtype", "")) in ("binary", "large_binary")
