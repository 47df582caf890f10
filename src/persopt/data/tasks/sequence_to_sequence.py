"""Data of translation and summarization: a text to read and a text to write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, Literal

from typing_extensions import override

from persopt.data.column_kinds import (
    LABELS_PATH,
    TEXTS_PATH,
    ColumnKinds,
    DetectedColumns,
    describe_columns,
    fold_name,
    has_few_values,
    match_names,
)
from persopt.data.padding import SequenceCollator
from persopt.data.tasks.base import Collator, DataTask, Processor
from persopt.data.tasks.text_classification import LABEL_NAMES
from persopt.data.tokenization import ROWS
from persopt.domain.errors import DataError
from persopt.domain.programs import DataSpec, TaskName

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

    from persopt.data.preparation import PreparedData

__all__ = ("SequenceToSequenceData", "guess_pair", "language_id", "set_languages")

_Task = Literal["translation", "summarization"]
_SUMMARIES: Final = (
    ("document", "summary"),
    ("article", "summary"),
    ("article", "highlights"),
    ("text", "summary"),
    ("dialogue", "summary"),
    ("report", "summary"),
    ("content", "summary"),
    ("متن", "خلاصه"),
)
_TRANSLATIONS: Final = (("source", "target"), ("src", "tgt"), ("src", "trg"), ("مبدأ", "مقصد"))
# ISO 639-1, those with many corpora; `id` is left out, since columns of that name are identifiers.
_LANGUAGES: Final = (
    "af am ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fr ga gl gu he hi hr hu hy is it ja ka kk km kn "
    "ko ku ky lo lt lv mk ml mn mr ms my nb ne nl nn no pa pl ps pt ro ru sd si sk sl sq sr sv sw ta te tg th tk tr "
    "tt ug uk ur uz vi zh"
)


class SequenceToSequenceData(DataTask):
    """The source is the text column, the target the label column; both are found by usual names.

    Names of summaries are such as `document` and `summary`; of translations `source` and `target`, or two columns
    (or the parts of a `translation` column) named by their languages' codes, of which the first is the source.
    """

    classes = False
    stratified = False

    def __init__(self, task: _Task) -> None:
        self._task: _Task = task

    @override
    def find_columns(self, train: Dataset, kinds: ColumnKinds, data: DataSpec) -> DetectedColumns:
        """Return the columns that are named, else found."""
        if len(data.text_columns) > 1:
            raise DataError(f"{self._task} takes one column of texts", path=TEXTS_PATH)
        pairs = [*_match_pairs(kinds), *_match_languages(kinds)]
        given = (data.text_columns[0] if data.text_columns else None, data.label_column)
        fitting = [pair for pair in pairs if all(want in (None, have) for want, have in zip(given, pair, strict=True))]
        source, target = fitting[0] if fitting else given
        texts = [name for name in kinds if kinds[name] == "text"]
        if source is None and target is not None and len(texts) == 2 and target in texts:  # noqa: PLR2004 - a pair
            source = next(name for name in texts if name != target)
        if target is None and source is not None and len(texts) == 2 and source in texts:  # noqa: PLR2004 - a pair
            target = next(name for name in texts if name != source)
        what = "translation" if self._task == "translation" else "summary"
        if source is None:
            remedy = "name it with data.textColumns (--text-column)"
            raise DataError(f"no column could be the source; {describe_columns(kinds)}; {remedy}", path=TEXTS_PATH)
        if target is None:
            remedy = "name it with data.labelColumn (--label-column)"
            message = f"no column could be the target (the {what}); {describe_columns(kinds)}; {remedy}"
            raise DataError(message, path=LABELS_PATH)
        for name, path in ((source, TEXTS_PATH), (target, LABELS_PATH)):
            if kinds[name] != "text":
                raise DataError(f"column {name!r} does not hold texts, which {self._task} needs", path=path)
        return DetectedColumns(task=self._task, text_columns=[source], label_column=target)

    @override
    def check_split(self, name: str, split: Dataset, columns: DetectedColumns) -> None:
        """Make sure that some source is not empty; empty targets are rows without a label, refused before."""
        column = columns.text_columns[0]
        if not any(text and text.strip() for text in split[column][:]):
            raise DataError(f"all texts of the split {name!r} are empty in {column}", path=TEXTS_PATH)

    @override
    def schema(self, prepared: PreparedData, processor: Processor) -> pa.Schema:
        """Return the columns `input_ids`, `labels` (tokens of the target), `reference` (its text) and `length`."""
        import pyarrow as pa

        ids = pa.list_(pa.int32())
        fields = [("input_ids", ids), ("labels", ids), ("reference", pa.large_string()), ("length", pa.int32())]
        return pa.schema(fields)

    @override
    def encode(
        self, prepared: PreparedData, split: str, processor: Processor, max_length: int
    ) -> Iterator[dict[str, list[Any]]]:
        """Give the rows of a split as token ids; sources are cut to `max_length`, targets to `maxTargetLength`."""
        data = prepared.data
        source, target = data.text_columns[0], str(data.label_column)
        set_languages(processor, data, self._task)
        dataset = prepared.splits[split].select_columns([source, target])
        limits: dict[str, Any] = {"truncation": True, "padding": False, "return_attention_mask": False}
        longest_target = min(data.max_target_length, processor.model_max_length)
        for start in range(0, dataset.num_rows, ROWS):
            rows = dataset[start : start + ROWS]
            sources = [data.source_prefix + (text or "") for text in rows[source]]
            references = [str(text).strip() for text in rows[target]]
            inputs = processor(sources, max_length=max_length, **limits)["input_ids"]
            labels = processor(text_target=references, max_length=longest_target, **limits)["input_ids"]
            lengths = [max(len(one), len(other)) for one, other in zip(inputs, labels, strict=True)]
            yield {"input_ids": inputs, "labels": labels, "reference": references, "length": lengths}

    @override
    def make_collator(self, processor: Processor, multiple_of: int = 1, *, judging: bool = False) -> Collator:
        """Return what pads sources and targets, each to the longest of a batch."""
        return SequenceCollator(processor, multiple_of, references=judging)


def guess_pair(train: Dataset, kinds: ColumnKinds, data: DataSpec) -> DetectedColumns | None:
    """Return the source and target that the columns' usual names tell of, if nothing tells of a classification."""
    if len(data.text_columns) > 1:
        return None
    given = (data.text_columns[0] if data.text_columns else None, data.label_column)
    candidates = [*_match_pairs(kinds), *_match_languages(kinds)]
    for source, target in candidates:
        named = all(want in (None, have) for want, have in zip(given, (source, target), strict=True))
        others = [name for name in kinds if name not in (source, target) and kinds[name] not in ("other", "image")]
        free_text = kinds[target] == "text" and not has_few_values(train, target, "text")
        if named and free_text and not match_names(LABEL_NAMES, others):
            summary = (fold_name(source), fold_name(target)) in _SUMMARIES
            task: _Task = "summarization" if summary else "translation"
            return DetectedColumns(task=task, text_columns=[source], label_column=target)
    return None


