"""Which columns hold the text and the label, and so which task it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from persopt.data.labels import as_number, read_labels, read_names
from persopt.data.names import join_names
from persopt.data.splits import resolve_splits
from persopt.domain.errors import DataError
from persopt.domain.names import suggest
from persopt.domain.programs import DataSpec, TaskName

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

__all__ = ("DetectedColumns", "detect_columns")

_LABELS_PATH: Final = "$.data.labelColumn"
_TEXTS_PATH: Final = "$.data.textColumns"
# A name of an earlier group comes before those of the later ones; two of one group are ambiguous.
_LABEL_NAMES: Final = (
    ("label", "labels", "برچسب", "برچسب‌ها"),
    ("class", "target", "sentiment", "category", "tag", "tags", "upos", "ner_tags", "pos_tags"),
)
_TEXT_NAMES: Final = (("text", "متن"), ("sentence", "جمله", "content", "review", "comment", "body", "snippet", "tweet"))
_TOKEN_NAMES: Final = (("tokens", "words", "واژه‌ها", "کلمات"),)
_PAIRS: Final = (
    ("premise", "hypothesis"),
    ("sentence1", "sentence2"),
    ("sentence_1", "sentence_2"),
    ("sentence_a", "sentence_b"),
    ("text1", "text2"),
    ("text_a", "text_b"),
    ("question1", "question2"),
    ("question", "sentence"),
    ("question", "passage"),
    ("query", "passage"),
    ("query", "document"),
)
_NOT_LABELS: Final = ("id", "idx", "index", "row", "guid", "uid", "شناسه")
_MOST_CLASSES: Final = 50  # of a column that is taken for the label only because its values are few
_LONGEST_NAME: Final = 40  # characters of a class, likewise
_CLEAR: Final = 0.8  # a second text column of so large a share of the first's length makes it ambiguous
_SAMPLE: Final = 2000  # rows

Kind = Literal["text", "class", "number", "texts", "classes", "other"]


class DetectedColumns(Struct, frozen=True, kw_only=True):
    """What was found, or named: the task, one text column or two (a pair), and the column of labels or tags."""

    task: TaskName
    text_columns: list[str]
    label_column: str


def detect_columns(dataset: DatasetDict, data: DataSpec, task: TaskName | None) -> DetectedColumns:
    """Find the columns of text and label in the training split; those that `data` names are only checked.

    The label is the column with a usual name, else the only one with few different values; the text is that
    with a usual name (two for pairs), else the one with the longest texts. Lists of words with lists of tags are
    token classification, everything else text classification.

    Raises:
        DataError: if a named column is not there or not of the task's kind, or if none or several could be
            meant; lists the columns and says how to name one.
    """
    train = dataset[resolve_splits(dataset, data).train]
    kinds = {name: _kind_of(train, name) for name in train.column_names}
    for name in data.text_columns:
        _check_name(name, kinds, _TEXTS_PATH)
    if data.label_column is None:
        label = _find_label(train, kinds, data, task)
    else:
        label = data.label_column
        _check_name(label, kinds, _LABELS_PATH)
    if label in data.text_columns:
        raise DataError(f"{label!r} is named both as text and as label", path=_LABELS_PATH)
    found: TaskName = "token-classification" if kinds[label] in ("texts", "classes") else "text-classification"
    if task is not None and task != found:
        held = "a list of tags for each row" if found == "token-classification" else "one label for each row"
        wanted = "one label for each row" if found == "token-classification" else "lists of tags"
        message = f"is {task!r}, which needs {wanted}, but column {label!r} holds {held}"
        raise DataError(message, path="$.task", hint=f"use {found!r}, or name another data.labelColumn")
    texts = _find_texts(train, kinds, data, found, label)
    return DetectedColumns(task=found, text_columns=texts, label_column=label)


def _kind_of(dataset: Dataset, name: str) -> Kind:
    feature = dataset.features[name]
    inner = getattr(feature, "feature", None)
    dtype = str(getattr(inner or feature, "dtype", ""))
    if read_names(dataset, name) is not None:
        return "class" if inner is None else "classes"
    if "string" in dtype:
        return "text" if inner is None else "texts"
    if dtype.startswith(("int", "uint", "bool", "float")):
        return "number" if inner is None else "classes"
    return "other"


def _check_name(name: str, kinds: dict[str, Kind], path: str) -> None:
    if name not in kinds:
        raise DataError(f"there is no column {name!r}; {_describe(kinds)}{suggest(name, kinds)}", path=path)
    if kinds[name] == "other":
        raise DataError(f"column {name!r} holds neither texts nor labels; {_describe(kinds)}", path=path)


def _describe(kinds: dict[str, Kind]) -> str:
    return f"the columns are {join_names(kinds)}"


def _match(groups: tuple[tuple[str, ...], ...], names: list[str]) -> list[str]:
    """Return the columns whose names, in any case, are in the first group that any is in."""
    for group in groups:
        found = [name for name in names if name.strip().casefold() in group]
        if found:
            return found
    return []


def _find_label(train: Dataset, kinds: dict[str, Kind], data: DataSpec, task: TaskName | None) -> str:
    listed = [name for name in kinds if kinds[name] in ("texts", "classes")]
    usable = [name for name in kinds if kinds[name] != "other" and name not in data.text_columns]
    if task == "token-classification":
        if not listed:
            message = f"is {task!r}, which needs columns of lists of words and of tags; {_describe(kinds)}"
            raise DataError(message, path="$.task")
        usable = [name for name in usable if name in listed]
    found = _match(_LABEL_NAMES, usable)
    if not found:
        tokens = _match(_TOKEN_NAMES, listed)
        tags = [name for name in usable if name in listed and name not in tokens]
        found = tags if tokens else [name for name in usable if _has_few_values(train, name, kinds[name])]
    if len(found) == 1:
        return found[0]
    remedy = "name the column of the labels with data.labelColumn (--label-column)"
    if found:
        message = f"{join_names(found, 'or')} could be the label; {_describe(kinds)}; {remedy}"
        raise DataError(message, path=_LABELS_PATH)
    raise DataError(
        f"no column could be the label; {_describe(kinds)}{_explain(train, kinds)}; {remedy}", path=_LABELS_PATH
    )


def _has_few_values(train: Dataset, name: str, kind: Kind) -> bool:
    if kind == "class":
        return True
    if kind not in ("text", "number") or name.strip().casefold() in _NOT_LABELS:
        return False
    values = {value for value in read_labels(train, name) if isinstance(value, str)}
    few = 1 < len(values) <= min(_MOST_CLASSES, train.num_rows // 2)
    return few and all(len(value) <= _LONGEST_NAME for value in values)


def _explain(train: Dataset, kinds: dict[str, Kind]) -> str:
    """Say what may be behind it: numbers that are no classes, or a first line that is no header."""
    if all(as_number(name) is not None or len(name) > _LONGEST_NAME for name in kinds):
        return "; that looks like a row: if the file has no header line, name its columns with data.columns"
    for name, kind in kinds.items():
        if kind in ("text", "number") and name.strip().casefold() not in _NOT_LABELS:
            values = {value for value in read_labels(train, name) if isinstance(value, str)}
            numbers = [as_number(value) for value in values]
            if len(values) > 1 and None not in numbers:
                return (
                    f"; {name!r} holds {len(values)} different numbers: if it is a rating, make a column of "
                    "classes from it (such as negative and positive, by its sign)"
                )
    return ""


def _find_texts(train: Dataset, kinds: dict[str, Kind], data: DataSpec, task: TaskName, label: str) -> list[str]:
    wanted: Kind = "texts" if task == "token-classification" else "text"
    if data.text_columns:
        wrong = [name for name in data.text_columns if kinds[name] != wanted]
        if wrong:
            held = "lists of words" if wanted == "texts" else "texts"
            raise DataError(f"column {wrong[0]!r} does not hold {held}, which {task} needs", path=_TEXTS_PATH)
        if task == "token-classification" and len(data.text_columns) > 1:
            raise DataError("token-classification takes one column of lists of words", path=_TEXTS_PATH)
        return list(data.text_columns)
    names = [name for name in kinds if kinds[name] == wanted and name != label]
    found = _match(_TOKEN_NAMES, names) if wanted == "texts" else _match_pair(names) or _match(_TEXT_NAMES, names)
    if len(found) != 1 and tuple(name.strip().casefold() for name in found) not in _PAIRS:
        found = _longest(train, found or names, wanted)
    if not found:
        held = "lists of words" if wanted == "texts" else "texts"
        raise DataError(f"no column holds {held}; {_describe(kinds)}", path=_TEXTS_PATH)
    if len(found) > 1 and tuple(name.strip().casefold() for name in found) not in _PAIRS:
        remedy = "name one, or two for pairs, with data.textColumns (--text-column)"
        message = f"{join_names(found, 'or')} could be the text; {_describe(kinds)}; {remedy}"
        raise DataError(message, path=_TEXTS_PATH)
    return found


def _match_pair(names: list[str]) -> list[str]:
    by_folded = {name.strip().casefold(): name for name in names}
    for pair in _PAIRS:
        if all(part in by_folded for part in pair):
            return [by_folded[part] for part in pair]
    return []


def _longest(train: Dataset, names: list[str], wanted: Kind) -> list[str]:
    """Return the column with the longest texts, or all that come near it; lists of words are not told apart."""
    if wanted == "texts":
        return names
    head = train.select(range(min(_SAMPLE, train.num_rows)))
    lengths: dict[str, float] = {}
    for name in names:
        values = [value for value in head[name][:] if value]
        if any(as_number(value) is None for value in values):
            lengths[name] = sum(map(len, values)) / len(values)
    most = max(lengths.values(), default=0.0)
    return [name for name, length in lengths.items() if length >= _CLEAR * most]
