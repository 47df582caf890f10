"""Which columns hold the text and the label, and so which task it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from persopt.data.column_kinds import (
    LABELS_PATH,
    NOT_LABELS,
    TEXTS_PATH,
    ColumnKinds,
    DetectedColumns,
    check_name,
    fold_name,
    read_kinds,
)
from persopt.data.splits import resolve_splits
from persopt.data.tasks import DATA_TASKS, guess_task
from persopt.domain.errors import DataError
from persopt.domain.programs import DataSpec, TaskName

if TYPE_CHECKING:
    from datasets import DatasetDict

__all__ = ("DetectedColumns", "detect_columns", "flatten_translations")


def detect_columns(
    dataset: DatasetDict, data: DataSpec, task: TaskName | None, *, decoder: bool = False
) -> DetectedColumns:
    """Find the columns of text and label in the training split; those that `data` names are only checked.

    Without a task: images are image classification; a pair of usual names (`document` and `summary`, `fa` and
    `en`) whose second holds free text is summarization or translation; lists of words with lists of tags are
    token classification; a column of texts with nothing beside it is language modelling if the model is a
    decoder; everything else is text classification. How each task finds its columns stands in `persopt.data.tasks`.

    Args:
        dataset: What was read.
        data: Names of columns and splits.
        task: The task, if it is given.
        decoder: Whether the model that the data are for is known to be made for causal language modelling.

    Raises:
        DataError: if a named column is not there or not of the task's kind, or if none or several could be
            meant; lists the columns and says how to name one.
    """
    train = dataset[resolve_splits(dataset, data).train]
    kinds = read_kinds(train)
    for name in data.text_columns:
        check_name(name, kinds, TEXTS_PATH)
    if data.label_column is not None:
        check_name(data.label_column, kinds, LABELS_PATH)
        if data.label_column in data.text_columns:
            raise DataError(f"{data.label_column!r} is named both as text and as label", path=LABELS_PATH)
    if task is None:
        only_text = decoder and data.label_column is None and _has_only_texts(kinds)
        task = "causal-language-modeling" if only_text else guess_task(train, kinds, data)
    return DATA_TASKS[task].find_columns(train, kinds, data)


def flatten_translations(dataset: DatasetDict) -> DatasetDict:
    """Put the languages of a `translation` column (one text by each language's code) into columns of their own."""
    from datasets import DatasetDict

    flat = DatasetDict()
    for name, split in dataset.items():
        for column, feature in list(split.features.items()):
            codes = _language_codes(feature)
            if codes and not set(codes) & set(split.column_names):
                inner = split.select_columns([column]).flatten()
                plain = split.remove_columns([column])
                for code in codes:
                    values = inner.with_format("arrow")[:][f"{column}.{code}"]
                    plain = plain.add_column(code, values.combine_chunks())
                split = plain  # noqa: PLW2901 - the next column is looked for in what this one left
        flat[name] = split
    return flat


def _language_codes(feature: object) -> list[str]:
    languages = getattr(feature, "languages", None)
    if type(feature).__name__ == "Translation" and languages:
        return [str(code) for code in languages]
    if isinstance(feature, dict) and len(feature) > 1:
        texts = all("string" in str(getattr(inner, "dtype", "")) for inner in feature.values())
        return list(feature) if texts and "path" not in feature else []
    return []


def _has_only_texts(kinds: ColumnKinds) -> bool:
    return [kinds[name] for name in kinds if fold_name(name) not in NOT_LABELS] == ["text"]
