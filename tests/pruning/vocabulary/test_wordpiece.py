"""WordPiece against the tokenizers library itself."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from persopt.pruning.vocabulary.wordpiece import match_unknown
from tests.pruning.vocabulary.sources import trim

PIECES = st.sets(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=8)
TEXTS = st.lists(st.text("abcd ", min_size=1, max_size=12), min_size=1, max_size=6).filter(
    lambda all: "".join(all).strip()
)


def _tokenizer(first: set[str], later: set[str]) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokens = ["[UNK]", "[MASK]", *sorted(first), *sorted(f"##{piece}" for piece in later)]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary))  # its unknown token is [UNK]
    tokenizer.add_special_tokens(["[MASK]"])
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer


@settings(max_examples=150)
@given(PIECES, PIECES, TEXTS, st.booleans())
def test_every_text_of_the_corpus_keeps_its_pieces_the_unknown_ones_too(
    first: set[str], later: set[str], corpus: list[str], single: bool
) -> None:
    tokenizer = _tokenizer(first, later)
    trimmed = trim(tokenizer, corpus, keep_single_characters=single)
    for text in corpus:
        assert trimmed.encode(text).tokens == tokenizer.encode(text).tokens


def test_a_word_stays_unknown_because_its_guard_stays() -> None:
    tokenizer = _tokenizer({"a", "ab", "c"}, {"b", "bd", "c"})
    corpus = ["abd", "x[MASK]abd c"]  # `ab` is taken, `##d` is not there; with `a` it would go up as `a ##bd`
    assert tokenizer.encode("abd").tokens == ["[UNK]"]
    for texts in ([corpus[0]], [corpus[1]]):
        trimmed = trim(tokenizer, [*texts, "a"], keep_single_characters=False, keep_tokens=["a", "##bd"])
        assert trimmed.encode("abd").tokens == ["[UNK]"]
        assert "##c" not in trimmed.get_vocab()


def test_the_tokens_taken_before_nothing_fits_are_found() -> None:
    vocabulary = {"a", "ab", "##b", "##bc"}
    assert match_unknown("abd", vocabulary, "##") == ["ab"]
    assert match_unknown("abbc", vocabulary, "##") == []
    assert match_unknown("abbx", vocabulary, "##") == ["ab", "##b"]
    assert match_unknown("d", vocabulary, "##") == []
