"""Data of text classification: one text a row, or a pair, and one label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from persopt.data.batches import PaddingCollator
from persopt.data.column_kinds import (
    LABELS_PATH,
    NOT_LABELS,
    TEXTS_PATH,
    ColumnKinds,
    DetectedColumns,
    Kind,
    describe_columns,
    fold_name,
    has_few_values,
    match_names,
)
from persopt.data.labels import as_number, read_labels
from persopt.data.names import join_names
from persopt.data.tasks.base import Collator, DataTask, Processor
from persopt.data.tokenization import encode_texts, text_schema
from persopt.domain.errors import DataError
from persopt.domain.programs import DataSpec, TaskName

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

    from persopt.data.preparation import PreparedData

__all__ = ("LABEL_NAMES", "TextClassificationData", "check_label_kind", "find_label", "find_texts")

# A name of an earlier group comes before those of the later ones; two of one group are ambiguous.
LABEL_NAMES: Final = (
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
_LONGEST_NAME: Final = 40  # characters of a column's name that is no row of a file without a header
_CLEAR: Final = 0.8  # a second text column of so large a share of the first's length makes it ambiguous
_SAMPLE: Final = 2000  # rows


class TextClassificationData(DataTask):
    """The label is the column with a usual name, else the only one with few different values.

    The text is the column with a usual name (two for pairs), else the one with the longest texts.
    """

    classes = True
    stratified = True

    @override
    def find_columns(self, train: Dataset, kinds: ColumnKinds, data: DataSpec) -> DetectedColumns:
        """Return the columns that are named, else found."""
        label = data.label_column or find_label(train, kinds, data, "text-classification")
        check_label_kind(label, kinds, "text-classification")
        texts = find_texts(train, kinds, data, "text-classification", label)
        return DetectedColumns(task="text-classification", text_columns=texts, label_column=label)

    @override
    def check_split(self, name: str, split: Dataset, columns: DetectedColumns) -> None:
        """Make sure that some text is not empty."""
        if not any(any(split[column][:]) for column in columns.text_columns):
            message = f"all texts of the split {name!r} are empty in {', '.join(columns.text_columns)}"
            raise DataError(message, path=TEXTS_PATH)

    @override
    def schema(self, prepared: PreparedData, processor: Processor) -> pa.Schema:
        """Return the columns `input_ids`, `token_type_ids` for pairs, `labels` and `length`."""
        return text_schema(prepared, processor, in_words=False)

    @override
    def encode(
        self, prepared: PreparedData, split: str, processor: Processor, max_length: int
    ) -> Iterator[dict[str, list[Any]]]:
        """Give the rows of a split as token ids."""
        return encode_texts(prepared, split, processor, max_length)

    @override
    def make_collator(self, processor: Processor, multiple_of: int = 1, *, judging: bool = False) -> Collator:
        """Return what pads to the longest of a batch."""
        return PaddingCollator(processor, multiple_of)


def check_label_kind(label: str, kinds: ColumnKinds, task: TaskName) -> None:
    """Make sure that a label column is of a task's kind.

    Raises:
        DataError: if it holds lists of tags where one label is needed, or the other way round.
    """
    found = "token-classification" if kinds[label] in ("texts", "classes") else "text-classification"
    if task != found:
        held = "a list of tags for each row" if found == "token-classification" else "one label for each row"
        wanted = "one label for each row" if found == "token-classification" else "lists of tags"
        message = f"is {task!r}, which needs {wanted}, but column {label!r} holds {held}"
        raise DataError(message, path="$.task", hint=f"use {found!r}, or name another data.labelColumn")


def find_label(train: Dataset, kinds: ColumnKinds, data: DataSpec, task: TaskName | None = None) -> str:
    """Return the column of labels or tags.

    Raises:
        DataError: if none or several could be it.
    """
    listed = [name for name in kinds if kinds[name] in ("texts", "classes")]
    usable = [name for name in kinds if kinds[name] not in ("other", "image") and name not in data.text_columns]
    if task == "token-classification":
        if not listed:
            message = f"is {task!r}, which needs columns of lists of words and of tags; {describe_columns(kinds)}"
            raise DataError(message, path="$.task")
        usable = [name for name in usable if name in listed]
    found = match_names(LABEL_NAMES, usable)
    if not found:
        tokens = match_names(_TOKEN_NAMES, listed)
        tags = [name for name in usable if name in listed and name not in tokens]
        found = tags if tokens else [name for name in usable if has_few_values(train, name, kinds[name])]
    if len(found) == 1:
        return found[0]
    remedy = "name the column of the labels with data.labelColumn (--label-column)"
    there = describe_columns(kinds)
    if found:
        raise DataError(f"{join_names(found, 'or')} could be the label; {there}; {remedy}", path=LABELS_PATH)
    raise DataError(f"no column could be the label; {there}{_explain(train, kinds)}; {remedy}", path=LABELS_PATH)


def find_texts(train: Dataset, kinds: ColumnKinds, data: DataSpec, task: TaskName, label: str | None) -> list[str]:
    """Return the columns of the texts, or that of the lists of words.

    Args:
        train: The training rows.
        kinds: What the columns hold.
        data: Names the columns, or not.
        task: Decides between texts and lists of words.
        label: The column of the label, if there is one.

    Raises:
        DataError: if a named column does not hold them, or none or several could be meant.
    """
    wanted: Kind = "texts" if task == "token-classification" else "text"
    held = "lists of words" if wanted == "texts" else "texts"
    if data.text_columns:
        wrong = [name for name in data.text_columns if kinds[name] != wanted]
        if wrong:
            raise DataError(f"column {wrong[0]!r} does not hold {held}, which {task} needs", path=TEXTS_PATH)
        return list(data.text_columns)
    names = [name for name in kinds if kinds[name] == wanted and name != label]
    found = (
        match_names(_TOKEN_NAMES, names) if wanted == "texts" else _match_pair(names) or match_names(_TEXT_NAMES, names)
    )
    if len(found) != 1 and tuple(map(fold_name, found)) not in _PAIRS:
        found = _longest(train, found or names, wanted)
    if not found:
        raise DataError(f"no column holds {held}; {describe_columns(kinds)}", path=TEXTS_PATH)
    if len(found) > 1 and tuple(map(fold_name, found)) not in _PAIRS:
        remedy = "name one, or two for pairs, with data.textColumns (--text-column)"
        message = f"{join_names(found, 'or')} could be the text; {describe_columns(kinds)}; {remedy}"
        raise DataError(message, path=TEXTS_PATH)
    return found


def _explain(train: Dataset, kinds: ColumnKinds) -> str:
    """Say what may be behind it: numbers that are no classes, or a first line that is no header."""
    if all(as_number(name) is not None or len(name) > _LONGEST_NAME for name in kinds):
        return "; that looks like a row: if the file has no header line, name its columns with data.columns"
    for name, kind in kinds.items():
        if kind in ("text", "number") and fold_name(name) not in NOT_LABELS:
            values = {value for value in read_labels(train, name) if isinstance(value, str)}
            numbers = [as_number(value) for value in values]
            if len(values) > 1 and None not in numbers:
                return (
                    f"; {name!r} holds {len(values)} different numbers: if it is a rating, make a column of "
                    "classes from it (such as negative and positive, by its sign)"
                )
    return ""


def _match_pair(names: list[str]) -> list[str]:
    by_folded = {fold_name(name): name for name in names}
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
