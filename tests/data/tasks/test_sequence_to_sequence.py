from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from datasets import Dataset, DatasetDict

from persopt.data.columns import detect_columns, flatten_translations
from persopt.data.preparation import prepare_data
from persopt.data.tasks import DATA_TASKS
from persopt.data.tasks.sequence_to_sequence import language_id, set_languages
from persopt.data.tokenization import IGNORED
from persopt.domain.errors import DataError
from persopt.domain.programs import DataSpec
from tests.support.tiny_tasks import make_word_tokenizer

LONG: list[object] = [f"a longer text number {number}" for number in range(20)]
SHORT: list[object] = [f"text {number}" for number in range(20)]


def dataset(**columns: list[object]) -> DatasetDict:
    return DatasetDict({"train": Dataset.from_dict(columns)})


@pytest.mark.parametrize(
    ("columns", "task", "source", "target"),
    [
        ({"id": SHORT, "document": LONG, "summary": SHORT}, "summarization", "document", "summary"),
        ({"highlights": SHORT, "article": LONG}, "summarization", "article", "highlights"),
        ({"متن": LONG, "خلاصه": SHORT}, "summarization", "متن", "خلاصه"),
        ({"source": LONG, "target": SHORT}, "translation", "source", "target"),
        ({"fa": LONG, "en": SHORT}, "translation", "fa", "en"),
        ({"en_XX": LONG, "fa_IR": SHORT, "score": list(range(20))}, "translation", "en_XX", "fa_IR"),
    ],
)
def test_source_and_target_are_found_by_their_names(
    columns: dict[str, list[object]], task: str, source: str, target: str
) -> None:
    found = detect_columns(dataset(**columns), DataSpec(), None)

    assert (found.task, found.text_columns, found.label_column) == (task, [source], target)


@pytest.mark.parametrize(
    "columns",
    [
        {"source": LONG, "target": ["x", "y"] * 10},  # few values: classes
        {"text": LONG, "summary": SHORT, "label": ["x", "y"] * 10},
    ],
)
def test_what_may_be_classes_stays_classification(columns: dict[str, list[object]]) -> None:
    assert detect_columns(dataset(**columns), DataSpec(), None).task == "text-classification"


def test_the_direction_is_named_by_one_column() -> None:
    for spec in (DataSpec(text_columns=["en"]), DataSpec(label_column="fa")):
        found = detect_columns(dataset(fa=LONG, en=SHORT), spec, "translation")
        assert (found.text_columns, found.label_column) == (["en"], "fa")


def test_a_translation_column_is_taken_apart() -> None:
    rows = [{"fa": f"متن {number}", "en": f"text {number}"} for number in range(20)]

    flat = flatten_translations(dataset(translation=rows, id=SHORT))  # type: ignore[arg-type]

    assert flat["train"][3] == {"id": "text 3", "fa": "متن 3", "en": "text 3"}
    found = detect_columns(flat, DataSpec(), None)
    assert (found.task, found.text_columns, found.label_column) == ("translation", ["fa"], "en")


@pytest.mark.parametrize(
    ("columns", "spec", "path", "message"),
    [
        ({"a": LONG, "b": SHORT, "c": SHORT}, {}, "$.data.textColumns", "no column could be the source"),
        ({"a": LONG, "b": SHORT, "c": SHORT}, {"text_columns": ["a"]}, "$.data.labelColumn", "the summary"),
        ({"a": LONG, "n": [*range(20)]}, {"text_columns": ["a"], "label_column": "n"}, "$.data.labelColumn",
         "'n' does not hold texts"),
        ({"a": LONG, "b": SHORT}, {"text_columns": ["a", "b"]}, "$.data.textColumns", "takes one column of texts"),
    ],
)  # fmt: skip
def test_what_is_not_clear_is_asked(
    columns: dict[str, list[object]], spec: dict[str, object], path: str, message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        detect_columns(dataset(**columns), DataSpec(**spec), "summarization")  # type: ignore[arg-type]
    assert caught.value.faults[0].path == path


def test_empty_targets_are_refused(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"fa": "x", "en": "y"}\n{"fa": "z", "en": " "}\n' * 10)

    with pytest.raises(DataError, match="10 of 20 rows of the split 'train' have nothing to learn in column 'en'"):
        prepare_data(tmp_path, DataSpec(), "translation", 0)


def test_sources_and_targets_become_tokens(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"fa": "a b c", "en": "x"}\n{"fa": "a", "en": "x y z"}\n' * 5)
    spec = DataSpec(source_prefix="to: ", max_target_length=3)
    prepared = prepare_data(tmp_path, spec, "translation", 0)
    tokenizer = make_word_tokenizer(["to:", "a", "b", "c", "x", "y", "z"], ends=True)
    task = DATA_TASKS["translation"]

    (batch,) = task.encode(prepared, "train", tokenizer, 4)

    rows = sorted(zip(batch["input_ids"], batch["labels"], batch["reference"], batch["length"], strict=True))
    assert rows[0] == ([3, 4, 1], [7, 8, 1], "x y z", 3)
    assert rows[-1] == ([3, 4, 5, 1], [7, 1], "x", 4)
    lines = [{"input_ids": ids, "labels": labels, "reference": text} for ids, labels, text, _ in (rows[0], rows[-1])]
    padded = task.make_collator(tokenizer, judging=True)(lines)
    assert padded["input_ids"].tolist() == [[3, 4, 1, 0], [3, 4, 5, 1]]
    assert padded["attention_mask"].tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]
    assert padded["labels"].tolist() == [[7, 8, 1], [7, 1, IGNORED]]
    assert padded["references"] == ["x y z", "x"]
    assert "references" not in task.make_collator(tokenizer)(lines)


def test_languages_are_told_to_a_tokenizer_of_many() -> None:
    many = SimpleNamespace(
        src_lang=None, tgt_lang=None, unk_token_id=2, convert_tokens_to_ids={"fa_IR": 7, "__fa__": 8, "en_XX": 9}.get
    )

    set_languages(many, DataSpec(source_language="en_XX", target_language="fa_IR"), "translation")

    assert (many.src_lang, many.tgt_lang) == ("en_XX", "fa_IR")
    assert (language_id(many, "fa_IR"), language_id(many, "fa"), language_id(many, "xx")) == (7, 8, None)
    with pytest.raises(DataError, match="knows no language 'xx'"):
        set_languages(many, DataSpec(source_language="xx", target_language="fa_IR"), "translation")
    with pytest.raises(DataError, match="name the one of these texts"):
        set_languages(many, DataSpec(source_language="en_XX"), "translation")
    set_languages(many, DataSpec(source_language="fa_IR"), "summarization")
    assert many.tgt_lang == "fa_IR"
    with pytest.raises(DataError, match="knows no languages, got 'fa_IR'"):
        set_languages(make_word_tokenizer(["a"]), DataSpec(source_language="fa_IR"), "translation")
