"""Scores of written texts against references: BLEU and chrF by sacrebleu, ROUGE by rouge-score.

BLEU (Papineni et al. 2002) and chrF (Popović 2015) are of the whole corpus, 0 to 100. BLEU's words are those of
sacrebleu's `intl` tokenizer: it parts all punctuation of Unicode, the Persian ، ؛ ؟ « » among it, where the default
parts only that of ASCII, and it leaves a word with a zero-width non-joiner whole. ROUGE (Lin 2004) is the mean of the
rows' F-measures, 0 to 1; its words are runs of letters, digits, combining marks and joiners of any script, lower
case, without stemming: rouge-score's own tokenizer drops every letter beyond ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

__all__ = ("BLEU_TOKENIZER", "UnicodeWords", "score_texts")

BLEU_TOKENIZER: Final = "intl"
_ROUGE: Final = ("rouge1", "rouge2", "rougeL")
# \w has no combining marks (Arabic vowel signs, accents) and no zero-width joiners, which stand inside words.
_WORD: Final = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u200c\u200d])*")


class UnicodeWords:
    """Words of any script, as rouge-score wants a tokenizer; of ASCII texts they are those of its own."""

    def tokenize(self, text: str) -> list[str]:
        """Return the words of a text."""
        return [word.strip("\u200c\u200d") for word in _WORD.findall(text.lower())]


def score_texts(written: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """Return bleu, chrf (0 to 100), rouge1, rouge2 and rougeL (0 to 1).

    Args:
        written: What the model wrote.
        references: What it should have written, one for each.

    Raises:
        ValueError: if there are none, or not as many of both.
    """
    if not references or len(written) != len(references):
        raise ValueError(f"{len(written)} texts for {len(references)} references")
    from rouge_score.rouge_scorer import RougeScorer
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    scorer = RougeScorer(list(_ROUGE), tokenizer=UnicodeWords())
    rows = [scorer.score(reference, text) for reference, text in zip(references, written, strict=True)]
    means = {name: sum(float(row[name].fmeasure) for row in rows) / len(rows) for name in _ROUGE}
    corpus = (list(written), [list(references)])
    return {
        "bleu": float(BLEU(tokenize=BLEU_TOKENIZER).corpus_score(*corpus).score),
        "chrf": float(CHRF().corpus_score(*corpus).score),
        **means,
    }
