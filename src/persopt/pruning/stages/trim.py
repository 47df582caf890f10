"""First: the vocabulary is trimmed to the texts of the data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from persopt.domain.errors import DataError
from persopt.domain.prune_specs import PruneSpec
from persopt.domain.vocabularies import VocabularyReport
from persopt.ticker import Ticker

if TYPE_CHECKING:
    from datasets import DatasetDict

__all__ = ("TextRows", "find_text_columns", "trim")

_ROWS: Final = 500


class TextRows:
    """All the texts of a data set, row by row, as often as they are asked for.

    Args:
        dataset: Its splits.
        columns: Columns of texts, or of lists of words, of each split.
        look: Called every few hundred rows; may raise to end the work.
    """

    def __init__(self, dataset: DatasetDict, columns: dict[str, list[str]], look: Callable[[], None]) -> None:
        self._dataset, self._columns, self._look = dataset, columns, look

    def __iter__(self) -> Iterator[list[str]]:
        """Give the texts of each row; words that are listed are given one by one and as a text."""
        for name, columns in self._columns.items():
            for batch in self._dataset[name].select_columns(columns).iter(_ROWS):
                self._look()
                for values in zip(*(batch[column] for column in columns), strict=True):
                    yield [text for value in values for text in _texts_of(value)]


def find_text_columns(location: Path | str, spec: PruneSpec) -> tuple[DatasetDict, dict[str, list[str]]]:
    """Read a data set and return it with the columns of texts of each split: all there are but ids.

    Raises:
        DataError: if it cannot be read, or has no texts.
    """
    from persopt.data.column_kinds import NOT_LABELS, describe_columns, fold_name, read_kinds
    from persopt.data.columns import flatten_translations
    from persopt.data.reading import read_dataset

    dataset = flatten_translations(read_dataset(location, spec.data))
    columns = {
        name: [
            column
            for column, kind in read_kinds(split).items()
            if kind in ("text", "texts") and fold_name(column) not in NOT_LABELS
        ]
        for name, split in dataset.items()
    }
    columns = {name: found for name, found in columns.items() if found}
    if not columns:
        names = next(iter(dataset.values())).column_names
        raise DataError(
            f"{location} has no column of texts to keep the tokens of; {describe_columns(names)}", path="$.datasetPath"
        )
    return dataset, columns


def trim(spec: PruneSpec, folder: Path, ticker: Ticker) -> VocabularyReport:
    """Write the model with only the tokens that the data set uses into a new folder.

    Args:
        spec: Resolved, with `config.vocabulary` and a data set.
        folder: New.
        ticker: Looked at between texts.

    Raises:
        PersoptError: see `persopt.pruning.vocabulary.trim_vocabulary`.
    """
    from persopt.pruning.vocabulary import trim_vocabulary

    ticker.message = "trimming the vocabulary"
    given = Path(spec.dataset_path)
    dataset, columns = find_text_columns(given if given.exists() else spec.dataset_path, spec)
    texts = TextRows(dataset, columns, ticker.look)
    report = trim_vocabulary(spec.model_path, texts, folder, spec.config.vocabulary)
    return msgspec.structs.replace(report, output_path=spec.output_path)


def _texts_of(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    words = [word for word in value if word is not None]
    return [" ".join(words), *words]
