"""BPE against the tokenizers library itself, on vocabularies that are made to be difficult."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from persopt.pruning.vocabulary.bpe import Derivations, select_merges
from tests.pruning.vocabulary.sources import make_source, trim

TEXTS = st.lists(st.text("abcdx ", min_size=1, max_size=14), min_size=1, max_size=6).filter(
    lambda all: "".join(all).strip()
)


@st.composite
def models(draw: st.DrawFn) -> dict[str, Any]:
    """Merges over a small alphabet in any order of ranks, several of them for one token, some never reached."""
    symbols = list("abcd")
    merges: list[tuple[str, str]] = []
    for _ in range(draw(st.integers(1, 14))):
        pair = draw(st.tuples(st.sampled_from(symbols), st.sampled_from(symbols)))
        if pair not in merges and len("".join(pair)) <= 6:
            merges.append(pair)
            symbols = list(dict.fromkeys([*symbols, "".join(pair)]))
    return {"vocab": ["[UNK]", *symbols], "merges": draw(st.permutations(merges))}


def _tokenizer(model: dict[str, Any], **options: Any) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers

    vocabulary = {token: index for index, token in enumerate(model["vocab"])}
    tokenizer = Tokenizer(models.BPE(vocabulary, list(model["merges"]), **options | {"unk_token": "[UNK]"}))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer


@settings(max_examples=120)
@given(models(), TEXTS, st.booleans(), st.booleans())
def test_every_text_of_the_corpus_keeps_its_pieces(
    model: dict[str, Any], corpus: list[str], ignore_merges: bool, single: bool
) -> None:
    tokenizer = _tokenizer(model, ignore_merges=ignore_merges)
    trimmed = trim(tokenizer, corpus, keep_single_characters=single)
    for text in corpus:
        assert trimmed.encode(text).tokens == tokenizer.encode(text).tokens


@settings(max_examples=60)
@given(models(), TEXTS, TEXTS)
def test_a_text_of_kept_pieces_is_cut_alike_though_the_corpus_does_not_have_it(
    model: dict[str, Any], corpus: list[str], others: list[str]
) -> None:
    tokenizer = _tokenizer(model)
    trimmed = trim(tokenizer, corpus)
    for text in others:
        if set(tokenizer.encode(text).tokens) <= trimmed.get_vocab().keys():
            assert trimmed.encode(text).tokens == tokenizer.encode(text).tokens


@settings(max_examples=60)
@given(models(), TEXTS)
def test_what_is_not_on_the_way_to_a_used_token_goes(model: dict[str, Any], corpus: list[str]) -> None:
    tokenizer = _tokenizer(model)
    used = {token for text in corpus for token in tokenizer.encode(text).tokens}
    trimmed = trim(tokenizer, corpus, keep_single_characters=False)
    longest = max(len(token) for token in used)
    assert used | {"[UNK]"} <= trimmed.get_vocab().keys()
    assert all(len(token) <= longest for token in trimmed.get_vocab().keys() - {"[UNK]"})


def test_a_token_comes_with_its_derivation_only() -> None:
    model = {"vocab": {}, "merges": ["a b", "ab c", "b c", "a bc"]}
    assert Derivations(model).close("abc") == {"a", "b", "c", "ab", "abc"}
    assert select_merges(model, {"a", "b", "c", "ab", "abc"}) == ["a b", "ab c"]


def test_a_token_that_its_text_does_not_lead_to_comes_with_all_that_could_give_it() -> None:
    model = {"vocab": {}, "merges": [["b", "c"], ["a", "b"], ["ab", "c"]]}
    assert Derivations(model).close("abc") == {"a", "b", "c", "ab", "abc"}
    assert Derivations(model).close("<s>") == {"<s>"}


def test_ends_of_words_and_continuations_are_followed() -> None:
    ends = {"vocab": {}, "merges": ["a b</w>", "c ab</w>"], "end_of_word_suffix": "</w>"}
    assert Derivations(ends).close("cab</w>") == {"c", "a", "b</w>", "ab</w>", "cab</w>"}
    continued = {"vocab": {}, "merges": ["##b ##c", "a ##bc"], "continuing_subword_prefix": "##"}
    assert Derivations(continued).close("abc") == {"a", "##b", "##c", "##bc", "abc"}
    assert select_merges(continued, {"a", "##b", "##c", "##bc", "abc"}) == continued["merges"]
    assert Derivations(continued).close("##bc") == {"##b", "##c", "##bc"}


def test_bytes_stay_all_of_them() -> None:
    from tokenizers import ByteLevelBPETokenizer, pre_tokenizers

    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(["این فیلم خوب است"] * 3, vocab_size=300, show_progress=False)
    trained._tokenizer.model.unk_token = ""
    trimmed = trim(trained._tokenizer, ["ab"], keep_single_characters=False)
    assert set(pre_tokenizers.ByteLevel.alphabet()) == trimmed.get_vocab().keys()
    assert trimmed.decode(trimmed.encode("این ☃").ids) == "این ☃"
    assert make_source(trimmed).kind == "BPE"
