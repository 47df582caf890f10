from __future__ import annotations

import pytest

from persopt.domain.errors import InputError, ModelError
from persopt.domain.vocabularies import VocabularyOptions
from persopt.pruning.vocabulary.selection import find_required, select_tokens
from persopt.pruning.vocabulary.source import TokenizerSource
from tests.pruning.vocabulary.sources import make_source

OPTIONS = VocabularyOptions(keep_single_characters=False)


def _source() -> TokenizerSource:
    from tokenizers import Tokenizer, models

    words = ["one", "two", "[UNK]", "three", "x", "##y", "four"]
    tokenizer = Tokenizer(models.WordPiece({word: index for index, word in enumerate(words)}))
    tokenizer.add_special_tokens(["[PAD]"])
    return make_source(tokenizer)


def test_special_named_and_asked_tokens_stay() -> None:
    source = _source()
    assert find_required(source, OPTIONS, (), -1) == {"[UNK]", "[PAD]"}
    assert find_required(source, OPTIONS, (3, 999), -1) == {"[UNK]", "[PAD]", "three"}
    assert find_required(source, OPTIONS, (), 1) == {"[UNK]", "[PAD]", "one", "two"}
    assert find_required(source, VocabularyOptions(), (), -1) == {"[UNK]", "[PAD]", "x", "##y"}
    asked = VocabularyOptions(keep_single_characters=False, keep_tokens=["four"], keep_texts=["two"])
    assert find_required(source, asked, (), -1) == {"[UNK]", "[PAD]", "four", "two"}


def test_every_unknown_token_to_keep_is_named_with_the_nearest() -> None:
    with pytest.raises(InputError, match="'thre' is not a token of the model; did you mean 'three'") as caught:
        find_required(_source(), VocabularyOptions(keep_tokens=["thre", "nine", "one"]), (), -1)
    assert len(caught.value.faults) == 2


def test_ids_keep_their_order_and_named_rows_without_a_token_come_last() -> None:
    counts = {"three": 5, "one": 1, "four": 2}
    selection = select_tokens(_source(), counts, ["[UNK]", "[PAD]"], OPTIONS, 12, {10, 50})
    assert selection.tokens == {"one": 0, "[UNK]": 1, "three": 2, "four": 3, "[PAD]": 4}
    assert selection.rows == [0, 2, 3, 6, 7, 10]
    assert selection.ids == {0: 0, 2: 1, 3: 2, 6: 3, 7: 4, 10: 5}
    assert selection.map_array(4).tolist() == [0, -1, 1, 2]


def test_limits_keep_the_most_used() -> None:
    counts = {"three": 5, "one": 1, "four": 2}
    few = select_tokens(_source(), counts, ["[UNK]"], VocabularyOptions(max_size=3), 8, ())
    assert (set(few.tokens), few.dropped) == ({"[UNK]", "three", "four"}, 1)
    used = select_tokens(_source(), counts, ["[UNK]"], VocabularyOptions(min_count=3), 8, ())
    assert (set(used.tokens), used.dropped) == ({"[UNK]", "three"}, 2)


def test_a_token_without_a_row_is_kept_without_one_or_refused() -> None:
    selection = select_tokens(_source(), {"one": 1}, ["[UNK]", "[PAD]"], OPTIONS, 7, ())
    assert selection.tokens["[PAD]"] == 2 == len(selection.rows)


def test_a_row_without_a_token_before_a_token_without_a_row_is_refused() -> None:
    source = _source()
    del source.ids["four"]
    source.vocabulary.remove("four")
    with pytest.raises(ModelError, match=r"'\[PAD\]' has the id 7, and the embeddings have only 7 rows"):
        select_tokens(source, {}, ["[UNK]", "[PAD]"], OPTIONS, 7, {6})
