from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.tokenizers import DefaultTokenizer

from persopt.tuning.text_scores import UnicodeWords, score_texts


def test_bleu_by_hand() -> None:
    # Of 5 words 4 are right, of 4 pairs 3, of 3 triples 2, of 2 quadruples 1; the reference is one word longer.
    written, reference = "the cat sat on it", "the cat sat on the mat"
    expected = 100 * math.exp(1 - 6 / 5) * math.exp(sum(map(math.log, (4 / 5, 3 / 4, 2 / 3, 1 / 2))) / 4)

    assert score_texts([written], [reference])["bleu"] == pytest.approx(expected)


def test_persian_punctuation_is_no_part_of_a_word() -> None:
    scores = score_texts(["سلام، دنیا! خوبی؟"], ["سلام ، دنیا ! خوبی ؟"])

    assert scores["bleu"] == pytest.approx(100)
    assert scores["rougeL"] == pytest.approx(1)


def test_persian_words_are_kept_with_their_joiners_and_signs() -> None:
    assert UnicodeWords().tokenize("«می‌روم» به خانهٔ ۱۲، مُعلّم_Ali‌ ") == ["می‌روم", "به", "خانهٔ", "۱۲", "مُعلّم", "ali"]
    scores = score_texts(["کتاب سرخ"], ["کتاب سبز"])
    assert scores["rouge1"] == pytest.approx(0.5)
    assert scores["rouge2"] == 0


@given(st.text(st.characters(codec="ascii")))
@settings(max_examples=50)
def test_words_of_ascii_are_those_of_rouge_score(text: str) -> None:
    assert UnicodeWords().tokenize(text) == DefaultTokenizer(use_stemmer=False).tokenize(text)


@given(st.lists(st.sampled_from("abc"), max_size=6), st.lists(st.sampled_from("abc"), min_size=1, max_size=6))
@settings(max_examples=30)
def test_rouge_l_is_the_longest_common_subsequence(written: list[str], reference: list[str]) -> None:
    scores = score_texts([" ".join(written)], [" ".join(reference)])

    assert scores["rougeL"] == pytest.approx(rouge_l(" ".join(written), " ".join(reference)))


def test_each_text_needs_a_reference() -> None:
    with pytest.raises(ValueError, match="1 texts for 2 references"):
        score_texts(["a"], ["a", "b"])


def rouge_l(written: str, reference: str) -> float:
    """Return the F-measure of the longest common subsequence of words, found by trying every choice."""
    ours, theirs = written.split(), reference.split()
    common = longest_common(ours, theirs)
    return 2 * common / (len(ours) + len(theirs)) if common else 0.0


def longest_common(one: list[str], other: list[str]) -> int:
    if not one or not other:
        return 0
    if one[0] == other[0]:
        return 1 + longest_common(one[1:], other[1:])
    return max(longest_common(one[1:], other), longest_common(one, other[1:]))
