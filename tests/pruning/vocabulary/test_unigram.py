"""Unigram against the tokenizers library itself, with scores that tie."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from persopt.pruning.vocabulary.unigram import find_cheapest
from tests.pruning.vocabulary.sources import trim

SCORES = st.sampled_from([-1.0, -2.0, -2.5, -3.0, -4.0, -9.0])
PIECES = st.dictionaries(st.text("abc", min_size=1, max_size=4), SCORES, min_size=1, max_size=10)
TEXTS = st.lists(st.text("abcd", min_size=1, max_size=12), min_size=1, max_size=6)


def _tokenizer(pieces: dict[str, float]) -> Any:
    from tokenizers import Tokenizer, models

    return Tokenizer(models.Unigram([("<unk>", 0.0), *pieces.items()], unk_id=0))


@settings(max_examples=150)
@given(PIECES, TEXTS, st.booleans())
def test_every_text_of_the_corpus_keeps_its_pieces(pieces: dict[str, float], corpus: list[str], single: bool) -> None:
    tokenizer = _tokenizer(pieces)
    trimmed = trim(tokenizer, corpus, keep_single_characters=single)
    for text in corpus:
        assert trimmed.encode(text).tokens == tokenizer.encode(text).tokens
        assert [trimmed.id_to_token(index) for index in trimmed.encode(text).ids] == [
            tokenizer.id_to_token(index) for index in tokenizer.encode(text).ids
        ]


def test_the_cost_of_the_unknown_stays() -> None:
    pieces = {"ab": -30.0, "b": -1.0, "zz": -25.0, "yy": -40.0}
    tokenizer = _tokenizer(pieces)
    # `a` is unknown: -50 - 1 against -30 for `ab`; without the cheapest piece it would still cost -40 - 1.
    trimmed = trim(tokenizer, ["ab", "b"], keep_single_characters=False)
    assert trimmed.get_vocab().keys() == {"<unk>", "ab", "b", "yy"}
    assert find_cheapest({"vocab": [list(item) for item in pieces.items()]}) == "yy"
