from __future__ import annotations

from typing import Any

import pytest

from persopt.data.tokenization import IGNORED, tokenize_rows
from tests.models.tiny import make_tokenizer

IDS = {"A": 0, "B": 1}


@pytest.mark.parametrize("kind", ["bert", "roberta", "gpt2"])
def test_the_first_token_of_each_word_has_its_tag(kind: str) -> None:
    tokenizer = make_tokenizer(kind)
    words = ["good", "xyzzy", "good"]
    batch = tokenize_rows(tokenizer, [[words, ["bad"]]], [("A", "B", "A"), ("B",)], IDS, 32)
    for row, (given, tags) in enumerate([(words, [0, 1, 0]), (["bad"], [1])]):
        ids, labels = batch["input_ids"][row], batch["labels"][row]
        assert len(ids) == len(labels) == batch["length"][row]
        assert [label for label in labels if label != IGNORED] == tags
        starts = [index for index, label in enumerate(labels) if label != IGNORED]
        for word, start in zip(given, starts, strict=True):
            pieces = tokenizer.tokenize(word if kind == "bert" else f" {word}")
            assert tokenizer.convert_ids_to_tokens(ids[start : start + len(pieces)]) == pieces
            assert labels[start + 1 : start + len(pieces)] == [IGNORED] * (len(pieces) - 1)


def test_byte_level_words_are_tokenized_as_in_running_text() -> None:
    tokenizer = make_tokenizer("roberta")
    words = tokenize_rows(tokenizer, [[["the", "good", "film"]]], [("A", "A", "A")], IDS, 32)["input_ids"][0]
    assert words == tokenizer(" the good film")["input_ids"]


def test_texts_are_those_of_the_tokenizer_itself() -> None:
    tokenizer = make_tokenizer("bert")
    texts = ["good film", "", None]
    batch = tokenize_rows(tokenizer, [texts], ["A", "B", "A"], IDS, 32)
    assert batch["input_ids"] == tokenizer(["good film", "", ""])["input_ids"]
    assert batch["labels"] == [0, 1, 0]
    assert set(batch) == {"input_ids", "labels", "length"}


@pytest.mark.parametrize(("kind", "typed"), [("bert", True), ("distilbert", False)])
def test_pairs_tell_their_texts_apart_where_the_model_does(kind: str, typed: bool) -> None:
    tokenizer = make_tokenizer(kind)
    batch = tokenize_rows(tokenizer, [["good film"], ["bad"]], ["A"], IDS, 32)
    expected: Any = tokenizer("good film", "bad", return_token_type_ids=True)
    assert batch["input_ids"] == [expected["input_ids"]]
    assert batch.get("token_type_ids") == ([expected["token_type_ids"]] if typed else None)


@pytest.mark.parametrize("in_words", [False, True])
def test_long_texts_are_cut(in_words: bool) -> None:
    tokenizer = make_tokenizer("bert")
    text: Any = ["good"] * 50 if in_words else "good " * 50
    label: Any = ("A",) * 50 if in_words else "A"
    batch = tokenize_rows(tokenizer, [[text]], [label], IDS, 10)
    assert batch["length"] == [10]
    assert batch["input_ids"][0][-1] == tokenizer.sep_token_id
    if in_words:
        assert batch["labels"][0] == [IGNORED, *[0] * 8, IGNORED]