def _match_pairs(kinds: ColumnKinds) -> Iterator[tuple[str, str]]:
    by_folded = {fold_name(name): name for name in kinds if kinds[name] == "text"}
    for source, target in (*_SUMMARIES, *_TRANSLATIONS):
        if source in by_folded and target in by_folded:
            yield by_folded[source], by_folded[target]


def _match_languages(kinds: ColumnKinds) -> Iterator[tuple[str, str]]:
    """Give the two columns named by languages in both orders, that of the columns first."""
    named = [name for name in kinds if kinds[name] == "text" and _is_language(name)]
    if len(named) == 2:  # noqa: PLR2004 - a pair
        yield named[0], named[1]
        yield named[1], named[0]


def _is_language(name: str) -> bool:
    return fold_name(name).replace("-", "_").partition("_")[0] in _LANGUAGES.split()


def set_languages(tokenizer: Processor, data: DataSpec, task: TaskName) -> None:
    """Tell a tokenizer of many languages which it reads and writes; a summary is in its source's language.

    Raises:
        DataError: if such a tokenizer is not told, or does not know a language.
    """
    target = data.source_language if task == "summarization" else data.target_language
    fields = (("sourceLanguage", "src_lang", data.source_language), ("targetLanguage", "tgt_lang", target))
    for field, attribute, code in fields:
        path = f"$.data.{field}"
        if not hasattr(tokenizer, attribute):
            if code is not None:
                raise DataError(f"the model's tokenizer knows no languages, got {code!r}; leave it out", path=path)
            continue
        if code is None:
            raise DataError("the model is for many languages; name the one of these texts, as it does", path=path)
        if language_id(tokenizer, code) is None:
            raise DataError(f"the model's tokenizer knows no language {code!r}", path=path)
        setattr(tokenizer, attribute, code)


def language_id(tokenizer: Processor, code: str) -> int | None:
    """Return the token that a tokenizer of many languages has for one of them; None if it has none."""
    codes = getattr(tokenizer, "lang_code_to_id", None) or {}
    if code in codes:
        return int(codes[code])
    tokens = (code, f"__{code}__")  # M2M100 writes them so
    ids = (tokenizer.convert_tokens_to_ids(token) for token in tokens)
    return next((int(found) for found in ids if found not in (None, tokenizer.unk_token_id)), None)
