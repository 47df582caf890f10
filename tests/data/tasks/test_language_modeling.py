from __future__ import annotations

from pathlib import Path

import pytest
from datasets import Dataset, DatasetDict
from hypothesis import given, settings
from hypothesis import strategies as st

from persopt.data.preparation import PreparedData, prepare_data
from persopt.data.tasks import DATA_TASKS
from persopt.data.tokenization import IGNORED
from persopt.domain.errors import DataError, ModelError
from persopt.domain.programs import DataSpec
from tests.support.tiny_tasks import make_word_tokenizer

TASK = DATA_TASKS["causal-language-modeling"]
WORDS = ["a", "b", "c"]


def prepare(texts: list[str]) -> PreparedData:
    return PreparedData(
        task="causal-language-modeling",
        data=DataSpec(text_columns=["text"]),
        splits=DatasetDict({"train": Dataset.from_dict({"text": texts})}),
        row_labels={},
        labels=[],
    )


@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=5), min_size=1, max_size=6), st.integers(2, 7))
@settings(max_examples=30)
def test_every_token_and_every_end_is_predicted_once(documents: list[list[str]], size: int) -> None:
    texts = [" ".join(words) for words in documents]
    tokenizer = make_word_tokenizer(WORDS)

    batches = list(TASK.encode(prepare(texts), "train", tokenizer, size))

    inputs = [block for batch in batches for block in batch["input_ids"]]
    labels = [token for batch in batches for block in batch["labels"] for token in block]
    ids = {word: index for index, word in enumerate(WORDS, 3)}
    expected = [token for words in documents if words for token in [*(ids[word] for word in words), 1]]
    assert labels == expected
    assert [token for block in inputs for token in block] == [1, *expected][:-1] if expected else inputs == []
    assert all(len(block) == size for block in inputs[:-1])
    assert [length for batch in batches for length in batch["length"]] == list(map(len, inputs))


def test_a_beginning_of_its_own_stands_before_each_document_and_is_not_judged() -> None:
    begin = "<s>"
    tokenizer = make_word_tokenizer([begin, *WORDS])
    tokenizer.bos_token = begin

    (batch, *rest) = TASK.encode(prepare(["a b", "c"]), "train", tokenizer, 10)

    blocks = [batch, *rest]
    assert [block for part in blocks for block in part["input_ids"]] == [[3, 4, 5, 1, 3, 6]]
    assert [block for part in blocks for block in part["labels"]] == [[4, 5, 1, IGNORED, 6, 1]]


def test_a_tokenizer_without_an_end_is_refused() -> None:
    tokenizer = make_word_tokenizer(WORDS)
    tokenizer.eos_token = None

    with pytest.raises(ModelError, match="no end-of-text token"):
        list(TASK.encode(prepare(["a"]), "train", tokenizer, 4))


def test_a_text_file_holds_documents_between_blank_lines_or_one_a_line(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("first line\nsecond line\n\n \nnext\n", "utf-8")
    (tmp_path / "dev.txt").write_text("one\ntwo\n", "utf-8")

    prepared = prepare_data(tmp_path, DataSpec(), None, 0, decoder=True)

    assert prepared.task == "causal-language-modeling"
    assert prepared.splits["train"]["text"][:] == ["first line\nsecond line", "next"]
    assert prepared.splits["validation"]["text"][:] == ["one", "two"]
    assert prepared.labels == []


def test_a_part_is_taken_for_validation_and_rows_are_limited(tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("\n".join(f"line {number}" for number in range(50)), "utf-8")
    spec = DataSpec(max_train_rows=20)

    prepared = prepare_data(tmp_path / "texts.txt", spec, "causal-language-modeling", 0)

    assert {name: split.num_rows for name, split in prepared.splits.items()} == {"train": 20, "validation": 10}
    again = prepare_data(tmp_path / "texts.txt", prepared.data, prepared.task, 0)
    assert again.splits["train"]["text"][:] == prepared.splits["train"]["text"][:]


def test_texts_without_a_label_are_language_modelling_for_a_decoder_only(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("id,text\n1,some words\n2,other words\n3,words\n")

    assert prepare_data(tmp_path, DataSpec(), None, 0, decoder=True).task == "causal-language-modeling"
    with pytest.raises(DataError, match="no column could be the label"):
        prepare_data(tmp_path, DataSpec(), None, 0)


def test_a_readme_beside_the_data_is_no_data(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("text,label\nx,a\ny,b\nz,a\nv,b\nw,a\nu,b\n")
    (tmp_path / "README.txt").write_text("read me")

    assert prepare_data(tmp_path, DataSpec(), None, 0, decoder=True).task == "text-classification"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (DataSpec(label_column="other"), "learns from texts alone"),
        (DataSpec(text_columns=["text", "other"]), "takes one column of texts"),
        (DataSpec(text_columns=["empty"]), "all texts of the split 'train' are empty"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(tmp_path: Path, spec: DataSpec, message: str) -> None:
    (tmp_path / "train.jsonl").write_text('{"text": "a", "other": "b", "empty": " "}\n' * 10)
    with pytest.raises(DataError, match=message):
        prepare_data(tmp_path, spec, "causal-language-modeling", 0)
