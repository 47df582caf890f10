"""Translation and summarization: counts of n-grams of each text written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from persopt.evaluation.tallies.base import TalliedRows, Tally, Writer, cross_entropies
from persopt.tuning.tasks import JudgeRequest
from persopt.tuning.text_scores import BLEU_TOKENIZER, UnicodeWords

if TYPE_CHECKING:
    import numpy as np

__all__ = ("TextTally",)

_ROUGE: Final = ("rouge1", "rouge2", "rougeL")


class TextTally(Tally):
    """Metrics as `persopt.tuning.text_scores` computes them, of texts written as tuning's judge has them written.

    Of each row are kept the loss and the number of target tokens, sacrebleu's counts for BLEU and for chrF, and
    ROUGE's F-measures.

    Args:
        request: Says how the texts are written.
    """

    def __init__(self, request: JudgeRequest) -> None:
        from rouge_score.rouge_scorer import RougeScorer
        from sacrebleu.metrics.bleu import BLEU
        from sacrebleu.metrics.chrf import CHRF

        self._tokenizer = request.processor
        options = request.program.training
        longest = min(options.max_new_tokens, self._tokenizer.model_max_length - 1)
        self._settings = {"num_beams": options.num_beams, "max_new_tokens": longest, "do_sample": False}
        self._corpus: tuple[Any, Any] = (BLEU(tokenize=BLEU_TOKENIZER), CHRF())
        self._rouge = RougeScorer(list(_ROUGE), tokenizer=UnicodeWords())
        self._losses: list[Any] = []
        self._written: list[str] = []
        self._references: list[str] = []

    @override
    def add(self, logits: Any, batch: Mapping[str, Any], writer: Writer | None) -> None:
        """Have the texts of a batch written, and keep them."""
        import numpy as np
        import torch

        if writer is None:
            raise ValueError("nothing writes")
        self._losses.append(np.stack(cross_entropies(logits, batch["labels"]), axis=1).astype(np.float64))
        sources = {name: batch[name].to(writer.device) for name in ("input_ids", "attention_mask")}
        with torch.no_grad():
            written = writer.generate(**sources, **self._settings)
        self._written += [text.strip() for text in self._tokenizer.batch_decode(written, skip_special_tokens=True)]
        self._references += batch["references"]

    @override
    def compute(self) -> TalliedRows:
        """Return the counts by row."""
        import numpy as np

        # What its significance tests resample; there is no public way to the counts.
        counts = [
            np.array(metric._extract_corpus_statistics(self._written, [self._references]), dtype=np.float64)  # noqa: SLF001
            for metric in self._corpus
        ]
        scores = [self._rouge.score(*pair) for pair in zip(self._references, self._written, strict=True)]
        rouge = np.array([[1.0, *(float(score[name].fmeasure) for name in _ROUGE)] for score in scores])
        sums = np.concatenate([np.concatenate(self._losses), rouge, *counts], axis=1)
        self._width = counts[0].shape[1]
        return TalliedRows(sums, None, list(self._written))

    @override
    def score(self, sums: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
        """Return loss, bleu, chrf, rouge1, rouge2 and rougeL."""
        import numpy as np

        flat = sums.reshape(-1, sums.shape[-1])
        begin = 3 + len(_ROUGE)
        parts = (flat[:, begin : begin + self._width], flat[:, begin + self._width :])
        corpus = [
            np.array([metric._compute_score_from_stats(row.round().astype(int).tolist()).score for row in part])  # noqa: SLF001
            for metric, part in zip(self._corpus, parts, strict=True)
        ]
        metrics = {"loss": flat[:, 0] / np.where(flat[:, 1] > 0, flat[:, 1], np.nan)}
        metrics |= {"bleu": corpus[0], "chrf": corpus[1]}
        metrics |= {name: flat[:, 3 + place] / np.maximum(flat[:, 2], 1.0) for place, name in enumerate(_ROUGE)}
        return {name: values.reshape(sums.shape[:-1]) for name, values in metrics.items()}
